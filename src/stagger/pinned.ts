import type { AtSchedule, CronSchedule, Instant } from "../model/index.ts";
import { MINUTE } from "../model/index.ts";
import { localAt, parseCron } from "../schedule/index.ts";
import type { Circle } from "./board.ts";
import { DAY_MINUTES, WEEK_MINUTES } from "./shape.ts";

/** The starts of a pinned schedule on the circle on which they return, in local minutes. */
export interface PinnedStarts {
  readonly circle: Circle;
  readonly starts: readonly number[];
}

const EVERY_WEEK: Circle = { kind: "weeks", weeks: 1 };

/**
 * A cron expression as load that cannot move. Restricted days of the month stand on the month's circle (29 to
 * 31 on day 28, whose night they share); restricted months count as every month: the worst one is levelled.
 * Vixie's OR of both day fields gives both.
 */
export function pinnedCron(schedule: CronSchedule): PinnedStarts[] {
  const parsed = parseCron(schedule.expression);
  if (!parsed.ok) return [];
  const { hours, minutes, weekdays, daysOfMonth, text, days } = parsed.fields;
  const times = hours.flatMap((hour) => minutes.map((minute) => hour * 60 + minute));
  const weekly = weekdays.flatMap((day) => times.map((time) => (day - 1) * DAY_MINUTES + time));
  if (text.dayOfMonth.startsWith("*") && daysOfMonth.length === 31) return [{ circle: EVERY_WEEK, starts: weekly }];
  const dates = [...new Set(daysOfMonth.map((day) => Math.min(day, 28)))];
  const monthly = dates.flatMap((day) => times.map((time) => (day - 1) * DAY_MINUTES + time));
  const onDates: PinnedStarts = { circle: { kind: "month" }, starts: monthly };
  return days === "either" ? [{ circle: EVERY_WEEK, starts: weekly }, onDates] : [onDates];
}

/** One-off times still to come, each counted as if it came every week: the worst week has it. */
export function pinnedAt(schedule: AtSchedule, now: Instant): PinnedStarts[] {
  const local = localAt(schedule.timezone, now);
  const starts = schedule.times.filter((time) => time >= local).map(minuteOfWeek);
  return starts.length > 0 ? [{ circle: EVERY_WEEK, starts: [...new Set(starts)] }] : [];
}

/** The shortest distance of two starts round the week; the whole week when there is one. */
export function shortestGap(starts: readonly number[]): number {
  const sorted = [...starts].sort((a, b) => a - b);
  let gap = WEEK_MINUTES;
  for (const [k, start] of sorted.entries()) {
    const next = sorted[k + 1] ?? (sorted[0] ?? 0) + WEEK_MINUTES;
    if (next > start) gap = Math.min(gap, next - start);
  }
  return gap;
}

function minuteOfWeek(local: string): number {
  const minutes = Date.parse(`${local.slice(0, 16)}Z`) / MINUTE;
  // 1970-01-05, four days after the epoch, was a Monday.
  return (((minutes - 4 * DAY_MINUTES) % WEEK_MINUTES) + WEEK_MINUTES) % WEEK_MINUTES;
}
