import { expect, test } from "vitest";
import { type Calendar, DAY, type FlexibleSchedule } from "../../../src/model/index.ts";
import { checkRegion, fires, holidaysOf, nextFire, omitted, parseDate } from "../../../src/schedule/index.ts";
import { cron, instant, rules } from "./rules.ts";

const ONTARIO: Calendar = { name: "ontario", holidays: "CA-ON", skip: ["2026-12-24"] };
const CHRISTMAS = [instant("2026-12-23T05:00"), instant("2026-12-30T05:00")] as const;
const daily = (onHoliday: "skip" | "before" | "after", calendar = ONTARIO) =>
  cron("0 9 * * *", "America/Toronto", { calendar, onHoliday });

test("skip leaves out the calendar's dates and its region's public holidays, and says which", () => {
  const schedule = daily("skip");
  expect(fires(schedule, undefined, ...CHRISTMAS).map(({ local }) => local)).toEqual([
    "2026-12-23T09:00",
    "2026-12-27T09:00",
    "2026-12-28T09:00",
    "2026-12-29T09:00",
  ]);
  expect(omitted(schedule, undefined, ...CHRISTMAS)).toEqual([
    {
      at: instant("2026-12-24T14:00"),
      local: "2026-12-24T09:00",
      reason: "holiday",
      detail: expect.stringContaining('"ontario"'),
    },
    {
      at: instant("2026-12-25T14:00"),
      local: "2026-12-25T09:00",
      reason: "holiday",
      detail: "2026-12-25 is Christmas Day (CA-ON)",
    },
    {
      at: instant("2026-12-26T14:00"),
      local: "2026-12-26T09:00",
      reason: "holiday",
      detail: "2026-12-26 is Boxing Day (CA-ON)",
    },
  ]);
});

test("before and after move to the nearest day that is on, keep the time, and merge with what is due there", () => {
  for (const rule of ["before", "after"] as const) {
    expect(fires(daily(rule), undefined, ...CHRISTMAS).map(({ local }) => local)).toEqual([
      "2026-12-23T09:00",
      "2026-12-27T09:00",
      "2026-12-28T09:00",
      "2026-12-29T09:00",
    ]);
  }
  const yearly = (onHoliday: "before" | "after") =>
    fires(cron("0 9 25 12 *", "America/Toronto", { calendar: ONTARIO, onHoliday }), undefined, ...CHRISTMAS);
  expect(yearly("before")).toEqual([
    {
      at: instant("2026-12-23T14:00"),
      local: "2026-12-23T09:00",
      ordinal: 0,
      note: "moved: 2026-12-25 is Christmas Day (CA-ON)",
    },
  ]);
  expect(yearly("after")).toEqual([
    {
      at: instant("2026-12-27T14:00"),
      local: "2026-12-27T09:00",
      ordinal: 0,
      note: "moved: 2026-12-25 is Christmas Day (CA-ON)",
    },
  ]);
});

test("a moved fire still starts inside a window", () => {
  const schedule: FlexibleSchedule = {
    kind: "flexible",
    period: "day",
    weeks: 1,
    times: 1,
    apartMinutes: 0,
    within: [{ days: [5], startMinute: 540, lengthMinutes: 60 }],
    ...rules("UTC", { calendar: ONTARIO, onHoliday: "after" }),
  };
  // Friday 25 December 2026 goes to the Friday after, which is New Year's Day, and so to the one after that.
  const found = fires(
    schedule,
    { kind: "starts", starts: [{ minute: 545 }] },
    instant("2026-12-19T00:00"),
    instant("2027-01-10T00:00"),
  );
  expect(found.map(({ local }) => local)).toEqual(["2027-01-08T09:05"]);
});

test("moved fires do not depend on where the question begins", () => {
  for (const rule of ["before", "after"] as const) {
    const schedule = cron("0 9 24-26 12 *", "UTC", { calendar: ONTARIO, onHoliday: rule });
    const [from, to] = [instant("2026-12-15T00:00"), instant("2027-01-05T00:00")];
    const whole = fires(schedule, undefined, from, to);
    expect(whole.length).toBe(1);
    for (let cut = from; cut < to; cut += DAY / 2) {
      expect([...fires(schedule, undefined, from, cut), ...fires(schedule, undefined, cut, to)]).toEqual(whole);
    }
  }
});

test("a single date moves as well, out of the dates that it names", () => {
  const at = {
    kind: "at",
    times: ["2026-12-25T09:00"],
    ...rules("Pacific/Kiritimati", { calendar: ONTARIO }),
  } as const;
  const on = (onHoliday: "before" | "after" | "skip") =>
    fires({ ...at, onHoliday }, undefined, 0, instant("2100-01-01T00:00")).map(({ local }) => local);
  expect([on("before"), on("after"), on("skip")]).toEqual([["2026-12-23T09:00"], ["2026-12-27T09:00"], []]);
});

test("a longer run of days off than a month swallows the fire", () => {
  const skip = Array.from({ length: 80 }, (_, i) => Temporal.PlainDate.from("2026-07-01").add({ days: i }).toString());
  const schedule = cron("0 9 10 8 *", "UTC", { calendar: { name: "summer", skip }, onHoliday: "after" });
  expect(fires(schedule, undefined, instant("2026-01-01T00:00"), instant("2027-01-01T00:00"))).toEqual([]);
});

test("a job that falls on a holiday each year is given up on, in bounded time", () => {
  const schedule = cron("0 0 25 12 *", "UTC", { calendar: { name: "us", holidays: "US", skip: [] } });
  expect(nextFire(schedule, undefined, instant("2026-01-01T00:00"))).toBeUndefined();
});

test("holidays are whole days, all of them, with the substitute", () => {
  const dates = (region: string, year: number) =>
    [...holidaysOf(region, year).keys()].filter(
      (day) => Temporal.PlainDate.from("1970-01-01").add({ days: day }).year === year,
    );
  const day = (text: string) => parseDate(text) ?? Number.NaN;
  expect(dates("US", 2026)).toContain(day("2026-07-03"));
  // Ramazan Bayramı, three days and a half from the evening of the 19th; Republic Day's eve is a half.
  expect([...holidaysOf("TR", 2026).keys()].filter((d) => d >= day("2026-03-18") && d <= day("2026-03-25"))).toEqual([
    day("2026-03-20"),
    day("2026-03-21"),
    day("2026-03-22"),
  ]);
  // An afternoon off on 24 December in Iceland is no day off.
  expect(dates("IS", 2026)).not.toContain(day("2026-12-24"));
  // Easter Sunday in Australia has 25 hours, and is one day.
  expect(dates("AU", 2026)).toContain(day("2026-04-05"));
  expect(dates("RU", 2026).filter((d) => d >= day("2026-01-01") && d <= day("2026-01-08"))).toHaveLength(8);
});

test("a region is checked, with what is near", () => {
  for (const good of ["CA", "CA-ON", "DE-BY", "US-CA", "DE-BY-A"]) expect(checkRegion(good)).toEqual({ ok: true });
  for (const [text, hint] of [
    ["ca-on", "CA-ON"],
    ["Ontario", "ISO 3166"],
    ["CA-XX", "ON"],
    ["CA-ON-XX", "no parts"],
    ["DE-BY-A-B", "known"],
    ["", "ISO 3166"],
    ["__proto__", "ISO 3166"],
    ["CA-constructor", "ON"],
  ] as const) {
    const result = checkRegion(text);
    expect(result.ok ? "" : result.error.hint).toContain(hint);
  }
  expect(() => holidaysOf("XX", 2026)).toThrow(RangeError);
});

test("a calendar with an impossible date is a RangeError", () => {
  expect(() => fires(daily("skip", { name: "x", skip: ["2026-02-30"] }), undefined, ...CHRISTMAS)).toThrow(
    /not a date: 2026-02-30/,
  );
});
