import { format } from "./heat.ts";
import type { Levelling } from "./level.ts";
import { proofText } from "./proof.ts";

/** A pool that cannot hold its jobs, said so that a person can mend it. Loads are in the pool's unit. */
export interface CapacityProblem {
  readonly pool: string;
  readonly capacity: number;
  readonly peak: number;
  /** `proven`: no slots whatever keep the capacity. `found`: the levelling found none that do. */
  readonly certainty: "proven" | "found";
  /** The fullest hour, UTC: `Mon 06:00`. */
  readonly hour: string;
  readonly over: number;
  readonly jobs: readonly string[];
  readonly message: string;
  readonly hints: readonly string[];
}

const WEEK_END = "Sun 24:00";
const DAY_NAMES = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;

/** The pools whose peak is over their capacity, with the jobs to blame and what would help. */
export function findOverload(levelling: Levelling): CapacityProblem[] {
  const problems: CapacityProblem[] = [];
  for (const pool of levelling.pools) {
    const { capacity, certificate } = pool;
    if (capacity === undefined || pool.peak <= capacity) continue;
    const proven = pool.bound > capacity;
    const minute = pool.week.indexOf(pool.week.reduce((a, b) => Math.max(a, b), 0));
    const hour = `${DAY_NAMES[Math.floor(minute / 1440)]} ${String(Math.floor((minute % 1440) / 60)).padStart(2, "0")}:00`;
    const over = pool.peak - capacity;
    const blamed = certificate.load > capacity;
    const whole = certificate.windowEnd === WEEK_END && certificate.windowStart === "Mon 00:00";
    const atWorst =
      pool.peak - certificate.load > 0.01 * capacity ? `, and ${format(over)} at ${hour} UTC as they stand` : "";
    const message = blamed
      ? `pool "${pool.pool}" holds ${format(capacity)}, but ${proofText(certificate)}: ${format(certificate.load - capacity)} too much${atWorst}`
      : `pool "${pool.pool}" holds ${format(capacity)}, and its jobs come to ${format(pool.peak)} at ${hour} UTC, ${format(over)} too much`;
    const heaviest = certificate.heaviest.slice(0, 3).join(", ");
    problems.push({
      pool: pool.pool,
      capacity,
      peak: pool.peak,
      certainty: proven ? "proven" : "found",
      hour,
      over,
      jobs: certificate.heaviest,
      message,
      hints: [
        `raise the capacity of "${pool.pool}" to ${format(Math.ceil(pool.peak))}`,
        whole
          ? `run less: the week is full whatever the slots, and ${heaviest} ${certificate.heaviest.length === 1 ? "weighs" : "weigh"} most`
          : `widen the windows of ${heaviest}, or move their \`by\` later`,
        ...(proven ? [] : ["try `rota stagger --fresh`, which may move every job"]),
      ],
    });
  }
  return problems;
}
