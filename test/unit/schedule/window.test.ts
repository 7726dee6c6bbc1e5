import fc from "fast-check";
import { expect, test } from "vitest";
import type { Weekday, Window } from "../../../src/model/index.ts";
import {
  describeWindow,
  inWindows,
  opensAt,
  parseClock,
  parseWeekday,
  parseWindow,
  windowIntervals,
} from "../../../src/schedule/index.ts";
import { instant } from "./rules.ts";

test.each([
  ["Mon-Fri 06:00-12:00", [1, 2, 3, 4, 5], 360, 360],
  ["daily 22:00-05:00", [1, 2, 3, 4, 5, 6, 7], 1320, 420],
  ["Sat,Sun 00:00-24:00", [6, 7], 0, 1440],
  ["Fri-Mon 23:59-00:00", [1, 5, 6, 7], 1439, 1],
  ["mon-wed,SUN  09:30-09:31", [1, 2, 3, 7], 570, 1],
  ["Tue 12:00-11:59", [2], 720, 1439],
])("%j is read", (text, days, startMinute, lengthMinutes) => {
  expect(parseWindow(text)).toEqual({ ok: true, window: { days, startMinute, lengthMinutes } });
});

test.each([
  ["", "", "DAYS HH:MM-HH:MM"],
  ["06:00-12:00", "06:00-12:00", "DAYS HH:MM-HH:MM"],
  ["Mon 06:00-12:00 UTC", "Mon 06:00-12:00 UTC", "DAYS HH:MM-HH:MM"],
  ["Monday 06:00-12:00", "Monday", "not a day"],
  ["Mon,Fry 06:00-12:00", "Fry", "not a day"],
  ["Mon-Tue-Wed 06:00-12:00", "Mon-Tue-Wed", "not a day"],
  ["Mon 6:00-12:00", "6:00", "time of day"],
  ["Mon 06:00-12:60", "12:60", "time of day"],
  ["Mon 06:00-24:01", "24:01", "time of day"],
  ["Mon 24:00-06:00", "24:00", "time of day"],
  ["Mon 06:00-06:00", "06:00-06:00", "closes at once"],
  ["Mon 06:00", "06:00", "span of time"],
])("%j is refused at its place", (text, mark, message) => {
  const result = parseWindow(text);
  expect(result.ok).toBe(false);
  if (result.ok) return;
  expect(text.slice(result.error.start, result.error.end)).toBe(mark);
  expect(result.error.message).toContain(message);
});

const window: fc.Arbitrary<Window> = fc.record({
  days: fc.subarray([1, 2, 3, 4, 5, 6, 7] as Weekday[], { minLength: 1 }),
  startMinute: fc.nat(1439),
  lengthMinutes: fc.integer({ min: 1, max: 1440 }),
});

test("a window reads back as it is described", () => {
  fc.assert(
    fc.property(window, (original) => {
      const result = parseWindow(describeWindow(original));
      // A window of a whole day that does not begin at midnight has no text of its own.
      if (original.lengthMinutes === 1440 && original.startMinute > 0) return;
      expect(result).toEqual({ ok: true, window: original });
    }),
  );
});

test("the intervals are disjoint, ascending, and hold exactly the minutes at which a window is open", () => {
  fc.assert(
    fc.property(fc.array(window, { minLength: 1, maxLength: 4 }), (windows) => {
      const intervals = windowIntervals(windows);
      for (const [i, { startMinute, endMinute }] of intervals.entries()) {
        expect(startMinute).toBeLessThan(endMinute);
        expect(startMinute).toBeGreaterThan(intervals[i - 1]?.endMinute ?? -1);
      }
      for (let minute = 0; minute < 10_080; minute += 7) {
        const weekday = (Math.floor(minute / 1440) + 1) as Weekday;
        const inside = intervals.some((interval) => minute >= interval.startMinute && minute < interval.endMinute);
        expect(opensAt(windows, weekday, minute % 1440)).toBe(inside);
      }
    }),
    { numRuns: 50 },
  );
});

test("a window opens by the clock of its zone, at its first minute, and is shut at its last", () => {
  const windows: Window[] = [{ days: [1], startMinute: 1320, lengthMinutes: 420 }];
  const open = (text: string): boolean => inWindows(windows, "America/Toronto", instant(text));
  expect(open("2026-03-10T01:59:59")).toBe(false);
  expect(open("2026-03-10T02:00")).toBe(true);
  expect(open("2026-03-10T08:59:59")).toBe(true);
  expect(open("2026-03-10T09:00")).toBe(false);
  // A week earlier, in winter time, an hour later by UTC; from Sunday into Monday it wraps.
  expect(open("2026-03-03T02:30")).toBe(false);
  expect(inWindows([{ ...(windows[0] as Window), days: [7] }], "UTC", instant("2026-11-23T04:59"))).toBe(true);
  expect(inWindows([], "UTC", 0)).toBe(true);
  expect(() => inWindows(windows, "Mars/Olympus", 0)).toThrow(/unknown timezone "Mars\/Olympus"/);
});

test("no windows are the whole week", () => {
  expect(windowIntervals([])).toEqual([{ startMinute: 0, endMinute: 10_080 }]);
});

test("days and times of day are read, and nothing near them", () => {
  expect(["Mon", "sun", "MON", "Monday", "", "mo"].map(parseWeekday)).toEqual([
    1,
    7,
    1,
    undefined,
    undefined,
    undefined,
  ]);
  expect(["00:00", "24:00", "12:30", "24:01", "1:00", "12:60"].map(parseClock)).toEqual([
    0,
    1440,
    750,
    undefined,
    undefined,
    undefined,
  ]);
});
