import type { GuardLimits, Instant, Money, Sample } from "../model/index.ts";

/** Which signals the platform can ever know, how often they come and how late: `Capabilities.metrics` of a provider. */
export interface Metrics {
  readonly cpu: boolean;
  readonly io: boolean;
  readonly network: boolean;
  readonly output: boolean;
  /** The longer of the platform's interval and the engine's own polling. */
  readonly intervalSeconds: number;
  readonly delaySeconds: number;
  /**
   * What a whole machine does though nothing is asked of it: vCPU, and bytes a second, of all that the run has together.
   * Absent where a run is measured by itself: there every byte is its own.
   */
  readonly background?: { readonly cpu: number; readonly diskBytes: number; readonly networkBytes: number };
}

export type CostFacts =
  | {
      readonly kind: "metered";
      readonly amount: Money;
      /** At the run's present rate. */
      readonly perHour?: Money;
    }
  /** Unknown is unknown, never 0: `missing` says which price there is none of. */
  | { readonly kind: "unpriced"; readonly missing: string };

/**
 * All that a verdict rests on, as data. An absent field is unknown, never zero.
 *
 * Two axes of time: `monotonic` (and `Sample.monotonicTo`) is the engine's steady clock in milliseconds;
 * `now` and the other instants are wall clock, used only to place samples that carry no `monotonicTo`.
 */
export interface RunFacts {
  /** As recorded on the run when it was created, never those of the manifest of today. */
  readonly limits: GuardLimits;
  /** vCPU asked for; what `idleCpu` is a share of. */
  readonly cpu: number;
  readonly now: Instant;
  readonly monotonic: number;
  /** In this very round the provider answered that this run, by its own identity, is running. */
  readonly confirmedRunning: boolean;
  /** Since the run really started, by a clock that no step of the wall clock touches. */
  readonly elapsedSeconds?: number;
  /**
   * Steady time since which the run was watched without interruption: the latest of its start, the daemon's
   * start, the provider's recovery, the end of a pause and a step of the wall clock. No window reaches before it.
   */
  readonly watchedSinceMonotonic: number;
  /** At least those of the last idle (or heartbeat) window; order does not matter. */
  readonly samples: readonly Sample[];
  readonly metrics: Metrics;
  /** Reports that came in by any way (ROTA_PROGRESS, a beat), by the steady clock. */
  readonly progress: { readonly ever: boolean; readonly secondsSince?: number };
  /** Since the start, stdout and stderr together. */
  readonly outputBytes?: number;
  /** In the run's own working directory, as measured in this round. */
  readonly diskBytes?: number;
  readonly cost?: CostFacts;
  /** How long the job is expected to take (its p95, or `expect`): what a projection of cost reaches to. */
  readonly expectedSeconds?: number;
  /** What could not be had in this round, in words; it is repeated in the verdict `unknown`. */
  readonly unavailable?: readonly string[];
}
