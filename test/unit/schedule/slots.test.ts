import fc from "fast-check";
import { expect, test } from "vitest";
import { type FlexibleSchedule, WEEK, type Weekday, type Window } from "../../../src/model/index.ts";
import { fires, inWindows } from "../../../src/schedule/index.ts";
import { assignSlots } from "../../../src/stagger/index.ts";
import { job } from "../../support/jobs.ts";
import { rules } from "./rules.ts";

/** A Monday without a change of clocks near it, twelve weeks before the next. */
const FROM = Date.UTC(2026, 5, 1);

const window: fc.Arbitrary<Window> = fc.record({
  days: fc.subarray([1, 2, 3, 4, 5, 6, 7] as Weekday[], { minLength: 1 }),
  startMinute: fc.nat(1439),
  lengthMinutes: fc.integer({ min: 30, max: 1440 }),
});

const flexible: fc.Arbitrary<FlexibleSchedule> = fc
  .record({
    period: fc.constantFrom("day" as const, "week" as const, "month" as const),
    weeks: fc.integer({ min: 1, max: 3 }),
    times: fc.integer({ min: 1, max: 3 }),
    apartMinutes: fc.constantFrom(0, 60),
    within: fc.array(window, { maxLength: 2 }),
    zone: fc.constantFrom("UTC", "America/Toronto", "Asia/Kolkata"),
  })
  .map(({ zone, weeks, ...rest }) => ({
    kind: "flexible",
    ...rest,
    weeks: rest.period === "week" ? weeks : 1,
    ...rules(zone),
  }));

test("a slot that the stagger gives fires as often as was asked, always inside a window", () => {
  let placed = 0;
  fc.assert(
    fc.property(flexible, (schedule) => {
      const slot = assignSlots([job("a", { schedule })], undefined).slots.get("a");
      if (!slot) return;
      placed += 1;
      const found = fires(schedule, slot, FROM, FROM + 12 * WEEK);
      for (const { at } of found) {
        if (schedule.period !== "month") expect(inWindows(schedule.within, schedule.timezone, at)).toBe(true);
      }
      const opening = schedule.within.length === 0 ? 7 : new Set(schedule.within.flatMap(({ days }) => days)).size;
      const periods = { day: 12 * opening, week: 12 / schedule.weeks, month: 3 }[schedule.period];
      // The edges of the twelve weeks may cut one period.
      expect(Math.abs(found.length - periods * schedule.times)).toBeLessThanOrEqual(schedule.times);
    }),
    { numRuns: 300 },
  );
  expect(placed).toBeGreaterThan(100);
});
