import type { FlexibleSchedule, IntervalSchedule, Schedule, Slot, SlotStart, Weekday } from "../model/index.ts";
import { civilOf, type Day, type LocalTime, parseLocal, weekdayOf } from "./civil.ts";
import { type CronFields, parseCron } from "./cron.ts";
import { MINUTES_A_DAY, opensAt } from "./window.ts";

/** The Monday from which weeks are counted: 1970-01-05. */
const FIRST_MONDAY: Day = 4;
const NONE: readonly number[] = [];
const ALL_WEEK: readonly Weekday[] = [1, 2, 3, 4, 5, 6, 7];

/** What a schedule asks for in local time, before zones and calendars: the minutes (0–1439, ascending) of each local date. */
export interface Pattern {
  minutesOn(day: Day): readonly number[];
  /** It names no hours: in a repeated hour it fires in both passes. */
  readonly countsTime: boolean;
  /** Whether a fire moved off a holiday may stand here. */
  accepts(day: Day, minute: number): boolean;
  /** It asks for nothing outside these dates, both included; absent: it goes on for ever. */
  readonly extent?: { readonly first: Day; readonly last: Day };
}

/**
 * The pattern of a schedule. Throws RangeError for an expression that `parseCron` refuses, and for an
 * interval or flexible schedule without its slot.
 */
export function patternOf(schedule: Schedule, slot: Slot | undefined): Pattern {
  switch (schedule.kind) {
    case "cron":
      return cronPattern(schedule.expression);
    case "at":
      return datesPattern(schedule.times.map(timeOrThrow));
    case "interval":
      return intervalPattern(schedule, slot);
    case "flexible":
      return flexiblePattern(schedule, slot);
    case "manual":
      return datesPattern([]);
  }
}

function pattern(
  minutesOn: (day: Day) => readonly number[],
  countsTime = false,
  accepts: Pattern["accepts"] = () => true,
): Pattern {
  return { minutesOn, countsTime, accepts };
}

function cronPattern(expression: string): Pattern {
  const result = parseCron(expression);
  if (!result.ok) throw new RangeError(`cron "${expression}": ${result.error.message}`);
  const { fields } = result;
  const minutes = minutesOfDay(fields);
  const runsOn = cronDays(fields);
  return pattern((day) => (runsOn(day) ? minutes : NONE), fields.countsTime);
}

const minutesMemo = new WeakMap<CronFields, readonly number[]>();

function minutesOfDay(fields: CronFields): readonly number[] {
  const known = minutesMemo.get(fields);
  if (known) return known;
  const minutes = fields.hours.flatMap((hour) => fields.minutes.map((minute) => hour * 60 + minute));
  minutesMemo.set(fields, minutes);
  return minutes;
}

function cronDays(fields: CronFields): (day: Day) => boolean {
  const weekdays = new Set<number>(fields.weekdays);
  if (fields.daysOfMonth.length === 31 && fields.months.length === 12 && fields.days === "both") {
    return weekdays.size === 7 ? () => true : (day) => weekdays.has(weekdayOf(day));
  }
  const daysOfMonth = new Set(fields.daysOfMonth);
  const months = new Set(fields.months);
  const either = fields.days === "either";
  return (day) => {
    const civil = civilOf(day);
    if (!months.has(civil.month)) return false;
    const inMonth = daysOfMonth.has(civil.day);
    if (either ? inMonth : !inMonth) return either;
    return weekdays.has(weekdayOf(day));
  };
}

function datesPattern(times: readonly LocalTime[]): Pattern {
  const dates = new Map<Day, number[]>();
  for (const time of [...new Set(times)].sort((a, b) => a - b)) {
    const day = Math.floor(time / 86_400_000);
    const minutes = dates.get(day) ?? [];
    minutes.push(time / 60_000 - day * MINUTES_A_DAY);
    dates.set(day, minutes);
  }
  const days = [...dates.keys()];
  const extent = { first: days[0] ?? 0, last: days.at(-1) ?? -1 };
  return { ...pattern((day) => dates.get(day) ?? NONE), extent };
}

function timeOrThrow(text: string): LocalTime {
  const time = parseLocal(text);
  if (time === undefined) throw new RangeError(`not a local date-time such as 2026-12-01T09:00: ${text}`);
  return time;
}

function intervalPattern(schedule: IntervalSchedule, slot: Slot | undefined): Pattern {
  if (slot?.kind !== "phase") throw new RangeError("an interval schedule needs its phase");
  const { everyMinutes, within } = schedule;
  if (!(everyMinutes > 0)) throw new RangeError(`not an interval: ${everyMinutes} minutes`);
  const all: number[] = [];
  const offset = ((slot.offsetMinutes % everyMinutes) + everyMinutes) % everyMinutes;
  for (let minute = offset; minute < MINUTES_A_DAY; minute += everyMinutes) all.push(minute);
  const week = ALL_WEEK.map((weekday) =>
    within.length === 0 ? all : all.filter((minute) => opensAt(within, weekday, minute)),
  );
  const accepts: Pattern["accepts"] = (day, minute) => opensAt(within, weekdayOf(day), minute);
  return pattern((day) => week[weekdayOf(day) - 1] ?? NONE, true, accepts);
}

function flexiblePattern(schedule: FlexibleSchedule, slot: Slot | undefined): Pattern {
  if (slot?.kind !== "starts") throw new RangeError("a flexible schedule needs its starts");
  const accepts: Pattern["accepts"] = (day, minute) => opensAt(schedule.within, weekdayOf(day), minute);
  if (schedule.period === "day") return weekly(dailyStarts(schedule, slot.starts), accepts);
  if (schedule.period === "month") {
    const byDay = group(slot.starts, (start) => start.day);
    return pattern((day) => byDay.get(civilOf(day).day) ?? NONE, false, accepts);
  }
  const weeks = Math.max(1, schedule.weeks);
  const byDay = group(slot.starts, (start) => ((start.week ?? 0) % weeks) * 7 + (start.weekday ?? 1) - 1);
  const cycle = weeks * 7;
  return pattern((day) => byDay.get((((day - FIRST_MONDAY) % cycle) + cycle) % cycle) ?? NONE, false, accepts);
}

/**
 * `every: day`: a start for each weekday on which a window opens, on that day or, in the part after
 * midnight, on the next: the same for all days where the windows allow it, so that two days never share
 * one. A day none of whose windows holds the minute gets no start: a run never starts outside a window.
 */
function dailyStarts({ within }: FlexibleSchedule, starts: readonly SlotStart[]): SlotStart[] {
  if (within.length === 0) return starts.flatMap(({ minute }) => ALL_WEEK.map((weekday) => ({ weekday, minute })));
  const opening = ALL_WEEK.filter((weekday) => within.some(({ days }) => days.includes(weekday)));
  const holds = (weekday: Weekday, minute: number): boolean =>
    within.some(
      ({ days, startMinute, lengthMinutes }) =>
        days.includes(weekday) && minute >= startMinute && minute < startMinute + lengthMinutes,
    );
  return starts.flatMap(({ minute }) => {
    const late = minute + MINUTES_A_DAY;
    const allLate = !opening.every((day) => holds(day, minute)) && opening.every((day) => holds(day, late));
    return opening.flatMap((weekday) => {
      if (!allLate && holds(weekday, minute)) return [{ weekday, minute }];
      return holds(weekday, late) ? [{ weekday: ((weekday % 7) + 1) as Weekday, minute }] : [];
    });
  });
}

function weekly(starts: readonly SlotStart[], accepts: Pattern["accepts"]): Pattern {
  const byWeekday = group(starts, (start) => start.weekday);
  return pattern((day) => byWeekday.get(weekdayOf(day)) ?? NONE, false, accepts);
}

function group(
  starts: readonly SlotStart[],
  keyOf: (start: SlotStart) => number | undefined,
): ReadonlyMap<number, readonly number[]> {
  const groups = new Map<number, Set<number>>();
  for (const start of starts) {
    const key = keyOf(start);
    if (key === undefined) throw new RangeError(`a start that does not name its day: ${JSON.stringify(start)}`);
    const minutes = groups.get(key) ?? new Set();
    groups.set(key, minutes.add(start.minute));
  }
  return new Map([...groups].map(([key, minutes]) => [key, [...minutes].sort((a, b) => a - b)]));
}
