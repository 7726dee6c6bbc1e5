import { DAY, MINUTE, type Weekday } from "../model/index.ts";

/**
 * Local time without a zone, as numbers: a *day* counts local dates from 1970-01-01 (day 0, a Thursday);
 * a *local time* is milliseconds since 1970-01-01T00:00 on that clock, as if the clock were UTC.
 */
export type Day = number;
export type LocalTime = number;

export interface Civil {
  readonly year: number;
  /** 1–12. */
  readonly month: number;
  /** 1–31. */
  readonly day: number;
}

/** Proleptic Gregorian date of a day number (H. Hinnant's days-to-civil arithmetic, in eras of 400 years). */
export function civilOf(day: Day): Civil {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
  };
}

/** The day number of a date; the date must exist. */
export function dayOf(year: number, month: number, day: number): Day {
  return Date.UTC(year, month - 1, day) / DAY;
}

/** ISO weekday, Monday 1 … Sunday 7. */
export function weekdayOf(day: Day): Weekday {
  return (((((day + 3) % 7) + 7) % 7) + 1) as Weekday;
}

/** `06:05` for 365. */
export function clockText(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}

/** `2026-12-24` for a day number. */
export function dateText(day: Day): string {
  const { year, month, day: dayOfMonth } = civilOf(day);
  return `${String(year).padStart(4, "0")}-${String(month).padStart(2, "0")}-${String(dayOfMonth).padStart(2, "0")}`;
}

/** `2026-12-24T06:05` for a local time. */
export function localText(local: LocalTime): string {
  const day = Math.floor(local / DAY);
  return `${dateText(day)}T${clockText(Math.floor((local - day * DAY) / MINUTE))}`;
}

const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const LOCAL = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):([0-5]\d)(?::00)?$/;

/** The day number of `2026-12-24`, or undefined when the text is not a date that exists. */
export function parseDate(text: string): Day | undefined {
  const match = DATE.exec(text);
  if (!match) return undefined;
  const day = dayOf(Number(match[1]), Number(match[2]), Number(match[3]));
  return Number.isInteger(day) && dateText(day) === text ? day : undefined;
}

/** The local time of `2026-12-24T06:05`, or undefined when the text is not one that exists. */
export function parseLocal(text: string): LocalTime | undefined {
  const match = LOCAL.exec(text);
  if (!match) return undefined;
  const day = parseDate(match[1] ?? "");
  return day === undefined ? undefined : day * DAY + (Number(match[2]) * 60 + Number(match[3])) * MINUTE;
}
