import type { GuardLimits, Instant, Sample } from "../model/index.ts";
import { type Coverage, cover } from "./coverage.ts";
import type { Metrics } from "./facts.ts";
import { type Placed, placeSamples } from "./place.ts";
import { findSignals, isWhole, type Signal } from "./signals.ts";

/** The samples of a run on the steady axis, with what each shows. */
export interface Timeline {
  readonly placed: readonly Placed[];
  readonly signals: readonly (readonly Signal[])[];
  /** Time of which every signal the platform knows is known. */
  readonly whole: Coverage;
  /** Time of which anything is known. */
  readonly any: Coverage;
}

export interface TimelineFacts {
  readonly limits: Pick<GuardLimits, "idleCpu">;
  readonly cpu: number;
  readonly now: Instant;
  readonly monotonic: number;
  readonly samples: readonly Sample[];
  readonly metrics: Metrics;
}

export function buildTimeline(facts: TimelineFacts): Timeline {
  const placed = placeSamples(facts.samples, {
    now: facts.now,
    monotonic: facts.monotonic,
    intervalSeconds: facts.metrics.intervalSeconds,
  });
  const believable = placed.filter((each) => each.believable);
  return {
    placed,
    signals: findSignals(placed, { cpu: facts.cpu, idleCpu: facts.limits.idleCpu, metrics: facts.metrics }),
    whole: cover(believable.filter(({ sample }) => isWhole(sample, facts.metrics))),
    any: cover(believable),
  };
}

/** At least this share of a window must be known before anything is concluded from silence in it. */
export const COVERAGE_SHARE = 0.95;

/** The newest sample may be this many intervals old, beside the platform's own delay. */
const FRESH_INTERVALS = 2;

export interface WindowFacts {
  readonly monotonic: number;
  readonly watchedSinceMonotonic: number;
  readonly metrics: Metrics;
}

/** A window of `lengthMs` that ends with the newest knowledge, and what forbids to conclude from silence in it. */
export interface WatchedWindow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly coveredShare: number;
  readonly newestAgeSeconds: number | undefined;
  readonly missing: readonly string[];
}

export function watchWindow(coverage: Coverage, lengthMs: number, facts: WindowFacts): WatchedWindow {
  const newest = coverage.newestMs;
  const toMs = Math.min(newest ?? facts.monotonic, facts.monotonic);
  const fromMs = toMs - lengthMs;
  const missing: string[] = [];
  const newestAgeSeconds = newest === undefined ? undefined : (facts.monotonic - newest) / 1000;
  const oldest = FRESH_INTERVALS * facts.metrics.intervalSeconds + facts.metrics.delaySeconds;
  if (newestAgeSeconds === undefined) missing.push("no complete sample");
  else if (newestAgeSeconds > oldest) {
    missing.push(`the newest sample is ${Math.round(newestAgeSeconds)}s old, older than ${oldest}s`);
  }
  if (fromMs < facts.watchedSinceMonotonic) {
    const watched = Math.max(0, Math.floor((toMs - facts.watchedSinceMonotonic) / 1000));
    missing.push(`watched without interruption for only ${watched}s of ${Math.round(lengthMs / 1000)}s`);
  }
  const coveredShare = lengthMs > 0 ? coverage.within(fromMs, toMs) / lengthMs : 0;
  if (newest !== undefined && coveredShare < COVERAGE_SHARE) {
    // Rounded down, so that 94.99 % never reads as the 95 % it is not.
    missing.push(`samples cover ${Math.floor(coveredShare * 1000) / 10}% of the window, not 95%`);
  }
  return { fromMs, toMs, coveredShare, newestAgeSeconds, missing };
}
