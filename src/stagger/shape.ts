import type { FlexibleSchedule, IntervalSchedule, Job, Weekday, Window } from "../model/index.ts";
import { type Interval, intersect, measure, union, wrap } from "./interval.ts";
import { packEarliest } from "./spacing.ts";

export const DAY_MINUTES = 1440;
export const WEEK_MINUTES: number = 7 * DAY_MINUTES;
/** Days 1–28: what a `month` chooses among. 28 February is followed by 1 March, so they are a circle of four weeks. */
export const MONTH_MINUTES: number = 28 * DAY_MINUTES;

/** Where the starts of one flexible job may stand, in local minutes of its period. */
export interface Shape {
  readonly kind: "phase" | "day" | "week" | "month";
  /** phase: the interval; day: 1440; week: weeks × 10,080; month: 40,320. */
  readonly periodMinutes: number;
  /** Starts to choose; 1 for a phase. */
  readonly times: number;
  /** Least distance of two starts; at least 1. */
  readonly apartMinutes: number;
  /** The distance is kept over the period's end too: it fits. */
  readonly circular: boolean;
  /**
   * Allowed starts, sorted and disjoint. `day`: minutes after the midnight of the day on which the window
   * opens, so up to 2880 for a window across midnight.
   */
  readonly allowed: readonly Interval[];
  /** `day`: the days (0 is Monday) on which a window opens. */
  readonly openDays: readonly number[];
  /** `phase`: the minutes of the week in which it fires. */
  readonly openMinutes: readonly Interval[];
}

/** No start is allowed at all. */
export interface Impossible {
  readonly kind: "impossible";
  readonly reason: string;
  readonly hint: string;
}

type Deadline = FlexibleSchedule["by"];

const ALL_DAYS: readonly Weekday[] = [1, 2, 3, 4, 5, 6, 7];
const ANY_TIME: readonly Window[] = [{ days: ALL_DAYS, startMinute: 0, lengthMinutes: DAY_MINUTES }];

/** The job's shape; undefined when its schedule is pinned or manual. `durationMinutes` is what `by` counts with. */
export function shapeOf(job: Job, durationMinutes: number): Shape | Impossible | undefined {
  if (job.schedule.kind === "interval") return phaseShape(job.schedule);
  if (job.schedule.kind === "flexible") return slotShape(job.schedule, durationMinutes);
  return undefined;
}

function phaseShape(schedule: IntervalSchedule): Shape | Impossible {
  const every = schedule.everyMinutes;
  const open = wrap(
    (schedule.within.length > 0 ? schedule.within : ANY_TIME).flatMap((w) => openings(w)),
    WEEK_MINUTES,
  );
  const fires = new Int32Array(every);
  for (const { from, to } of open) for (let m = from; m < to; m++) fires[m % every] = (fires[m % every] ?? 0) + 1;
  // An offset that misses an opening which another offset would meet is not what was asked for.
  const fair = open.reduce((sum, i) => sum + Math.max(1, Math.floor((i.to - i.from) / every)), 0);
  const least = Math.min(
    fair,
    fires.reduce((a, b) => Math.max(a, b), 0),
  );
  const allowed: Interval[] = [];
  for (let x = 0; x < every; x++) if ((fires[x] ?? 0) >= least) allowed.push({ from: x, to: x + 1 });
  if (least === 0) return impossible("its windows never open", "give it a window that opens on some day");
  return {
    kind: "phase",
    periodMinutes: every,
    times: 1,
    apartMinutes: 1,
    circular: true,
    allowed: union(allowed),
    openDays: [],
    openMinutes: open,
  };
}

function slotShape(schedule: FlexibleSchedule, durationMinutes: number): Shape | Impossible {
  const windows = schedule.within.length > 0 ? schedule.within : ANY_TIME;
  const openDays = schedule.period === "day" ? [...new Set(windows.flatMap((w) => w.days))].sort() : ALL_DAYS;
  const allowed = allowedStarts(schedule, windows, openDays, schedule.by, durationMinutes);
  if (measure(allowed) === 0) return impossible(...whyNone(schedule, windows, openDays, durationMinutes));
  const periodMinutes =
    schedule.period === "month"
      ? MONTH_MINUTES
      : schedule.period === "week"
        ? schedule.weeks * WEEK_MINUTES
        : DAY_MINUTES;
  const times = schedule.times;
  const apartMinutes = Math.max(1, schedule.apartMinutes);
  if (!packEarliest(allowed, times, apartMinutes)) {
    return impossible(
      `${times} starts, ${duration(apartMinutes)} apart, do not fit into its windows`,
      "ask for fewer starts, a smaller apart or a wider window",
    );
  }
  const circular = closes(allowed, times, apartMinutes, periodMinutes);
  const days = openDays.map((day) => day - 1);
  return {
    kind: schedule.period,
    periodMinutes,
    times,
    apartMinutes,
    circular,
    allowed,
    openDays: days,
    openMinutes: [],
  };
}

function allowedStarts(
  schedule: FlexibleSchedule,
  windows: readonly Window[],
  openDays: readonly Weekday[],
  by: Deadline,
  durationMinutes: number,
): Interval[] {
  if (schedule.period === "week") {
    const week = wrap(
      windows.flatMap((w) => openings(w).flatMap((o) => cutAt(o, by, durationMinutes))),
      WEEK_MINUTES,
    );
    return union(Array.from({ length: schedule.weeks }, (_, k) => week.map((i) => shift(i, k * WEEK_MINUTES))).flat());
  }
  // One local time for every day: what is allowed on all the days on which a window opens.
  const daily = openDays
    .map((day) => dayStarts(day, windows, by, durationMinutes))
    .reduce((common, day) => intersect(common, day));
  if (schedule.period === "day") return daily;
  const minutes = wrap(daily, DAY_MINUTES);
  return union(Array.from({ length: 28 }, (_, k) => minutes.map((i) => shift(i, k * DAY_MINUTES))).flat());
}

/** The starts that windows opening on this day allow, in minutes after its midnight. */
function dayStarts(day: Weekday, windows: readonly Window[], by: Deadline, durationMinutes: number): Interval[] {
  const midnight = (day - 1) * DAY_MINUTES;
  return union(
    windows
      .filter((w) => w.days.includes(day))
      .flatMap((w) => cutAt(opening(w, day), by, durationMinutes))
      .map((i) => shift(i, -midnight)),
  );
}

/**
 * What of an opening is left when the run is to end before `by`. With a weekday that is the time in the
 * start's own calendar week; without one it is the first such time after the window opens.
 */
function cutAt(open: Interval, by: Deadline, durationMinutes: number): Interval[] {
  if (!by) return [open];
  if (by.weekday === undefined) {
    const wait = (by.minute - (open.from % DAY_MINUTES) + DAY_MINUTES) % DAY_MINUTES || DAY_MINUTES;
    return [{ from: open.from, to: Math.min(open.to, open.from + wait - durationMinutes + 1) }];
  }
  const deadline = (by.weekday - 1) * DAY_MINUTES + by.minute;
  const thisWeek = { from: open.from, to: Math.min(open.to, WEEK_MINUTES, deadline - durationMinutes + 1) };
  const nextWeek = {
    from: Math.max(open.from, WEEK_MINUTES),
    to: Math.min(open.to, WEEK_MINUTES + deadline - durationMinutes + 1),
  };
  return [thisWeek, nextWeek].filter((i) => i.to > i.from);
}

function openings(window: Window): Interval[] {
  return window.days.map((day) => opening(window, day));
}

function opening(window: Window, day: Weekday): Interval {
  const from = (day - 1) * DAY_MINUTES + window.startMinute;
  return { from, to: from + window.lengthMinutes };
}

function shift(interval: Interval, by: number): Interval {
  return { from: interval.from + by, to: interval.to + by };
}

/** Whether the starts can keep their distance over the period's end as well. */
export function closes(allowed: readonly Interval[], times: number, apart: number, period: number): boolean {
  if (times === 1) return apart <= period;
  if (times * apart > period) return false;
  return allowed.some((i) => {
    for (let first = i.from; first < i.to; first++) {
      const last = packEarliest(allowed, times, apart, first)?.at(-1);
      if (last === undefined) return false;
      if (last - first <= period - apart) return true;
    }
    return false;
  });
}

function whyNone(
  schedule: FlexibleSchedule,
  windows: readonly Window[],
  openDays: readonly Weekday[],
  durationMinutes: number,
): [reason: string, hint: string] {
  if (measure(allowedStarts(schedule, windows, openDays, undefined, durationMinutes)) > 0) {
    return [
      `it is expected to run for ${duration(durationMinutes)}, and no start in its windows ends before its deadline`,
      "widen the window, move `by` later or expect a shorter duration",
    ];
  }
  if (schedule.period === "month") {
    return [
      "a day of the month falls on every day of the week, and its windows do not open on all seven",
      "give it a window that opens daily, or use `every: 4 weeks`",
    ];
  }
  return [
    "its windows share no time of day, and `every: day` starts at one local time on each day a window opens",
    "give it windows that overlap in time of day, or `every: week` with `times`",
  ];
}

function impossible(reason: string, hint: string): Impossible {
  return { kind: "impossible", reason, hint };
}

function duration(minutes: number): string {
  const hours = Math.floor(minutes / 60);
  return `${hours > 0 ? `${hours}h` : ""}${minutes % 60 > 0 || hours === 0 ? `${minutes % 60}m` : ""}`;
}
