import type { Instant, JsonObject, Weekday } from "../../../src/model/index.ts";
import { instantText } from "../../../src/schedule/index.ts";

/** When, beside its recurrence, a trigger fires: all that is named must hold on the local date of its time. */
export interface Condition {
  readonly months?: readonly number[];
  /** ISO, Monday 1. */
  readonly weekdays?: readonly Weekday[];
  readonly exceptWeekdays?: readonly Weekday[];
  /** Local dates, `2027-03-14`. */
  readonly onlyDates?: readonly string[];
  readonly exceptDates?: readonly string[];
  /** At or after this instant. */
  readonly from?: Instant;
  /** Before this instant. */
  readonly until?: Instant;
}

/** One Recurrence trigger of a Logic App: each minute of each hour, on each day, each of the weekdays or of the days of the month. */
export interface NativeTrigger {
  readonly frequency: "Day" | "Week" | "Month";
  /** In Windows' name. */
  readonly timeZone: string;
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
  readonly weekdays?: readonly Weekday[];
  readonly monthDays?: readonly number[];
  readonly condition?: Condition;
}

export const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] as const;
/**
 * Long past, and never absent: without a start time a recurrence runs at once when it is saved. Without a Z, which
 * would make Logic Apps ignore the zone.
 */
export const START_TIME = "2020-01-01T00:00:00";

/** The trigger as the workflow's definition has it (Logic Apps, "Schema reference for trigger and action types"). */
export function writeTrigger(trigger: NativeTrigger): JsonObject {
  const { frequency, timeZone, hours, minutes, weekdays, monthDays } = trigger;
  const conditions = writeConditions(trigger);
  return {
    type: "Recurrence",
    recurrence: {
      frequency,
      interval: 1,
      timeZone,
      startTime: START_TIME,
      schedule: {
        hours,
        minutes,
        ...(weekdays === undefined ? {} : { weekDays: weekdays.map((day) => WEEKDAYS[day - 1] ?? "") }),
        ...(monthDays === undefined ? {} : { monthDays }),
      },
    },
    ...(conditions.length === 0 ? {} : { conditions: conditions.map((expression) => ({ expression })) }),
  };
}

/**
 * Conditions are looked at when the trigger fires, a little after its time. Dates are taken of the local time less the
 * first minute of the day at which it fires, so that one that fires late near midnight still finds its own date.
 */
function writeConditions(trigger: NativeTrigger): readonly string[] {
  const { months, weekdays, exceptWeekdays, onlyDates, exceptDates, from, until } = trigger.condition ?? {};
  const local = localExpression(trigger);
  const date = `formatDateTime(${local},'yyyy-MM-dd')`;
  const found: string[] = [];
  if (months) found.push(`@contains(${texts(months.map(twoDigits))},formatDateTime(${local},'MM'))`);
  if (weekdays) found.push(`@contains(${numbers(weekdays)},dayOfWeek(${local}))`);
  if (exceptWeekdays) found.push(`@not(contains(${numbers(exceptWeekdays)},dayOfWeek(${local})))`);
  if (onlyDates) found.push(`@contains(${texts(onlyDates)},${date})`);
  if (exceptDates) found.push(`@not(contains(${texts(exceptDates)},${date}))`);
  if (from !== undefined) found.push(`@greaterOrEquals(ticks(utcNow()),ticks('${instantText(from)}'))`);
  if (until !== undefined) found.push(`@less(ticks(utcNow()),ticks('${instantText(until)}'))`);
  return found;
}

function localExpression({ timeZone, hours, minutes }: NativeTrigger): string {
  const local = timeZone === "UTC" ? "utcNow()" : `convertFromUtc(utcNow(),'${timeZone}')`;
  const first = (hours[0] ?? 0) * 60 + (minutes[0] ?? 0);
  return first === 0 ? local : `addMinutes(${local},-${first})`;
}

function texts(values: readonly string[]): string {
  return `createArray(${values.map((value) => `'${value}'`).join(",")})`;
}

/** Logic Apps count days of the week from Sunday, 0. */
function numbers(weekdays: readonly Weekday[]): string {
  return `createArray(${weekdays.map((day) => day % 7).join(",")})`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
