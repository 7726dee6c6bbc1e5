import type { Gathered } from "./board.ts";
import { DAY_MINUTES } from "./shape.ts";

/** One set of days, read as one: at each minute of the day the largest load on those days, and the sum of the burdens. */
interface Fold {
  readonly days: readonly number[];
  readonly high: Float64Array;
  readonly sums: Float64Array;
  /** Minutes that have to be read anew. */
  readonly stale: Uint8Array;
}

/** A week as jobs see it that start at one time on several days: kept, since most of them open on the same few sets of days. */
export class DayFolds {
  readonly #load: Float64Array;
  readonly #burden: Float64Array;
  /** By the days as bits, Monday the lowest. */
  readonly #folds = new Map<number, Fold>();

  constructor(load: Float64Array, burden: Float64Array) {
    this.#load = load;
    this.#burden = burden;
  }

  /** These minutes of the week have changed; `from` lies in it, and what passes its end goes on at its beginning. */
  touch(from: number, minutes: number): void {
    const first = from % DAY_MINUTES;
    const left = Math.min(minutes, DAY_MINUTES);
    const whole = Math.min(left, DAY_MINUTES - first);
    for (const { stale } of this.#folds.values()) {
      for (let m = first; m < first + whole; m++) stale[m] = 1;
      for (let m = 0; m < left - whole; m++) stale[m] = 1;
    }
  }

  /**
   * Writes `count` minutes, from `at` on: those from `start` on after the UTC midnights of these days (0 is Monday).
   * `start` may be any whole number: past a midnight it is the days after, before it those before.
   */
  lay(days: readonly number[], start: number, count: number, { high, sums }: Gathered, at: number): void {
    let done = 0;
    while (done < count) {
      const day = Math.floor((start + done) / DAY_MINUTES);
      const minute = start + done - day * DAY_MINUTES;
      const length = Math.min(count - done, DAY_MINUTES - minute);
      const fold = this.#foldOf(days.reduce((bits, each) => bits | (1 << ((((each + day) % 7) + 7) % 7)), 0));
      for (let k = 0; k < length; k++) {
        const m = minute + k;
        if (fold.stale[m] === 1) this.#read(fold, m);
        high[at + done + k] = fold.high[m] as number;
        sums[at + done + k] = fold.sums[m] as number;
      }
      done += length;
    }
  }

  #foldOf(bits: number): Fold {
    const known = this.#folds.get(bits);
    if (known) return known;
    const fold = {
      days: [0, 1, 2, 3, 4, 5, 6].filter((day) => (bits & (1 << day)) !== 0).map((day) => day * DAY_MINUTES),
      high: new Float64Array(DAY_MINUTES),
      sums: new Float64Array(DAY_MINUTES),
      stale: new Uint8Array(DAY_MINUTES).fill(1),
    };
    this.#folds.set(bits, fold);
    return fold;
  }

  #read({ days, high, sums, stale }: Fold, minute: number): void {
    let worst = 0;
    let sum = 0;
    for (const midnight of days) {
      const load = this.#load[midnight + minute] as number;
      if (load > worst) worst = load;
      sum += this.#burden[midnight + minute] as number;
    }
    high[minute] = worst;
    sums[minute] = sum;
    stale[minute] = 0;
  }
}
