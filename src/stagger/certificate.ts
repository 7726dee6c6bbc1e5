import { BLOCK_MINUTES, type Board, mod } from "./board.ts";
import type { Compulsory } from "./compulsory.ts";
import { WEEK_MINUTES } from "./shape.ts";
import type { Standing } from "./standing.ts";
import { LOAD_UNIT, type Task } from "./task.ts";
import { type Scale, unavoidable, WEEK_BLOCKS, type Weights } from "./weigh.ts";

/** Why the peak cannot be lower, in words a person can check. Times are UTC. */
export interface Certificate {
  /**
   * `hours`: these jobs must run in these hours. `largest`: one job alone, with what it must run over, weighs more than
   * any hours prove; the window is where it may run.
   */
  readonly kind: "hours" | "largest";
  /** `Mon 06:00`. */
  readonly windowStart: string;
  /** Exclusive; `Mon 07:00`. */
  readonly windowEnd: string;
  /** Which half of the year it holds for. */
  readonly half: "january" | "july" | "both";
  /** Jobs that cannot stay out of the window. */
  readonly jobs: number;
  /** Names of those that put most into it, the heaviest first, at most ten. */
  readonly heaviest: readonly string[];
  /** The mean load that they must have there, in the pool's unit; the peak is at least this. */
  readonly load: number;
  /** `largest`: how much of that is load of other jobs that cannot move, which it meets wherever it starts; absent: none. */
  readonly meets?: number;
}

/** A certificate this near to the best bound is shown instead: few hours explain more than a whole week does. */
const NEARLY = 0.98;
const LENGTHS_MINUTES = [60, 120, 240, 480, 1440] as const;
const DAY_NAMES = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;

/** The best bound of a pool, in thousandths of its unit, and what of it no choice at all can change. */
export interface PoolBound {
  readonly value: number;
  readonly compulsory: Compulsory;
  readonly standing?: Standing;
}

/** A stretch of hours with the bound that it proves. */
export interface Proof {
  readonly candidate: Candidate;
  readonly weights: Weights;
  readonly value: number;
}

interface Candidate {
  readonly half: number;
  readonly from: number;
  readonly minutes: number;
}

/** What each stretch of hours about the fullest ones proves by itself, the short stretches first. */
export function proveStretches(scale: Scale, boards: readonly Board[]): Proof[] {
  return [...candidates(boards)].map((candidate) => {
    const weights = stretch(candidate, scale.halves);
    return { candidate, weights, value: scale.bound(weights) };
  });
}

/** The shortest proof that is nearly the best bound; else the one that proves most. */
export function certify(
  tasks: readonly Task[],
  halves: number,
  proofs: readonly Proof[],
  { value: best, compulsory, standing }: PoolBound,
): Certificate {
  const strongest = proofs.reduce<Proof | undefined>(
    (most, proof) => (most && most.value >= proof.value ? most : proof),
    undefined,
  );
  if (compulsory.jobs.length > 1 && compulsory.value >= best) return together(compulsory, halves);
  if (!standing || !strongest || standing.value >= best) return alone(standing, halves);
  if (compulsory.value > 0 && compulsory.value >= NEARLY * best) return together(compulsory, halves);
  const { candidate, value, weights } = proofs.find((proof) => proof.value >= NEARLY * best) ?? strongest;
  const loads = unavoidable(tasks, halves, weights);
  const shares = tasks.map(({ name }, index) => ({ name, load: loads[index] ?? 0 })).filter(({ load }) => load > 1e-6);
  shares.sort((a, b) => b.load - a.load || (a.name < b.name ? -1 : 1));
  const whole = candidate.minutes === WEEK_MINUTES;
  return {
    kind: "hours",
    windowStart: clock(candidate.from),
    windowEnd: whole ? "Sun 24:00" : clock((candidate.from + candidate.minutes) % WEEK_MINUTES),
    half: halfName(candidate.half, halves),
    jobs: new Set(shares.map(({ name }) => name)).size,
    heaviest: [...new Set(shares.map(({ name }) => name))].slice(0, 10),
    load: value / LOAD_UNIT,
  };
}

/** Jobs that all run in the same minutes, wherever in their windows they start. */
function together({ value, half, from, to, jobs }: Compulsory, halves: number): Certificate {
  return {
    kind: "hours",
    windowStart: clock(from),
    windowEnd: to === WEEK_MINUTES ? "Sun 24:00" : clock(to),
    half: halfName(half, halves),
    jobs: jobs.length,
    heaviest: jobs.slice(0, 10),
    load: value / LOAD_UNIT,
  };
}

function halfName(half: number, halves: number): Certificate["half"] {
  if (halves === 1) return "both";
  return half === 0 ? "january" : "july";
}

/** One job that weighs as much as the bound: its first window, by January's offset. */
function alone(standing: Standing | undefined, halves: number): Certificate {
  if (!standing)
    return {
      kind: "largest",
      windowStart: "Mon 00:00",
      windowEnd: "Sun 24:00",
      half: "both",
      jobs: 0,
      heaviest: [],
      load: 0,
    };
  const { task, value } = standing;
  const shift = task.toUtc[0] ?? 0;
  const first = task.shape?.allowed[0] ?? { from: task.pinned[0] ?? 0, to: (task.pinned[0] ?? 0) + 1 };
  const from = mod(first.from + (task.shape?.openDays[0] ?? 0) * 1440 + shift, WEEK_MINUTES);
  const to = from + first.to - first.from - 1 + task.minutes;
  const everywhere = to - from >= WEEK_MINUTES;
  return {
    kind: "largest",
    windowStart: everywhere ? "Mon 00:00" : clock(from),
    windowEnd: everywhere ? "Sun 24:00" : clock(to % WEEK_MINUTES),
    half: halfName(0, halves),
    jobs: 1,
    heaviest: [task.name],
    load: value / LOAD_UNIT,
    ...(value > task.load ? { meets: (value - task.load) / LOAD_UNIT } : {}),
  };
}

/** Stretches about the fullest hours of each half, the short ones first, and the whole week last. */
function* candidates(boards: readonly Board[]): Generator<Candidate> {
  const fullest = boards.map((board) => fullestHours(board.folded, 1));
  for (const minutes of LENGTHS_MINUTES) {
    for (const [half, hours] of fullest.entries()) {
      for (const hour of hours) {
        for (const before of new Set([0, minutes - 60])) {
          yield { half, from: (hour * 60 - before + WEEK_MINUTES) % WEEK_MINUTES, minutes };
        }
      }
    }
  }
  yield { half: 0, from: 0, minutes: WEEK_MINUTES };
}

function fullestHours(load: Float64Array, count: number): number[] {
  const hours = Array.from({ length: 168 }, (_, hour) => ({
    hour,
    load: load.subarray(hour * 60, hour * 60 + 60).reduce((a, b) => a + b, 0),
  }));
  hours.sort((a, b) => b.load - a.load || a.hour - b.hour);
  return hours.slice(0, count).map(({ hour }) => hour);
}

function stretch({ half, from, minutes }: Candidate, halves: number): Weights {
  const weights = new Float64Array(halves * WEEK_BLOCKS);
  const blocks = minutes / BLOCK_MINUTES;
  for (let k = 0; k < blocks; k++)
    weights[half * WEEK_BLOCKS + ((from / BLOCK_MINUTES + k) % WEEK_BLOCKS)] = 1 / blocks;
  return weights;
}

function clock(minute: number): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${DAY_NAMES[Math.floor(minute / 1440)]} ${two(Math.floor((minute % 1440) / 60))}:${two(minute % 60)}`;
}
