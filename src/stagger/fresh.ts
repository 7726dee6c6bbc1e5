import { anneal, LARGE_PROBLEM } from "./anneal.ts";
import type { Problem } from "./problem.ts";
import { repair } from "./repair.ts";
import { placingOrder, USUAL_POWERS, Week } from "./search.ts";
import { WEEK_MINUTES } from "./shape.ts";
import { packEarliest } from "./spacing.ts";
import { heaviestStanding } from "./standing.ts";
import type { Task } from "./task.ts";

/** Tries at the peak after a fresh search: small weeks are rough enough to gain by it, large ones are not. */
const FRESH_TRIES = 3000;
const HUGE_PROBLEM = 20_000;
/** A peak this far over the mean of the week asks for annealing. */
const FAR_OVER_MEAN = 1.1;
/** How often, while it is filled, the mean of the week is worked out again. */
const STRETCHES = 8;
/** Orders tried in turn, as powers of the duration and of the room: the smaller the week, the more of them. */
const ORDERS: readonly (readonly [number, number])[] = [
  USUAL_POWERS,
  [0.25, 0.1],
  [0.5, 0.3],
  [1, 0.1],
  [0.75, 0.5],
  ...[0, 0.25].flatMap((time) => [0, 0.2, 0.4, 0.7, 1].map((room) => [time, room] as const)),
];
const FEW_ORDERS = 5;
/** Up to so many jobs all orders are tried, and up to the second number a few. */
const TINY_PROBLEM = 60;
const SMALL_PROBLEM = 400;

/** A week that knows no lock: the best of a few orders when there is time for them, annealed when that may pay. */
export function freshWeek(problem: Problem, kinds: readonly boolean[] = [false]): Week {
  const { length } = problem.tasks;
  const orders = ORDERS.slice(0, length > SMALL_PROBLEM ? 1 : length > TINY_PROBLEM ? FEW_ORDERS : ORDERS.length);
  const goals = problem.pools.map((_, pool) => heaviest(problem, pool));
  const atGoal = (week: Week): boolean => goals.every((goal, pool) => Math.max(0, ...week.peaks(pool)) <= goal);
  let best: Week | undefined;
  for (const powers of orders) {
    const week = placedWeek(problem, kinds, powers);
    if (mayPay(week)) improve(week);
    takeOffPeaks(week, goals);
    if (!best || total(week) < total(best)) best = week;
    if (atGoal(best)) break;
  }
  return best ?? new Week(problem, kinds);
}

/** Load that the peaks of all pools sum to, of each kind of curve. */
function total(week: Week): number {
  return week.lanes.reduce((sum, _, pool) => sum + totalOf(week, pool), 0);
}

function totalOf({ lanes, kinds }: Week, pool: number): number {
  return kinds.reduce((sum, kind) => {
    const alike = (lanes[pool] ?? []).filter((lane) => lane.expected === kind);
    return sum + Math.max(0, ...alike.map((lane) => lane.board.peak()));
  }, 0);
}

/** A small week gains as much by other orders, and a large one only where a peak is far over its mean. */
function mayPay({ problem, lanes }: Week): boolean {
  if (problem.tasks.length <= SMALL_PROBLEM) return false;
  if (problem.tasks.length <= LARGE_PROBLEM) return true;
  return lanes
    .flat()
    .some(({ board, expected }) => !expected && board.peak() > (FAR_OVER_MEAN * board.area()) / WEEK_MINUTES);
}

/** Anneals the week, and leaves each pool as it was whose peaks that did not lower. */
export function improve(week: Week): void {
  const before = [...week.starts];
  const totals = week.lanes.map((_, pool) => totalOf(week, pool));
  const early = week.early();
  anneal(week);
  const worse = new Set(totals.keys().filter((pool) => totalOf(week, pool) > (totals[pool] ?? 0)));
  putBack(week, before, (pool) => worse.has(pool));
  // Jobs of two pools can wait for each other: half of an annealed week may be out of order.
  if (week.early().some((index) => !early.includes(index))) putBack(week, before, () => true);
}

function putBack(week: Week, starts: Week["starts"], inPools: (pool: number) => boolean): void {
  for (const [index, { shape, pool }] of week.problem.tasks.entries()) {
    if (!shape || !inPools(pool)) continue;
    week.take(index);
    week.put(index, starts[index] ?? []);
  }
}

/** The heaviest job with what it must stand on is a peak that no slots can lower. */
export function heaviest(problem: Problem, pool: number): number {
  return heaviestStanding(inPool(problem, pool), problem.halves)?.value ?? 0;
}

/** Every job placed once, in the order of these powers. */
function placedWeek(problem: Problem, kinds: readonly boolean[], powers: typeof USUAL_POWERS): Week {
  const week = new Week(problem, kinds);
  const order = placingOrder(problem.tasks, powers);
  const stretch = Math.ceil(order.length / STRETCHES);
  const exact = exactly(order.length);
  for (const [k, index] of order.entries()) {
    if (k % stretch === 0) week.expectMean();
    week.byBlocks = k >= exact;
    week.place(index);
  }
  week.byBlocks = false;
  return week;
}

/** How many of so many jobs, the hardest first, are placed by the minute: of a small week all, of a huge one none. */
function exactly(jobs: number): number {
  if (jobs <= LARGE_PROBLEM) return jobs;
  return jobs > HUGE_PROBLEM ? 0 : jobs / 2;
}

/** Takes jobs off the worst minutes of a small week. */
function takeOffPeaks(week: Week, goals: readonly number[]): void {
  const tries = week.problem.tasks.length > LARGE_PROBLEM ? 0 : FRESH_TRIES;
  for (const [pool, goal] of goals.entries()) repair(week, pool, { moves: Number.POSITIVE_INFINITY, tries, goal });
}

/** Every flexible job at its earliest allowed start: 00:00, or when its window opens. */
export function earliestWeek(problem: Problem): Week {
  const week = new Week(problem);
  for (const [index, task] of problem.tasks.entries()) {
    if (task.shape) week.put(index, packEarliest(task.shape.allowed, task.shape.times, task.shape.apartMinutes) ?? []);
  }
  return week;
}

export function inPool(problem: Problem, pool: number): Task[] {
  return problem.tasks.filter((task) => task.pool === pool);
}
