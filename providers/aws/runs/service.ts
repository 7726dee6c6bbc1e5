import type { Job, RunHandle } from "../../../src/model/index.ts";
import type { RunState } from "../../../src/provider/index.ts";
import type { Signal } from "../resources/world.ts";
import type { StartMark, Target } from "../work/index.ts";

/** One run of something that exists already, and what the service kept of whose start it was. */
export interface Seen {
  readonly handle: RunHandle;
  readonly mark: StartMark | undefined;
  readonly life: Omit<RunState, "handle" | "run" | "job" | "startedBy" | "fireAt">;
}

export interface StartOrder {
  readonly target: Target;
  readonly mark: StartMark;
  /** Of the run: 40 characters. */
  readonly token: string;
  readonly job: Job;
}

/** A service that runs what exists already. */
export interface Service {
  readonly kind: Exclude<Target["kind"], "function">;
  /** The key by which its handles are told from others. */
  readonly key: string;
  /** Idempotent by the mark's run where the service has a way; answers the handle. */
  start(order: StartOrder, signal: Signal): Promise<RunHandle>;
  /** Pure: what a start under this token is called, where the caller names it. Otherwise it is looked for in the listing. */
  handleOf?(target: string, token: string): RunHandle;
  /** The runs of a target that are in flight or ended not long ago, the newest first. */
  list(target: string, since: number, signal: Signal): Promise<readonly Seen[]>;
  /** Throws `missing` when it knows none. */
  read(handle: RunHandle, signal: Signal): Promise<Seen>;
  stop(handle: RunHandle, reason: string, signal: Signal): Promise<void>;
}
