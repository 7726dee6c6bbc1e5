import { Folds } from "./folds.ts";
import { DAY_MINUTES, MONTH_MINUTES, WEEK_MINUTES } from "./shape.ts";

/** The circle on which a task's starts return: so many weeks, or the 28 days of a month. */
export type Circle = { readonly kind: "weeks"; readonly weeks: number } | { readonly kind: "month" };

/** Minutes of a block: wide ranges are looked through in blocks first. Zones shift by whole blocks. */
export const BLOCK_MINUTES = 5;
const WEEK_BLOCKS = WEEK_MINUTES / BLOCK_MINUTES;

/** Minutes of a circle, for a load that may be added there: on a long circle it is free where a worse week or day hides it. */
export interface Stretch {
  readonly circle: Circle;
  readonly start: number;
  readonly count: number;
  readonly height: number;
}

/**
 * What a load counts: e to the power of `steepness` × (load ÷ `reference` - 1), near enough. One load more then costs
 * what stands there, times the same for every minute, so that the least burden of a start lowers the sum of the week
 * the most.
 */
export interface Burden {
  readonly steepness: number;
  readonly reference: number;
}

/** Where `lay` puts what it reads. */
export interface Gathered {
  /** The largest load. */
  readonly high: Float64Array;
  /** What it costs to add a load there (`burden`); on a long circle `rise`. */
  readonly sums: Float64Array;
}

/**
 * The load of one pool, exact: loads are whole numbers. The week is kept for each week of the horizon, the
 * month on its own circle of 28 days, and `folded` is what the worst week holds at each of its minutes: the
 * largest over the weeks, plus the largest over the days of the month, since in the course of the years every
 * day of the month falls on every day of the week.
 */
export class Board {
  readonly weeks: number;
  /** Absent: the usual one. */
  #burdenBy: Burden | undefined;
  readonly folded: Float64Array = new Float64Array(WEEK_MINUTES);
  /** Of each minute of `folded`, and by block their sum; and by block the largest load. */
  readonly #burden: Float64Array = new Float64Array(WEEK_MINUTES);
  readonly #blockHigh: Float64Array = new Float64Array(WEEK_BLOCKS);
  readonly #blockSum: Float64Array = new Float64Array(WEEK_BLOCKS);
  readonly #minutes: Gathered = { high: this.folded, sums: this.#burden };
  readonly #minuteFolds: Folds = new Folds(this.folded, this.#burden);
  readonly #blockFolds: Folds = new Folds(this.#blockHigh, this.#blockSum);
  readonly #blocks: Gathered = { high: this.#blockHigh, sums: this.#blockSum };
  /** What does not come every week, for each week of the horizon; and of each minute the largest. */
  readonly #horizon: Float64Array;
  readonly #worst: Float64Array = new Float64Array(WEEK_MINUTES);
  readonly #month: Float64Array | undefined;
  /** Of each minute of the day, the largest over the days of the month. */
  readonly #monthDay: Float64Array | undefined;

  /** Of each minute of the day, the largest of `folded` over the week; read again when that has changed. */
  readonly #dayHigh: Float64Array = new Float64Array(DAY_MINUTES);
  #dayHighStale = true;

  readonly #dayLoads: Float64Array = new Float64Array(28);
  readonly #weekLoads: Float64Array;

  constructor(weeks: number, withMonth: boolean) {
    this.weeks = weeks;
    this.#weekLoads = new Float64Array(weeks);
    this.#horizon = new Float64Array(weeks > 1 ? weeks * WEEK_MINUTES : 0);
    this.#month = withMonth ? new Float64Array(MONTH_MINUTES) : undefined;
    this.#monthDay = withMonth ? new Float64Array(DAY_MINUTES) : undefined;
  }

  /** Adds `height` to `minutes` minutes from `start` (any whole number: the circle is closed). */
  add(circle: Circle, start: number, minutes: number, height: number): void {
    if (circle.kind === "month") this.#addMonth(start, minutes, height);
    else if (circle.weeks === 1) this.#addEveryWeek(start, minutes, height);
    else {
      const step = circle.weeks * WEEK_MINUTES;
      for (let at = start; at < start + this.#horizon.length; at += step) {
        addAround(this.#horizon, at, minutes, height);
        const week = Math.floor(mod(at, this.#horizon.length) / WEEK_MINUTES);
        this.#weekLoads[week] = (this.#weekLoads[week] as number) + minutes * height;
      }
      this.#refreshWeek(start, Math.min(minutes, WEEK_MINUTES));
    }
  }

  /** Reads a stretch, to `at` and on. */
  lay({ circle, start, count, height }: Stretch, into: Gathered, at: number): void {
    if (circle.kind === "month") this.#layMonth(start, count, height, into, at);
    else if (circle.weeks > 1) this.#layWeeks(circle.weeks, start, count, height, into, at);
    else read(this.#minutes, start, count, into, at);
  }

  /** The same of what comes every week, in blocks: `start` and `count` are counted in them. */
  layBlocks(start: number, count: number, into: Gathered, at: number): void {
    read(this.#blocks, start, count, into, at);
  }

  /** The week as a job sees it that starts several times in it, in steps of this grain. */
  folds(grain: number): Folds {
    return grain === 1 ? this.#minuteFolds : this.#blockFolds;
  }

  /**
   * What comes every week, to be read where it stands: from `at` on in steps of the grain. Undefined when `count`
   * steps from `start` pass the week's end.
   */
  inPlace(start: number, count: number, grain: number): { from: Gathered; at: number } | undefined {
    const length = WEEK_MINUTES / grain;
    const at = mod(start, length);
    return at + count > length ? undefined : { from: grain === 1 ? this.#minutes : this.#blocks, at };
  }

  peak(): number {
    let peak = 0;
    for (const high of this.#blockHigh) if (high > peak) peak = high;
    return peak;
  }

  /** From now on burdens are counted so; absent: as usual. */
  countBy(burden: Burden | undefined): void {
    this.#burdenBy = burden;
    this.#refreshBlocks(0, WEEK_MINUTES);
  }

  /** How much of the burden of its minutes a share of a load costs: as much as the share, but where it is exponential. */
  weight(share: number, load: number): number {
    if (!this.#burdenBy || share === 1) return share;
    const slope = (this.#burdenBy.steepness * load) / this.#burdenBy.reference;
    return slope === 0 ? share : Math.expm1(slope * share) / Math.expm1(slope);
  }

  /** Load × minutes of the folded week. */
  area(): number {
    return this.folded.reduce((sum, load) => sum + load, 0);
  }

  /** What each day of the month, or week of so many, holds beside what comes every week: the emptiest has room. */
  partLoads(circle: Circle): number[] {
    if (circle.kind === "month") return [...this.#dayLoads];
    const loads = new Array<number>(circle.weeks).fill(0);
    for (const [week, load] of this.#weekLoads.entries())
      loads[week % circle.weeks] = (loads[week % circle.weeks] ?? 0) + load;
    return loads;
  }

  #addEveryWeek(start: number, minutes: number, height: number): void {
    addAround(this.folded, start, minutes, height);
    this.#refreshBlocks(start, minutes);
  }

  #addMonth(start: number, minutes: number, height: number): void {
    const month = this.#month;
    const monthDay = this.#monthDay;
    if (!month || !monthDay) throw new RangeError("this board was made without a month");
    addAround(month, start, minutes, height);
    const day = Math.floor(mod(start, MONTH_MINUTES) / DAY_MINUTES);
    this.#dayLoads[day] = (this.#dayLoads[day] as number) + minutes * height;
    for (let k = 0; k < Math.min(minutes, DAY_MINUTES); k++) {
      const minute = mod(start + k, DAY_MINUTES);
      let worst = 0;
      for (let at = minute; at < MONTH_MINUTES; at += DAY_MINUTES) worst = Math.max(worst, month[at] as number);
      const change = worst - (monthDay[minute] as number);
      if (change === 0) continue;
      monthDay[minute] = worst;
      for (let at = minute; at < WEEK_MINUTES; at += DAY_MINUTES)
        this.folded[at] = (this.folded[at] as number) + change;
    }
    for (let turn = 0; turn < 7; turn++)
      this.#refreshBlocks(start + turn * DAY_MINUTES, Math.min(minutes, DAY_MINUTES));
  }

  #refreshWeek(start: number, minutes: number): void {
    for (let k = 0; k < minutes; k++) {
      const at = mod(start + k, WEEK_MINUTES);
      const worst = this.#worstWeek(at, 0, 1);
      this.folded[at] = (this.folded[at] as number) + worst - (this.#worst[at] as number);
      this.#worst[at] = worst;
    }
    this.#refreshBlocks(start, minutes);
  }

  #refreshBlocks(start: number, minutes: number): void {
    this.#dayHighStale = true;
    const at = mod(start, WEEK_MINUTES);
    const first = Math.floor(at / BLOCK_MINUTES);
    const count = Math.min(Math.floor((at + minutes - 1) / BLOCK_MINUTES) - first + 1, WEEK_BLOCKS);
    this.#minuteFolds.touch(at, minutes);
    this.#blockFolds.touch(first, count);
    const whole = Math.min(count, WEEK_BLOCKS - first);
    this.#countBurdens(first * BLOCK_MINUTES, (first + whole) * BLOCK_MINUTES);
    this.#countBurdens(0, (count - whole) * BLOCK_MINUTES);
    for (let k = 0, block = first; k < count; k++, block = block + 1 === WEEK_BLOCKS ? 0 : block + 1) {
      let high = 0;
      let sum = 0;
      for (let m = block * BLOCK_MINUTES; m < (block + 1) * BLOCK_MINUTES; m++) {
        const load = this.folded[m] as number;
        if (load > high) high = load;
        sum += this.#burden[m] as number;
      }
      this.#blockHigh[block] = high;
      this.#blockSum[block] = sum;
    }
  }

  #countBurdens(first: number, end: number): void {
    const { folded } = this;
    const burdens = this.#burden;
    const by = this.#burdenBy;
    if (by) for (let m = first; m < end; m++) burdens[m] = exponential(folded[m] as number, by);
    else for (let m = first; m < end; m++) burdens[m] = burden(folded[m] as number);
  }

  /** The largest load of a minute over the weeks first, first + step, … of the horizon. */
  #worstWeek(minute: number, first: number, step: number): number {
    let worst = 0;
    for (let week = first; week < this.weeks; week += step) {
      const load = this.#horizon[week * WEEK_MINUTES + minute] as number;
      if (load > worst) worst = load;
    }
    return worst;
  }

  #layWeeks(weeks: number, start: number, count: number, height: number, into: Gathered, first: number): void {
    const length = weeks * WEEK_MINUTES;
    for (let k = 0, at = mod(start, length); k < count; k++, at = at + 1 === length ? 0 : at + 1) {
      const minute = at % WEEK_MINUTES;
      const own = this.#worstWeek(minute, Math.floor(at / WEEK_MINUTES), weeks);
      const folded = this.folded[minute] as number;
      const load = folded - (this.#worst[minute] as number) + own;
      into.high[first + k] = load;
      into.sums[first + k] = rise(load + height, folded);
    }
  }

  #readDayHigh(): void {
    const high = this.#dayHigh.fill(0);
    for (let midnight = 0; midnight < WEEK_MINUTES; midnight += DAY_MINUTES) {
      for (let m = 0; m < DAY_MINUTES; m++) {
        const load = this.folded[midnight + m] as number;
        if (load > (high[m] as number)) high[m] = load;
      }
    }
    this.#dayHighStale = false;
  }

  #layMonth(start: number, count: number, height: number, into: Gathered, first: number): void {
    const month = this.#month ?? new Float64Array(MONTH_MINUTES);
    const monthDay = this.#monthDay ?? new Float64Array(DAY_MINUTES);
    if (this.#dayHighStale) this.#readDayHigh();
    for (let k = 0, at = mod(start, MONTH_MINUTES); k < count; k++, at = at + 1 === MONTH_MINUTES ? 0 : at + 1) {
      const minute = at % DAY_MINUTES;
      const week = this.#dayHigh[minute] as number;
      const load = week - (monthDay[minute] as number) + (month[at] as number);
      into.high[first + k] = load;
      into.sums[first + k] = rise(load + height, week);
    }
  }
}

/**
 * What a load counts in the sum that a start is chosen by: its 16th power, so that a place near the peak counts for
 * far more than a busy one. By multiplication alone, which every machine rounds alike.
 */
function burden(load: number): number {
  const scaled = load / 65_536;
  const second = scaled * scaled;
  const fourth = second * second;
  const eighth = fourth * fourth;
  return eighth * eighth;
}

/** e^x as (1 + x ÷ 4096)^4096, near enough and by multiplication alone; twice the reference is the most that counts. */
function exponential(load: number, { steepness, reference }: Burden): number {
  let power = 1 + (steepness * (Math.min(load / reference, 2) - 1)) / 4096;
  for (let k = 0; k < 12; k++) power *= power;
  return power;
}

/**
 * What it costs when the worst of several weeks or days rises from `before`, if it does: by how much, times the 4th
 * power of what is there. The burden itself would rather keep clear of the busy hours than hide.
 */
function rise(after: number, before: number): number {
  if (after <= before) return 0;
  const scaled = before / 65_536;
  const second = scaled * scaled;
  return (after - before) * second * second;
}

export function mod(value: number, length: number): number {
  const rest = value % length;
  return rest < 0 ? rest + length : rest;
}

function addAround(circle: Float64Array, start: number, minutes: number, height: number): void {
  let at = mod(start, circle.length);
  let left = minutes;
  while (left > 0) {
    const end = Math.min(at + left, circle.length);
    for (let k = at; k < end; k++) circle[k] = (circle[k] as number) + height;
    left -= end - at;
    at = 0;
  }
}

function read(from: Gathered, start: number, count: number, { high, sums }: Gathered, first: number): void {
  const { length } = from.high;
  let at = mod(start, length);
  for (let done = first; done < first + count; at = 0) {
    const end = Math.min(first + count, done + length - at);
    // A plain loop: `set` of a subarray costs more for a few minutes, and leaves two objects behind.
    for (let i = done, j = at; i < end; i++, j++) {
      high[i] = from.high[j] as number;
      sums[i] = from.sums[j] as number;
    }
    done = end;
  }
}
