import { DAY, type Instant, MINUTE } from "../../../src/model/index.ts";
import { type GcpCron, readExpression } from "./expression.ts";

/** One schedule as Cloud Scheduler holds it. */
export interface NativeSchedule {
  /** What tells the schedules of one job apart. */
  readonly suffix: string;
  readonly expression: string;
  readonly timezone: string;
}

/**
 * The instants in [from, to) at which Cloud Scheduler starts the target, by its own rules and with none of rota's code
 * for schedules. It runs on wall clock time: a local time that the spring change leaves out never comes. For one that
 * the autumn change repeats the guide promises nothing but "anomalies": it comes once or twice, and a translation has
 * to hold either way. Throws RangeError for what Cloud Scheduler would refuse.
 */
export function expandNative(
  native: NativeSchedule,
  from: Instant,
  to: Instant,
  repeated: "once" | "twice" = "twice",
): Instant[] {
  const read = readExpression(native.expression);
  if (!read.ok) throw new RangeError(read.reason);
  const { cron } = read;
  const minutes = cron.hours.flatMap((hour) => cron.minutes.map((minute) => hour * 60 + minute));
  const wanted = new Set(minutes);
  const found: Instant[] = [];
  for (const { date, startAt, shown } of daysOf(native.timezone, from, to)) {
    if (!isOn(cron, date)) continue;
    if (shown === undefined) for (const minute of minutes) found.push(startAt + minute * MINUTE);
    else
      for (const [at, minute, pass] of shown)
        if (wanted.has(minute) && (pass === 0 || repeated === "twice")) found.push(at);
  }
  return found.filter((at) => at >= from && at < to);
}

function isOn({ months, daysOfMonth, weekdays, eitherDay }: GcpCron, date: Temporal.PlainDate): boolean {
  if (!months.includes(date.month)) return false;
  const inMonth = daysOfMonth.includes(date.day);
  const inWeek = weekdays.includes(date.dayOfWeek % 7);
  return eitherDay ? inMonth || inWeek : inMonth && inWeek;
}

interface LocalDay {
  readonly date: Temporal.PlainDate;
  readonly startAt: Instant;
  /**
   * Of a day on which the clocks change: what they show each minute, and whether for the first time (0) or again (1).
   * Absent from 00:00 to 24:00 with no change: there a time of day is an addition.
   */
  readonly shown?: readonly (readonly [at: Instant, minuteOfDay: number, pass: 0 | 1])[];
}

function shownOn(timezone: string, startAt: Instant, endAt: Instant): NonNullable<LocalDay["shown"]> {
  const seen = new Set<number>();
  const shown: [Instant, number, 0 | 1][] = [];
  for (let at = startAt; at < endAt; at += MINUTE) {
    const { hour, minute } = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timezone);
    const minuteOfDay = hour * 60 + minute;
    shown.push([at, minuteOfDay, seen.has(minuteOfDay) ? 1 : 0]);
    seen.add(minuteOfDay);
  }
  return shown;
}

/** The days of a zone between two instants; many jobs of a plan ask for the same ones. */
const remembered = new Map<string, readonly LocalDay[]>();
const MOST_REMEMBERED = 512;

function daysOf(timezone: string, low: Instant, high: Instant): readonly LocalDay[] {
  const key = `${timezone} ${low} ${high}`;
  const known = remembered.get(key);
  if (known) return known;
  const found: LocalDay[] = [];
  let date = Temporal.Instant.fromEpochMilliseconds(low).toZonedDateTimeISO(timezone).toPlainDate();
  let start = date.toZonedDateTime({ timeZone: timezone });
  while (start.epochMilliseconds < high) {
    const tomorrow = date.add({ days: 1 });
    const next = tomorrow.toZonedDateTime({ timeZone: timezone });
    const [startAt, endAt] = [start.epochMilliseconds, next.epochMilliseconds];
    const isWhole = endAt - startAt === DAY && start.hour === 0 && start.minute === 0;
    found.push({ date, startAt, ...(isWhole ? {} : { shown: shownOn(timezone, startAt, endAt) }) });
    [date, start] = [tomorrow, next];
  }
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  remembered.set(key, found);
  return found;
}
