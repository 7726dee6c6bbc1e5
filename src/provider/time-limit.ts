import { type Job, nanos } from "../model/index.ts";

export interface TimeLimit {
  /** Whole seconds after which the platform itself ends the run. */
  readonly seconds: number;
  /** The limit of the guard's that it stands for. */
  readonly by: "duration" | "cost";
}

/**
 * What a platform with a time limit of its own is told, so that a runaway dies while no daemon runs: `guard.duration`, or
 * the time in which `guard.cost` is spent at the hourly rate, whichever is sooner. Undefined where the guard would stop
 * nothing (it observes, notifies, or the job is protected), or has neither limit, or the rate is not known.
 */
export function timeLimitOf(
  { guard }: Pick<Job, "guard">,
  /** 10^-9 of the currency of `guard.cost`. */
  hourlyNanos: bigint | undefined,
): TimeLimit | undefined {
  if (guard.mode !== "enforce" || guard.onBreach !== "stop" || guard.protect) return undefined;
  const limits: TimeLimit[] = [];
  if (guard.durationSeconds !== undefined) limits.push({ seconds: Math.ceil(guard.durationSeconds), by: "duration" });
  if (guard.cost !== undefined && hourlyNanos !== undefined && hourlyNanos > 0n) {
    const seconds = Number((nanos(guard.cost.amount) * 3600n) / hourlyNanos);
    limits.push({ seconds: Math.max(1, seconds), by: "cost" });
  }
  return limits.sort((a, b) => a.seconds - b.seconds)[0];
}
