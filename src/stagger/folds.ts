import type { Gathered } from "./board.ts";

/** Several parts of the week, as long as each other and read as one: of each step the largest load, and the sum of the burdens. */
interface Fold {
  /** First steps of the parts. */
  readonly parts: readonly number[];
  readonly high: Float64Array;
  readonly sums: Float64Array;
  /** Of every few steps, whether they have to be read anew. */
  readonly stale: Uint8Array;
}

/** So many steps become stale together: one flag for each would take longer to set than the steps to read. */
const STEPS = 5;

/**
 * A week, in steps of a minute or a block, as jobs see it that start several times in it: at one time on some days, or
 * every so often. Kept from job to job, since most of them open on the same few sets of days.
 */
export class Folds {
  readonly #load: Float64Array;
  readonly #burden: Float64Array;
  readonly #day: number;
  /** By the days as bits, Monday the lowest. */
  readonly #days = new Map<number, Fold>();
  /** By the steps of an interval. */
  readonly #intervals = new Map<number, Fold>();
  readonly #all: Fold[] = [];

  constructor(load: Float64Array, burden: Float64Array) {
    this.#load = load;
    this.#burden = burden;
    this.#day = load.length / 7;
  }

  /** These steps of the week have changed; `from` lies in it, and what passes its end goes on at its beginning. */
  touch(from: number, count: number): void {
    for (const { high, stale } of this.#all) {
      const first = from % high.length;
      const end = Math.min(first + count, high.length);
      for (let k = Math.floor(first / STEPS); k * STEPS < end; k++) stale[k] = 1;
      const rest = Math.min(first + count - end, first);
      for (let k = 0; k * STEPS < rest; k++) stale[k] = 1;
    }
  }

  /**
   * Writes `count` steps, from `at` on: those from `start` on after the UTC midnights of these days (0 is Monday).
   * `start` may be any whole number: past a midnight it is the days after, before it those before.
   */
  layDays(days: readonly number[], start: number, count: number, into: Gathered, at: number): void {
    for (let done = 0; done < count; ) {
      const day = Math.floor((start + done) / this.#day);
      const step = start + done - day * this.#day;
      const length = Math.min(count - done, this.#day - step);
      const bits = days.reduce((sum, each) => sum | (1 << ((((each + day) % 7) + 7) % 7)), 0);
      this.#copy(this.#foldOfDays(bits), step, length, into, at + done);
      done += length;
    }
  }

  /** The same from `start` on after each turn of an interval of so many steps. */
  layInterval(interval: number, start: number, count: number, into: Gathered, at: number): void {
    const fold = this.#foldOfInterval(interval);
    let step = ((start % interval) + interval) % interval;
    for (let done = 0; done < count; step = 0) {
      const length = Math.min(count - done, interval - step);
      this.#copy(fold, step, length, into, at + done);
      done += length;
    }
  }

  #copy(fold: Fold, first: number, length: number, { high, sums }: Gathered, at: number): void {
    const end = first + length;
    for (let k = Math.floor(first / STEPS); k * STEPS < end; k++) if (fold.stale[k] === 1) this.#read(fold, k);
    for (let k = 0; k < length; k++) {
      high[at + k] = fold.high[first + k] as number;
      sums[at + k] = fold.sums[first + k] as number;
    }
  }

  #foldOfDays(bits: number): Fold {
    const known = this.#days.get(bits);
    if (known) return known;
    const days = [0, 1, 2, 3, 4, 5, 6].filter((day) => (bits & (1 << day)) !== 0);
    const fold = this.#emptyFold(
      days.map((day) => day * this.#day),
      this.#day,
    );
    this.#days.set(bits, fold);
    return fold;
  }

  #foldOfInterval(interval: number): Fold {
    const known = this.#intervals.get(interval);
    if (known) return known;
    const turns = this.#load.length / interval;
    const fold = this.#emptyFold(
      Array.from({ length: turns }, (_, turn) => turn * interval),
      interval,
    );
    this.#intervals.set(interval, fold);
    return fold;
  }

  #emptyFold(parts: readonly number[], steps: number): Fold {
    const stale = new Uint8Array(Math.ceil(steps / STEPS)).fill(1);
    const fold = { parts, high: new Float64Array(steps), sums: new Float64Array(steps), stale };
    this.#all.push(fold);
    return fold;
  }

  #read({ parts, high, sums, stale }: Fold, few: number): void {
    const load = this.#load;
    const burden = this.#burden;
    const end = Math.min((few + 1) * STEPS, high.length);
    for (let step = few * STEPS; step < end; step++) {
      let worst = 0;
      let sum = 0;
      for (const part of parts) {
        const at = part + step;
        const one = load[at] as number;
        if (one > worst) worst = one;
        sum += burden[at] as number;
      }
      high[step] = worst;
      sums[step] = sum;
    }
    stale[few] = 0;
  }
}
