import { expect, test } from "vitest";
import { DAY, type DstRule } from "../../../src/model/index.ts";
import { fires, omitted } from "../../../src/schedule/index.ts";
import { cron, instant, lines, rules } from "./rules.ts";

type Row = readonly [
  what: string,
  expression: string,
  zone: string,
  date: string,
  dst: Partial<DstRule>,
  expected: readonly string[],
];

/** All fires of the UTC date named, written out by hand from the tz database. */
const TABLE: readonly Row[] = [
  // Spring: 02:00 EST becomes 03:00 EDT at 07:00 UTC.
  [
    "a time in the gap fires at its end",
    "30 2 * * *",
    "America/Toronto",
    "2026-03-08",
    {},
    ["2026-03-08T07:00 = 2026-03-08T02:30/0"],
  ],
  ["or not at all", "30 2 * * *", "America/Toronto", "2026-03-08", { gap: "skip" }, []],
  [
    "one for a whole gap, and its key is the first",
    "*/20 2 * * *",
    "America/Toronto",
    "2026-03-08",
    {},
    ["2026-03-08T07:00 = 2026-03-08T02:00/0"],
  ],
  [
    "what is due at the end takes them in",
    "0,30 2,3 * * *",
    "America/Toronto",
    "2026-03-08",
    {},
    ["2026-03-08T07:00 = 2026-03-08T03:00/0", "2026-03-08T07:30 = 2026-03-08T03:30/0"],
  ],
  [
    "the first instant of the gap is in it",
    "0 2 * * *",
    "America/Toronto",
    "2026-03-08",
    {},
    ["2026-03-08T07:00 = 2026-03-08T02:00/0"],
  ],
  [
    "the minute before is not",
    "59 1 * * *",
    "America/Toronto",
    "2026-03-08",
    {},
    ["2026-03-08T06:59 = 2026-03-08T01:59/0"],
  ],
  // Autumn: 02:00 EDT becomes 01:00 EST at 06:00 UTC.
  [
    "a time that comes twice fires at the first",
    "30 1 * * *",
    "America/Toronto",
    "2026-11-01",
    {},
    ["2026-11-01T05:30 = 2026-11-01T01:30/0"],
  ],
  [
    "or the second",
    "30 1 * * *",
    "America/Toronto",
    "2026-11-01",
    { overlap: "second" },
    ["2026-11-01T06:30 = 2026-11-01T01:30/1"],
  ],
  [
    "or both",
    "30 1 * * *",
    "America/Toronto",
    "2026-11-01",
    { overlap: "both" },
    ["2026-11-01T05:30 = 2026-11-01T01:30/0", "2026-11-01T06:30 = 2026-11-01T01:30/1"],
  ],
  [
    "hours as a list do not count time",
    "0 1,2 * * *",
    "America/Toronto",
    "2026-11-01",
    {},
    ["2026-11-01T05:00 = 2026-11-01T01:00/0", "2026-11-01T07:00 = 2026-11-01T02:00/0"],
  ],
  [
    "nor do hours as a range",
    "0 0-2 * * *",
    "America/Toronto",
    "2026-11-01",
    {},
    [
      "2026-11-01T04:00 = 2026-11-01T00:00/0",
      "2026-11-01T05:00 = 2026-11-01T01:00/0",
      "2026-11-01T07:00 = 2026-11-01T02:00/0",
    ],
  ],
  [
    "the end of the overlap comes once",
    "0 2 * * *",
    "America/Toronto",
    "2026-11-01",
    { overlap: "both" },
    ["2026-11-01T07:00 = 2026-11-01T02:00/0"],
  ],
  // Half an hour: 02:00 LHST becomes 02:30 on 4 October 2026 at 15:30 UTC of the 3rd; back on 5 April at 15:00 UTC of the 4th.
  [
    "Lord Howe loses half an hour",
    "10 2 * * *",
    "Australia/Lord_Howe",
    "2026-10-03",
    {},
    ["2026-10-03T15:30 = 2026-10-04T02:10/0"],
  ],
  [
    "and repeats half an hour",
    "45 1 * * *",
    "Australia/Lord_Howe",
    "2026-04-04",
    { overlap: "both" },
    ["2026-04-04T14:45 = 2026-04-05T01:45/0", "2026-04-04T15:15 = 2026-04-05T01:45/1"],
  ],
  // Two hours at once.
  [
    "Troll loses two hours",
    "0 1,2 * * *",
    "Antarctica/Troll",
    "2026-03-29",
    {},
    ["2026-03-29T01:00 = 2026-03-29T01:00/0", "2026-03-29T23:00 = 2026-03-30T01:00/0"],
  ],
  [
    "and repeats two",
    "30 1,2 * * *",
    "Antarctica/Troll",
    "2026-10-25",
    { overlap: "both" },
    [
      "2026-10-25T00:30 = 2026-10-25T02:30/0",
      "2026-10-25T01:30 = 2026-10-25T01:30/1",
      "2026-10-25T02:30 = 2026-10-25T02:30/1",
    ],
  ],
  // A date without a midnight.
  [
    "São Paulo's midnight was skipped",
    "0 0 * * *",
    "America/Sao_Paulo",
    "2018-11-04",
    {},
    ["2018-11-04T03:00 = 2018-11-04T00:00/0"],
  ],
  [
    "Cairo's midnight is skipped",
    "0 0 * * *",
    "Africa/Cairo",
    "2026-04-23",
    {},
    ["2026-04-23T22:00 = 2026-04-24T00:00/0"],
  ],
  [
    "Beirut's midnight is skipped",
    "15 0 * * 7",
    "Asia/Beirut",
    "2026-03-28",
    {},
    ["2026-03-28T22:00 = 2026-03-29T00:15/0"],
  ],
  [
    "a midnight that comes twice",
    "30 23 * * *",
    "Africa/Cairo",
    "2026-10-29",
    { overlap: "both" },
    ["2026-10-29T20:30 = 2026-10-29T23:30/0", "2026-10-29T21:30 = 2026-10-29T23:30/1"],
  ],
  // A day that never was: Samoa went from 29 to 31 December 2011 at 10:00 UTC of the 30th.
  [
    "Samoa's 30 December fires as the 31st begins",
    "0 9 30 12 *",
    "Pacific/Apia",
    "2011-12-30",
    {},
    ["2011-12-30T10:00 = 2011-12-30T09:00/0"],
  ],
  ["and is left out by skip", "0 9 30 12 *", "Pacific/Apia", "2011-12-30", { gap: "skip" }, []],
  // Standard time is the summer's: by offsets alone it is as anywhere.
  [
    "Dublin",
    "30 1 * * *",
    "Europe/Dublin",
    "2026-10-25",
    { overlap: "both" },
    ["2026-10-25T00:30 = 2026-10-25T01:30/0", "2026-10-25T01:30 = 2026-10-25T01:30/1"],
  ],
  // Morocco leaves its +01 for Ramadan: 15 February to 22 March 2026, at 02:00 UTC.
  [
    "Casablanca gains an hour before Ramadan",
    "30 2 * * *",
    "Africa/Casablanca",
    "2026-02-15",
    { overlap: "both" },
    ["2026-02-15T01:30 = 2026-02-15T02:30/0", "2026-02-15T02:30 = 2026-02-15T02:30/1"],
  ],
  [
    "and loses it after",
    "30 2 * * *",
    "Africa/Casablanca",
    "2026-03-22",
    {},
    ["2026-03-22T02:00 = 2026-03-22T02:30/0"],
  ],
];

test.each(TABLE)("%s: %s in %s on %s", (_what, expression, zone, date, dst, expected) => {
  const from = instant(`${date}T00:00`);
  const schedule = cron(expression, zone, { dst: { gap: "shift", overlap: "first", ...dst } });
  expect(lines(fires(schedule, undefined, from, from + DAY))).toEqual(expected);
});

test("a job of every ten minutes has one fire at the end of a gap, and does not pause in a repeated hour", () => {
  const schedule = cron("*/10 * * * *", "America/Toronto");
  const spring = lines(fires(schedule, undefined, instant("2026-03-08T06:50"), instant("2026-03-08T07:11")));
  expect(spring.map((line) => line.slice(19))).toEqual([
    "2026-03-08T01:50/0",
    "2026-03-08T03:00/0",
    "2026-03-08T03:10/0",
  ]);
  const autumn = fires(schedule, undefined, instant("2026-11-01T05:00"), instant("2026-11-01T08:00"));
  expect(autumn.map(({ at }) => at)).toEqual(
    Array.from({ length: 18 }, (_, i) => instant("2026-11-01T05:00") + i * 600_000),
  );
  expect(autumn.slice(0, 12).map(({ ordinal }) => ordinal)).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
});

test("an interval counts from the local midnight, in both passes", () => {
  const schedule = { kind: "interval", everyMinutes: 45, within: [], ...rules("America/Toronto") } as const;
  const found = fires(
    schedule,
    { kind: "phase", offsetMinutes: 5 },
    instant("2026-11-01T04:00"),
    instant("2026-11-01T08:00"),
  );
  expect(lines(found)).toEqual([
    "2026-11-01T04:05 = 2026-11-01T00:05/0",
    "2026-11-01T04:50 = 2026-11-01T00:50/0",
    "2026-11-01T05:35 = 2026-11-01T01:35/0",
    "2026-11-01T06:35 = 2026-11-01T01:35/1",
    "2026-11-01T07:20 = 2026-11-01T02:20/0",
  ]);
});

test("a note says what the clocks did, and other fires have none", () => {
  const day = (expression: string, date: string) =>
    fires(cron(expression, "America/Toronto"), undefined, instant(`${date}T05:00`), instant(`${date}T23:00`)).map(
      (f) => f.note,
    );
  expect(day("30 2 * * *", "2026-03-08")).toEqual([expect.stringContaining("2026-03-08T02:30 does not exist")]);
  expect(day("30 1 * * *", "2026-11-01")).toEqual([
    expect.stringContaining("comes twice in America/Toronto: the first pass"),
  ]);
  expect(day("0 2,3 * * *", "2026-03-08")).toEqual([expect.stringContaining("also for what was due in the gap")]);
  expect(day("0 3 * * *", "2026-03-08")).toEqual([undefined]);
  expect(day("30 9 * * *", "2026-11-01")).toEqual([undefined]);
});

test("what a gap leaves out is told", () => {
  const schedule = cron("*/30 2 * * *", "America/Toronto", { dst: { gap: "skip", overlap: "first" } });
  const week = [instant("2026-03-05T00:00"), instant("2026-03-12T00:00")] as const;
  expect(omitted(schedule, undefined, ...week).map(({ local, reason }) => `${local} ${reason}`)).toEqual([
    "2026-03-08T02:00 gap",
    "2026-03-08T02:30 gap",
  ]);
  expect(omitted(cron("*/30 2 * * *", "America/Toronto"), undefined, ...week)).toEqual([]);
});
