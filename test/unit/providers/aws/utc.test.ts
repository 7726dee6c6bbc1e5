import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { expandNative, translateUtc } from "../../../../providers/aws/translate/index.ts";
import { DAY, type Schedule } from "../../../../src/model/index.ts";
import { fires } from "../../../../src/schedule/index.ts";
import { cron, job, NOW } from "../../../support/jobs.ts";

const FROM = NOW - (NOW % DAY);
const ZONES = [
  "UTC",
  "Asia/Tokyo",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "Asia/Dubai",
  "Asia/Shanghai",
  "Asia/Singapore",
  "Asia/Karachi",
  "Africa/Johannesburg",
  "Africa/Lagos",
  "Africa/Cairo",
  "Africa/Casablanca",
  "America/Phoenix",
  "America/Bogota",
  "America/Toronto",
  "America/New_York",
  "America/Los_Angeles",
  "America/St_Johns",
  "America/Santiago",
  "America/Havana",
  "America/Sao_Paulo",
  "Europe/London",
  "Europe/Berlin",
  "Europe/Moscow",
  "Europe/Lisbon",
  "Australia/Brisbane",
  "Australia/Sydney",
  "Australia/Lord_Howe",
  "Pacific/Auckland",
  "Pacific/Chatham",
  "Pacific/Kiritimati",
  "Atlantic/Azores",
]; // prettier-ignore

function translated(schedule: Schedule) {
  return translateUtc({ job: job("job", { schedule }) }, NOW);
}

describe("scheduled rules, which know UTC alone", () => {
  it.each([
    ["0 6 * * *", "UTC", ["cron(0 6 * * ? *)"]],
    ["0 6 * * *", "Asia/Tokyo", ["cron(0 21 * * ? *)"]],
    ["30 2 * * 1-5", "Asia/Kolkata", ["cron(0 21 ? * SUN-THU *)"]],
    ["*/15 * * * *", "America/Toronto", ["cron(*/15 * * * ? *)"]],
    ["0 */12 * * *", "Asia/Dubai", ["cron(0 8,20 * * ? *)"]],
    // The day that both name is in no year of the proof.
    ["0 6 29 2 1", "UTC", ["cron(0 6 29 2 ? *)", "cron(0 6 ? 2 MON *)"]],
  ])("%s in %s is %j", (expression, timezone, expected) => {
    const translation = translated(cron(expression, { timezone }));
    expect(translation.ok && translation.natives.map((each) => each.expression).sort()).toEqual([...expected].sort());
  });

  it("what a change of the clocks would move is refused with its dates, in both directions", () => {
    const north = translated(cron("0 6 * * *", { timezone: "America/Toronto" }));
    expect(north).toMatchObject({
      ok: false,
      reason: "a rule counts in UTC, and the clocks of America/Toronto would move it from 2027-03-14 to 2027-11-06",
      fix: expect.stringContaining("timezone: UTC"),
    });
    const south = translated(cron("0 6 * * *", { timezone: "Australia/Sydney" }));
    expect(south.ok ? "" : south.reason).toContain("from 2027-04-04 to 2027-10-02");
  });

  it("a day that both day fields name would start twice, and is refused with its dates", () => {
    expect(translated(cron("0 6 1 * 1"))).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/^two rules name 2027-02-01, 2027-03-01, 2027-11-01, and .* would run twice$/),
      fix: expect.stringContaining("or write two jobs"),
    });
    const many = translated(cron("0 6 1-15 * 1-5"));
    expect(many.ok ? "" : many.reason).toMatch(/2026-\d\d-\d\d(, \d{4}-\d\d-\d\d){4} and \d+ more, and/);
  });

  it("what a rule has no words for is refused, with a way out", () => {
    const at: Schedule = { ...cron("0 6 * * *"), kind: "at", times: ["2026-12-01T09:00"] } as never;
    for (const schedule of [
      at,
      cron("0 6 * * *", { end: "2027-01-01T00:00" }),
      cron("0 6 * * *", { after: ["other"] }),
    ]) {
      const translation = translated(schedule);
      expect(translation.ok ? "" : translation.fix).toContain("EventBridge Scheduler can");
    }
    // The first of the month in Tokyo begins on the last of the month before.
    expect(translated(cron("0 6 1 * *", { timezone: "Asia/Tokyo" })).ok).toBe(false);
  });
});

test("400 days in 32 zones: what is not refused falls on the manifest's own instants, each once", () => {
  const field = (most: number) => fc.oneof(fc.constant("*"), fc.integer({ min: 0, max: most }).map(String));
  const days = fc.constantFrom("* * *", "* * 1-5", "* * 0", "* * 6,0", "13 * 5", "29 2 1", "1 * *", "* 6 *");
  fc.assert(
    fc.property(field(59), field(23), days, fc.constantFrom(...ZONES), (minute, hour, day, timezone) => {
      const schedule = cron(`${minute} ${hour} ${day}`, { timezone });
      const translation = translated(schedule);
      if (!translation.ok) return;
      const to = FROM + 400 * DAY;
      const native = translation.natives.flatMap((each) => expandNative(each, FROM, to)).sort((a, b) => a - b);
      expect(native).toEqual(fires(schedule, undefined, FROM, to).map(({ at }) => at));
    }),
    { numRuns: 60 },
  );
});
