import { BLOCK_MINUTES, type Circle, mod } from "./board.ts";
import type { Curve } from "./curve.ts";
import { type Interval, wrap } from "./interval.ts";
import { type Single, staircase } from "./shadow.ts";
import { DAY_MINUTES, type Shape, WEEK_MINUTES } from "./shape.ts";
import { packEarliest, packLatest } from "./spacing.ts";
import { isSteady, occurrences, type Task } from "./task.ts";

export const WEEK_BLOCKS: number = WEEK_MINUTES / BLOCK_MINUTES;

/**
 * Weights on the blocks of five minutes of the UTC week, none negative, summing to 1; where two halves of the
 * year are levelled, January's week and then July's.
 */
export type Weights = Float64Array;

/** Tasks that weigh alike: the same starts, zone and durations. */
interface Group {
  readonly task: Task;
  readonly curve: Curve;
  load: number;
  /** The largest load of one of them. */
  single: number;
}

/**
 * For one pool: the least weighted load that its tasks can have, whatever their starts. By weak duality no
 * schedule has a lower peak, for any weights.
 */
export class Scale {
  readonly halves: number;
  readonly #groups: readonly Group[];

  constructor(tasks: readonly Task[], halves: number) {
    this.halves = halves;
    const groups = new Map<string, Group>();
    const shapes = new Map<Shape, number>();
    for (const task of tasks) {
      const fresh = { task, curve: task.plain, load: task.load, single: task.load };
      if (!task.shape) {
        groups.set(`${groups.size}!`, fresh);
        continue;
      }
      const shape = shapes.get(task.shape) ?? shapes.size;
      shapes.set(task.shape, shape);
      const key = `${shape} ${task.toUtc.join()} ${task.minutes}`;
      const group = groups.get(key);
      if (group) {
        group.load += task.load;
        group.single = Math.max(group.single, task.load);
      } else groups.set(key, fresh);
    }
    this.#groups = [...groups.values()];
  }

  /** The bound on the peak that these weights prove, in thousandths of the pool's unit. */
  bound(weights: Weights): number {
    return this.#sum(weights, undefined);
  }

  /** The bound, and the load of each half's week, by block, when every task goes where its weight is least. */
  answer(weights: Weights): { bound: number; load: Float64Array } {
    const load = new Float64Array(this.halves * WEEK_BLOCKS);
    return { bound: this.#sum(weights, load), load };
  }

  /**
   * Each circle counts for itself. Of jobs on a longer circle than the week, either all count with the share of
   * the weeks that they touch, or those count in full that no other can hide.
   */
  #sum(weights: Weights, load: Float64Array | undefined): number {
    const folds = new Folds(weights, this.halves);
    const shares = new Map<Circle["kind"], number>();
    const singles = new Map<Circle["kind"], Single[]>();
    let weekly = 0;
    for (const group of this.#groups) {
      const { task } = group;
      const { cost, starts } = least(group, folds);
      const share = task.circle.kind === "month" ? 1 / 28 : 1 / task.circle.weeks;
      if (share === 1) weekly += group.load * cost;
      else {
        shares.set(task.circle.kind, (shares.get(task.circle.kind) ?? 0) + group.load * cost * share);
        const known = singles.get(task.circle.kind) ?? [];
        known.push({ load: group.single, cover: cost / (task.shape?.times ?? task.pinned.length) });
        singles.set(task.circle.kind, known);
      }
      if (load) for (const start of starts) pile(load, task, start, group.load * share);
    }
    let total = weekly;
    for (const [kind, shared] of shares) total += Math.max(shared, staircase(singles.get(kind) ?? []));
    return total;
  }
}

/** The weighted load that each task cannot avoid, in thousandths of the pool's unit. */
export function unavoidable(tasks: readonly Task[], halves: number, weights: Weights): number[] {
  const folds = new Folds(weights, halves);
  return tasks.map((task) => {
    const { cost } = least({ task, curve: task.plain, load: task.load, single: task.load }, folds);
    return task.load * cost * (task.circle.kind === "month" ? 1 / 28 : 1 / task.circle.weeks);
  });
}

/** Weight of the local week under all occurrences of a start, as running sums. */
interface Fold {
  /** Before each block of three weeks in a row, so that no run has to be wrapped. */
  readonly sums: Float64Array;
  /** The first block, at or after this one, at which the weight changes. */
  readonly nextBreak: Int32Array;
}

class Folds {
  readonly #weights: Weights;
  readonly #halves: number;
  readonly #folds = new Map<string, Fold>();

  constructor(weights: Weights, halves: number) {
    this.#weights = weights;
    this.#halves = halves;
  }

  /** For occurrences at these distances, in whole blocks, of a task in this zone. */
  of(offsets: readonly number[], toUtc: readonly number[]): Fold {
    const key = `${offsets.length > 8 ? offsets[1] : offsets.join()}|${toUtc.join()}`;
    const known = this.#folds.get(key);
    if (known) return known;
    const fold = new Float64Array(WEEK_BLOCKS);
    // Occurrences at even distances all round the week see the same every time: one distance is enough.
    const step = (offsets[1] ?? 0) / BLOCK_MINUTES;
    const fresh = step > 0 && step * offsets.length === WEEK_BLOCKS ? step : WEEK_BLOCKS;
    for (let half = 0; half < this.#halves; half++) {
      for (const offset of offsets) {
        let from = mod((offset + (toUtc[half] ?? 0)) / BLOCK_MINUTES, WEEK_BLOCKS);
        for (let b = 0; b < fresh; b++) {
          fold[b] = (fold[b] as number) + (this.#weights[half * WEEK_BLOCKS + from] as number);
          if (++from === WEEK_BLOCKS) from = 0;
        }
      }
    }
    for (let b = fresh; b < WEEK_BLOCKS; b++) fold[b] = fold[b - fresh] as number;
    const length = 3 * WEEK_BLOCKS;
    const sums = new Float64Array(length + 1);
    for (let b = 0; b < length; b++) sums[b + 1] = (sums[b] as number) + (fold[b % WEEK_BLOCKS] as number);
    const nextBreak = new Int32Array(length + 2).fill(length);
    for (let b = length - 1; b >= 0; b--) {
      const changes = fold[b % WEEK_BLOCKS] !== fold[(b + WEEK_BLOCKS - 1) % WEEK_BLOCKS];
      nextBreak[b] = changes ? b : (nextBreak[b + 1] as number);
    }
    const made = { sums, nextBreak };
    this.#folds.set(key, made);
    return made;
  }
}

interface Least {
  /** Weighted minutes of a load of 1. */
  readonly cost: number;
  /** Local minutes of the week at which it starts then. */
  readonly starts: readonly number[];
}

function least(group: Group, folds: Folds): Least {
  const { task, curve } = group;
  const { shape } = task;
  if (!shape) return fixed(group, folds, task.pinned);
  if (shape.kind === "phase" && !(isSteady(shape) && shape.periodMinutes % BLOCK_MINUTES === 0)) {
    let best: Least | undefined;
    for (const { from, to } of shape.allowed) {
      for (let x = from; x < to; x++) {
        const option = fixed(group, folds, occurrences(task, x));
        if (!best || option.cost < best.cost) best = option;
      }
    }
    return best ?? { cost: 0, starts: [] };
  }
  const offsets = task.circle.kind === "month" ? MONTH_DAYS : task.repeats;
  const fold = folds.of(offsets, task.toUtc);
  let cost = 0;
  const starts: number[] = [];
  for (const range of ranges(shape)) {
    const at = leastIn(range, fold, curve);
    cost += at.cost;
    for (const offset of offsets) starts.push(at.start + offset);
  }
  return { cost, starts };
}

/** A month's day falls on each weekday in turn. */
const MONTH_DAYS: readonly number[] = [0, 1, 2, 3, 4, 5, 6].map((day) => day * DAY_MINUTES);

/** Starts that nothing can move, given in local minutes of the task's circle. */
function fixed({ task, curve }: Group, folds: Folds, local: readonly number[]): Least {
  const days = task.circle.kind === "month" ? MONTH_DAYS : [0];
  const starts = local.flatMap((at) => days.map((day) => mod(at + day, WEEK_MINUTES)));
  const { sums } = folds.of([0], task.toUtc);
  return { cost: starts.reduce((sum, at) => sum + costAt(sums, curve, at), 0), starts };
}

/** For each of its starts, in order, the ranges in which it must lie if all are to fit; folded to one week. */
function ranges(shape: Shape): readonly (readonly Interval[])[] {
  const earliest = packEarliest(shape.allowed, shape.times, shape.apartMinutes) ?? [];
  const latest = packLatest(shape.allowed, shape.times, shape.apartMinutes) ?? [];
  const circle = shape.kind === "month" ? DAY_MINUTES : WEEK_MINUTES;
  return earliest.map((from, k) => {
    const to = (latest[k] ?? from) + 1;
    return wrap(
      shape.allowed.map((i) => ({ from: Math.max(i.from, from), to: Math.min(i.to, to) })).filter((i) => i.to > i.from),
      circle,
    );
  });
}

function weightBefore(sums: Float64Array, minute: number): number {
  const block = Math.floor(minute / BLOCK_MINUTES);
  const before = sums[block] as number;
  const rest = minute - block * BLOCK_MINUTES;
  return rest === 0 ? before : before + (((sums[block + 1] as number) - before) * rest) / BLOCK_MINUTES;
}

/** Weight of a block is that of its five minutes together, so a minute has a fifth of it. */
function costAt(sums: Float64Array, curve: Curve, start: number): number {
  let cost = 0;
  for (let k = 0; k < curve.to.length; k++) {
    const inside =
      weightBefore(sums, start + (curve.to[k] as number)) - weightBefore(sums, start + (curve.from[k] as number));
    cost += (curve.share[k] as number) * inside;
  }
  return cost;
}

/** The cost is linear between the places where an edge of the run meets a change of weight, so only those count. */
function leastIn(
  intervals: readonly Interval[],
  { sums, nextBreak }: Fold,
  curve: Curve,
): { cost: number; start: number } {
  let least = Number.POSITIVE_INFINITY;
  let best = 0;
  for (const { from, to } of intervals) {
    for (const start of [from, to - 1]) {
      const cost = costAt(sums, curve, start);
      if (cost < least) [least, best] = [cost, start];
    }
    for (let k = -1; k < curve.to.length; k++) {
      const edge = k < 0 ? 0 : (curve.to[k] as number);
      let block = nextBreak[Math.ceil((from + edge) / BLOCK_MINUTES)] as number;
      while (block * BLOCK_MINUTES < to + edge) {
        const start = block * BLOCK_MINUTES - edge;
        const cost = costAt(sums, curve, start);
        if (cost < least) [least, best] = [cost, start];
        block = nextBreak[block + 1] as number;
      }
    }
  }
  return { cost: least, start: best };
}

/** Adds a run's load to the blocks of each half. */
function pile(load: Float64Array, task: Task, start: number, height: number): void {
  for (const [half, shift] of task.toUtc.entries()) {
    let at = mod(start + shift, WEEK_MINUTES);
    let left = task.minutes;
    while (left > 0) {
      const block = Math.floor(at / BLOCK_MINUTES);
      const inside = Math.min(left, (block + 1) * BLOCK_MINUTES - at);
      const index = half * WEEK_BLOCKS + block;
      load[index] = (load[index] as number) + (height * inside) / BLOCK_MINUTES;
      left -= inside;
      at = (at + inside) % WEEK_MINUTES;
    }
  }
}
