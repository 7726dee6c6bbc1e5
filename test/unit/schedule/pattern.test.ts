import { expect, test } from "vitest";
import type { FlexibleSchedule, Schedule, Slot, SlotStart, Window } from "../../../src/model/index.ts";
import { DAY } from "../../../src/model/index.ts";
import { describeSchedule, due, fires, nextFire } from "../../../src/schedule/index.ts";
import { cron, instant, lines, rules } from "./rules.ts";

const ZONE = "America/Toronto";

function flexible(more: Partial<FlexibleSchedule>): FlexibleSchedule {
  const base = { kind: "flexible", period: "day", weeks: 1, times: 1, apartMinutes: 0, within: [] } as const;
  return { ...base, ...rules(ZONE), ...more };
}

function locals(schedule: Schedule, slot: Slot | undefined, from: string, days: number): string[] {
  const start = instant(`${from}T00:00`);
  return fires(schedule, slot, start, start + days * DAY).map(({ local }) => local);
}

const starts = (...list: SlotStart[]): Slot => ({ kind: "starts", starts: list });
const NIGHT: Window = { days: [1, 2, 3, 4, 5], startMinute: 1320, lengthMinutes: 420 };

test("day-of-month and day-of-week: either when both are restricted, both when one begins with a star", () => {
  expect(locals(cron("0 12 13 * 5", "UTC"), undefined, "2026-11-09", 14)).toEqual([
    "2026-11-13T12:00",
    "2026-11-20T12:00",
  ]);
  expect(locals(cron("0 12 15 * 5", "UTC"), undefined, "2026-11-09", 14)).toEqual([
    "2026-11-13T12:00",
    "2026-11-15T12:00",
    "2026-11-20T12:00",
  ]);
  // Odd days that are Fridays, as crontab(5) has it.
  expect(locals(cron("0 12 */2 * 5", "UTC"), undefined, "2026-11-01", 30)).toEqual([
    "2026-11-13T12:00",
    "2026-11-27T12:00",
  ]);
});

test("at: once each, ascending, whatever the order and however often written", () => {
  const times = ["2026-12-01T09:00", "2026-03-08T02:30", "2026-12-01T09:00", "2026-11-01T01:30"];
  expect(lines(fires({ kind: "at", times, ...rules(ZONE) }, undefined, 0, instant("2030-01-01T00:00")))).toEqual([
    "2026-03-08T07:00 = 2026-03-08T02:30/0",
    "2026-11-01T05:30 = 2026-11-01T01:30/0",
    "2026-12-01T14:00 = 2026-12-01T09:00/0",
  ]);
});

test("an interval within windows fires at its phase while one is open", () => {
  const schedule = { kind: "interval", everyMinutes: 180, within: [NIGHT], ...rules("UTC") } as const;
  expect(locals(schedule, { kind: "phase", offsetMinutes: 60 }, "2026-11-20", 4)).toEqual([
    "2026-11-20T01:00",
    "2026-11-20T04:00",
    "2026-11-20T22:00",
    "2026-11-21T01:00",
    "2026-11-21T04:00",
    "2026-11-23T22:00",
  ]);
});

test("every day: on each day on which a window opens, at the same time", () => {
  const schedule = flexible({ timezone: "UTC", within: [{ days: [1, 3], startMinute: 360, lengthMinutes: 60 }] });
  expect(locals(schedule, starts({ minute: 395 }), "2026-11-23", 8)).toEqual([
    "2026-11-23T06:35",
    "2026-11-25T06:35",
    "2026-11-30T06:35",
  ]);
  expect(locals(flexible({ timezone: "UTC" }), starts({ minute: 5 }), "2026-11-23", 2)).toEqual([
    "2026-11-23T00:05",
    "2026-11-24T00:05",
  ]);
});

test("every day in a window across midnight: the minute after it belongs to the day after", () => {
  const schedule = flexible({ timezone: "UTC", within: [NIGHT] });
  // Mon–Fri nights: Tuesday to Saturday, and never Monday early.
  expect(locals(schedule, starts({ minute: 120 }), "2026-11-23", 7)).toEqual([
    "2026-11-24T02:00",
    "2026-11-25T02:00",
    "2026-11-26T02:00",
    "2026-11-27T02:00",
    "2026-11-28T02:00",
  ]);
  expect(locals(schedule, starts({ minute: 1380 }), "2026-11-23", 7)).toHaveLength(5);
  expect(locals(schedule, starts({ minute: 600 }), "2026-11-23", 7)).toEqual([]);
});

test("two days never share a start: after midnight for one is after midnight for all", () => {
  // 00:10 is in Friday's own first window, and in Thursday's second: each day on which one opens has its own.
  const within: Window[] = [
    { days: [5], startMinute: 0, lengthMinutes: 30 },
    { days: [4, 5], startMinute: 600, lengthMinutes: 900 },
  ];
  expect(locals(flexible({ timezone: "UTC", within }), starts({ minute: 10 }), "2026-11-23", 7)).toEqual([
    "2026-11-27T00:10",
    "2026-11-28T00:10",
  ]);
});

test("several times a day or a week are several fires, one an instant", () => {
  expect(
    locals(
      flexible({ timezone: "UTC", times: 3 }),
      starts({ minute: 900 }, { minute: 60 }, { minute: 60 }),
      "2026-11-23",
      1,
    ),
  ).toEqual(["2026-11-23T01:00", "2026-11-23T15:00"]);
  const twice = starts({ weekday: 7, minute: 30 }, { weekday: 2, minute: 0 });
  expect(locals(flexible({ timezone: "UTC", period: "week", times: 2 }), twice, "2026-11-23", 7)).toEqual([
    "2026-11-24T00:00",
    "2026-11-29T00:30",
  ]);
});

test("every N weeks counts from the week of 5 January 1970", () => {
  const schedule = flexible({ timezone: "UTC", period: "week", weeks: 2 });
  const first = starts({ week: 0, weekday: 1, minute: 0 });
  const second = starts({ week: 1, weekday: 1, minute: 0 });
  expect(locals(schedule, first, "1970-01-01", 20)).toEqual(["1970-01-05T00:00", "1970-01-19T00:00"]);
  expect(locals(schedule, second, "1970-01-01", 20)).toEqual(["1970-01-12T00:00"]);
  // 2965 weeks later: an odd number, so week 1.
  expect(locals(schedule, second, "2026-11-01", 30)).toEqual([
    "2026-11-02T00:00",
    "2026-11-16T00:00",
    "2026-11-30T00:00",
  ]);
});

test("every month: on its day", () => {
  expect(
    locals(flexible({ timezone: "UTC", period: "month" }), starts({ day: 28, minute: 61 }), "2026-01-01", 90),
  ).toEqual(["2026-01-28T01:01", "2026-02-28T01:01", "2026-03-28T01:01"]);
});

test("manual never fires", () => {
  expect(nextFire({ kind: "manual", ...rules(ZONE) }, undefined, 0)).toBeUndefined();
});

test("fires lie in [start, end), by the clocks of the zone", () => {
  const schedule = cron("0 * * * *", ZONE, { start: "2026-11-01T00:30", end: "2026-11-01T03:00" });
  expect(lines(fires(schedule, undefined, 0, instant("2027-01-01T00:00")))).toEqual([
    "2026-11-01T05:00 = 2026-11-01T01:00/0",
    "2026-11-01T06:00 = 2026-11-01T01:00/1",
    "2026-11-01T07:00 = 2026-11-01T02:00/0",
  ]);
  const late = cron("30 9 * * *", ZONE, { start: "2080-06-01T00:00" });
  expect(nextFire(late, undefined, 0)?.local).toBe("2080-06-01T09:30");
});

test("what manifest loading refuses is a RangeError that says so", () => {
  const from = instant("2026-01-01T00:00");
  const wrong: [Schedule, Slot | undefined, RegExp][] = [
    [cron("0 6 * *", ZONE), undefined, /4 fields/],
    [cron("0 6 * * *", "America/Torronto"), undefined, /unknown timezone/],
    [flexible({}), undefined, /needs its starts/],
    [flexible({ period: "week" }), { kind: "phase", offsetMinutes: 0 }, /needs its starts/],
    [flexible({ period: "month" }), starts({ minute: 5 }), /does not name its day/],
    [{ kind: "interval", everyMinutes: 15, within: [], ...rules(ZONE) }, undefined, /needs its phase/],
    [
      { kind: "interval", everyMinutes: 0, within: [], ...rules(ZONE) },
      { kind: "phase", offsetMinutes: 0 },
      /not an interval/,
    ],
    [{ kind: "at", times: ["2026-02-30T09:00"], ...rules(ZONE) }, undefined, /not a local date-time/],
    [cron("0 6 * * *", ZONE, { start: "tomorrow" }), undefined, /not a local date-time/],
  ];
  for (const [schedule, slot, message] of wrong) {
    expect(() => fires(schedule, slot, from, from + DAY)).toThrow(RangeError);
    expect(() => fires(schedule, slot, from, from + DAY)).toThrow(message);
  }
});

test("due keeps the newest and counts the rest, a year of minutes at once", () => {
  const schedule = cron("* * * * *", ZONE);
  const after = instant("2026-01-01T00:00");
  const begun = process.cpuUsage();
  const { fires: kept, leftOut } = due(schedule, undefined, after, after + 365 * DAY, 2);
  expect(process.cpuUsage(begun).user / 1000).toBeLessThan(3000);
  expect(kept.map(({ at }) => at - after)).toEqual([365 * DAY - 60_000, 365 * DAY]);
  expect(leftOut?.count).toBe(365 * 1440 - 2);
  expect(leftOut?.first.at).toBe(after + 60_000);
  expect(leftOut?.last.at).toBe(after + 365 * DAY - 120_000);
});

test("due with no room keeps none, and with nothing due says nothing", () => {
  const schedule = cron("0 6 * * *", "UTC");
  const from = instant("2026-01-01T06:00");
  expect(due(schedule, undefined, from, from, 5)).toEqual({ fires: [] });
  expect(due(schedule, undefined, from, from + DAY, 0)).toEqual({
    fires: [],
    leftOut: {
      count: 1,
      first: { at: from + DAY, local: "2026-01-02T06:00", ordinal: 0 },
      last: { at: from + DAY, local: "2026-01-02T06:00", ordinal: 0 },
    },
  });
  expect(due(schedule, undefined, from - 0.5, from + 0.5, 5).fires).toHaveLength(1);
});

test("nextFire finds what is years away, and gives up in time on what never comes", () => {
  expect(nextFire(cron("0 0 29 2 *", "UTC"), undefined, instant("2096-03-01T00:00"))?.local).toBe("2104-02-29T00:00");
  const begun = process.cpuUsage();
  const gone: Schedule = { kind: "at", times: ["2020-01-01T00:00"], ...rules(ZONE) };
  for (let i = 0; i < 10_000; i++) expect(nextFire(gone, undefined, instant("2026-01-01T00:00"))).toBeUndefined();
  expect(process.cpuUsage(begun).user / 1000).toBeLessThan(5000);
});

test("a schedule is described as it was declared, with the slot that was chosen", () => {
  expect(describeSchedule(cron("0 6 * * 1-5", ZONE))).toBe("cron 0 6 * * 1-5, America/Toronto");
  expect(describeSchedule(flexible({ within: [NIGHT] }), starts({ minute: 120 }))).toBe(
    "every day (02:00), within Mon-Fri 22:00-05:00, America/Toronto",
  );
  const week = flexible({ period: "week", weeks: 2, start: "2026-01-01T00:00", end: "2027-01-01T00:00" });
  expect(describeSchedule(week, starts({ week: 1, weekday: 3, minute: 395 }))).toBe(
    "every 2 weeks (week 2 Wed 06:35), America/Toronto, from 2026-01-01T00:00, until 2027-01-01T00:00",
  );
  const hours = { kind: "interval", everyMinutes: 120, within: [], ...rules("UTC") } as const;
  expect(describeSchedule(hours, { kind: "phase", offsetMinutes: 7 })).toBe("every 2h from 00:07, UTC");
  expect(describeSchedule({ kind: "at", times: ["2026-12-01T09:00"], ...rules("UTC") })).toBe(
    "at 2026-12-01T09:00, UTC",
  );
  expect(describeSchedule({ kind: "manual", ...rules("UTC") })).toBe("only when a person asks");
  const month = flexible({ period: "month", times: 2, calendar: { name: "ontario", skip: [] }, onHoliday: "after" });
  expect(describeSchedule(month, starts({ day: 3, minute: 0 }))).toBe(
    "2 times a month (day 3 00:00), America/Toronto, moved after days off of ontario",
  );
});
