import type { Calendar, HolidayRule, ScheduleRules } from "../model/index.ts";
import { civilOf, type Day, dateText, parseDate } from "./civil.ts";
import { holidaysOf } from "./holiday.ts";
import type { Pattern } from "./pattern.ts";

/** A fire moves past at most this many days; a longer run of holidays swallows it. */
export const MOST_DAYS_MOVED = 31;

/** Why a local date is off, for people: a holiday's name, or that the manifest skips it. */
export type DayOff = (day: Day) => string | undefined;

export interface CalendarPattern extends Pattern {
  /** What the calendar did to a fire at this time of this day, when it moved it there. */
  movedNote?(day: Day, minute: number): string | undefined;
}

/** The dates off of a calendar. Throws RangeError for a date or region that does not exist. */
export function daysOff(calendar: Calendar): DayOff {
  const skip = new Set<Day>();
  for (const text of calendar.skip) {
    const day = parseDate(text);
    if (day === undefined) throw new RangeError(`calendar "${calendar.name}": not a date: ${text}`);
    skip.add(day);
  }
  const { holidays, name } = calendar;
  return (day) => {
    if (skip.has(day)) return `${dateText(day)} is off in the calendar "${name}"`;
    const holiday = holidays === undefined ? undefined : holidaysOf(holidays, civilOf(day).year).get(day);
    return holiday === undefined ? undefined : `${dateText(day)} is ${holiday} (${holidays})`;
  };
}

/** The pattern with the fires of days off left out, or moved to the nearest day that is not off and that the windows allow. */
export function withCalendar(base: Pattern, rules: Pick<ScheduleRules, "calendar" | "onHoliday">): CalendarPattern {
  if (!rules.calendar) return base;
  const off = daysOff(rules.calendar);
  if (rules.onHoliday === "skip") {
    return { ...base, minutesOn: (day) => (isOff(base, off, day) ? [] : base.minutesOn(day)) };
  }
  const origins = (day: Day): ReadonlyMap<number, Day> => movedTo(base, off, rules.onHoliday, day);
  return {
    ...base,
    minutesOn(day) {
      const own = base.minutesOn(day);
      if (off(day) !== undefined) return [];
      const moved = origins(day);
      if (moved.size === 0) return own;
      return [...new Set([...own, ...moved.keys()])].sort((a, b) => a - b);
    },
    movedNote(day, minute) {
      const origin = base.minutesOn(day).includes(minute) ? undefined : origins(day).get(minute);
      return origin === undefined ? undefined : `moved: ${off(origin)}`;
    },
  };
}

/** Looks the date up only when there is something to leave out: years without fires load no holidays. */
function isOff(base: Pattern, off: DayOff, day: Day): boolean {
  return base.minutesOn(day).length > 0 && off(day) !== undefined;
}

/** The minutes that days off send to `day`, each with the day it comes from. */
function movedTo(base: Pattern, off: DayOff, rule: HolidayRule, day: Day): ReadonlyMap<number, Day> {
  const step = rule === "after" ? 1 : -1;
  const moved = new Map<number, Day>();
  for (let distance = 1; distance <= MOST_DAYS_MOVED; distance++) {
    const origin = day - step * distance;
    const minutes = base.minutesOn(origin);
    if (minutes.length === 0 || off(origin) === undefined) continue;
    for (const minute of minutes) {
      if (!moved.has(minute) && targetOf(base, off, step, origin, minute) === day) moved.set(minute, origin);
    }
  }
  return moved;
}

function targetOf(base: Pattern, off: DayOff, step: number, origin: Day, minute: number): Day | undefined {
  for (let distance = 1; distance <= MOST_DAYS_MOVED; distance++) {
    const day = origin + step * distance;
    if (off(day) === undefined && base.accepts(day, minute)) return day;
  }
  return undefined;
}
