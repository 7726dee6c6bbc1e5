import { busySample, type SampleValues } from "../../../providers/memory/index.ts";
import { type LifeRecord, startOf } from "../../../providers/memory/life.ts";
import { type GuardLimits, type Limit, nanos, scale } from "../../../src/model/index.ts";

/** What a run does is read from its script: samples on a grid from its start, as the world makes them. */
export interface Doing {
  readonly life: LifeRecord;
  readonly stepMs: number;
  /** Per hour of the whole machine share that the run asked for; undefined without a price. */
  readonly hourlyNanos: bigint | undefined;
}

function valuesAt({ life, stepMs }: Doing, index: number): SampleValues | undefined {
  return (life.script.sample ?? busySample)(index, stepMs / 1000);
}

function isActive(values: SampleValues): boolean {
  const fresh = (values.outputBytes ?? 0) > 0 && (values.repeatingShare ?? 0) < 0.95;
  const bytes = (values.readBytes ?? 0) + (values.writtenBytes ?? 0) + (values.networkBytes ?? 0) > 0;
  return (values.cpuSeconds ?? 0) >= 0.5 || bytes || fresh || values.progress === true;
}

/** The end of the last whole sample, at or before `at`, in which it did anything; its start when there is none. */
export function quietSince(doing: Doing, at: number, does: (v: SampleValues) => boolean = isActive): number {
  const from = startOf(doing.life);
  for (let index = Math.floor((at - from) / doing.stepMs) - 1; index >= 0; index -= 1) {
    const values = valuesAt(doing, index);
    if (values && does(values)) return from + (index + 1) * doing.stepMs;
  }
  return from;
}

/** The best share of a window of this length that is known at all, of those that end within `lateMs` before `at`. */
export function knownShare(doing: Doing, at: number, lengthMs: number, lateMs: number): number {
  const from = startOf(doing.life);
  const last = Math.floor((at - from) / doing.stepMs) - 1;
  let best = 0;
  for (let end = last; end >= 0 && from + (end + 1) * doing.stepMs >= at - lateMs; end -= 1) {
    let known = 0;
    const whole = Math.ceil(lengthMs / doing.stepMs);
    for (let index = end; index > end - whole && index >= 0; index -= 1) if (valuesAt(doing, index)) known += 1;
    best = Math.max(best, known / whole);
  }
  return best;
}

export function outputUpTo(doing: Doing, at: number): number {
  let sum = 0;
  const last = Math.floor((at - startOf(doing.life)) / doing.stepMs) - 1;
  for (let index = 0; index <= last; index += 1) sum += valuesAt(doing, index)?.outputBytes ?? 0;
  return sum;
}

/** From first principles: the hourly price's share, for so many milliseconds, rounded once half to even. */
export function costNanos(hourlyNanos: bigint, ms: number): bigint {
  return scale(hourlyNanos, BigInt(Math.max(0, ms)), 3_600_000n);
}

/** Whether the run has really broken this limit by `at`; words when it has not. */
export function refute(doing: Doing, limits: GuardLimits, limit: Limit, at: number): string | undefined {
  const elapsed = at - startOf(doing.life);
  const least = (seconds: number | undefined, ms: number, what: string): string | undefined => {
    if (seconds === undefined) return `it has no limit "${limit}"`;
    return ms >= seconds * 1000 ? undefined : `${what} ${ms / 1000} s, and the limit is ${seconds} s`;
  };
  switch (limit) {
    case "duration":
      return least(limits.durationSeconds, elapsed, "it had run for");
    case "idle":
      return least(limits.idleSeconds, at - quietSince(doing, at), "it had been quiet for");
    case "heartbeat":
      return least(
        limits.heartbeatSeconds,
        at - quietSince(doing, at, (v) => v.progress === true),
        "it had not reported for",
      );
    case "output": {
      if (limits.outputBytes === undefined) return "it has no limit on output";
      const bytes = outputUpTo(doing, at);
      return bytes > limits.outputBytes ? undefined : `it had written ${bytes} bytes of ${limits.outputBytes}`;
    }
    case "cost": {
      if (limits.cost === undefined || doing.hourlyNanos === undefined) return "it has no limit on cost, or no price";
      const spent = costNanos(doing.hourlyNanos, elapsed);
      return spent > nanos(limits.cost.amount) ? undefined : `it had cost ${spent} nanos of ${limits.cost.amount}`;
    }
    case "disk":
      return "no run of the simulation fills a disk";
  }
}

/** When the run first breaks a limit of its own, and which; undefined when it ends before. */
export function firstBreach(
  doing: Doing,
  limits: GuardLimits,
  upTo: number,
): { readonly at: number; readonly limit: Limit; readonly windowMs: number } | undefined {
  const start = startOf(doing.life);
  const found: { at: number; limit: Limit; windowMs: number }[] = [];
  if (limits.durationSeconds !== undefined)
    found.push({ at: start + limits.durationSeconds * 1000, limit: "duration", windowMs: 0 });
  if (limits.cost !== undefined && doing.hourlyNanos !== undefined && doing.hourlyNanos > 0n) {
    const ms = Number((nanos(limits.cost.amount) * 3_600_000n) / doing.hourlyNanos) + 1;
    found.push({ at: start + ms, limit: "cost", windowMs: 0 });
  }
  const idle = limits.idleSeconds;
  let quiet = start;
  let output = 0;
  let gaps = false;
  for (let index = 0; start + (index + 1) * doing.stepMs <= upTo; index += 1) {
    const end = start + (index + 1) * doing.stepMs;
    const values = valuesAt(doing, index);
    if (!values) gaps = true;
    else if (isActive(values)) quiet = end;
    output += values?.outputBytes ?? 0;
    if (limits.outputBytes !== undefined && output > limits.outputBytes) {
      found.push({ at: end, limit: "output", windowMs: 0 });
      break;
    }
    if (idle !== undefined && !gaps && end - quiet > idle * 1000) {
      found.push({ at: end, limit: "idle", windowMs: idle * 1000 });
      break;
    }
  }
  return found.filter((f) => f.at < upTo).sort((a, b) => a.at - b.at)[0];
}
