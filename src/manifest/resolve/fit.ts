import type { FlexibleSchedule, Weekday, Window } from "../../model/index.ts";
import type { Path } from "../locate.ts";
import type { Problem } from "../report.ts";

type Say = (path: Path, problem: Problem) => void;

const DAY = 1440;
const ALL_DAYS: readonly Weekday[] = [1, 2, 3, 4, 5, 6, 7];

/** Minutes of one period in which a start may lie, `end` not in it; a window past the period's end runs on. */
interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Reports what no placement could ever satisfy: `times` × `apart`, and `by`. */
export function checkFit(schedule: FlexibleSchedule, expectSeconds: number | undefined, say: Say): void {
  if (schedule.times > 1) checkTimes(schedule, say);
  if (schedule.by) checkBy(schedule, Math.ceil((expectSeconds ?? 0) / 60), say);
}

function checkTimes(schedule: FlexibleSchedule, say: Say): void {
  const { period, times, apartMinutes, within } = schedule;
  const length = period === "day" ? DAY : period === "week" ? 7 * DAY * schedule.weeks : 28 * DAY;
  const most = Math.floor(length / apartMinutes);
  if (times > most) {
    const message = `${times} starts at least ${minutesText(apartMinutes)} apart do not fit into a ${period}`;
    say(["times"], { code: "R1046", message, hint: `at most ${most}` });
    return;
  }
  if (within.length === 0 || period === "month") return;
  const fit = mostStarts(stretches(period, within), apartMinutes, times) * (period === "week" ? schedule.weeks : 1);
  if (fit >= times) return;
  const message = `${times} starts at least ${minutesText(apartMinutes)} apart do not fit into these windows`;
  say(["times"], { code: "R1046", message, hint: `at most ${fit}; widen \`within\` or bring them nearer` });
}

/** Greedy from the first minute is the most that fit on a line. */
function mostStarts(open: readonly Stretch[], apart: number, enough: number): number {
  let count = 0;
  let next = 0;
  for (const { start, end } of open) {
    for (let at = Math.max(start, next); at < end && count < enough; at += apart) {
      count++;
      next = at + apart;
    }
  }
  return count;
}

function stretches(period: "day" | "week", within: readonly Window[]): readonly Stretch[] {
  const list = within.flatMap((window) =>
    (period === "day" ? [0] : window.days.map((day) => (day - 1) * DAY)).map((base) => ({
      start: base + window.startMinute,
      end: base + window.startMinute + window.lengthMinutes,
    })),
  );
  return list.sort((a, b) => a.start - b.start);
}

function checkBy(schedule: FlexibleSchedule, expectMinutes: number, say: Say): void {
  const { period, by, within } = schedule;
  if (by === undefined) return;
  if (by.weekday !== undefined && period !== "week") {
    const message = `a \`by\` with a day does not go with every: ${period}`;
    say(["by"], { code: "R1047", message, hint: "write the time of day alone" });
    return;
  }
  if (openMinutes(by, within) >= expectMinutes) return;
  const message =
    expectMinutes === 0
      ? "no run that starts in these windows can end before this"
      : `a run of ${minutesText(expectMinutes)} that starts in these windows cannot end before this`;
  say(["by"], { code: "R1047", message, hint: "make it later, or open a window earlier" });
}

/**
 * From the earliest start that a window allows to the deadline, in minutes; below 0: every window opens after it.
 * With a weekday the deadline is in the start's own week, without one it is the first such time after the window opens.
 */
function openMinutes(by: NonNullable<FlexibleSchedule["by"]>, within: readonly Window[]): number {
  const windows = within.length > 0 ? within : [{ days: ALL_DAYS, startMinute: 0, lengthMinutes: DAY }];
  if (by.weekday === undefined) {
    return Math.max(...windows.map(({ startMinute }) => (by.minute - startMinute + DAY) % DAY || DAY));
  }
  const deadline = (by.weekday - 1) * DAY + by.minute;
  const starts = stretches("week", windows).map(({ start, end }) => (end > 7 * DAY ? 0 : start));
  return deadline - Math.min(...starts);
}

function minutesText(minutes: number): string {
  const hours = Math.floor(minutes / 60);
  return `${hours > 0 ? `${hours}h` : ""}${minutes % 60 > 0 || hours === 0 ? `${minutes % 60}m` : ""}`;
}
