import type { Certificate } from "./certificate.ts";
import { format } from "./heat.ts";

/** The certificate as a sentence. */
export function proofText({ kind, windowStart, windowEnd, jobs, heaviest, load, meets }: Certificate): string {
  if (jobs === 0) return "no job loads it";
  if (kind === "largest" && meets !== undefined) {
    return `${heaviest[0] ?? "one job"} needs ${format(load - meets)} and runs over ${format(meets)} that cannot move, whenever it starts`;
  }
  if (kind === "largest") return `${heaviest[0] ?? "one job"} alone needs ${format(load)}, whenever it runs`;
  const whole = windowStart === "Mon 00:00" && windowEnd === "Sun 24:00";
  const span = whole ? "the week" : `${windowStart}–${windowEnd} UTC`;
  if (jobs === 1) return `${heaviest[0] ?? "one job"} must run within ${span} and needs ${format(load)} there`;
  return `${jobs} jobs must run within ${span} and together need ${format(load)}`;
}

/** `1 job`, `2 jobs`. */
export function count(jobs: number): string {
  return `${jobs} ${jobs === 1 ? "job" : "jobs"}`;
}
