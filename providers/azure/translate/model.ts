import { DAY, HOUR, type Instant, MINUTE } from "../../../src/model/index.ts";
import { type OwnCron, readOwnCron } from "./cron.ts";
import type { Condition, NativeTrigger } from "./trigger.ts";
import { ianaZone } from "./zones.ts";

/** The instants in [from, to) at which a Container Apps job's own trigger starts it: five fields, in UTC. */
export function expandOwn(expression: string, from: Instant, to: Instant): Instant[] {
  const cron = readOwnCron(expression);
  const found: Instant[] = [];
  for (let day = Math.floor(from / DAY) * DAY; day < to; day += DAY) {
    if (!isOwnDay(cron, Temporal.Instant.fromEpochMilliseconds(day).toZonedDateTimeISO("UTC"))) continue;
    for (const hour of cron.hours)
      for (const minute of cron.minutes) {
        const at = day + hour * HOUR + minute * MINUTE;
        if (at >= from && at < to) found.push(at);
      }
  }
  return found;
}

function isOwnDay({ months, daysOfMonth, weekdays }: OwnCron, date: Temporal.ZonedDateTime): boolean {
  if (!months.includes(date.month)) return false;
  if (daysOfMonth?.includes(date.day) === false) return false;
  return weekdays?.some((weekday) => weekday === date.dayOfWeek) !== false;
}

/** What a trigger does, and on which local dates nobody can be sure of it. */
export interface Expansion {
  readonly instants: readonly Instant[];
  /** Local dates on which it names a time that the clocks leave out or show twice. */
  readonly unsure: readonly string[];
}

/**
 * The instants in [from, to) at which Logic Apps fire a recurrence, by their rules and with none of rota's code for
 * schedules: each hour and minute of the local days, in the zone that Windows' name stands for. A time that the clocks
 * leave out is taken by the offset before the change, one that they show twice in its first pass; the documentation is
 * of one mind about neither, so such dates are named, and rota writes no trigger that relies on them.
 */
export function expandTrigger(trigger: NativeTrigger, from: Instant, to: Instant): Expansion {
  const zone = ianaZone(trigger.timeZone);
  if (zone === undefined) throw new RangeError(`Windows has no zone "${trigger.timeZone}"`);
  const minutes = trigger.hours.flatMap((hour) => trigger.minutes.map((minute) => hour * 60 + minute));
  const instants: Instant[] = [];
  const unsure: string[] = [];
  const keep = (at: Instant): void => {
    if (at >= from && at < to && holdsAt(trigger.condition, at)) instants.push(at);
  };
  for (const { date, text, startAt, isSteady } of daysOf(zone, from, to)) {
    if (!isTriggerDay(trigger, date, text)) continue;
    for (const minute of minutes) {
      if (isSteady) keep(startAt + minute * MINUTE);
      else {
        const { at, isPlain } = instantOf(date, minute, zone);
        if (!isPlain && unsure.at(-1) !== text) unsure.push(text);
        keep(at);
      }
    }
  }
  return { instants: instants.sort((a, b) => a - b), unsure };
}

function isTriggerDay({ weekdays, monthDays, condition }: NativeTrigger, date: Temporal.PlainDate, text: string) {
  const isWeekday = (days: readonly number[] | undefined): boolean | undefined => days?.includes(date.dayOfWeek);
  return (
    isWeekday(weekdays) !== false &&
    monthDays?.includes(date.day) !== false &&
    condition?.months?.includes(date.month) !== false &&
    isWeekday(condition?.weekdays) !== false &&
    isWeekday(condition?.exceptWeekdays) !== true &&
    condition?.onlyDates?.includes(text) !== false &&
    condition?.exceptDates?.includes(text) !== true
  );
}

function holdsAt(condition: Condition | undefined, at: Instant): boolean {
  const { from = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = condition ?? {};
  return at >= from && at < until;
}

interface LocalDay {
  readonly date: Temporal.PlainDate;
  /** `2027-03-14`. */
  readonly text: string;
  readonly startAt: Instant;
  /** From 00:00 to 24:00 with no change of the clocks: a time of day is an addition. */
  readonly isSteady: boolean;
}

/** The days of a zone between two instants; many jobs of a plan ask for the same ones. */
const remembered = new Map<string, readonly LocalDay[]>();
const MOST_REMEMBERED = 256;

function daysOf(zone: string, from: Instant, to: Instant): readonly LocalDay[] {
  const key = `${zone} ${from} ${to}`;
  const known = remembered.get(key);
  if (known) return known;
  const found: LocalDay[] = [];
  // From the day before: a time that the clocks leave out may come to stand on the next one.
  let date = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(zone).toPlainDate().subtract({ days: 1 });
  let start = date.toZonedDateTime({ timeZone: zone });
  while (start.epochMilliseconds < to) {
    const next = date.add({ days: 1 }).toZonedDateTime({ timeZone: zone });
    const isWhole = next.epochMilliseconds - start.epochMilliseconds === DAY;
    const isSteady = isWhole && start.hour === 0 && start.minute === 0;
    found.push({ date, text: date.toString(), startAt: start.epochMilliseconds, isSteady });
    date = date.add({ days: 1 });
    start = next;
  }
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  remembered.set(key, found);
  return found;
}

/** When clocks in the zone show a time; not plain: they never do, or twice. */
function instantOf(date: Temporal.PlainDate, minute: number, zone: string): { at: Instant; isPlain: boolean } {
  const time = date.toPlainDateTime({ hour: Math.floor(minute / 60), minute: minute % 60 });
  const compatible = time.toZonedDateTime(zone, { disambiguation: "compatible" });
  const later = time.toZonedDateTime(zone, { disambiguation: "later" });
  const isPlain = compatible.toPlainDateTime().equals(time) && compatible.epochMilliseconds === later.epochMilliseconds;
  return { at: compatible.epochMilliseconds, isPlain };
}
