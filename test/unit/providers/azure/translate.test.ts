import { Cron } from "croner";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  fromOwnCron,
  fromTrigger,
  type Native,
  translate,
  windowsZone,
  writeTrigger,
} from "../../../../providers/azure/translate/index.ts";
import { DAY, type DesiredJob, type Schedule } from "../../../../src/model/index.ts";
import { fires } from "../../../../src/schedule/index.ts";
import { startsOf, type Whim } from "../../../clouds/azure/recurrence.ts";
import { ZONES_OF_WINDOWS } from "../../../clouds/azure/windows.ts";
import type { Trigger } from "../../../clouds/azure/workflow-rules.ts";
import { cron, job, RULES } from "../../../support/jobs.ts";

const NOW = Date.UTC(2026, 10, 24, 12);
const FROM = Date.UTC(2026, 10, 24);
const TO = FROM + 400 * DAY;

function desired(schedule: Schedule): DesiredJob {
  return { job: job("job", { schedule }) };
}

function native(schedule: Schedule, hasOwnTrigger = true): Native {
  const translation = translate(desired(schedule), NOW, hasOwnTrigger);
  if (!translation.ok) throw new Error(translation.reason);
  expect(translation.differences).toEqual([]);
  return translation.native;
}

/** What the vendor then does, by an engine of the test's own. */
function starts(of: Native, whim: Whim): readonly number[] {
  if (of.kind === "none") return [];
  if (of.kind === "own") {
    const found: number[] = [];
    const expression = new Cron(of.cron, { timezone: "UTC", legacyMode: true });
    for (let at = expression.nextRun(new Date(FROM - 1)); at && at.getTime() < TO; at = expression.nextRun(at))
      found.push(at.getTime());
    return found;
  }
  const all = of.triggers.flatMap((trigger) =>
    startsOf(writeTrigger(trigger) as unknown as Trigger, FROM, TO, { whim, lateMs: 45_000 }),
  );
  return all.sort((a, b) => a - b);
}

function wanted(schedule: Schedule): readonly number[] {
  return fires(schedule, undefined, FROM, TO).map(({ at }) => at);
}

describe("own trigger", () => {
  it.each([
    ["UTC", "0 6 * * *", "0 6 * * *"],
    ["UTC", "*/15 * * * 1-5", "*/15 * * * 1,2,3,4,5"],
    ["Asia/Kolkata", "0 9 * * 1", "30 3 * * 1"],
    ["Asia/Kolkata", "0 3 * * 1", "30 21 * * 0"],
    ["America/Phoenix", "0 20 * * 5", "0 3 * * 6"],
    ["America/Toronto", "*/10 * * * *", "*/10 * * * *"],
    ["UTC", "0 6 1,15 * *", "0 6 1,15 * *"],
    ["UTC", "0 6 * 1,7 *", "0 6 * 1,7 *"],
  ])("%s %s is exact in UTC: %s", (timezone, expression, own) => {
    expect(native(cron(expression, { timezone }))).toEqual({ kind: "own", cron: own });
  });

  it.each([
    ["America/Toronto", "0 6 * * *"],
    ["UTC", "0 6 13 * 5"],
    ["Asia/Kolkata", "0 3 1 * *"],
    ["Asia/Kolkata", "0,45 9 * * *"],
  ])("%s %s is not one expression in UTC", (timezone, expression) => {
    expect(native(cron(expression, { timezone })).kind).toBe("triggers");
  });

  it("is for Container Apps jobs alone", () => {
    expect(native(cron("0 6 * * *"), false).kind).toBe("triggers");
  });
});

describe("recurrence", () => {
  it("names the zone as Windows does, has a start without Z, and minutes beside its hours", () => {
    const of = native(cron("30 6 * * 1-5", { timezone: "America/Toronto" }));
    if (of.kind !== "triggers") throw new Error("no triggers");
    expect(of.triggers).toHaveLength(1);
    expect(writeTrigger(of.triggers[0] as never)).toEqual({
      type: "Recurrence",
      recurrence: {
        frequency: "Week",
        interval: 1,
        timeZone: "Eastern Standard Time",
        startTime: "2020-01-01T00:00:00",
        schedule: { hours: [6], minutes: [30], weekDays: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"] },
      },
    });
  });

  it("a time that the clocks leave out or show twice goes to a trigger in UTC for those dates", () => {
    const of = native(cron("30 1,2 * * *", { timezone: "America/Toronto" }));
    if (of.kind !== "triggers") throw new Error("no triggers");
    const [zone, ...utc] = of.triggers;
    expect(zone?.condition?.exceptDates).toEqual(expect.arrayContaining(["2027-03-14", "2027-11-07"]));
    expect(utc.every(({ timeZone }) => timeZone === "UTC")).toBe(true);
  });

  it("the same moment of another day of the year gives the same triggers", () => {
    const at = (now: number) => translate(desired(cron("30 2 * * *", { timezone: "Europe/Berlin" })), now, true);
    expect(at(NOW)).toEqual(at(NOW + 20 * DAY));
  });

  it.each<[string, Schedule]>([
    ["every day", cron("15 7,19 * * *", { timezone: "Europe/Berlin" })],
    ["days of the month", cron("0 2 1,15,31 * *", { timezone: "Europe/Berlin" })],
    ["months", cron("30 2 * 3,10,11 *", { timezone: "America/Toronto" })],
    ["Vixie's OR, each day once", cron("0 6 13 * 5", { timezone: "America/Toronto" })],
    ["both day fields must match", cron("0 6 */2 * 1-5", { timezone: "America/Toronto" })],
    ["late in the evening", cron("59 23 * 2 0", { timezone: "Pacific/Auckland" })],
    [
      "a start and an end",
      cron("0 */3 * * *", { timezone: "Europe/Berlin", start: "2027-01-05T07:30", end: "2027-01-09T12:00" }),
    ],
    [
      "a calendar",
      cron("0 6 * * 1-5", { timezone: "Europe/Berlin", calendar: { name: "off", skip: ["2026-12-24", "2027-01-06"] } }),
    ],
    [
      "moved before a holiday",
      cron("0 6 * * 1-5", {
        timezone: "Europe/Berlin",
        onHoliday: "before",
        calendar: { name: "off", skip: ["2027-01-06"] },
      }),
    ],
    [
      "named times",
      {
        kind: "at",
        times: ["2026-12-01T09:00", "2027-03-14T02:30", "2027-11-07T01:30"],
        ...RULES,
        timezone: "America/Toronto",
      },
    ],
    ["both passes", cron("30 1 * * *", { timezone: "America/Toronto", dst: { gap: "skip", overlap: "both" } })],
  ])("%s: fire by fire over 400 days, however Logic Apps take the change of the clocks", (_what, schedule) => {
    for (const hasOwnTrigger of [true, false]) {
      for (const whim of ["literal", "lenient"] as const)
        expect(starts(native(schedule, hasOwnTrigger), whim)).toEqual(wanted(schedule));
    }
  });

  it.each([
    ["after", cron("0 6 * * *", { after: ["other"] }), /cannot wait for other/],
    [
      "a zone that Windows does not have",
      cron("0 6 * * *", { timezone: "Antarctica/Troll" }),
      /no zone for Antarctica\/Troll/,
    ],
  ])("%s is refused with the reason and what to do", (_what, schedule, reason) => {
    const translation = translate(desired(schedule), NOW, true);
    expect(translation).toMatchObject({
      ok: false,
      reason: expect.stringMatching(reason),
      fix: expect.stringMatching(/./),
    });
  });
});

describe("both kinds of trigger", () => {
  const list = (min: number, max: number, maxLength: number) =>
    fc
      .uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength })
      .map((values) => values.sort((a, b) => a - b).join(","));
  const expression = fc
    .tuple(
      fc.oneof(list(0, 59, 2), fc.constant("*/30")),
      fc.oneof(list(0, 23, 3), fc.constant("*/6"), list(0, 3, 2)),
      fc.oneof({ weight: 2, arbitrary: fc.constant("*") }, { weight: 1, arbitrary: list(1, 31, 3) }),
      fc.oneof({ weight: 3, arbitrary: fc.constant("*") }, { weight: 1, arbitrary: list(1, 12, 4) }),
      fc.oneof({ weight: 2, arbitrary: fc.constant("*") }, { weight: 1, arbitrary: list(0, 6, 3) }),
    )
    .map((fields) => fields.join(" "))
    .filter((text) => !/ (30|31|30,31) 2 /.test(text));

  it("are what the manifest says over 400 days, in any zone", () => {
    let kinds = "";
    fc.assert(
      fc.property(
        expression,
        fc.constantFrom(...ZONES_OF_WINDOWS),
        fc.constantFrom<Whim>("literal", "lenient"),
        (text, timezone, whim) => {
          const schedule = cron(text, { timezone });
          const translation = translate(desired(schedule), NOW, true);
          // A day that never comes is refused when the manifest is read.
          if (!translation.ok) return expect(translation.reason).toMatch(/never comes|triggers of a Logic App/);
          expect(translation.differences).toEqual([]);
          kinds += translation.native.kind;
          expect(starts(translation.native, whim)).toEqual(wanted(schedule));
        },
      ),
      { numRuns: Number(process.env["ROTA_AZURE_ZONES"] ?? 60), seed: 7 },
    );
    expect(kinds).toContain("own");
    expect(kinds).toContain("triggers");
  }, 60_000);
});

describe("zones", () => {
  it.each([
    ["America/Toronto", "Eastern Standard Time"],
    ["Europe/Kyiv", "FLE Standard Time"],
    ["Asia/Kolkata", "India Standard Time"],
    ["UTC", "UTC"],
    ["Europe/Dublin", "GMT Standard Time"],
  ])("%s is %s to Windows", (timezone, windows) => {
    expect(windowsZone(timezone)).toBe(windows);
  });
});

describe("from Azure", () => {
  it("own expressions read back as they were", () => {
    for (const text of ["0 6 * * *", "*/15 * * * 1,2,3", "0 0 1 1 *"])
      expect(fromOwnCron(text)).toEqual({ ok: true, schedule: { cron: text, timezone: "UTC" } });
    expect(fromOwnCron("0 6 13 * 5")).toMatchObject({ ok: false });
    expect(fromOwnCron("0 6 * *")).toMatchObject({ ok: false });
  });

  const recurrence = (change: object = {}, more: object = {}) => ({
    type: "Recurrence",
    recurrence: {
      frequency: "Day",
      interval: 1,
      timeZone: "Eastern Standard Time",
      startTime: "2024-01-01T00:00:00",
      schedule: { hours: ["6"], minutes: [30] },
      ...change,
    },
    ...more,
  });

  it("recurrences read as cron in the zone that Windows means", () => {
    const eastern = (text: string) => ({ ok: true, schedule: { cron: text, timezone: "America/New_York" } });
    expect(fromTrigger(recurrence())).toEqual(eastern("30 6 * * *"));
    expect(
      fromTrigger(
        recurrence({ frequency: "Week", schedule: { hours: [6], minutes: [0], weekDays: ["Sunday", "Friday"] } }),
      ),
    ).toEqual(eastern("0 6 * * 0,5"));
    expect(
      fromTrigger(recurrence({ frequency: "Month", schedule: { hours: [6], minutes: [0], monthDays: [15, 1] } })),
    ).toEqual(eastern("0 6 1,15 * *"));
    expect(fromTrigger(recurrence({ startTime: "2024-01-01T00:00:00Z" }))).toMatchObject({
      schedule: { timezone: "UTC" },
    });
  });

  it.each([
    ["an interval", recurrence({ interval: 2 })],
    ["minutes that it takes of its save", recurrence({ schedule: { hours: [6] } })],
    ["no schedule at all", recurrence({ schedule: undefined })],
    ["hours as frequency", recurrence({ frequency: "Hour" })],
    ["conditions", recurrence({}, { conditions: [{ expression: "@true" }] })],
    ["an end", recurrence({ endTime: "2030-01-01T00:00:00" })],
    ["a zone of nobody's", recurrence({ timeZone: "Middle Earth" })],
    ["a week without days", recurrence({ frequency: "Week" })],
    ["another kind of trigger", { type: "Request" }],
  ])("%s has no words in a manifest", (_what, trigger) => {
    expect(fromTrigger(trigger)).toMatchObject({ ok: false, reason: expect.stringMatching(/./) });
  });
});
