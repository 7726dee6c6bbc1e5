import { describe, expect, it } from "vitest";
import { DAY, HOUR } from "../../../src/model/index.ts";
import { compareFires, differencesOf, fires, isEqual, slotShapes } from "../../../src/schedule/index.ts";
import { cron, RULES } from "../../support/jobs.ts";

const FROM = Date.UTC(2026, 10, 23);
const DAILY = cron("30 2 * * *", { timezone: "America/Toronto" });
const SUBJECT = { job: "job", timezone: "America/Toronto", vendor: "Theirs" };

describe("the proof over 400 days", () => {
  it("is equal to itself", () => {
    expect(
      isEqual(compareFires(DAILY, undefined, (a, b) => fires(DAILY, undefined, a, b).map(({ at }) => at), FROM)),
    ).toBe(true);
  });
  it("names what is left out, what comes beside, and what comes at another instant of the same local time", () => {
    const own = fires(DAILY, undefined, FROM, FROM + 400 * DAY).map(({ at }) => at);
    const native = [...own.slice(1), FROM + HOUR];
    const comparison = compareFires(DAILY, undefined, (a, b) => native.filter((at) => at >= a && at < b), FROM);
    expect(differencesOf(SUBJECT, comparison).map(({ kind, local }) => `${kind} ${local}`)).toEqual([
      "extra 2026-11-22T20:00",
      "missing 2026-11-23T02:30",
    ]);
    const second = fires(cron("30 1 * * *", { timezone: SUBJECT.timezone }), undefined, FROM, FROM + 400 * DAY);
    const moved = second.map(({ at, local }) => (local === "2027-11-07T01:30" ? at + HOUR : at));
    const rule = cron("30 1 * * *", { timezone: SUBJECT.timezone });
    const other = compareFires(rule, undefined, (a, b) => moved.filter((at) => at >= a && at < b), FROM);
    expect(differencesOf(SUBJECT, other)).toMatchObject([{ kind: "moved", local: "2027-11-07T01:30" }]);
  });
});

describe("the shapes of a slot", () => {
  it("hours with equal minutes go together, and days with equal times", () => {
    const interval = { kind: "interval", everyMinutes: 90, within: [], ...RULES } as const;
    expect(slotShapes(interval, { kind: "phase", offsetMinutes: 5 })).toEqual([
      { hours: [0, 3, 6, 9, 12, 15, 18, 21], minutes: [5] },
      { hours: [1, 4, 7, 10, 13, 16, 19, 22], minutes: [35] },
    ]);
  });
  it("every second week has none", () => {
    const flexible = {
      kind: "flexible",
      period: "week",
      weeks: 2,
      times: 1,
      apartMinutes: 0,
      within: [],
      ...RULES,
    } as const;
    expect(slotShapes(flexible, { kind: "starts", starts: [{ week: 0, weekday: 1, minute: 60 }] })).toBeUndefined();
  });
  it("a day of the month is kept with its minute", () => {
    const flexible = {
      kind: "flexible",
      period: "month",
      weeks: 1,
      times: 2,
      apartMinutes: 0,
      within: [],
      ...RULES,
    } as const;
    const starts = [
      { day: 14, minute: 125 },
      { day: 1, minute: 125 },
    ];
    expect(slotShapes(flexible, { kind: "starts", starts })).toEqual([
      { hours: [2], minutes: [5], daysOfMonth: [1, 14] },
    ]);
  });
});
