import type { Job } from "../model/index.ts";
import { quantile } from "./curve.ts";
import { expectedMinutes } from "./duration.ts";
import { byText } from "./hash.ts";
import { loadOf, MIN_SAMPLES, type Observation } from "./problem.ts";

/** A job that does not do what its manifest says. Durations in seconds, loads in the pool's unit. */
export interface WrongGuess {
  readonly job: string;
  readonly samples: number;
  readonly expectedSeconds: number;
  readonly medianSeconds: number;
  readonly p95Seconds: number;
  readonly declaredLoad: number;
  readonly observedLoad?: number;
  readonly message: string;
}

/** A guess is wrong when what was seen is this many times more or less. */
const FACTOR = 1.5;

/** The jobs whose runs last, or weigh, quite otherwise than was guessed; the most wrong first. */
export function findWrongGuesses(
  jobs: readonly Job[],
  observed: ReadonlyMap<string, Observation>,
  minSamples: number = MIN_SAMPLES,
): WrongGuess[] {
  const wrong: (WrongGuess & { readonly by: number })[] = [];
  for (const job of jobs) {
    const seen = observed.get(job.name);
    if (!seen || seen.durationsSeconds.length < minSamples) continue;
    const sorted = [...seen.durationsSeconds].sort((a, b) => a - b);
    const medianSeconds = quantile(sorted, 0.5);
    const p95Seconds = quantile(sorted, 0.95);
    const expectedSeconds = job.expect.durationSeconds ?? expectedMinutes(job) * 60;
    const declaredLoad = loadOf(job);
    // Slots are whole minutes, so seconds under one make no difference.
    const time = ratio(Math.max(60, medianSeconds), Math.max(60, expectedSeconds));
    const load = seen.load === undefined ? 1 : ratio(seen.load, declaredLoad);
    if (Math.max(time, load) < FACTOR) continue;
    const parts = [
      ...(time >= FACTOR
        ? [`takes ${span(medianSeconds)} (p95 ${span(p95Seconds)}), not ${span(expectedSeconds)}`]
        : []),
      ...(load >= FACTOR ? [`loads its pool with ${seen.load}, not ${declaredLoad}`] : []),
    ];
    wrong.push({
      job: job.name,
      samples: sorted.length,
      expectedSeconds,
      medianSeconds,
      p95Seconds,
      declaredLoad,
      ...(seen.load === undefined ? {} : { observedLoad: seen.load }),
      message: `${job.name} ${parts.join(" and ")} (${sorted.length} runs)`,
      by: Math.max(time, load),
    });
  }
  wrong.sort((a, b) => b.by - a.by || byText(a.job, b.job));
  return wrong.map(({ by: _, ...guess }) => guess);
}

function ratio(a: number, b: number): number {
  return a > 0 && b > 0 ? Math.max(a / b, b / a) : a === b ? 1 : Number.POSITIVE_INFINITY;
}

function span(seconds: number): string {
  return seconds < 120 ? `${Math.round(seconds)}s` : `${Math.round(seconds / 60)}m`;
}
