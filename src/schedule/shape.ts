import { DAY, MINUTE, type Schedule, type Slot, type Weekday } from "../model/index.ts";
import { fires } from "./fires.ts";

/** A Monday at 00:00 UTC, from which a week is read off. */
const SOME_MONDAY = Date.UTC(2024, 0, 1);

/** What one expression of any vendor's cron can say: each of the minutes in each of the hours on each of the days. */
export interface CronShape {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** Absent: every day of the month. Never beside `weekdays`. */
  readonly daysOfMonth?: readonly number[];
  /** ISO, Monday 1. Absent: every day of the week. */
  readonly weekdays?: readonly Weekday[];
}

/**
 * What a flexible job with its slot asks for in local time, as the union of few shapes: read off one week, or the days
 * of the month, without zone and calendar. Undefined where no week or month repeats it (`every: 2 weeks`).
 */
export function slotShapes(
  schedule: Extract<Schedule, { kind: "interval" | "flexible" }>,
  slot: Slot,
): readonly CronShape[] | undefined {
  if (schedule.kind === "flexible" && schedule.weeks > 1) return undefined;
  if (schedule.kind === "flexible" && schedule.period === "month") {
    const starts = slot.kind === "starts" ? slot.starts : [];
    const groups = Map.groupBy(starts, ({ minute }) => minute);
    return [...groups].map(([minute, same]) => ({
      minutes: [minute % 60],
      hours: [Math.floor(minute / 60)],
      daysOfMonth: ascending(same.map(({ day = 1 }) => day)),
    }));
  }
  const { calendar: _calendar, start: _start, end: _end, ...bare } = schedule;
  const week = fires({ ...bare, timezone: "UTC" }, slot, SOME_MONDAY, SOME_MONDAY + 7 * DAY);
  const minutesOf = new Map<Weekday, number[]>();
  for (const { at } of week) {
    const day = Math.floor((at - SOME_MONDAY) / DAY);
    const weekday = (day + 1) as Weekday;
    const minutes = minutesOf.get(weekday) ?? [];
    minutes.push((at - SOME_MONDAY - day * DAY) / MINUTE);
    minutesOf.set(weekday, minutes);
  }
  const alike = Map.groupBy(minutesOf, ([, minutes]) => minutes.join());
  return [...alike.values()].flatMap((days) => {
    const weekdays = days.map(([weekday]) => weekday);
    return rectangles(days[0]?.[1] ?? []).map((shape) =>
      weekdays.length === 7 ? shape : { ...shape, weekdays: ascending(weekdays) },
    );
  });
}

/** Minutes of a day as the fewest pairs of hours and minutes that this simple way finds: hours with equal minutes go together. */
export function rectangles(minutesOfDay: readonly number[]): readonly Pick<CronShape, "minutes" | "hours">[] {
  const byHour = Map.groupBy(minutesOfDay, (minute) => Math.floor(minute / 60));
  const alike = Map.groupBy(byHour, ([, minutes]) => minutes.map((minute) => minute % 60).join());
  return [...alike.values()].map((hours) => ({
    hours: ascending(hours.map(([hour]) => hour)),
    minutes: ascending((hours[0]?.[1] ?? []).map((minute) => minute % 60)),
  }));
}

function ascending<N extends number>(values: readonly N[]): readonly N[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
