import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { expandNative, fromNative, readExpression, translate } from "../../../../providers/aws/translate/index.ts";
import { DAY, type DesiredJob, type Schedule, type Slot } from "../../../../src/model/index.ts";
import { fires } from "../../../../src/schedule/index.ts";
import { cron, job, RULES } from "../../../support/jobs.ts";
import { ZONES } from "../../../support/zones.ts";

const NOW = Date.UTC(2026, 10, 23, 10);
const FROM = Date.UTC(2026, 10, 23);
const TO = FROM + 400 * DAY;

function desired(schedule: Schedule, slot?: Slot): DesiredJob {
  return { job: job("job", { schedule }), ...(slot && { slot }) };
}

function translated(schedule: Schedule, slot?: Slot) {
  const translation = translate(desired(schedule, slot), NOW);
  if (!translation.ok) throw new Error(translation.reason);
  return translation;
}

function expressions(schedule: Schedule, slot?: Slot): readonly string[] {
  return translated(schedule, slot).natives.map((each) => each.expression);
}

describe("cron", () => {
  it.each([
    ["0 6 * * *", ["cron(0 6 * * ? *)"]],
    ["0 6 * * 1-5", ["cron(0 6 ? * MON-FRI *)"]],
    ["0 6 * * 0", ["cron(0 6 ? * SUN *)"]],
    ["0 6 * * 7", ["cron(0 6 ? * SUN *)"]],
    ["0 6 * * 6,7", ["cron(0 6 ? * SUN,SAT *)"]],
    ["*/15 8-17 * * *", ["cron(*/15 8-17 * * ? *)"]],
    ["5/15 0 * * *", ["cron(5/15 0 * * ? *)"]],
    ["0 0 1 1,7 *", ["cron(0 0 1 1,7 ? *)"]],
    ["0 0 31 * *", ["cron(0 0 31 * ? *)"]],
    ["30 4 1,15 * 5", ["cron(30 4 1,15 * ? *)", "cron(30 4 ? * FRI *)"]],
    ["0 6 1-31 * 1", ["cron(0 6 * * ? *)"]],
    ["0 6 * * 0-6", ["cron(0 6 * * ? *)"]],
  ])("%s becomes %j", (expression, natives) => {
    expect(expressions(cron(expression))).toEqual(natives);
  });

  it("refuses a day of the month that must also be a day of the week, when it is too often for one-offs", () => {
    const translation = translate(desired(cron("*/5 6 */2 * 1")), NOW);
    expect(translation).toMatchObject({ ok: false, fix: expect.stringContaining("check") });
  });
});

describe("what EventBridge has no words for is refused, with a way out", () => {
  const flexible: Schedule = {
    ...RULES,
    kind: "flexible",
    period: "week",
    weeks: 2,
    times: 1,
    apartMinutes: 0,
    within: [],
  };
  const everyDayOfTwoWeeks: Slot = {
    kind: "starts",
    starts: ([1, 2, 3, 4, 5, 6, 7] as const).flatMap((weekday) => [
      { week: 0, weekday, minute: 60 },
      { week: 1, weekday, minute: 90 },
    ]),
  };
  it.each<[string, Schedule, Slot?]>([
    ["after", cron("0 6 * * *", { after: ["other"] })],
    ["more starts of every two weeks than there may be one-offs", { ...flexible, times: 14 }, everyDayOfTwoWeeks],
    ["no slot", { ...RULES, kind: "interval", everyMinutes: 15, within: [] }],
  ])("%s", (_what, schedule, slot) => {
    const translation = translate(desired(schedule, slot), NOW);
    expect(translation.ok).toBe(false);
    if (!translation.ok) expect(translation.fix.length).toBeGreaterThan(10);
  });
});

describe("flexible jobs with their slot", () => {
  const interval = (everyMinutes: number): Schedule => ({ ...RULES, kind: "interval", everyMinutes, within: [] });
  it.each([
    [15, 5, ["cron(5/15 * * * ? *)"]],
    [120, 65, ["cron(5 1/2 * * ? *)"]],
    [90, 0, ["cron(0 */3 * * ? *)", "cron(30 1/3 * * ? *)"]],
  ])("every %d minutes from %d", (every, offsetMinutes, natives) => {
    expect(expressions(interval(every), { kind: "phase", offsetMinutes })).toEqual(natives);
  });

  it("each weekday at its own minute is a schedule of its own, equal ones go together", () => {
    const schedule: Schedule = {
      ...RULES,
      kind: "flexible",
      period: "week",
      weeks: 1,
      times: 3,
      apartMinutes: 0,
      within: [],
    };
    const starts = [
      { weekday: 1, minute: 390 },
      { weekday: 3, minute: 390 },
      { weekday: 7, minute: 1425 },
    ] as const;
    expect(expressions(schedule, { kind: "starts", starts })).toEqual([
      "cron(30 6 ? * MON,WED *)",
      "cron(45 23 ? * SUN *)",
    ]);
  });

  it("a month's days", () => {
    const schedule: Schedule = {
      ...RULES,
      kind: "flexible",
      period: "month",
      weeks: 1,
      times: 2,
      apartMinutes: 0,
      within: [],
    };
    const starts = [
      { day: 1, minute: 60 },
      { day: 15, minute: 60 },
    ];
    expect(expressions(schedule, { kind: "starts", starts })).toEqual(["cron(0 1 1,15 * ? *)"]);
  });
});

describe("at", () => {
  it("is a one-off for each time to come, in the job's zone", () => {
    const times = ["2026-11-20T09:00", "2026-12-01T09:00", "2027-03-14T02:30"];
    const { natives } = translated({ ...RULES, kind: "at", times, timezone: "America/Toronto" });
    expect(natives).toEqual([
      { suffix: "at-20261201T1400", expression: "at(2026-12-01T09:00:00)", timezone: "America/Toronto" },
      { suffix: "at-20270314T0700", expression: "at(2027-03-14T03:00:00)", timezone: "America/Toronto" },
    ]);
  });
});

describe("bounds", () => {
  it("start and end become UTC instants just outside; a start that is past is left out", () => {
    const schedule = cron("0 6 * * *", {
      timezone: "America/Toronto",
      start: "2026-12-01T06:00",
      end: "2026-12-03T06:00",
    });
    const [native] = translated(schedule).natives;
    expect(native).toMatchObject({
      startAt: Date.UTC(2026, 11, 1, 10, 59, 59),
      endAt: Date.UTC(2026, 11, 3, 10, 59, 59),
    });
    const [past] = translated(cron("0 6 * * *", { start: "2026-01-01T06:00" })).natives;
    expect(past).not.toHaveProperty("startAt");
  });
});

describe("the model of EventBridge", () => {
  const at = (expression: string, timezone: string, day: number) =>
    expandNative({ suffix: "1", expression, timezone }, day, day + 2 * DAY).map((each) =>
      new Date(each).toISOString().slice(5, 16),
    );

  it("skips a local time that the spring change leaves out", () => {
    expect(at("cron(30 2 * * ? *)", "America/Toronto", Date.UTC(2027, 2, 13, 12))).toEqual(["03-15T06:30"]);
  });
  it("starts once where the autumn change repeats an hour", () => {
    expect(at("cron(30 1 * * ? *)", "America/Toronto", Date.UTC(2027, 10, 7))).toEqual(["11-07T05:30", "11-08T06:30"]);
  });
  it("knows a day that begins at one o'clock", () => {
    expect(at("cron(0 0 * * ? *)", "Asia/Beirut", Date.UTC(2027, 2, 27, 12))).toEqual(["03-28T21:00"]);
  });
  it("counts a rate by elapsed time", () => {
    const startAt = Date.UTC(2027, 2, 13, 7);
    const found = expandNative(
      { suffix: "1", expression: "rate(1 day)", timezone: "America/Toronto", startAt },
      startAt,
      startAt + 2 * DAY + 1,
    );
    expect(found).toEqual([startAt, startAt + DAY, startAt + 2 * DAY]);
  });
  it.each([
    "cron(0 6 * * * *)",
    "cron(0 6 ? * ? *)",
    "cron(0 6 * * ?)",
    "cron(60 6 * * ? *)",
    "rate(0 days)",
    "at(2026-12-01)",
    "0 6 * * *",
    "",
  ])("takes %j for what EventBridge refuses", (expression) => {
    expect(readExpression(expression).ok).toBe(false);
  });
});

describe("what a DST change leaves out", () => {
  it("is made up for by a one-off at the end of the gap, and said", () => {
    const { natives, warnings, differences } = translated(cron("30 2 * * *", { timezone: "America/Toronto" }));
    expect(natives.map(({ expression }) => expression)).toEqual(["cron(30 2 * * ? *)", "at(2027-03-14T03:00:00)"]);
    expect(warnings[0]).toContain("2027-03-14");
    expect(differences).toEqual([]);
  });
  it("is left out where the job says so: no one-off, no difference", () => {
    const rules = { timezone: "America/Toronto", dst: { gap: "skip", overlap: "first" } } as const;
    expect(expressions(cron("30 2 * * *", rules))).toEqual(["cron(30 2 * * ? *)"]);
  });
  it("a schedule that counts time is put into UTC, where nothing happens", () => {
    const { natives } = translated(cron("*/10 * * * *", { timezone: "Europe/Berlin" }));
    expect(natives).toEqual([{ suffix: "1", expression: "cron(*/10 * * * ? *)", timezone: "UTC" }]);
  });
  it("the second pass is moved: the first is cut out, and a one-off stands for the second", () => {
    const rules = { timezone: "Europe/Berlin", dst: { gap: "shift", overlap: "second" } } as const;
    const { differences, natives, warnings } = translated(cron("30 2 * * *", rules));
    expect(differences).toEqual([]);
    expect(natives.map(({ suffix, expression }) => `${suffix} ${expression}`)).toEqual([
      "1.to-20271031T0030 cron(30 2 * * ? *)",
      "1.to-20281029T0030 cron(30 2 * * ? *)",
      "at-20270328T0100 at(2027-03-28T03:00:00)",
      "at-20271031T0130 at(2027-10-31T01:30:00)",
    ]);
    expect(warnings.join()).toContain("until 2028-10-29T02:30");
  });
});

const WEEKDAYS_AT_SIX = "0 6 * * 1-5";
const holidays = { name: "ontario", holidays: "CA-ON", skip: ["2026-12-24"] };

/** What EventBridge would start in the next 400 days, and what the manifest asks for. */
function both(schedule: Schedule, slot?: Slot): readonly [native: readonly number[], wanted: readonly number[]] {
  const { natives } = translated(schedule, slot);
  const native = new Set(natives.flatMap((each) => expandNative(each, NOW + 1, TO)));
  return [[...native].sort((a, b) => a - b), fires(schedule, slot, NOW + 1, TO).map(({ at }) => at)];
}

describe("dates that a calendar leaves out", () => {
  it.each<[string, Schedule]>([
    ["skipped", cron(WEEKDAYS_AT_SIX, { calendar: holidays, timezone: "America/Toronto" })],
    ["moved before", cron("0 6 * * *", { calendar: holidays, timezone: "America/Toronto", onHoliday: "before" })],
    ["moved after", cron("30 23 * * 1,4", { calendar: holidays, timezone: "Australia/Lord_Howe", onHoliday: "after" })],
    ["of a job of every ten minutes", cron("*/10 * * * *", { calendar: { name: "one", skip: ["2026-12-24"] } })],
    ["within bounds", cron("0 6 * * *", { calendar: holidays, start: "2026-12-20T00:00", end: "2027-02-01T00:00" })],
    ["of days of the month or the week", cron("15 4 1,24 * 5", { calendar: holidays })],
  ])("are cut out: %s", (_what, schedule) => {
    const [native, wanted] = both(schedule);
    expect(native).toEqual(wanted);
    expect(translated(schedule).differences).toEqual([]);
  });

  it("stand in parts that never change, so that time only adds to them", () => {
    const schedule = cron(WEEKDAYS_AT_SIX, { calendar: holidays, timezone: "America/Toronto" });
    const at = (now: number) => {
      const translation = translate(desired(schedule), now);
      if (!translation.ok) throw new Error(translation.reason);
      return new Map(translation.natives.map((each) => [each.suffix, each]));
    };
    let before = at(NOW);
    for (let day = 1; day < 500; day += 7) {
      const now = NOW + day * DAY;
      const today = at(now);
      for (const [suffix, native] of before) {
        if (native.endAt !== undefined && native.endAt <= now) expect(today.has(suffix)).toBe(false);
        else {
          const { startAt: _old, ...old } = native;
          const { startAt: _new, ...same } = today.get(suffix) ?? native;
          expect(today.has(suffix) || native.endAt === undefined).toBe(true);
          expect(same).toEqual(old);
        }
      }
      before = today;
    }
  });

  it("say until when they reach, and nothing where the last part has no end", () => {
    const endless = translated(cron("0 6 * * *", { calendar: { name: "once", skip: ["2026-12-24"] } }));
    expect(endless.warnings).toEqual([]);
    expect(endless.natives.map(({ suffix, endAt }) => [suffix, endAt === undefined])).toEqual([
      ["1.to-20261224T0600", false],
      ["1", true],
    ]);
    const yearly = translated(cron(WEEKDAYS_AT_SIX, { calendar: holidays, timezone: "America/Toronto" }));
    expect(yearly.warnings).toEqual([expect.stringMatching(/"ontario".* until 202[78]-.*rota up adds/)]);
    expect(yearly.natives.every(({ endAt }) => endAt !== undefined)).toBe(true);
  });

  it("too many of them are listed instead", () => {
    const skip = Array.from({ length: 120 }, (_, i) => new Date(NOW + (1 + 3 * i) * DAY).toISOString().slice(0, 10));
    const { differences } = translated(cron("0 6 * * *", { calendar: { name: "odd", skip } }));
    expect(differences).toHaveLength(120);
  });
});

describe("what no cron says becomes one-off starts", () => {
  const twoWeeks: Schedule = {
    ...RULES,
    timezone: "Europe/Berlin",
    kind: "flexible",
    period: "week",
    weeks: 2,
    times: 1,
    apartMinutes: 0,
    within: [],
  };
  it.each<[string, Schedule, Slot?]>([
    ["every second week", twoWeeks, { kind: "starts", starts: [{ week: 0, weekday: 1, minute: 150 }] }],
    ["a day of the month that is a weekday too", cron("0 6 */2 * 1")],
  ])("%s", (_what, schedule, slot) => {
    const [native, wanted] = both(schedule, slot);
    expect(wanted.length).toBeGreaterThan(10);
    expect(native).toEqual(wanted);
    expect(translated(schedule, slot).warnings[0]).toMatch(/one-off schedules; rota up adds/);
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

test("400 days in 32 zones: what is translated fires as the manifest says, or the plan names each date that differs", () => {
  const rule = fc.record({
    gap: fc.constantFrom("shift", "skip"),
    overlap: fc.constantFrom("first", "second", "both"),
  } as const);
  let proved = 0;
  fc.assert(
    fc.property(expression, fc.constantFrom(...ZONES), rule, (text, timezone, dst) => {
      const schedule = cron(text, { timezone, dst });
      const translation = translate(desired(schedule), NOW);
      if (!translation.ok) return;
      const named = new Set(translation.differences.map(({ local }) => local));
      const wanted = fires(schedule, undefined, NOW + 1, TO).filter(({ local }) => !named.has(local));
      const instants = new Set(translation.natives.flatMap((each) => expandNative(each, NOW + 1, TO)));
      for (const { at } of wanted) expect(instants.has(at)).toBe(true);
      if (named.size === 0) expect(instants.size).toBe(wanted.length);
      else for (const { local } of translation.differences) expect(local).toMatch(/^202[67]-/);
      if (named.size === 0) proved += 1;
    }),
    { numRuns: 200, seed: 4 },
  );
  expect(proved).toBeGreaterThan(100);
});

test.each(ZONES)("%s: a fire each day in and around the hours that change", (timezone) => {
  for (const expression of ["0 0 * * *", "30 1 * * *", "30 2 * * *", "0 3 * * 0", "*/30 0-4 * * *", "15 * * * *"]) {
    const schedule = cron(expression, { timezone });
    const { natives, differences } = translated(schedule);
    const instants = new Set(natives.flatMap((each) => expandNative(each, NOW + 1, TO)));
    const wanted = fires(schedule, undefined, NOW + 1, TO);
    expect({
      expression,
      differences,
      missing: wanted.filter(({ at }) => !instants.has(at)).length,
      count: instants.size,
    }).toEqual({
      expression,
      differences: [],
      missing: 0,
      count: wanted.length,
    });
  }
});

test("there and back: five fields survive the way through EventBridge", () => {
  fc.assert(
    fc.property(expression, (text) => {
      const translation = translate(desired(cron(text)), NOW);
      if (!translation.ok || translation.natives.some((each) => each.expression.startsWith("at("))) return;
      const back = translation.natives.map((each) => fromNative(each.expression));
      const union = new Set<number>();
      for (const reading of back) {
        if (!reading.ok || !("cron" in reading.schedule)) throw new Error(`not read back: ${text}`);
        for (const { at } of fires(cron(reading.schedule.cron), undefined, FROM, FROM + 60 * DAY)) union.add(at);
      }
      const wanted = fires(cron(text), undefined, FROM, FROM + 60 * DAY).map(({ at }) => at);
      expect([...union].sort((a, b) => a - b)).toEqual(wanted);
    }),
    { numRuns: 200, seed: 4 },
  );
});

test.each([
  ["cron(0 6 L * ? *)", "no words"],
  ["cron(0 6 15W * ? *)", "no words"],
  ["cron(0 6 ? * 6#3 *)", "no words"],
  ["cron(0 6 ? * 5L *)", "no words"],
  ["cron(0 6 * * ? 2027)", "years"],
  ["rate(5 minutes)", "phase"],
  ["at(2026-12-01T09:00:30)", "seconds"],
])("%s is refused: a manifest has no words for it", (text, why) => {
  const reading = fromNative(text);
  expect(reading.ok ? "" : reading.reason).toContain(why);
});

test.each([
  ["cron(0 6 ? * 2-6 *)", { cron: "0 6 * * 1,2,3,4,5" }],
  ["cron(0 6 ? * 1 *)", { cron: "0 6 * * 0" }],
  ["cron(0/20 8-9 * JAN ? *)", { cron: "0,20,40 8,9 * 1 *" }],
  ["at(2026-12-01T09:00:00)", { at: "2026-12-01T09:00" }],
])("%s is read as %j", (text, schedule) => {
  expect(fromNative(text)).toEqual({ ok: true, schedule });
});

test("every minute of 400 days is proved, through both changes of the clocks", () => {
  const { differences, natives } = translated(cron("* * * * *", { timezone: "America/Toronto" }));
  expect(differences).toEqual([]);
  expect(natives).toEqual([{ suffix: "1", expression: "cron(* * * * ? *)", timezone: "UTC" }]);
});
