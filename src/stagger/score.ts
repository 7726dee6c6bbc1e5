import { BLOCK_MINUTES, type Board, type Gathered } from "./board.ts";
import type { Curve } from "./curve.ts";
import { type Interval, intersect, measure } from "./interval.ts";
import { WEEK_MINUTES } from "./shape.ts";
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
/** About the best block when none is free. */
const FAR_MINUTES = 4 * BLOCK_MINUTES;

/** A running sum this small beside what it has been has lost its digits to rounding, and is added up again. */
const WORN = 1e-6;

/** Loads that runs from the starts of a sweep would meet in one lane, and where they stand. */
interface Laid {
  readonly lane: Lane;
  readonly sweep: Sweep;
  /** The sweep's first start among the scores of all sweeps. */
  readonly slot: number;
  readonly curve: Curve;
  readonly loads: Gathered;
  readonly at: number;
}

/** Scores starts. Holds room for what it reads and uses it again for each task. */
export class Scorer {
  #gathered: Gathered = { high: new Float64Array(), sums: new Float64Array() };
  /** By start, of all sweeps: over a limit; the burden met; how far over. */
  #bad = new Uint8Array();
  #total = new Float64Array();
  #excess = new Float64Array();
  /** The largest load from a step to the end of its piece, and from the piece's beginning to it. */
  #ahead = new Float64Array();
  #behind = new Float64Array();
  /** Look through wide ranges by blocks first, which takes a fifth of the time and finds a start nearly as good. */
  byBlocks = false;

  /**
   * The best start in the ranges: first by how far the peak would pass the limits, then by the burden that the run
   * would meet. Among equals the first at or after `from`, going round.
   */
  best(task: Task, lanes: readonly Lane[], ranges: readonly Interval[], from: number): Best | undefined {
    const wide = this.byBlocks && byBlocks(task) && measure(ranges) >= WIDE_MINUTES;
    const coarse = wide ? this.#search(task, lanes, blocksOf(ranges), from) : undefined;
    if (!coarse) return this.#search(task, lanes, minutesOf(ranges), from);
    // A block counts the largest load of its five minutes: where none is free, a minute between may be.
    const about = coarse.excess > 0 ? FAR_MINUTES : BLOCK_MINUTES;
    const near = [{ from: coarse.start - about + 1, to: coarse.start + about }];
    return this.#search(task, lanes, minutesOf(intersect(ranges, near)), from);
  }

  #search(task: Task, lanes: readonly Lane[], sweeps: readonly Sweep[], from: number): Best | undefined {
    this.#makeRoom(task, lanes.length, sweeps);
    const laid = this.#lay(task, lanes, sweeps);
    for (const each of laid) for (let k = 0; k < each.curve.to.length; k++) this.#slide(each, task.load, k);
    const within = this.#pick(sweeps, from, false);
    if (within) return within;
    for (const each of laid) for (let k = 0; k < each.curve.to.length; k++) this.#slideExcess(each, task.load, k);
    return this.#pick(sweeps, from, true);
  }

  /** Grows what is too small, and forgets the last scores. */
  #makeRoom(task: Task, lanes: number, sweeps: readonly Sweep[]): void {
    const starts = sweeps.reduce((sum, { count }) => sum + count, 0);
    const reach = Math.max(task.minutes, task.curve.to.at(-1) ?? 0) + 2;
    const runs = isCut(task) ? WEEK_MINUTES / (task.shape?.periodMinutes ?? 1) : 1;
    const steps = lanes * (isCut(task) ? starts * runs * reach : starts + sweeps.length * reach);
    if (steps > this.#gathered.high.length) {
      this.#gathered = { high: new Float64Array(2 * steps), sums: new Float64Array(2 * steps) };
      this.#ahead = new Float64Array(2 * steps);
      this.#behind = new Float64Array(2 * steps);
    }
    if (starts > this.#bad.length) {
      this.#bad = new Uint8Array(2 * starts);
      this.#total = new Float64Array(2 * starts);
      this.#excess = new Float64Array(2 * starts);
    }
    this.#bad.fill(0, 0, starts);
    this.#total.fill(0, 0, starts);
    this.#excess.fill(0, 0, starts);
  }

  /** The best of the scored starts: of those that keep every limit, or of all by how far they do not. */
  #pick(sweeps: readonly Sweep[], from: number, over: boolean): Best | undefined {
    let start = -1;
    let excess = Number.MAX_VALUE;
    let sum = Number.POSITIVE_INFINITY;
    let slot = 0;
    for (const { from: begin, count, grain } of sweeps) {
      const first = Math.min(Math.max(Math.floor(from / grain) - begin, 0), count);
      for (let turn = 0; turn < count; turn++) {
        const x = first + turn < count ? first + turn : first + turn - count;
        if (!over && this.#bad[slot + x] === 1) continue;
        const passed = over ? (this.#excess[slot + x] as number) : 0;
        const met = this.#total[slot + x] as number;
        if (passed > excess || (passed === excess && met >= sum)) continue;
        start = (begin + x) * grain;
        excess = passed;
        sum = met;
      }
      slot += count;
    }
    return start < 0 ? undefined : { start, excess, sum };
  }

  #lay(task: Task, lanes: readonly Lane[], sweeps: readonly Sweep[]): readonly Laid[] {
    const laid: Laid[] = [];
    let free = 0;
    for (const lane of lanes) {
      let slot = 0;
      for (const sweep of sweeps) {
        const curve = scaled(lane.expected ? task.curve : task.plain, sweep.grain);
        if (isCut(task)) free = this.#layEach(task, { lane, sweep, slot, curve }, free, laid);
        else free = this.#layAll(task, { lane, sweep, slot, curve }, free, laid);
        slot += sweep.count;
      }
    }
    return laid;
  }

  /** The windows cut which fires there are, so each offset is looked at by itself. */
  #layEach(task: Task, one: Omit<Laid, "loads" | "at">, room: number, laid: Laid[]): number {
    const { lane, sweep, slot, curve } = one;
    const { circle, load: height } = task;
    const reach = (curve.to.at(-1) ?? 0) + 1;
    let free = room;
    for (let x = 0; x < sweep.count; x++) {
      for (const start of occurrences(task, sweep.from + x)) {
        const at = start + (task.toUtc[lane.half] ?? 0);
        lane.board.lay({ circle, start: at, count: reach, height }, this.#gathered, free);
        const offset = { from: sweep.from + x, count: 1, grain: sweep.grain };
        laid.push({ lane, sweep: offset, slot: slot + x, curve, loads: this.#gathered, at: free });
        free += reach;
      }
    }
    return free;
  }

  #layAll(task: Task, one: Omit<Laid, "loads" | "at">, room: number, laid: Laid[]): number {
    const { lane, sweep, curve } = one;
    const { from, count, grain } = sweep;
    const { shape, circle, load: height } = task;
    const shift = (task.toUtc[lane.half] ?? 0) / grain;
    const steps = count + (curve.to.at(-1) ?? 0) + 1;
    const start = from + shift;
    if (shape?.kind === "day") lane.board.folds(grain).layDays(shape.openDays, start, steps, this.#gathered, room);
    else if (shape?.kind === "phase") {
      lane.board.folds(grain).layInterval(shape.periodMinutes / grain, start, steps, this.#gathered, room);
    } else {
      const everyWeek = circle.kind === "weeks" && circle.weeks === 1;
      const standing = everyWeek ? lane.board.inPlace(start, steps, grain) : undefined;
      if (standing) {
        laid.push({ ...one, loads: standing.from, at: standing.at });
        return room;
      }
      if (grain === 1) lane.board.lay({ circle, start, count: steps, height }, this.#gathered, room);
      else lane.board.layBlocks(start, steps, this.#gathered, room);
    }
    laid.push({ ...one, loads: this.#gathered, at: room });
    return room + steps;
  }

  /**
   * Of the kth step of the curve: marks the starts whose runs would meet a load over the limit, and adds up the burden
   * that each would meet.
   */
  #slide({ lane, sweep, slot, curve, loads, at }: Laid, load: number, k: number): void {
    const { high, sums } = loads;
    const share = curve.share[k] as number;
    const from = at + (curve.from[k] as number);
    const to = at + (curve.to[k] as number);
    const limit = lane.limit - load * share;
    const weight = lane.board.weight(share, load);
    const { count } = sweep;
    const bad = this.#bad;
    const total = this.#total;
    let last = -1;
    let sum = 0;
    for (let i = from; i < to; i++) sum += sums[i] as number;
    let most = sum;
    for (let i = from; i < to - 1; i++) if ((high[i] as number) > limit) last = i;
    for (let x = 0; x < count; x++) {
      if ((high[x + to - 1] as number) > limit) last = x + to - 1;
      if (last >= x + from) bad[slot + x] = 1;
      total[slot + x] = (total[slot + x] as number) + weight * sum;
      sum += (sums[x + to] as number) - (sums[x + from] as number);
      if (sum > most) most = sum;
      else if (sum < most * WORN) {
        sum = 0;
        for (let i = x + 1 + from; i < x + 1 + to; i++) sum += sums[i] as number;
        most = sum;
      }
    }
  }

  /**
   * The largest load under each start. The stretch is cut into pieces as long as a run: the largest from a minute to its
   * piece's end, and from a piece's beginning to a minute, give that of any run in one comparison (van Herk, Gil and
   * Werman).
   */
  #slideExcess({ lane, sweep, slot, curve, loads, at }: Laid, height: number, k: number): void {
    const { high } = loads;
    const { count } = sweep;
    const from = at + (curve.from[k] as number);
    const length = (curve.to[k] as number) - (curve.from[k] as number);
    const limit = lane.limit - height * (curve.share[k] as number);
    const excess = this.#excess;
    const ahead = this.#ahead;
    const behind = this.#behind;
    const steps = count + length - 1;
    for (let piece = 0; piece < steps; piece += length) {
      const end = Math.min(piece + length, steps);
      let most = 0;
      for (let i = piece; i < end; i++) {
        const load = high[from + i] as number;
        if (load > most) most = load;
        behind[i] = most;
      }
      most = 0;
      for (let i = end - 1; i >= piece; i--) {
        const load = high[from + i] as number;
        if (load > most) most = load;
        ahead[i] = most;
      }
    }
    for (let x = 0; x < count; x++) {
      const first = ahead[x] as number;
      const last = behind[x + length - 1] as number;
      const above = Math.max(first, last) - limit;
      if (above > (excess[slot + x] as number)) excess[slot + x] = above;
    }
  }
}

/** An interval whose windows leave some of its fires out. */
function isCut({ shape }: Task): boolean {
  return shape?.kind === "phase" && !isSteady(shape);
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
