import type { LifeRecord } from "../../providers/memory/life.ts";
import type { DesiredState, Entry, StopMode } from "../../src/model/index.ts";
import type { Span } from "./faults.ts";

/** One request that reached a provider, in the order of the world. */
export interface ProviderCall {
  readonly at: number;
  readonly placement: string;
  readonly method: string;
  /** Of the daemon that sent it. */
  readonly epoch: number;
  /** The last entry that was durable when the request left. */
  readonly committed: number;
  readonly run?: string;
  readonly handle?: string;
  readonly mode?: StopMode;
  /** `create schedule/x`, for `apply`. */
  readonly change?: string;
  readonly job?: string;
  answered?: "ok" | "none" | "error";
}

export interface Deployment {
  readonly asked: number;
  done: number | undefined;
  readonly state: DesiredState;
  /** True when it was let through and every change was carried out. */
  ok: boolean;
  /** The same file again, with nothing of it changed since it was last deployed whole. */
  readonly again: boolean;
  /** Position in `calls` when it began and when it ended. */
  readonly firstCall: number;
  lastCall: number;
}

/** What really happened, told by those who did it: the world and the driver, never the engine. */
export interface Story {
  readonly seed: number;
  readonly startAt: number;
  endAt: number;
  /** No faults from here on. */
  quietAt: number;
  readonly lives: { readonly epoch: number; readonly from: number; to: number }[];
  readonly freezes: Span[];
  readonly steps: Span[];
  readonly outages: readonly Span[];
  readonly disk: readonly Span[];
  /** Share of calls with a fault of their own. */
  readonly rate: number;
  readonly deployments: Deployment[];
  readonly calls: ProviderCall[];
  readonly kills: { readonly at: number; readonly run: string }[];
  /** Runs that somebody else started at the provider, under another namespace. */
  readonly foreign: string[];
  readonly foreignResources: { readonly placement: string; readonly id: string; readonly revision: number }[];
  readonly executions: LifeRecord[];
  entries: readonly Entry[];
  /** Errors of the code itself: none is expected. */
  readonly defects: string[];
  readonly notes: { readonly at: number; readonly text: string }[];
}

export interface Violation {
  readonly invariant: string;
  readonly at: number;
  readonly what: string;
  readonly run?: string;
  readonly job?: string;
}
