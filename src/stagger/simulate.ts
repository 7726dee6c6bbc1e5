import { mod } from "./board.ts";
import { quantile } from "./curve.ts";
import type { Problem } from "./problem.ts";
import { DAY_MINUTES, MONTH_MINUTES, WEEK_MINUTES } from "./shape.ts";
import { LOAD_UNIT, occurrences, type Task } from "./task.ts";

/** The peak of a pool as it may turn out, in the pool's unit. */
export interface RealisedPeak {
  readonly pool: string;
  readonly median: number;
  readonly p95: number;
}

/** σ of the lognormal duration of a job of which too little is known. */
const SPREAD = 0.4;
/** Equally likely durations, as multiples of the planned one: to look one up is far cheaper than to compute it. */
const FACTORS = lognormalFactors(1024);
const SEED = 0x9e3779b9;

/**
 * Plays the week so many times with durations drawn at random: from a job's own past runs where there are some
 * (`observed`, seconds), else lognormal about its planned minutes. Each week played is one of the horizon, and its
 * Monday any day of the month. The same chances every time, so that the same week is always told
 * alike, and two weeks are compared on the same ones.
 */
export function simulatePeaks(
  problem: Problem,
  starts: readonly (readonly number[] | undefined)[],
  options: { readonly weeks?: number; readonly observed?: ReadonlyMap<string, readonly number[]> } = {},
): RealisedPeak[] {
  const weeks = options.weeks ?? 200;
  const next = chances(SEED);
  const peaks = problem.pools.map(() => new Float64Array(weeks));
  const runs = problem.tasks.map((task, index) => fires(task, starts[index] ?? []));
  for (let week = 0; week < weeks; week++) {
    // Which week of the horizon, and which day of the month its Monday is: alike for all jobs of this week.
    const monday = { week: Math.floor(next() * problem.weeks), day: Math.floor(next() * 28) };
    const changes = problem.pools.map(() => new Float64Array(WEEK_MINUTES));
    for (const [index, task] of problem.tasks.entries()) {
      const change = changes[task.pool] as Float64Array;
      const past = options.observed?.get(task.name);
      for (const start of runs[index] ?? []) {
        const at = inWeek(task, start, monday);
        if (at !== undefined) run(change, at, draw(task, past, next()), task.load);
      }
    }
    for (const [pool, change] of changes.entries()) (peaks[pool] as Float64Array)[week] = highest(change) / LOAD_UNIT;
  }
  return problem.pools.map((pool, index) => {
    const sorted = (peaks[index] as Float64Array).sort();
    return { pool: pool.name, median: quantile(sorted, 0.5), p95: quantile(sorted, 0.95) };
  });
}

/** UTC minutes of its circle at which a task starts, in January. */
function fires(task: Task, starts: readonly number[]): number[] {
  const local = task.shape ? starts.flatMap((start) => occurrences(task, start)) : task.pinned;
  return local.map((at) => mod(at + (task.toUtc[0] ?? 0), circleMinutes(task)));
}

function circleMinutes({ circle }: Task): number {
  return circle.kind === "month" ? MONTH_MINUTES : circle.weeks * WEEK_MINUTES;
}

/** The minute of a week at which a start on the task's circle falls; undefined when it is not in that week. */
function inWeek(
  task: Task,
  start: number,
  monday: { readonly week: number; readonly day: number },
): number | undefined {
  const { circle } = task;
  if (circle.kind === "weeks" && circle.weeks === 1) return start;
  const first = circle.kind === "month" ? monday.day * DAY_MINUTES : (monday.week % circle.weeks) * WEEK_MINUTES;
  const at = mod(start - first, circleMinutes(task));
  return at < WEEK_MINUTES ? at : undefined;
}

/** Minutes of one run, for a chance in [0, 1). */
function draw(task: Task, past: readonly number[] | undefined, chance: number): number {
  const minutes =
    past && past.length > 0
      ? (past[Math.floor(chance * past.length)] as number) / 60
      : task.minutes * (FACTORS[Math.floor(chance * FACTORS.length)] as number);
  return Math.max(1, Math.round(minutes));
}

/** The middles of equal parts of the lognormal distribution of median 1, by adding up the normal density. */
function lognormalFactors(count: number): Float64Array {
  const factors = new Float64Array(count);
  const step = 1e-4;
  let below = 0;
  let k = 0;
  for (let z = -5; k < count; z += step) {
    below += (Math.exp((-z * z) / 2) * step) / Math.sqrt(2 * Math.PI);
    while (k < count && (below >= (k + 0.5) / count || z > 5)) factors[k++] = Math.exp(SPREAD * z);
  }
  return factors;
}

/** Numbers in [0, 1) that the seed determines on every machine (mulberry32). */
function chances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Adds a run as a step up and a step down; a run that passes the week's end comes in again at its beginning. */
function run(change: Float64Array, start: number, minutes: number, load: number): void {
  const end = start + Math.min(minutes, WEEK_MINUTES);
  change[start] = (change[start] as number) + load;
  if (end > WEEK_MINUTES) change[0] = (change[0] as number) + load;
  if (end !== WEEK_MINUTES) change[end % WEEK_MINUTES] = (change[end % WEEK_MINUTES] as number) - load;
}

function highest(change: Float64Array): number {
  let load = 0;
  let peak = 0;
  for (const step of change) {
    load += step;
    if (load > peak) peak = load;
  }
  return peak;
}
