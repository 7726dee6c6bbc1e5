import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCron } from "../../../src/schedule/index.ts";

/** The text that an error underlines, its message and hint. */
function errorOf(text: string): { mark: string; message: string; hint: string } | undefined {
  const result = parseCron(text);
  if (result.ok) return undefined;
  const { start, end, message, hint } = result.error;
  return { mark: text.slice(start, end), message, hint: hint ?? "" };
}

describe("an expression that is not five plain fields is refused, at the place and with a mend", () => {
  test.each([
    ["", "", "empty", "five fields"],
    ["   ", "   ", "empty", "five fields"],
    ["5", "5", "1 field where", "minute hour"],
    ["* *", "* *", "2 fields where", "minute hour"],
    ["0 0 6 * * 1-5", "0 0 6 * * 1-5", "6 fields", 'drop the seconds (the first field): "0 6 * * 1-5"'],
    ["0 0 6 ? * 2 2026", "0 0 6 ? * 2 2026", "7 fields", "the year"],
    ["@daily", "@daily", "not five fields", '"0 0 * * *"'],
    ["@reboot", "@reboot", "not five fields", "five fields"],
    ["CRON_TZ=UTC 0 6 * * *", "CRON_TZ=UTC", "zone", "timezone"],
    ["cron(0 6 * * ? *)", "cron(0 6 * * ? *)", "AWS", "plain"],
    ["0 6 ? * 1", "?", "day-of-month", "write *"],
    ["0 6 L * *", "L", "day-of-month", "Quartz"],
    ["0 6 15W * *", "15W", "day-of-month", "onHoliday"],
    ["0 6 * * 5L", "5L", "day-of-week", "Quartz"],
    ["0 6 * * 1#2", "1#2", "day-of-week", "Quartz"],
    ["H 6 * * *", "H", "minute", "Jenkins"],
    ["H/15 * * * *", "H/15", "minute", "Jenkins"],
    ["0~30 6 * * *", "0~30", "minute", "BSD"],
    ["60 * * * *", "60", "outside the minute field's 0-59", "minute 0"],
    ["0 24 * * *", "24", "outside the hour field's 0-23", "hour 0"],
    ["0 0 0 * *", "0", "outside the day-of-month", ""],
    ["0 0 32 * *", "32", "outside the day-of-month", ""],
    ["0 0 * 13 *", "13", "outside the month", ""],
    ["0 0 * * 8", "8", "outside the day-of-week", ""],
    ["0 0 * jan2 *", "jan2", "not a month", "JAN"],
    ["0 0 * * MONDAY", "MONDAY", "not a day-of-week", "MON"],
    ["0 0 * MON *", "MON", "not a month", "JAN"],
    ["0 0 MON * *", "MON", "not a day-of-month", "1 to 31"],
    ["0 0 * * sunmon", "sunmon", "not a day-of-week", "SUN"],
    ["0 0 * * MON-SUN", "MON-SUN", "backwards", "MON-7"],
    ["0 0 * * FRI-MON", "FRI-MON", "backwards", "FRI-7,0-MON"],
    ["0 22-4 * * *", "22-4", "backwards", "22-23,0-4"],
    ["0 0 1,,2 * *", ",", "empty item", "comma"],
    ["0 0 1, * *", " ", "empty item", "comma"],
    ["5,0 6 1,40 * *", "40", "outside the day-of-month", ""],
    ["*/0 * * * *", "*/0", "step of 0", "1 or more"],
    ["*/90 * * * *", "*/90", "longer than the minute field", "every: 90m"],
    ["0 */24 * * *", "*/24", "longer than the hour field", "each day"],
    ["*/1.5 * * * *", "*/1.5", "cannot read", "*/10"],
    ["*-5 * * * *", "*-5", "cannot read", "alone"],
    ["1-2-3 * * * *", "1-2-3", "cannot read", ""],
    ["1/2/3 * * * *", "1/2/3", "cannot read", ""],
    ["+5 * * * *", "+5", "cannot read", ""],
    ["-5 * * * *", "-5", "cannot read", ""],
    ["0x5 * * * *", "0x5", "not a minute", "0 to 59"],
    ["1e1 * * * *", "1e1", "not a minute", "0 to 59"],
    ["005 * * * *", "005", "not a minute", "0 to 59"],
    ["0\n6 * * *", "0\n6 * * *", "4 fields where", ""],
    ["0 0 31 2 *", "31", "never comes", "month has"],
    ["0 0 30,31 2 *", "30,31", "never comes", "month has"],
    ["0 0 31 4,6,9,11 *", "31", "never comes", "month has"],
  ])("%j", (text, mark, message, hint) => {
    const error = errorOf(text);
    expect(error?.mark).toBe(mark);
    expect(error?.message).toContain(message);
    expect(error?.hint).toContain(hint);
  });
});

test.each([
  ["0 6 * * 1-5", { minutes: [0], hours: [6], weekdays: [1, 2, 3, 4, 5], days: "both", countsTime: false }],
  [" 0\t6  * * 7 ", { weekdays: [7] }],
  ["0 6 * * 0", { weekdays: [7] }],
  ["0 6 * * 0,7", { weekdays: [7] }],
  ["0 6 * * 5-7", { weekdays: [5, 6, 7] }],
  ["0 6 * * sun-tue", { weekdays: [1, 2, 7] }],
  ["0 6 * * 1-7/2", { weekdays: [1, 3, 5, 7] }],
  ["0 6 * * */2", { weekdays: [2, 4, 6, 7], days: "both" }],
  ["0 6 * FEB-apr *", { months: [2, 3, 4] }],
  ["0 6 1 * 1", { daysOfMonth: [1], weekdays: [1], days: "either" }],
  ["0 6 */10 * 1", { daysOfMonth: [1, 11, 21, 31], days: "both" }],
  ["0 6 31 2 1", { days: "either" }],
  ["0 0 29 2 *", { daysOfMonth: [29], months: [2] }],
  ["5/20 * * * *", { minutes: [5, 25, 45], countsTime: true }],
  ["10-50/20,5,5 */6 * * *", { minutes: [5, 10, 30, 50], hours: [0, 6, 12, 18], countsTime: true }],
  ["00 08 * * *", { minutes: [0], hours: [8] }],
  ["0 0-23 * * *", { countsTime: false }],
])("%j means %j", (text, meaning) => {
  const result = parseCron(text);
  expect(result.ok && result.fields).toMatchObject(meaning);
});

test("no text makes it throw, hang or accept what is not five words", () => {
  const piece = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.stringMatching(/^[0-9*,/\-?LW#HA-Za-z ]{0,20}$/),
    fc.constantFrom("__proto__", "constructor", "9".repeat(400), ",".repeat(2000)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 7 }), (pieces) => {
      const text = pieces.join(" ");
      const result = parseCron(text);
      if (result.ok) {
        expect(text.split(/[ \t]+/).filter(Boolean)).toHaveLength(5);
        expect(result.fields.minutes.every((value) => value >= 0 && value <= 59)).toBe(true);
      } else {
        expect(result.error.start).toBeLessThan(result.error.end);
        expect(result.error.message).not.toBe("");
      }
    }),
    { numRuns: 2000 },
  );
});
