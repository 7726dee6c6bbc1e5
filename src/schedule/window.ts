import { DAY, type Instant, MINUTE, type Weekday, type Window } from "../model/index.ts";
import { weekdayOf } from "./civil.ts";
import { type Failed, failed } from "./result.ts";
import { offsetAt, zoneOf } from "./zone.ts";

export const MINUTES_A_DAY = 1440;
export const MINUTES_A_WEEK = 10_080;
export const WEEKDAYS: readonly string[] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** Minutes of the local week, from Monday 00:00: `end` is not in it, 0 ≤ start < end ≤ 10080. */
export interface WeekInterval {
  readonly startMinute: number;
  readonly endMinute: number;
}

export type WindowResult = { readonly ok: true; readonly window: Window } | Failed;

/** `Mon` … `Sun` in any case, and nothing else. */
export function parseWeekday(text: string): Weekday | undefined {
  const place = WEEKDAYS.findIndex((name) => name.toLowerCase() === text.toLowerCase());
  return place < 0 ? undefined : ((place + 1) as Weekday);
}

/** `HH:MM` as a minute of the day; `24:00` is 1440. */
export function parseClock(text: string): number | undefined {
  const match = /^(\d\d):(\d\d)$/.exec(text);
  if (!match) return undefined;
  const minute = Number(match[1]) * 60 + Number(match[2]);
  return Number(match[2]) < 60 && minute <= MINUTES_A_DAY ? minute : undefined;
}

/** Reads `DAYS HH:MM-HH:MM`: `Mon-Fri 06:00-12:00`, `daily 22:00-05:00`, `Sat,Sun 00:00-24:00`. */
export function parseWindow(text: string): WindowResult {
  const match = /^(\s*)(\S+)(\s+)(\S+)\s*$/.exec(text);
  if (!match) {
    return failed("a window is DAYS HH:MM-HH:MM", 0, Math.max(1, text.length), 'e.g. "Mon-Fri 06:00-12:00"');
  }
  const [, lead = "", dayWord = "", gap = "", timeWord = ""] = match;
  const days = parseDays(dayWord, lead.length);
  if (!days.ok) return days;
  const at = lead.length + dayWord.length + gap.length;
  const times = /^([^-]+)-([^-]+)$/.exec(timeWord);
  if (!times) return failed(`"${timeWord}" is not a span of time`, at, at + timeWord.length, 'e.g. "06:00-12:00"');
  const [, from = "", to = ""] = times;
  const start = parseClock(from);
  const end = parseClock(to);
  if (start === undefined || start === MINUTES_A_DAY) return failed(...badClock(from, at));
  if (end === undefined) return failed(...badClock(to, at + from.length + 1));
  if (start === end) {
    return failed("a window that opens and closes at once", at, at + timeWord.length, "the whole day is 00:00-24:00");
  }
  const lengthMinutes = end > start ? end - start : end + MINUTES_A_DAY - start;
  return { ok: true, window: { days: days.days, startMinute: start, lengthMinutes } };
}

function badClock(word: string, start: number): [string, number, number, string] {
  return [`"${word}" is not a time of day`, start, start + word.length, "write HH:MM from 00:00 to 24:00, e.g. 06:00"];
}

function parseDays(word: string, offset: number): { ok: true; days: readonly Weekday[] } | Failed {
  if (word.toLowerCase() === "daily") return { ok: true, days: [1, 2, 3, 4, 5, 6, 7] };
  const days = new Set<Weekday>();
  let start = offset;
  for (const item of word.split(",")) {
    const [from = "", to = from, ...rest] = item.split("-");
    const first = parseWeekday(from);
    const last = parseWeekday(to);
    if (first === undefined || last === undefined || rest.length > 0) {
      const hint = "write daily, Mon, Mon-Fri or Sat,Sun, with the first three letters";
      return failed(`"${item}" is not a day or a range of days`, start, start + Math.max(1, item.length), hint);
    }
    for (let day = first; ; day = ((day % 7) + 1) as Weekday) {
      days.add(day);
      if (day === last) break;
    }
    start += item.length + 1;
  }
  return { ok: true, days: [...days].sort((a, b) => a - b) };
}

/** The minutes of the local week in which any of the windows is open, merged and ascending. No windows: the whole week. */
export function windowIntervals(windows: readonly Window[]): WeekInterval[] {
  if (windows.length === 0) return [{ startMinute: 0, endMinute: MINUTES_A_WEEK }];
  const pieces: { startMinute: number; endMinute: number }[] = [];
  for (const window of windows) {
    for (const day of window.days) {
      const startMinute = (day - 1) * MINUTES_A_DAY + window.startMinute;
      const endMinute = startMinute + window.lengthMinutes;
      pieces.push({ startMinute, endMinute: Math.min(endMinute, MINUTES_A_WEEK) });
      if (endMinute > MINUTES_A_WEEK) pieces.push({ startMinute: 0, endMinute: endMinute - MINUTES_A_WEEK });
    }
  }
  pieces.sort((a, b) => a.startMinute - b.startMinute);
  const merged: { startMinute: number; endMinute: number }[] = [];
  for (const piece of pieces) {
    const last = merged.at(-1);
    if (last && piece.startMinute <= last.endMinute) last.endMinute = Math.max(last.endMinute, piece.endMinute);
    else merged.push(piece);
  }
  return merged;
}

/** Whether a window is open at a minute (0–1439) of a weekday; with no windows, always. */
export function opensAt(windows: readonly Window[], weekday: Weekday, minute: number): boolean {
  if (windows.length === 0) return true;
  const yesterday = weekday === 1 ? 7 : ((weekday - 1) as Weekday);
  return windows.some(
    ({ days, startMinute, lengthMinutes }) =>
      (days.includes(weekday) && minute >= startMinute && minute < startMinute + lengthMinutes) ||
      (days.includes(yesterday) && minute + MINUTES_A_DAY < startMinute + lengthMinutes),
  );
}

/** Whether a window is open at an instant, by the zone's local time. With no windows: always. */
export function inWindows(windows: readonly Window[], timezone: string, at: Instant): boolean {
  if (windows.length === 0) return true;
  const local = at + offsetAt(zoneOf(timezone), at);
  const day = Math.floor(local / DAY);
  return opensAt(windows, weekdayOf(day), Math.floor((local - day * DAY) / MINUTE));
}
