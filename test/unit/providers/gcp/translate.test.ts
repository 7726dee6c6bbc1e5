import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { expandNative, fromNative, translate } from "../../../../providers/gcp/translate/index.ts";
import { DAY, type DesiredJob, type Schedule, type Slot } from "../../../../src/model/index.ts";
import { fires } from "../../../../src/schedule/index.ts";
import { cron, job, RULES } from "../../../support/jobs.ts";
import { ZONES } from "../../../support/zones.ts";

const NOW = Date.UTC(2026, 10, 23, 10);
const FROM = Date.UTC(2026, 10, 23);
const TO = FROM + 400 * DAY;
const YEAR = NOW + 365 * DAY;

function desired(schedule: Schedule, slot?: Slot): DesiredJob {
  return { job: job("job", { schedule }), ...(slot && { slot }) };
}

function translated(schedule: Schedule, slot?: Slot, now = NOW) {
  const translation = translate(desired(schedule, slot), now);
  if (!translation.ok) throw new Error(translation.reason);
  return translation;
}

function expressions(schedule: Schedule, slot?: Slot): readonly string[] {
  return translated(schedule, slot).natives.map((each) => each.expression);
}

describe("cron", () => {
  it.each([
    ["0 6 * * *", ["0 6 * * *"]],
    ["0 6 * * 1-5", ["0 6 * * 1-5"]],
    ["0 6 * * MON-FRI", ["0 6 * * 1-5"]],
    ["0 6 * * 7", ["0 6 * * 0"]],
    ["0 6 * * 6,7", ["0 6 * * 0,6"]],
    ["*/15 8-17 * * *", ["*/15 8-17 * * *"]],
    ["5/15 0 * * *", ["5-59/15 0 * * *"]],
    ["0 0 1 JAN,JUL *", ["0 0 1 1,7 *"]],
    ["30 4 1,15 * 5", ["30 4 1,15 * 5"]],
    ["0 6 1-31 * 1", ["0 6 * * *"]],
    ["0 6 */2 * *", ["0 6 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31 * *"]],
  ])("%s becomes %j", (expression, natives) => {
    expect(expressions(cron(expression))).toEqual(natives);
  });

  it("refuses a day of the month that must also be a day of the week", () => {
    const translation = translate(desired(cron("0 6 */2 * 1")), NOW);
    expect(translation).toMatchObject({ ok: false, fix: expect.stringContaining("check") });
  });
});

describe("what Cloud Scheduler has no words for is refused, with a way out", () => {
  const shape = { kind: "flexible", times: 1, apartMinutes: 0, within: [] } as const;
  const flexible: Schedule = { ...RULES, ...shape, period: "week", weeks: 2 };
  it.each<[string, Schedule, Slot?]>([
    ["calendar", cron("0 6 * * *", { calendar: { name: "ontario", skip: ["2026-12-24"] } })],
    ["after", cron("0 6 * * *", { after: ["other"] })],
    ["a start to come", cron("0 6 * * *", { start: "2027-01-01T00:00" })],
    ["an end", cron("0 6 * * *", { end: "2027-01-01T00:00" })],
    ["two weeks", flexible, { kind: "starts", starts: [{ week: 0, weekday: 1, minute: 60 }] }],
    ["no slot", { ...RULES, kind: "interval", everyMinutes: 15, within: [] }],
    ["a time more than a year away", { ...RULES, kind: "at", times: ["2026-12-01T09:00", "2028-01-01T09:00"] }],
  ])("%s", (_what, schedule, slot) => {
    const translation = translate(desired(schedule, slot), NOW);
    expect(translation.ok).toBe(false);
    if (!translation.ok) expect(translation.fix.length).toBeGreaterThan(10);
  });

  it("a start that is past and an end that is past leave the schedule as it is, and none", () => {
    expect(expressions(cron("0 6 * * *", { start: "2026-01-01T00:00" }))).toEqual(["0 6 * * *"]);
    expect(expressions(cron("0 6 * * *", { end: "2026-01-01T00:00" }))).toEqual([]);
  });
});

describe("flexible jobs with their slot", () => {
  it.each([
    [15, 5, ["5-59/15 * * * *"]],
    [120, 65, ["5 1-23/2 * * *"]],
    [90, 0, ["0 */3 * * *", "30 1-23/3 * * *"]],
  ])("every %d minutes from %d", (everyMinutes, offsetMinutes, natives) => {
    const schedule: Schedule = { ...RULES, kind: "interval", everyMinutes, within: [] };
    expect(expressions(schedule, { kind: "phase", offsetMinutes })).toEqual(natives);
  });

  it("each weekday at its own minute is a schedule of its own, equal ones go together", () => {
    const shape = { kind: "flexible", weeks: 1, times: 3, apartMinutes: 0, within: [] } as const;
    const starts = [
      { weekday: 1, minute: 390 },
      { weekday: 3, minute: 390 },
      { weekday: 7, minute: 1425 },
    ] as const;
    const natives = expressions({ ...RULES, ...shape, period: "week" }, { kind: "starts", starts });
    expect(natives).toEqual(["30 6 * * 1,3", "45 23 * * 0"]);
  });
});

describe("at", () => {
  it("is said by its date in UTC, and the plan says that it comes again", () => {
    const times = ["2026-11-20T09:00", "2026-12-01T09:00", "2026-12-02T09:00", "2027-03-14T02:30"];
    const { natives, warnings } = translated({ ...RULES, kind: "at", times, timezone: "America/Toronto" });
    expect(natives.map(({ expression, timezone }) => `${expression} ${timezone}`)).toEqual([
      "0 14 1 12 * UTC",
      "0 14 2 12 * UTC",
      "0 7 14 3 * UTC",
    ]);
    const later = translated({ ...RULES, kind: "at", times, timezone: "America/Toronto" }, undefined, NOW + 9 * DAY);
    expect(later.natives).toEqual(natives.slice(1));
    expect(warnings[0]).toMatch(/no year.*apply again before 2027-12-01/);
  });
});

describe("the model of Cloud Scheduler", () => {
  const at = (expression: string, timezone: string, day: number) =>
    expandNative({ suffix: "1", expression, timezone }, day, day + 2 * DAY).map((each) =>
      new Date(each).toISOString().slice(5, 16),
    );

  it("never comes to a local time that the spring change leaves out", () => {
    expect(at("30 2 * * *", "America/Toronto", Date.UTC(2027, 2, 13, 12))).toEqual(["03-15T06:30"]);
  });
  it("comes twice to one that the autumn change repeats", () => {
    const found = ["11-07T05:30", "11-07T06:30", "11-08T06:30"];
    expect(at("30 1 * * *", "America/Toronto", Date.UTC(2027, 10, 7))).toEqual(found);
  });
  it("knows a day that begins at one o'clock, and a change by half an hour", () => {
    expect(at("0 0 * * *", "Asia/Beirut", Date.UTC(2027, 2, 27, 12))).toEqual(["03-28T21:00"]);
    expect(at("45 1 * * *", "Australia/Lord_Howe", Date.UTC(2027, 3, 3, 13))).toEqual([
      "04-03T14:45",
      "04-03T15:15",
      "04-04T15:15",
    ]);
  });
  it("either day will do where both are restricted", () => {
    expect(at("0 6 24 * 1", "UTC", FROM)).toEqual(["11-23T06:00", "11-24T06:00"]);
  });
  it.each(["every day 00:00", "0 6 * *", "60 6 * * *", "0 6 L * *", "0 6 * * MON#2"])("refuses %s", (expression) => {
    expect(() => expandNative({ suffix: "1", expression, timezone: "UTC" }, FROM, TO)).toThrow(RangeError);
    expect(fromNative(expression)).toMatchObject({ ok: false });
  });
});

describe("a change of the clocks", () => {
  const toronto = { timezone: "America/Toronto" };
  const natives = (schedule: Schedule) =>
    translated(schedule).natives.map(({ expression, timezone }) => `${expression} ${timezone}`);

  it("what the gap leaves out is added by its date", () => {
    const { warnings, differences } = translated(cron("30 2 * * *", toronto));
    expect(natives(cron("30 2 * * *", toronto))).toEqual(["30 2 * * * America/Toronto", "0 7 14 3 * UTC"]);
    expect(warnings[0]).toMatch(/2027-03-14.*apply again before 2027-11-23/);
    expect(differences).toEqual([]);
  });
  it("is left out where the job says so: nothing added, no difference", () => {
    const dst = { gap: "skip", overlap: "first" } as const;
    expect(natives(cron("30 2 * * *", { ...toronto, dst }))).toEqual(["30 2 * * * America/Toronto"]);
  });
  it("a month whose hour is repeated is said by its dates, the day of the change in UTC", () => {
    expect(natives(cron("30 1 * * *", toronto))).toEqual([
      "30 1 * 1-10,12 * America/Toronto",
      "30 1 1-6,8-30 11 * America/Toronto",
      "30 5 7 11 * UTC",
    ]);
  });
  it("the second pass can be had as well, and both", () => {
    const dst = { gap: "skip", overlap: "second" } as const;
    expect(natives(cron("30 1 * * *", { ...toronto, dst })).at(-1)).toBe("30 6 7 11 * UTC");
    const both = { gap: "skip", overlap: "both" } as const;
    expect(natives(cron("30 1 * * *", { ...toronto, dst: both })).at(-1)).toBe("30 5,6 7 11 * UTC");
  });
  it("a schedule that counts time is put into UTC, where nothing happens", () => {
    expect(natives(cron("*/10 * * * *", { timezone: "Europe/Berlin" }))).toEqual(["*/10 * * * * UTC"]);
  });
  it("holds from any day of the year on: within a year a date comes once", () => {
    for (const now of [Date.UTC(2026, 10, 20), Date.UTC(2027, 10, 3), Date.UTC(2027, 10, 8)]) {
      expect(translated(cron("30 1 * * 0", toronto), undefined, now).differences).toEqual([]);
    }
  });
  it("what would take too many jobs stays as it is, and each date that differs is named", () => {
    const shape = { kind: "flexible", period: "week", weeks: 1, times: 14, apartMinutes: 0, within: [] } as const;
    const weekdays = [1, 2, 3, 4, 5, 6, 7] as const;
    const starts = weekdays.flatMap((weekday) => [
      { weekday, minute: 60 + weekday },
      { weekday, minute: 300 + 3 * weekday },
    ]);
    const slot: Slot = { kind: "starts", starts };
    const { natives: found, differences } = translated({ ...RULES, ...shape, ...toronto }, slot);
    expect(found.length).toBeLessThanOrEqual(20);
    expect(differences.map(({ kind, local }) => `${kind} ${local}`)).toEqual(["extra 2027-11-07T01:07"]);
  });
});

const field = (low: number, high: number): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant("*") },
    { weight: 3, arbitrary: fc.integer({ min: low, max: high }).map(String) },
    fc.integer({ min: 2, max: high }).map((step) => `*/${step}`),
    fc
      .tuple(fc.integer({ min: low, max: high }), fc.integer({ min: low, max: high }))
      .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    fc
      .uniqueArray(fc.integer({ min: low, max: high }), { minLength: 2, maxLength: 4 })
      .map((values) => values.join(",")),
  );
const expression = fc
  .tuple(fc.integer({ min: 0, max: 59 }), field(0, 23), field(1, 28), field(1, 12), field(0, 6))
  .map((fields) => fields.join(" "));

test("400 days in 32 zones: what is translated fires as the manifest says, once each, or the plan names each date that differs", () => {
  const rule = fc.record({
    gap: fc.constantFrom("shift", "skip"),
    overlap: fc.constantFrom("first", "second", "both"),
  } as const);
  const moments = fc.constantFrom(0, 100, 120, 345, 360).map((day) => NOW + day * DAY);
  let proved = 0;
  fc.assert(
    fc.property(expression, fc.constantFrom(...ZONES), rule, moments, (text, timezone, dst, now) => {
      const schedule = cron(text, { timezone, dst });
      const translation = translate(desired(schedule), now);
      if (!translation.ok) return;
      const { natives, differences, warnings } = translation;
      // What is said by its dates holds for a year, and says so.
      const until = warnings.length > 0 ? now + 365 * DAY : now - (now % DAY) + 400 * DAY;
      const named = new Set(differences.map(({ local }) => local));
      const wanted = fires(schedule, undefined, now + 1, until).filter(({ local }) => !named.has(local));
      const starts = natives.flatMap((each) => expandNative(each, now + 1, until));
      const instants = new Set(natives.flatMap((each) => expandNative(each, now + 1, until, "once")));
      expect(new Set(starts).size).toBe(starts.length);
      if (named.size === 0) expect(starts.length).toBe(instants.size);
      for (const { at } of wanted) expect(instants.has(at)).toBe(true);
      if (named.size > 0) return;
      expect(instants.size).toBe(wanted.length);
      proved += 1;
    }),
    { numRuns: 120, seed: 5 },
  );
  expect(proved).toBeGreaterThan(60);
}, 60_000);

test.each(ZONES)("%s: a fire each day in and around the hours that change", (timezone) => {
  for (const text of ["0 0 * * *", "30 1 * * *", "30 2 * * *", "0 3 * * 0", "*/30 0-4 * * *"]) {
    const schedule = cron(text, { timezone });
    const { natives, differences } = translated(schedule);
    const starts = natives.flatMap((each) => expandNative(each, NOW + 1, YEAR)).sort((a, b) => a - b);
    const wanted = fires(schedule, undefined, NOW + 1, YEAR).map(({ at }) => at);
    expect({ text, differences }).toEqual({ text, differences: [] });
    expect(starts).toEqual(wanted);
  }
});

test("there and back: five fields survive the way through Cloud Scheduler", () => {
  fc.assert(
    fc.property(expression, (text) => {
      const translation = translate(desired(cron(text)), NOW);
      if (!translation.ok) return;
      const union = new Set<number>();
      for (const native of translation.natives) {
        const reading = fromNative(native.expression);
        if (!reading.ok) throw new Error(`not read back: ${text}`);
        for (const { at } of fires(cron(reading.schedule.cron), undefined, FROM, FROM + 60 * DAY)) union.add(at);
      }
      const wanted = fires(cron(text), undefined, FROM, FROM + 60 * DAY).map(({ at }) => at);
      expect([...union].sort((a, b) => a - b)).toEqual(wanted);
    }),
    { numRuns: 200, seed: 4 },
  );
});

test("every minute of 400 days is proved, through both changes of the clocks", () => {
  const { differences, natives } = translated(cron("* * * * *", { timezone: "America/Toronto" }));
  expect(differences).toEqual([]);
  expect(natives).toEqual([{ suffix: "1", expression: "* * * * *", timezone: "UTC" }]);
});
