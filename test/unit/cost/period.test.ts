import fc from "fast-check";
import { expect, test } from "vitest";
import { periodOf, previousPeriod } from "../../../src/cost/index.ts";
import { DAY, WEEK } from "../../../src/model/index.ts";

test.each([
  ["2026-11-23T00:00:00Z", "day", "2026-11-23", "2026-11-23", "2026-11-24"],
  ["2026-11-23T23:59:59.999Z", "day", "2026-11-23", "2026-11-23", "2026-11-24"],
  ["2026-11-23T00:00:00Z", "week", "2026-W48", "2026-11-23", "2026-11-30"],
  ["2026-11-29T23:59:59Z", "week", "2026-W48", "2026-11-23", "2026-11-30"],
  ["2027-01-01T12:00:00Z", "week", "2026-W53", "2026-12-28", "2027-01-04"],
  ["2025-12-29T00:00:00Z", "week", "2026-W01", "2025-12-29", "2026-01-05"],
  ["2024-12-31T00:00:00Z", "week", "2025-W01", "2024-12-30", "2025-01-06"],
  ["1969-12-31T00:00:00Z", "week", "1970-W01", "1969-12-29", "1970-01-05"],
  ["2026-12-31T23:00:00Z", "month", "2026-12", "2026-12-01", "2027-01-01"],
  ["2028-02-29T00:00:00Z", "month", "2028-02", "2028-02-01", "2028-03-01"],
] as const)("%s lies in the %s %s", (at, per, id, from, to) => {
  expect(periodOf(per, Date.parse(at))).toEqual({ id, from: Date.parse(from), to: Date.parse(to) });
});

test("a rolling window ends with the instant and follows another", () => {
  const window = periodOf({ rollingSeconds: 7 * 86_400 }, 10 * WEEK);
  expect(window).toEqual({ id: "last 1w", from: 9 * WEEK, to: 10 * WEEK });
  expect(previousPeriod({ rollingSeconds: 7 * 86_400 }, window)).toEqual({
    id: "last 1w",
    from: 8 * WEEK,
    to: 9 * WEEK,
  });
});

test("periods of a kind follow each other without gap or overlap", () => {
  const kinds = fc.constantFrom("day" as const, "week" as const, "month" as const);
  fc.assert(
    fc.property(kinds, fc.integer({ min: -5000 * DAY, max: 40_000 * DAY }), (per, at) => {
      const period = periodOf(per, at);
      expect(period.from <= at && at < period.to).toBe(true);
      expect(periodOf(per, period.from)).toEqual(period);
      expect(periodOf(per, period.to - 1)).toEqual(period);
      expect(periodOf(per, period.to).from).toBe(period.to);
      expect(previousPeriod(per, period).to).toBe(period.from);
    }),
  );
});
