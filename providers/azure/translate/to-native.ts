import { DAY, type DesiredJob, type FireDifference, type Instant, MINUTE } from "../../../src/model/index.ts";
import {
  compareFires,
  differencesOf,
  fires,
  isEqual,
  localAt,
  offsetAt,
  resolveLocal,
  waitRefusal,
  zoneOf,
} from "../../../src/schedule/index.ts";
import { writeOwnCron } from "./cron.ts";
import { expandOwn, expandTrigger } from "./model.ts";
import { oneOffTriggers } from "./one-offs.ts";
import { type Shape, shapesOf, shifted } from "./shapes.ts";
import type { Condition, NativeTrigger } from "./trigger.ts";
import { ianaZone, windowsZone } from "./zones.ts";

/** Triggers that one workflow may have (Logic Apps, "Limits and configuration"), the one for rota's own starts left out. */
const MOST_TRIGGERS = 9;
/** Local dates that one job may name; as text they fit into a condition (8,192 characters). */
const MOST_DATES = 400;
/** From the beginning of the year: whatever day it is, the 400 days of the proof are among them. */
const NAMED_DAYS = 800;
const PART_DAYS = 50;
const ALL_MONTHS = Array.from({ length: 12 }, (_, index) => index + 1);

/** What fires a job: its own trigger, a workflow's, or nothing but rota and people. */
export type Native =
  | { readonly kind: "none" }
  | { readonly kind: "own"; readonly cron: string }
  | { readonly kind: "triggers"; readonly triggers: readonly NativeTrigger[]; readonly why: string };

export type Translation =
  | {
      readonly ok: true;
      readonly native: Native;
      readonly differences: readonly FireDifference[];
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly reason: string; readonly fix: string };

/**
 * What a job's schedule becomes, with the proof. `now`: the 400 days of the proof begin with its UTC day; dates that are
 * named one by one are named for its year and the next 435 days at least, so that a plan changes once a year and not
 * each day. `hasOwnTrigger`: it is a Container Apps job.
 */
export function translate(desired: DesiredJob, now: Instant, hasOwnTrigger: boolean): Translation {
  const { schedule } = desired.job;
  if (schedule.kind === "manual") return proved({ kind: "none" });
  const waits = waitRefusal(schedule, "Azure");
  if (waits) return refuse(waits.reason, waits.fix);
  const found = shapesOf(desired);
  if (!found.ok) return found;
  const cron = hasOwnTrigger ? ownCron(desired, found.shapes, now) : undefined;
  if (cron !== undefined) return proved({ kind: "own", cron });
  return byTriggers(desired, found.shapes, now);
}

/** The five fields in UTC that are exactly this schedule; undefined where there are none. */
function ownCron(desired: DesiredJob, shapes: readonly Shape[], now: Instant): string | undefined {
  const { schedule } = desired.job;
  const [shape, ...others] = shapes;
  if (!shape || others.length > 0 || schedule.start !== undefined || schedule.end !== undefined) return undefined;
  const utc = shifted(shape, -offsetAt(zoneOf(schedule.timezone), now) / MINUTE);
  if (!utc || (utc.monthDays && (utc.weekdays ?? utc.condition?.weekdays))) return undefined;
  const { hours, minutes, weekdays, monthDays, condition: { months = ALL_MONTHS } = {} } = utc;
  const cron = writeOwnCron({
    hours,
    minutes,
    months,
    ...(weekdays && { weekdays }),
    ...(monthDays && { daysOfMonth: monthDays }),
  });
  const native = (from: Instant, to: Instant): readonly Instant[] => expandOwn(cron, from, to);
  return parts(now).every((from) => isEqual(compareFires(schedule, desired.slot, native, from, PART_DAYS)))
    ? cron
    : undefined;
}

function byTriggers(desired: DesiredJob, shapes: readonly Shape[], now: Instant): Translation {
  const { schedule, name } = desired.job;
  const timeZone = windowsZone(schedule.timezone);
  const zone = timeZone === undefined ? undefined : ianaZone(timeZone);
  if (timeZone === undefined || zone === undefined)
    return refuse(`Windows, and so Logic Apps, have no zone for ${schedule.timezone}`, "name a zone near it, or UTC");
  const bounds = boundsOf(desired);
  const base = shapes.map((shape) => triggerOf(shape, timeZone, bounds));
  const special = specialDates(desired, base, zone, now);
  if (special.length > MOST_DATES) {
    // The two hardly agree: naming dates would not end.
    const direct = compareFires(schedule, desired.slot, startsOf(base), dayOf(now));
    const differences = differencesOf({ job: name, timezone: schedule.timezone, vendor: "Logic Apps" }, direct);
    return { ok: true, native: triggersOf(base, desired, shapes), differences, warnings: [] };
  }
  const triggers = [
    ...base.map((trigger) => without(trigger, special)),
    ...oneOffTriggers(firesOn(desired, special, zone)),
  ];
  if (triggers.length === 0) return refuse("it has no start ahead", "give it a time to come, or remove it");
  if (triggers.length > MOST_TRIGGERS) {
    return refuse(
      `it would need ${triggers.length} triggers of a Logic App, more than ${MOST_TRIGGERS}`,
      "make the schedule more regular, or split the job",
    );
  }
  // Without such dates the whole of it was compared just now.
  const comparison =
    special.length === 0
      ? { missing: [], extra: [] }
      : compareFires(schedule, desired.slot, startsOf(triggers), dayOf(now));
  const differences = differencesOf({ job: name, timezone: schedule.timezone, vendor: "Logic Apps" }, comparison);
  const isAhead = ({ at }: { readonly at: Instant }): boolean => at > now;
  const dstDates = special.filter((date) => resolveLocal(zone, `${date}T23:59`) > now);
  return {
    ok: true,
    native: triggersOf(triggers, desired, shapes),
    differences: comparison.missing.some(isAhead) || comparison.extra.length > 0 ? differences : [],
    warnings: schedule.kind === "at" || dstDates.length === 0 ? [] : [datesWarning(dstDates, schedule.timezone, now)],
  };
}

function triggersOf(triggers: readonly NativeTrigger[], { job }: DesiredJob, shapes: readonly Shape[]): Native {
  const { schedule } = job;
  const why =
    shapes.length === 0
      ? "its dates are named one by one"
      : schedule.start !== undefined || schedule.end !== undefined
        ? "it has a start or an end"
        : schedule.calendar
          ? "it keeps a calendar"
          : schedule.timezone === "UTC"
            ? "one expression cannot say its days"
            : `${schedule.timezone} is not UTC`;
  return { kind: "triggers", triggers, why };
}

function triggerOf(shape: Shape, timeZone: string, bounds: Condition): NativeTrigger {
  const condition = { ...shape.condition, ...bounds };
  const frequency = shape.monthDays ? "Month" : shape.weekdays ? "Week" : "Day";
  const { condition: _condition, ...rest } = shape;
  return { frequency, timeZone, ...rest, ...(Object.keys(condition).length === 0 ? {} : { condition }) };
}

/** Dates on which the triggers would not start what is wanted, or on which nobody can be sure of them. */
function specialDates(
  { job, slot }: DesiredJob,
  base: readonly NativeTrigger[],
  zone: string,
  now: Instant,
): readonly string[] {
  const dates = new Set<string>();
  if (job.schedule.kind === "at") {
    for (const time of job.schedule.times)
      dates.add(localAt(zone, resolveLocal(job.schedule.timezone, time)).slice(0, 10));
    return [...dates].sort();
  }
  for (const trigger of base)
    for (const date of expandTrigger(trigger, yearOf(now), yearOf(now) + NAMED_DAYS * DAY).unsure) dates.add(date);
  for (const from of parts(now)) {
    const { missing, extra } = compareFires(job.schedule, slot, startsOf(base), from, PART_DAYS);
    for (const at of [...missing.map((each) => each.at), ...extra]) dates.add(localAt(zone, at).slice(0, 10));
  }
  return [...dates].sort();
}

function without(trigger: NativeTrigger, exceptDates: readonly string[]): NativeTrigger {
  const touched = exceptDates.filter((date) => isDayOf(trigger, date));
  return touched.length === 0 ? trigger : { ...trigger, condition: { ...trigger.condition, exceptDates: touched } };
}

function isDayOf({ weekdays, monthDays }: NativeTrigger, text: string): boolean {
  const date = Temporal.PlainDate.from(text);
  return weekdays?.some((day) => day === date.dayOfWeek) !== false && monthDays?.includes(date.day) !== false;
}

/** What is wanted on these local dates, as instants. */
function firesOn({ job, slot }: DesiredJob, dates: readonly string[], zone: string): readonly Instant[] {
  return dates.flatMap((date) => {
    const next = Temporal.PlainDate.from(date).add({ days: 1 }).toString();
    const [from, to] = [resolveLocal(zone, `${date}T00:00`), resolveLocal(zone, `${next}T00:00`)];
    return fires(job.schedule, slot, from, to).map(({ at }) => at);
  });
}

/** The manifest's bounds as instants; a fire at the start is one, at the end is none. */
function boundsOf({ job: { schedule } }: DesiredJob): Condition {
  const { start, end, timezone } = schedule;
  return {
    ...(start === undefined ? {} : { from: resolveLocal(timezone, start) }),
    ...(end === undefined ? {} : { until: resolveLocal(timezone, end) }),
  };
}

function startsOf(triggers: readonly NativeTrigger[]): (from: Instant, to: Instant) => readonly Instant[] {
  return (from, to) => triggers.flatMap((trigger) => expandTrigger(trigger, from, to).instants);
}

/** The beginning of the year, in UTC. */
function yearOf(now: Instant): Instant {
  return Date.UTC(Temporal.Instant.fromEpochMilliseconds(dayOf(now)).toZonedDateTimeISO("UTC").year, 0, 1);
}

/** The days from then on for which dates are named, in parts: of each, differences are counted up to a limit. */
function parts(now: Instant): readonly Instant[] {
  return Array.from({ length: NAMED_DAYS / PART_DAYS }, (_, index) => yearOf(now) + index * PART_DAYS * DAY);
}

function dayOf(now: Instant): Instant {
  return Math.floor(now / DAY) * DAY;
}

function datesWarning(dates: readonly string[], timezone: string, now: Instant): string {
  const until = Temporal.Instant.fromEpochMilliseconds(yearOf(now) + NAMED_DAYS * DAY)
    .toString()
    .slice(0, 10);
  const shown = dates.length > 6 ? `${dates.slice(0, 5).join(", ")} and ${dates.length - 5} more` : dates.join(", ");
  return `on ${shown} a recurrence in ${timezone} alone would be wrong, or nobody can tell: triggers in UTC stand in on such dates, until ${until}; apply at least once a year`;
}

function proved(native: Native): Translation {
  return { ok: true, native, differences: [], warnings: [] };
}

function refuse(reason: string, fix: string): Translation {
  return { ok: false, reason, fix };
}
