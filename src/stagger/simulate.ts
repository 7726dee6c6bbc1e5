import type { Random } from "../model/index.ts";
import { mod } from "./board.ts";
import { quantile } from "./curve.ts";
import type { Problem } from "./problem.ts";
import { WEEK_MINUTES } from "./shape.ts";
import { LOAD_UNIT, occurrences, type Task } from "./task.ts";

/** The peak of a pool as it may turn out, in the pool's unit. */
export interface RealisedPeak {
  readonly pool: string;
  readonly median: number;
  readonly p95: number;
}

/** σ of the lognormal duration of a job of which too little is known. */
const SPREAD = 0.4;

/**
 * Plays the week so many times with durations drawn at random: from a job's own past runs where there are some
 * (`observed`, seconds), else lognormal about its planned minutes. A job of every second week, or of the month,
 * runs in a week with the chance that it has.
 */
export function simulatePeaks(
  problem: Problem,
  starts: readonly (readonly number[] | undefined)[],
  random: Random,
  options: { readonly weeks?: number; readonly observed?: ReadonlyMap<string, readonly number[]> } = {},
): RealisedPeak[] {
  const weeks = options.weeks ?? 200;
  const peaks = problem.pools.map(() => new Float64Array(weeks));
  const runs = problem.tasks.map((task, index) => fires(task, starts[index] ?? []));
  for (let week = 0; week < weeks; week++) {
    const changes = problem.pools.map(() => new Float64Array(WEEK_MINUTES));
    for (const [index, task] of problem.tasks.entries()) {
      const change = changes[task.pool] as Float64Array;
      const past = options.observed?.get(task.name);
      const share = task.circle.kind === "month" ? 7 / 28 : 1 / task.circle.weeks;
      for (const start of runs[index] ?? []) {
        if (share < 1 && random.next() >= share) continue;
        const at = task.circle.kind === "month" ? (start + Math.floor(random.next() * 7) * 1440) % WEEK_MINUTES : start;
        run(change, at, draw(task, past, random), task.load);
      }
    }
    for (const [pool, change] of changes.entries()) (peaks[pool] as Float64Array)[week] = highest(change) / LOAD_UNIT;
  }
  return problem.pools.map((pool, index) => {
    const sorted = (peaks[index] as Float64Array).sort();
    return { pool: pool.name, median: quantile(sorted, 0.5), p95: quantile(sorted, 0.95) };
  });
}

/** UTC minutes of the week at which a task starts, in January. */
function fires(task: Task, starts: readonly number[]): number[] {
  const local = task.shape ? starts.flatMap((start) => occurrences(task, start)) : task.pinned;
  return local.map((at) => mod(at + (task.toUtc[0] ?? 0), WEEK_MINUTES));
}

function draw(task: Task, past: readonly number[] | undefined, random: Random): number {
  if (past && past.length > 0)
    return Math.max(1, Math.round((past[Math.floor(random.next() * past.length)] ?? 60) / 60));
  const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  return Math.max(1, Math.round(task.minutes * Math.exp(SPREAD * normal)));
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
