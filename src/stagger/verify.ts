/**
 * A second pair of eyes: it shares no code with the search, the bound or the board, so that a mistake there
 * cannot hide here. Plain loops over minutes; slow, and easy to read.
 */

const WEEK = 10_080;

/** A job as it can be checked: what `rota stagger --json` prints, and nothing else. */
export interface CheckedJob {
  /** UTC minutes of the week at which it starts, any whole numbers. */
  readonly starts: readonly number[];
  readonly minutes: number;
  readonly load: number;
}

/** The peak of the summed load over the week, counted minute by minute. */
export function peakOf(jobs: readonly CheckedJob[]): number {
  const load = new Array<number>(WEEK).fill(0);
  for (const job of jobs) {
    for (const start of job.starts) {
      for (let minute = start; minute < start + job.minutes; minute++) {
        const at = ((minute % WEEK) + WEEK) % WEEK;
        load[at] = (load[at] ?? 0) + job.load;
      }
    }
  }
  return Math.max(0, ...load);
}

/** A job with every choice that it has, for checking a bound. */
export interface ChoosingJob {
  /** Each choice is the UTC minutes of the week at which the job would start; at least one choice. */
  readonly choices: readonly (readonly number[])[];
  readonly minutes: number;
  readonly load: number;
}

/**
 * The bound on the peak that the weights prove for a week of such jobs: each takes the choice that weighs least.
 * `weights` are for blocks of equal length round the week, not negative, with the sum 1. Throws RangeError when
 * they are not weights, because then they prove nothing.
 */
export function boundOf(jobs: readonly ChoosingJob[], weights: readonly number[]): number {
  const sum = weights.reduce((a, b) => a + b, 0);
  if (weights.some((weight) => !(weight >= 0)) || Math.abs(sum - 1) > 1e-9)
    throw new RangeError("these are no weights");
  const perMinute = (minute: number): number => {
    const at = ((minute % WEEK) + WEEK) % WEEK;
    return ((weights[Math.floor((at * weights.length) / WEEK)] ?? 0) * weights.length) / WEEK;
  };
  let bound = 0;
  for (const job of jobs) {
    let least = Number.POSITIVE_INFINITY;
    for (const starts of job.choices) {
      let weight = 0;
      for (const start of starts) for (let k = 0; k < job.minutes; k++) weight += perMinute(start + k);
      least = Math.min(least, weight);
    }
    bound += job.load * least;
  }
  return bound;
}

/** By minute of the week: the load that the job puts there whichever choice it takes. */
export function fixedLoadOf({ choices, minutes, load }: ChoosingJob): number[] {
  const times = new Array<number>(WEEK).fill(0);
  for (const starts of choices) {
    for (const start of starts) {
      for (let minute = start; minute < start + minutes; minute++) {
        const at = ((minute % WEEK) + WEEK) % WEEK;
        times[at] = (times[at] ?? 0) + 1;
      }
    }
  }
  return times.map((count) => (count === choices.length ? load : 0));
}

/** The job's load with the load of others that it meets at the least, in the choice that meets least of it. */
export function standingOf({ choices, minutes, load }: ChoosingJob, others: readonly number[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (const starts of choices) {
    let most = 0;
    for (const start of starts) {
      for (let minute = start; minute < start + minutes; minute++) {
        most = Math.max(most, others[((minute % WEEK) + WEEK) % WEEK] ?? 0);
      }
    }
    least = Math.min(least, most);
  }
  return load + least;
}
