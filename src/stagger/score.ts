import { BLOCK_MINUTES, type Board, type Gathered } from "./board.ts";
import type { Curve } from "./curve.ts";
import { type Interval, intersect, measure } from "./interval.ts";
import { isSteady, occurrences, type Task } from "./task.ts";

/** One view of a pool's load that must stay low: one half of the year, with one kind of curve. */
export interface Lane {
  readonly board: Board;
  readonly half: number;
  /** Level the expected curve, or the plain rectangle. */
  readonly expected: boolean;
  /** Load up to which no start is worse than another. */
  limit: number;
}

/** A start, and what it would do. */
export interface Best {
  readonly start: number;
  /** How far over its limit the worst lane would go, in load; 0 when none does. */
  readonly excess: number;
  /** The load that the run would meet, summed over its minutes. */
  readonly sum: number;
}

/** A range of starts in steps of one minute or one block. */
interface Sweep {
  /** First start, and how many, in steps. */
  readonly from: number;
  readonly count: number;
  readonly grain: 1 | typeof BLOCK_MINUTES;
}

/** A range this wide is looked through by blocks, and by minutes only about the best block. */
const WIDE_MINUTES = 180;

/** Scores starts. Holds room for the largest range and uses it again for each task. */
export class Scorer {
  readonly #gathered: Gathered;
  readonly #bad: Uint8Array;
  readonly #total: Float64Array;
  readonly #excess: Float64Array;
  readonly #queue: Int32Array;
  /** Look through wide ranges by blocks; a small problem has the time for every minute. */
  readonly #byBlocks: boolean;
  /** The second look: how far over, when no start keeps within every limit. */
  #over = false;

  constructor(tasks: readonly Task[], byBlocks: boolean) {
    let range = 1;
    let reach = 1;
    for (const task of tasks) {
      for (const { from, to } of task.shape?.allowed ?? []) range = Math.max(range, to - from);
      reach = Math.max(reach, task.minutes, task.curve.to.at(-1) ?? 0);
    }
    const minutes = range + reach + 2;
    this.#gathered = { high: new Float64Array(minutes), sums: new Float64Array(minutes) };
    this.#queue = new Int32Array(minutes);
    this.#bad = new Uint8Array(range);
    this.#total = new Float64Array(range);
    this.#excess = new Float64Array(range);
    this.#byBlocks = byBlocks;
  }

  /**
   * The best start in the ranges: first by how far the peak would pass the limits, then by the burden that the run
   * would meet. Among equals the first at or after `from`, going round.
   */
  best(task: Task, lanes: readonly Lane[], ranges: readonly Interval[], from: number): Best | undefined {
    const wide = this.#byBlocks && byBlocks(task) && measure(ranges) >= WIDE_MINUTES;
    const coarse = wide ? this.#search(task, lanes, blocksOf(ranges), from) : undefined;
    // A block counts the largest load of its five minutes: where none is free, a minute between may be.
    if (!coarse || coarse.excess > 0) return this.#search(task, lanes, minutesOf(ranges), from);
    const about = [{ from: coarse.start - BLOCK_MINUTES + 1, to: coarse.start + BLOCK_MINUTES }];
    return this.#search(task, lanes, minutesOf(intersect(ranges, about)), from);
  }

  #search(task: Task, lanes: readonly Lane[], sweeps: readonly Sweep[], from: number): Best | undefined {
    this.#over = false;
    const within = this.#look(task, lanes, sweeps, from);
    if (within) return within;
    this.#over = true;
    return this.#look(task, lanes, sweeps, from);
  }

  #look(task: Task, lanes: readonly Lane[], sweeps: readonly Sweep[], from: number): Best | undefined {
    let start = -1;
    let excess = Number.MAX_VALUE;
    let sum = Number.POSITIVE_INFINITY;
    for (const sweep of sweeps) {
      const { count, grain } = sweep;
      this.#total.fill(0, 0, count);
      if (this.#over) this.#excess.fill(0, 0, count);
      else this.#bad.fill(0, 0, count);
      for (const lane of lanes) this.#scoreLane(task, lane, sweep);
      const first = Math.min(Math.max(Math.floor(from / grain) - sweep.from, 0), count);
      for (let turn = 0; turn < 2; turn++) {
        const end = turn === 0 ? count : first;
        for (let x = turn === 0 ? first : 0; x < end; x++) {
          const kept = this.#bad[x] === 1 ? Number.POSITIVE_INFINITY : 0;
          const over = this.#over ? (this.#excess[x] as number) : kept;
          const met = this.#total[x] as number;
          if (over > excess || (over === excess && met >= sum)) continue;
          start = (sweep.from + x) * grain;
          excess = over;
          sum = met;
        }
      }
    }
    return start < 0 ? undefined : { start, excess, sum };
  }

  #scoreLane(task: Task, lane: Lane, sweep: Sweep): void {
    const { from, count, grain } = sweep;
    const shift = task.toUtc[lane.half] ?? 0;
    const curve = scaled(lane.expected ? task.curve : task.plain, grain);
    const reach = (curve.to.at(-1) ?? 0) + 1;
    const { shape } = task;
    if (shape?.kind === "phase" && !isSteady(shape)) {
      // The windows cut which fires there are, so each offset is looked at by itself.
      for (let x = from; x < from + count; x++) {
        for (const start of occurrences(task, x)) {
          lane.board.lay(task.circle, start + shift, reach, this.#gathered, false);
          this.#slide(this.#gathered, 0, lane.limit, task.load, curve, { from: x - from, count: 1, grain });
        }
      }
      return;
    }
    const period = shape?.kind === "phase" ? shape.periodMinutes / grain : 0;
    const steps = count + reach;
    const once = task.repeats.length === 1 && task.circle.kind === "weeks" && task.circle.weeks === 1;
    const standing = once ? lane.board.inPlace(from + shift / grain, steps, grain) : undefined;
    if (standing) {
      this.#slide(standing.from, standing.at, lane.limit, task.load, curve, { from: 0, count, grain });
      return;
    }
    const fresh = period > 0 ? Math.min(period, steps) : steps;
    for (const [k, offset] of task.repeats.entries()) {
      const start = from + (shift + offset) / grain;
      if (grain === 1) lane.board.lay(task.circle, start, fresh, this.#gathered, k > 0);
      else lane.board.layBlocks(start, fresh, this.#gathered, k > 0);
    }
    const { high, sums } = this.#gathered;
    for (let i = fresh; i < steps; i++) {
      high[i] = high[i - period] as number;
      sums[i] = sums[i - period] as number;
    }
    this.#slide(this.#gathered, 0, lane.limit, task.load, curve, { from: 0, count, grain });
  }

  /** Runs the curve along the loads from `at` on and adds to the scores of `count` starts, kept from `from` on. */
  #slide(loads: Gathered, at: number, limit: number, load: number, curve: Curve, { from, count }: Sweep): void {
    for (let k = 0; k < curve.to.length; k++) {
      const begin = at + (curve.from[k] as number);
      const end = at + (curve.to[k] as number);
      const share = curve.share[k] as number;
      if (this.#over) this.#slideExcess(loads, count, from, begin, end, limit - load * share);
      else this.#slideBad(loads, count, from, begin, end, limit - load * share);
      this.#slideSum(loads, count, from, begin, end, share);
    }
  }

  #slideBad({ high }: Gathered, count: number, slot: number, from: number, to: number, limit: number): void {
    const bad = this.#bad;
    let last = -1;
    for (let i = from; i < to - 1; i++) if ((high[i] as number) > limit) last = i;
    for (let x = 0; x < count; x++) {
      if ((high[x + to - 1] as number) > limit) last = x + to - 1;
      if (last >= x + from) bad[slot + x] = 1;
    }
  }

  #slideSum({ sums }: Gathered, count: number, slot: number, from: number, to: number, share: number): void {
    const total = this.#total;
    let sum = 0;
    for (let i = from; i < to; i++) sum += sums[i] as number;
    for (let x = 0; x < count; x++) {
      total[slot + x] = (total[slot + x] as number) + share * sum;
      sum += (sums[x + to] as number) - (sums[x + from] as number);
    }
  }

  /** The largest load under each start, by a queue of the minutes that may still be the largest. */
  #slideExcess({ high }: Gathered, count: number, slot: number, from: number, to: number, limit: number): void {
    const excess = this.#excess;
    const queue = this.#queue;
    let head = 0;
    let tail = 0;
    for (let i = from; i < count + to - 1; i++) {
      const load = high[i] as number;
      while (tail > head && (high[queue[tail - 1] as number] as number) <= load) tail--;
      queue[tail++] = i;
      const x = i - to + 1;
      if (x < 0) continue;
      while ((queue[head] as number) < x + from) head++;
      const above = (high[queue[head] as number] as number) - limit;
      if (above > (excess[slot + x] as number)) excess[slot + x] = above;
    }
  }
}

/** Whether all the task's times are whole blocks. */
function byBlocks({ circle, shape, toUtc }: Task): boolean {
  if (circle.kind === "month" || circle.weeks > 1) return false;
  if (toUtc.some((shift) => shift % BLOCK_MINUTES !== 0)) return false;
  return shape?.kind !== "phase" || (isSteady(shape) && shape.periodMinutes % BLOCK_MINUTES === 0);
}

function minutesOf(ranges: readonly Interval[]): Sweep[] {
  return ranges.map(({ from, to }) => ({ from, count: to - from, grain: 1 }));
}

/** The starts of the ranges that fall on a block's first minute. */
function blocksOf(ranges: readonly Interval[]): Sweep[] {
  return ranges
    .map(({ from, to }) => ({ from: Math.ceil(from / BLOCK_MINUTES), to: Math.floor((to - 1) / BLOCK_MINUTES) + 1 }))
    .filter(({ from, to }) => to > from)
    .map(({ from, to }) => ({ from, count: to - from, grain: BLOCK_MINUTES }));
}

/** The curve in steps of the grain, never shorter than it is. */
function scaled(curve: Curve, grain: number): Curve {
  if (grain === 1) return curve;
  const from = curve.from.map((minute) => Math.floor(minute / grain));
  return { from, to: curve.to.map((minute) => Math.ceil(minute / grain)), share: curve.share };
}
