import { z } from "zod";
import type { CatchUpPolicy, HolidayRule, OverlapPolicy, Weekday } from "../../model/index.ts";
import { describe, parseDuration, shorten, type UnitResult } from "../units.ts";
import { choice, duration, leaf, listOf, text, whole } from "./leaf.ts";

/** Tuples, so that a merge replaces them whole. */
export type Every = readonly ["minutes", number] | readonly ["day" | "month", 1] | readonly ["week", number];
/** Weekday (0: none) and minute of the day. */
export type By = readonly [Weekday | 0, number];

export interface ScheduleLayer {
  readonly cron?: string | undefined;
  readonly at?: readonly string[] | undefined;
  readonly every?: Every | undefined;
  readonly times?: number | undefined;
  readonly apart?: number | undefined;
  readonly within?: readonly string[] | undefined;
  readonly by?: By | undefined;
  readonly timezone?: string | undefined;
  readonly dst?:
    | { readonly gap?: "shift" | "skip" | undefined; readonly overlap?: "first" | "second" | "both" | undefined }
    | undefined;
  readonly start?: string | undefined;
  readonly end?: string | undefined;
  readonly calendar?: string | undefined;
  readonly onHoliday?: HolidayRule | undefined;
  readonly catchUp?: { readonly policy?: CatchUpPolicy | undefined; readonly cap?: number | undefined } | undefined;
  readonly overlap?: OverlapPolicy | undefined;
  readonly after?: readonly string[] | undefined;
  readonly differences?: "refuse" | "allow" | undefined;
}

const DATE_TIME = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$";
const dateTime = (description: string): z.ZodType<string, unknown> =>
  leaf(readDateTime, { type: "string", pattern: DATE_TIME, description, examples: ["2026-12-01T09:00"] });

const POLICIES = ["none", "last", "all"] as const;

export const schedule: z.ZodType<ScheduleLayer, unknown> = z
  .preprocess(
    (input) => (typeof input === "string" ? { cron: input } : input),
    z.strictObject({
      cron: text(
        "Five fields: minute, hour, day of month, month, day of week. `manual`: only when a person asks.",
      ).optional(),
      at: z
        .preprocess(
          (input) => (typeof input === "string" ? [input] : input),
          listOf(dateTime("A local date and time, no offset."), "Once at this local time, or at each of these."),
        )
        .meta({ shorthand: { type: "string", pattern: DATE_TIME } })
        .optional(),
      every: leaf<Every>(readEvery, {
        type: "string",
        pattern: "^(day|week|month|[0-9]+ weeks?|([0-9]+h)?([0-9]+m)?)$",
        description: "`5m` to `12h`, dividing a day; or `day`, `week`, `month`, `2 weeks`: rota picks the slot.",
        examples: ["15m", "day", "week", "2 weeks", "month"],
      }).optional(),
      times: whole(1, 288, "Starts in each period. Default 1.").optional(),
      apart: duration("The least time between two starts of one period. Default 1m.", "3h").optional(),
      within: listOf(
        text("A name from `windows`, or a window like `Mon-Fri 06:00-12:00`."),
        "A run must start in one of these. Default: any time.",
      ).optional(),
      by: leaf<By>(readBy, {
        type: "string",
        pattern: "^((Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?[0-9]{2}:[0-9]{2}$",
        description: "A run is expected to end before this local time: `12:00`, or for `week` also `Wed 12:00`.",
        examples: ["Wed 12:00", "06:00"],
      }).optional(),
      timezone: text("IANA zone, like America/Toronto. Default: the manifest's.").optional(),
      dst: z
        .strictObject({
          gap: choice(
            ["shift", "skip"],
            "A local time that does not exist: fire right after the gap, or not. Default shift.",
          ).optional(),
          overlap: choice(["first", "second", "both"], "A local time that comes twice. Default first.").optional(),
        })
        .meta({ description: "What daylight saving does to a fire." })
        .optional(),
      start: dateTime("No fire before this local time.").optional(),
      end: dateTime("No fire at or after this local time.").optional(),
      calendar: text("A name from `calendars`.").optional(),
      onHoliday: choice(
        ["skip", "before", "after"],
        "On a day the calendar names: leave out, or move to the working day before or after. Default skip.",
      ).optional(),
      differences: choice(
        ["refuse", "allow"],
        "Where a vendor's schedule fires on other dates than this one, as the plan lists them: refuse to deploy it, or allow it. Default refuse.",
      ).optional(),
      catchUp: z
        .preprocess(
          (input) => (typeof input === "string" ? { policy: input } : input),
          z.strictObject({
            policy: choice(
              POLICIES,
              "`last`: the newest missed fire runs; `all`: each; `none`. Default last.",
            ).optional(),
            cap: whole(1, 1000, "The most fires that one catch-up starts. Default 1, for `all` 10.").optional(),
          }),
        )
        .meta({
          description: "What happens to fires missed while nothing was there to start them.",
          shorthand: { enum: POLICIES },
        })
        .optional(),
      overlap: choice(["skip", "queue", "allow", "replace"], "When the last run still goes. Default skip.").optional(),
      after: listOf(text("A job's name."), "Jobs whose run of the same period must have ended first.").optional(),
    }),
  )
  .meta({
    description: "When it runs: five cron fields or `manual` as a text, or one of the forms `cron`, `at`, `every`.",
    shorthand: { type: "string", minLength: 1, examples: ["0 6 * * 1-5", "manual"] },
  });

/** The keys of each form; all others hold for any form. */
export const FORM_KEYS = {
  cron: ["cron"],
  at: ["at"],
  every: ["every", "times", "apart", "within", "by"],
} as const;

function readEvery(input: unknown): UnitResult<Every> {
  if (input === "day" || input === "month") return { ok: true, value: [input, 1] };
  if (input === "week") return { ok: true, value: ["week", 1] };
  const weeks = typeof input === "string" ? /^(\d{1,3}) weeks?$/.exec(input) : null;
  if (weeks) {
    const count = Number(weeks[1]);
    if (count >= 1 && count <= 52) return { ok: true, value: ["week", count] };
    return wrong("R1045", `every ${count} weeks is outside 1 to 52 weeks`);
  }
  if (typeof input === "string" && !/^[0-9.]+[smhdw]/.test(input)) {
    const hint = "write 5m to 12h, or day, week, month, 2 weeks";
    return wrong("R1045", `"${shorten(input)}" is not a period`, PERIOD_HINTS.get(input.toLowerCase()) ?? hint);
  }
  const read = parseDuration(input);
  if (!read.ok) return read;
  const minutes = read.value / 60;
  if (read.value === 86_400) return wrong("R1045", "a day is not an interval", "write every: day");
  if (read.value % 604_800 === 0) {
    const count = read.value / 604_800;
    return wrong("R1045", "weeks are not an interval", `write every: ${count === 1 ? "week" : `${count} weeks`}`);
  }
  if (!Number.isInteger(minutes) || minutes < 5 || minutes > 720) {
    const hint =
      minutes < 5 ? 'for less, use cron: "* * * * *" is every minute' : "longer: day, week, month or N weeks";
    return wrong("R1045", `${String(input)} is outside 5m to 12h, or not whole minutes`, hint);
  }
  if (1440 % minutes !== 0) {
    return wrong(
      "R1045",
      `${String(input)} does not divide a day`,
      `the nearest that does is ${nearestDivisor(minutes)}`,
    );
  }
  return { ok: true, value: ["minutes", minutes] };
}

const PERIOD_HINTS: ReadonlyMap<string, string> = new Map([
  ["daily", "write every: day"],
  ["weekly", "write every: week"],
  ["monthly", "write every: month"],
  ["hourly", "write every: 1h"],
  ["hour", "write every: 1h"],
  ["minute", 'write cron: "* * * * *"'],
  ["fortnight", "write every: 2 weeks"],
]);

function nearestDivisor(minutes: number): string {
  let best = 5;
  for (let m = 5; m <= 720; m++) {
    if (1440 % m === 0 && Math.abs(m - minutes) < Math.abs(best - minutes)) best = m;
  }
  const hours = Math.floor(best / 60);
  return `${hours > 0 ? `${hours}h` : ""}${best % 60 > 0 ? `${best % 60}m` : ""}`;
}

const DAYS: readonly string[] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

function readBy(input: unknown): UnitResult<By> {
  const match = typeof input === "string" ? /^(?:([A-Za-z]{3}) )?(\d\d):(\d\d)$/.exec(input) : null;
  const hint = 'write "12:00", or "Wed 12:00" for every: week';
  if (!match) return wrong("R1047", `${describe(input)} is not a time to end by`, hint);
  const weekday = match[1] === undefined ? 0 : DAYS.indexOf(match[1]) + 1;
  const minute = Number(match[2]) * 60 + Number(match[3]);
  if (match[1] !== undefined && weekday === 0) return wrong("R1047", `"${match[1]}" is not a day`, DAYS.join(", "));
  if (minute > 1440 || Number(match[3]) > 59)
    return wrong("R1047", `${match[2]}:${match[3]} is not a time of day`, hint);
  return { ok: true, value: [weekday as Weekday | 0, minute] };
}

function readDateTime(input: unknown): UnitResult<string> {
  if (typeof input !== "string")
    return wrong("R1044", `${describe(input)} is not a date and time`, "write 2026-12-01T09:00");
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(:\d\d(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/.exec(input);
  if (!match) return wrong("R1044", `"${shorten(input)}" is not a date and time`, "write 2026-12-01T09:00");
  const [, year = "", month = "", day = "", hour, minute, seconds, offset] = match;
  if (!isDate(Number(year), Number(month), Number(day))) {
    return wrong("R1044", `there is no ${year}-${month}-${day}`, undefined, 0, 10);
  }
  if (hour === undefined || minute === undefined) return wrong("R1044", "the time is missing", `write ${input}T09:00`);
  if (Number(hour) > 23 || Number(minute) > 59) {
    return wrong("R1044", `${hour}:${minute} is not a time of day`, undefined, 11, 16);
  }
  if (offset !== undefined) {
    const hint = "local times carry no offset: drop it, and say `timezone` beside it";
    return wrong("R1044", `"${offset}" is an offset`, hint, input.length - offset.length, input.length);
  }
  if (seconds !== undefined && seconds !== ":00")
    return wrong("R1044", "schedules know no seconds", "drop them", 16, input.length);
  return { ok: true, value: input.slice(0, 16) };
}

/** Whether the Gregorian calendar has this date, for years from 1970 to 2199. */
export function isDate(year: number, month: number, day: number): boolean {
  if (year < 1970 || year > 2199 || month < 1 || month > 12 || day < 1) return false;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  return day <= days;
}

function wrong(code: string, message: string, hint?: string, start?: number, end?: number): UnitResult<never> {
  const range = start === undefined || end === undefined ? {} : { start, end };
  return { ok: false, error: { code, message, ...(hint === undefined ? {} : { hint }), ...range } };
}
