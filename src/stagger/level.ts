import type { Job, Pool, Slot } from "../model/index.ts";
import type { Unplaceable } from "./assign.ts";
import type { Board } from "./board.ts";
import { type Bound, improveBound, meanBound } from "./bound.ts";
import { type Certificate, certify, type PoolBound, type Proof, proveStretches } from "./certificate.ts";
import { compulsoryLoad } from "./compulsory.ts";
import { earliestWeek, freshWeek, heaviest, inPool } from "./fresh.ts";
import type { Lock } from "./lock.ts";
import { buildProblem, type Problem, type ProblemOptions } from "./problem.ts";
import { repair } from "./repair.ts";
import { placingOrder, Week } from "./search.ts";
import { slotOf, startsOf } from "./slot.ts";
import { heaviestStanding } from "./standing.ts";
import { LOAD_UNIT, type Task } from "./task.ts";
import { Scale } from "./weigh.ts";

export interface LevelOptions extends ProblemOptions {
  /** Most jobs that may leave a standing slot to lower a peak. Default 5. */
  readonly moves?: number;
  /** Forget the lock. */
  readonly fresh?: boolean;
  /** How far over a fresh levelling's peak the standing week may be before a job moves. Default 0.03. */
  readonly tolerance?: number;
  /**
   * Level how long runs are likely to go on as well as their planned minutes. Costs twice the time; the peak that
   * is met in reality is lower, the planned one a little higher. Default: up to 20,000 jobs.
   */
  readonly profiles?: boolean;
}

/** A job that has another slot than the lock gave it. */
export interface Moved {
  readonly job: string;
  readonly from?: Slot;
  readonly to: Slot;
  readonly why: "new" | "notAllowed" | "order" | "peak" | "fresh";
}

/** One pool, levelled. Loads are in the pool's unit. */
export interface LevelledPool {
  readonly pool: string;
  readonly capacity?: number;
  readonly jobs: number;
  readonly peak: number;
  /** No schedule has a lower peak. */
  readonly bound: number;
  /** The peak with every flexible job at its earliest slot, as people put them. */
  readonly before: number;
  readonly certificate: Certificate;
  /** The load of each minute of the UTC week (the worse half of the year), before and now. */
  readonly weekBefore: Float64Array;
  readonly week: Float64Array;
  /** Proves `bound` when it is more than the certificate's load: weights on blocks of five minutes. */
  readonly weights: Float64Array;
}

export interface Levelling {
  readonly problem: Problem;
  readonly pools: readonly LevelledPool[];
  /** By job name: every flexible job that can be placed. */
  readonly slots: ReadonlyMap<string, Slot>;
  /** Chosen starts by task, in the shape's local minutes. */
  readonly starts: readonly (readonly number[] | undefined)[];
  readonly moved: readonly Moved[];
  readonly unplaceable: readonly Unplaceable[];
  /** Names of jobs that start before what they wait for is expected to have ended, because nothing else fits. */
  readonly outOfOrder: readonly string[];
}

const DEFAULT_MOVES = 5;
const DEFAULT_TOLERANCE = 0.03;
const MOST_WITH_PROFILES = 20_000;
const REPAIR_TRIES = 60;

/** Finds a slot for every flexible job so that no pool has a peak it need not have. Pure and repeatable. */
export function level(
  jobs: readonly Job[],
  pools: readonly Pool[],
  lock: Lock | undefined,
  options: LevelOptions,
): Levelling {
  const problem = buildProblem(jobs, pools, options);
  const environment = jobs[0]?.environment ?? "";
  const locked = lock?.environments.get(environment);
  const scales = problem.pools.map((_, pool) => new Scale(inPool(problem, pool), problem.halves));
  const { week, why } = placeAll(problem, locked, scales, options);
  const before = earliestWeek(problem);
  const slots = new Map<string, Slot>();
  const moved: Moved[] = [];
  for (const [index, task] of problem.tasks.entries()) {
    const starts = week.starts[index];
    if (!task.shape || !starts || starts.length === 0) continue;
    const slot = slotOf(task.shape, starts);
    slots.set(task.name, slot);
    const from = locked?.get(task.name);
    if (from && JSON.stringify(from) === JSON.stringify(slot)) continue;
    moved.push({
      job: task.name,
      ...(from ? { from } : {}),
      to: slot,
      why: why.get(index) ?? (from ? "fresh" : "new"),
    });
  }
  const reports = problem.pools.map((pool, index) => {
    const scale = scales[index] as Scale;
    const boards = (week.lanes[index] ?? []).filter((lane) => !lane.expected).map((lane) => lane.board);
    const tasks = inPool(problem, index);
    const proofs = proveStretches(scale, boards);
    const bound = poolBound(tasks, scale, proofs, boards);
    const peak = Math.max(0, ...boards.map((board) => board.peak()));
    const certificate = certify(tasks, problem.halves, proofs, bound);
    const boardsBefore = (before.lanes[index] ?? []).map((lane) => lane.board);
    return {
      pool: pool.name,
      ...(pool.capacity === undefined ? {} : { capacity: pool.capacity }),
      jobs: new Set(tasks.map((task) => task.name)).size,
      peak: peak / LOAD_UNIT,
      bound: bound.value / LOAD_UNIT,
      before: Math.max(0, ...boardsBefore.map((board) => board.peak())) / LOAD_UNIT,
      certificate,
      weekBefore: worseHalf(boardsBefore.map((board) => board.folded)),
      week: worseHalf(boards.map((board) => board.folded)),
      weights: bound.weights,
    };
  });
  const outOfOrder = week
    .early()
    .map((index) => problem.tasks[index]?.name ?? "")
    .sort();
  return { problem, pools: reports, slots, starts: week.starts, moved, unplaceable: problem.unplaceable, outOfOrder };
}

/** The week with every task in its place, and why those moved that the lock had elsewhere. */
export function placeAll(
  problem: Problem,
  locked: ReadonlyMap<string, Slot> | undefined,
  scales: readonly Scale[],
  options: LevelOptions,
): { week: Week; why: ReadonlyMap<number, Moved["why"]> } {
  const why = new Map<number, Moved["why"]>();
  const kinds = (options.profiles ?? problem.tasks.length <= MOST_WITH_PROFILES) ? [false, true] : [false];
  if (!locked || options.fresh === true) return { week: freshWeek(problem, kinds), why };
  const week = insert(problem, locked, why, kinds);
  mend(week, scales, options, why);
  return { week, why };
}

/** The lock's slots where they still hold, and the other jobs placed among them. */
function insert(
  problem: Problem,
  locked: ReadonlyMap<string, Slot>,
  why: Map<number, Moved["why"]>,
  kinds: readonly boolean[],
): Week {
  const week = new Week(problem, kinds);
  for (const [index, task] of problem.tasks.entries()) {
    const slot = locked.get(task.name);
    const starts = task.shape && slot ? startsOf(task.shape, slot) : undefined;
    if (starts) week.put(index, starts);
    else if (slot && task.shape) why.set(index, "notAllowed");
  }
  const order = placingOrder(problem.tasks);
  for (const index of order) {
    const starts = week.starts[index];
    if (!starts || week.inOrder(index, starts)) continue;
    week.take(index);
    why.set(index, "order");
  }
  week.liftAll();
  for (const index of order) if (!week.starts[index]) week.place(index);
  return week;
}

/** Lowers the peaks of a standing week that are too far over what a fresh one would have, by a few moves. */
function mend(week: Week, scales: readonly Scale[], options: LevelOptions, why: Map<number, Moved["why"]>): void {
  const tolerance = 1 + (options.tolerance ?? DEFAULT_TOLERANCE);
  let moves = options.moves ?? DEFAULT_MOVES;
  let fresh: Week | undefined;
  for (const [pool, lanes] of week.lanes.entries()) {
    const peak = Math.max(0, ...week.peaks(pool));
    const least = Math.max(meanBound(scales[pool] as Scale).value, heaviest(week.problem, pool));
    if (moves <= 0 || lanes.length === 0 || peak <= tolerance * least) continue;
    fresh ??= freshWeek(week.problem, week.kinds);
    const goal = tolerance * Math.max(0, ...fresh.peaks(pool));
    const moved = repair(week, pool, { moves, tries: REPAIR_TRIES, goal });
    for (const index of moved) if (!why.has(index)) why.set(index, "peak");
    moves -= moved.size;
  }
}

function poolBound(
  tasks: readonly Task[],
  scale: Scale,
  proofs: readonly Proof[],
  boards: readonly Board[],
): Bound & PoolBound {
  const strongest = proofs.reduce<Bound>((best, proof) => (proof.value > best.value ? proof : best), meanBound(scale));
  const bound = improveBound(scale, strongest, boards);
  const compulsory = compulsoryLoad(tasks, scale.halves);
  const standing = heaviestStanding(tasks, scale.halves);
  const value = Math.max(bound.value, standing?.value ?? 0, compulsory.value);
  return { value, weights: bound.weights, compulsory, ...(standing ? { standing } : {}) };
}

function worseHalf(weeks: readonly Float64Array[]): Float64Array {
  const [first, ...others] = weeks;
  const peak = (week: Float64Array): number => week.reduce((a, b) => Math.max(a, b), 0);
  const worse = others.reduce((a, b) => (peak(b) > peak(a) ? b : a), first ?? new Float64Array());
  return worse.map((load) => load / LOAD_UNIT);
}
