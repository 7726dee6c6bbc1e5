import type { Instant } from "../../src/model/index.ts";
import type { Provider, ProviderErrorCode } from "../../src/provider/index.ts";

/** One call that reached the world, or one native fire of it (`fire`). */
export interface FaultCall {
  readonly method: Exclude<keyof Provider, "type" | "placement" | "capabilities" | "render" | "close"> | "fire";
  readonly placement: string;
  readonly at: Instant;
  readonly job?: string;
  readonly run?: string;
}

/** What goes wrong with it. */
export interface Fault {
  readonly latencyMs?: number;
  readonly error?: {
    readonly code: ProviderErrorCode;
    readonly message?: string;
    readonly retryAfterMs?: number;
    /** `after`: the change was made and its acknowledgement is lost. Default `before`. */
    readonly when?: "before" | "after";
  };
  /** Reads answer what was true so many milliseconds ago. */
  readonly staleMs?: number;
  /** A native fire happens twice. */
  readonly duplicate?: boolean;
  /** A native fire does not happen. */
  readonly drop?: boolean;
}

export type FaultFor = (call: FaultCall) => Fault | undefined;
