import type { RunStatus } from "./run.ts";

export type Limit = "idle" | "heartbeat" | "duration" | "cost" | "output" | "disk";

/** One limit that was passed, with what shows it: numbers with their units in the key, and a sentence for people. */
export interface Breach {
  readonly limit: Limit;
  /** The limit as declared, e.g. "30m". */
  readonly declared: string;
  /** What was seen, e.g. "31m 4s without progress". */
  readonly observed: string;
  readonly evidence: Readonly<Record<string, number | string | boolean>>;
  /** How to keep such a run alive next time, in words. */
  readonly advice: string;
}

/** Unknown never kills. */
export type Verdict =
  | { readonly kind: "keep"; readonly warnings: readonly Breach[] }
  | { readonly kind: "stop"; readonly breaches: readonly [Breach, ...Breach[]] }
  | { readonly kind: "unknown"; readonly missing: readonly string[]; readonly warnings?: readonly Breach[] };

/** A run of the past that new limits would have stopped. */
export interface TrialStop {
  readonly run: string;
  readonly status: RunStatus;
  readonly limits: readonly Limit[];
  /** Seconds after its start at which the first of them would have stopped it, where that is known. */
  readonly afterSeconds?: number;
  readonly observed: string;
}

/** New or tightened limits of one job, tried on the runs that the ledger remembers. JSON-serialisable. */
export interface TrialResult {
  readonly job: string;
  /** The limits that are new or tighter than those in force. */
  readonly changed: readonly Limit[];
  readonly runs: number;
  readonly stopped: readonly TrialStop[];
  /** How many of `stopped` had succeeded: good runs that the new limits would have ended. */
  readonly goodRunsStopped: number;
  /** Runs that nothing can be said about, and why: never counted as kept. */
  readonly unknown: readonly { readonly run: string; readonly why: string }[];
}
