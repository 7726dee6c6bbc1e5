import { DAY, type DesiredJob, type FireDifference, type FireTime, type Instant } from "../../../src/model/index.ts";
import { digest } from "../../../src/provider/index.ts";
import {
  type Comparison,
  calendarRefusal,
  compareFires,
  differencesOf,
  fires,
  isEqual,
  localAt,
  PROOF_DAYS,
  resolveLocal,
  waitRefusal,
} from "../../../src/schedule/index.ts";
import { dated } from "./dated.ts";
import { type CronParts, writeExpression } from "./expression.ts";
import { expandNative, type NativeSchedule } from "./model.ts";
import { patternsOf } from "./patterns.ts";

/** Cloud Scheduler jobs that one job may become: each costs money by the month. */
const MOST_NATIVES = 20;
/** What is said by its date comes again after this. */
const YEAR_DAYS = 365;

export type Translation =
  | {
      readonly ok: true;
      readonly natives: readonly NativeSchedule[];
      readonly differences: readonly FireDifference[];
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly reason: string; readonly fix: string };

/**
 * What a job's schedule becomes, with the proof. `instant`: times before it are past, and the 400 days of the proof begin
 * with its UTC day.
 */
export function translate(desired: DesiredJob, instant: Instant): Translation {
  const { schedule } = desired.job;
  const now = Math.floor(instant);
  if (schedule.kind === "manual") return found([]);
  const refusal = waitRefusal(schedule, "Cloud Scheduler") ?? calendarRefusal(schedule, "Cloud Scheduler");
  if (refusal) return { ok: false, ...refusal };
  const { start, end, timezone } = schedule;
  if (end !== undefined && resolveLocal(timezone, end) <= now) return found([]);
  if (schedule.kind === "at") return atTimes(desired, now);
  if (end !== undefined || (start !== undefined && resolveLocal(timezone, start) > now)) {
    return refuse(
      "Cloud Scheduler knows no start and no end",
      "add the job when it shall begin, remove it when it shall end, or place it where the daemon fires (local)",
    );
  }
  const patterns = patternsOf(desired);
  if (!patterns.ok) return patterns;
  const from = now - (now % DAY);
  const local = numbered(patterns.parts.map((part) => ({ expression: writeExpression(part), timezone })));
  if (local.length > MOST_NATIVES) {
    return refuse(
      `it would need ${local.length} Cloud Scheduler jobs, more than ${MOST_NATIVES}`,
      "make the schedule more regular, or split the job",
    );
  }
  const direct = compare(desired, local, from, PROOF_DAYS);
  if (isEqual(direct)) return found(local);
  // A schedule that counts time is often the same in UTC, where no change of the clocks can touch it.
  const inUtc = local.map((each): NativeSchedule => ({ ...each, timezone: "UTC" }));
  if (isEqual(compare(desired, inUtc, from, PROOF_DAYS))) return found(inUtc);
  return mended(desired, patterns.parts, direct, now) ?? asItIs(desired, local, direct, now);
}

/**
 * Around a change of the clocks the fires are said by their dates. Where the gap leaves some out, they are added; where
 * a time is repeated, the whole month is said by its dates instead, the day of the change in UTC. Within a year a date
 * comes once. Undefined when that takes too many jobs.
 */
function mended(
  desired: DesiredJob,
  parts: readonly CronParts[],
  { missing, extra }: Comparison,
  now: Instant,
): Translation | undefined {
  const { schedule } = desired.job;
  const { timezone } = schedule;
  const until = now + YEAR_DAYS * DAY;
  const lost = missing.filter(({ at }) => at > now && at < until);
  const surplus = [...extra, ...lost.filter(isSecondPass(timezone)).map(({ at }) => at)].filter(
    (at) => at > now && at < until,
  );
  const changed = new Set(
    [...lost.map(({ local }) => local), ...surplus.map((at) => localAt(timezone, at))].map(dateOf),
  );
  const months = surplus.length === 0 ? new Set<number>() : new Set([...changed].map(monthOf));
  const rest = [...Array(12).keys()].map((index) => index + 1).filter((month) => !months.has(month));
  const recurring = parts.flatMap((part) => {
    const left = (part.months ?? rest).filter((month) => rest.includes(month));
    if (left.length === 0) return [];
    return [{ ...part, ...(left.length === 12 ? {} : { months: left }) }];
  });
  const ahead = fires(schedule, desired.slot, now + 1, until);
  const isChanged = ({ local }: FireTime): boolean => changed.has(dateOf(local));
  const byDate = ahead.filter((fire) => months.has(monthOf(dateOf(fire.local))) && !isChanged(fire));
  const inUtc = months.size === 0 ? lost : ahead.filter(isChanged);
  const natives = numbered([
    ...recurring.map((part) => ({ expression: writeExpression(part), timezone })),
    ...dated(byDate, timezone),
    ...dated(inUtc, "UTC"),
  ]);
  if (natives.length > MOST_NATIVES) return undefined;
  if (!isEqualAfter(now, compare(desired, natives, now, YEAR_DAYS))) return undefined;
  if (changed.size === 0) return found(natives, [rollingWarning([], natives.length, until, timezone)]);
  return found(natives, [rollingWarning([...changed].sort(), natives.length, until, timezone)]);
}

function rollingWarning(dates: readonly string[], count: number, until: Instant, timezone: string): string {
  const by = dateOf(localAt(timezone, until));
  if (dates.length === 0) return `the clocks of ${timezone} change after ${by}: apply again before then`;
  return `Cloud Scheduler promises nothing where the clocks change (${dates.join(", ")} in ${timezone}): ${count} of its jobs say those fires by their dates, which holds for a year: apply again before ${by}`;
}

function asItIs(
  { job }: DesiredJob,
  natives: readonly NativeSchedule[],
  { missing, extra }: Comparison,
  now: Instant,
): Translation {
  const ahead = { missing: missing.filter(({ at }) => at > now), extra: extra.filter((at) => at > now) };
  const subject = { job: job.name, timezone: job.schedule.timezone, vendor: "Cloud Scheduler" };
  return { ok: true, natives, differences: differencesOf(subject, ahead), warnings: [] };
}

function atTimes({ job, slot }: DesiredJob, now: Instant): Translation {
  const { schedule } = job;
  const until = now + YEAR_DAYS * DAY;
  const times = fires(schedule, slot, now + 1, until);
  const later = fires(schedule, slot, until, until + 200 * YEAR_DAYS * DAY);
  if (later[0]) {
    return refuse(
      `Cloud Scheduler has no year, and ${later[0].local} is more than a year away`,
      "add it when it is nearer, or place it where the daemon fires (local)",
    );
  }
  // Each by itself, and named by what it says: one that has passed leaves the others as they are.
  const natives = times.flatMap((fire) =>
    dated([fire], "UTC").map((each) => ({ ...each, suffix: `on-${digest(each.expression, 8)}` })),
  );
  if (natives.length > MOST_NATIVES) {
    return refuse(`${times.length} times are more than ${MOST_NATIVES} Cloud Scheduler jobs can say`, "use cron");
  }
  const by = dateOf(localAt(schedule.timezone, (times[0]?.at ?? now) + YEAR_DAYS * DAY));
  const warning = `Cloud Scheduler has no year: each time comes again a year later unless it has been taken away: apply again before ${by}`;
  return found(natives, times.length === 0 ? [] : [warning]);
}

/** What is missing where a repeated time comes once, and what is too much where it comes twice: both may be. */
function compare(
  { job, slot }: DesiredJob,
  natives: readonly NativeSchedule[],
  from: Instant,
  days: number,
): Comparison {
  const reading = (repeated: "once" | "twice"): Comparison =>
    compareFires(
      job.schedule,
      slot,
      (start, stop) => natives.flatMap((each) => expandNative(each, start, stop, repeated)),
      from,
      days,
    );
  const twice = reading("twice");
  const isInUtc = natives.every(({ timezone }) => timezone === "UTC");
  return isInUtc ? twice : { missing: reading("once").missing, extra: twice.extra };
}

/** A time that the clocks show for the second time. */
function isSecondPass(timezone: string): (fire: { readonly at: Instant }) => boolean {
  return ({ at }) => resolveLocal(timezone, localAt(timezone, at)) !== at;
}

function isEqualAfter(now: Instant, { missing, extra }: Comparison): boolean {
  return missing.every(({ at }) => at <= now) && extra.every((at) => at <= now);
}

function numbered(natives: readonly Omit<NativeSchedule, "suffix">[]): readonly NativeSchedule[] {
  return natives.map((each, index) => ({ ...each, suffix: `${index + 1}` }));
}

function dateOf(local: string): string {
  return local.slice(0, 10);
}

function monthOf(date: string): number {
  return Number(date.slice(5, 7));
}

function found(natives: readonly NativeSchedule[], warnings: readonly string[] = []): Translation {
  return { ok: true, natives, differences: [], warnings };
}

function refuse(reason: string, fix: string): Translation {
  return { ok: false, reason, fix };
}
