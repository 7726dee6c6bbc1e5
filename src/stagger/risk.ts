import type { Curve } from "./curve.ts";
import { DAY_MINUTES, WEEK_MINUTES } from "./shape.ts";
import type { Task } from "./task.ts";

/**
 * How many standard deviations of a pool's load the chance of a coincidence is weighed with. 0 levels the mean; more
 * lowers the realised peak and raises the planned one. At 10,000 jobs 1 takes the realised peak down by up to 2% more,
 * for 2% of the planned one; past 3 both are worse.
 */
const AVERSION = 1;
/** Where chances do not even out, in a small week, the planned peak pays too much for it. */
const LARGE_WEEK = 2000;
/** Past this every share that is left counts as the whole load anyway. */
const MOST_WEIGHT = 64;

/**
 * Curves that also count how uncertain a load is: a job of 64 that still runs in one week of two is worse than 32
 * jobs of 1 that all do. The share `p` of a load `w` becomes its effective bandwidth, ln(1 + p(e^θw − 1)) ÷ θw,
 * which can be added up like a load; θ is one over the standard deviation of the pool's load.
 */
export function weighRisk<T extends Omit<Task, "after">>(tasks: readonly T[], pools: number): T[] {
  if (tasks.length < LARGE_WEEK) return [...tasks];
  const variances = new Float64Array(pools);
  for (const task of tasks) variances[task.pool] = (variances[task.pool] as number) + variance(task);
  return tasks.map((task) => {
    const deviation = Math.sqrt(variances[task.pool] as number);
    return deviation > 0 ? { ...task, curve: bandwidth(task.curve, (AVERSION * task.load) / deviation) } : task;
  });
}

/** Of a pool's load at a minute of the week, from this task, in the mean. */
function variance({ curve, load, shape, pinned, circle }: Omit<Task, "after">): number {
  let spread = 0;
  for (const [k, share] of curve.share.entries())
    spread += ((curve.to[k] ?? 0) - (curve.from[k] ?? 0)) * share * (1 - share);
  const runs = shape ? runsInWeek(shape) : pinned.length;
  const weeks = circle.kind === "month" ? 4 : circle.weeks;
  return (spread * load * load * runs) / weeks / WEEK_MINUTES;
}

function runsInWeek({ kind, openDays, periodMinutes, times }: NonNullable<Task["shape"]>): number {
  if (kind === "day") return openDays.length * times;
  return kind === "phase" ? (7 * DAY_MINUTES) / periodMinutes : times;
}

/** Shares stay multiples of 1/64, so that sums of loads are exact and every machine finds the same. */
function bandwidth(curve: Curve, weight: number): Curve {
  if (weight < 1e-6) return curve;
  const bent = Math.min(weight, MOST_WEIGHT);
  const share = curve.share.map((p) => Math.round((64 * Math.log1p(p * Math.expm1(bent))) / bent) / 64);
  return { ...curve, share };
}
