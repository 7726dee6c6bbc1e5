import { expect, test } from "vitest";
import {
  isTimezone,
  localAt,
  localText,
  offsetAt,
  parseDate,
  parseLocal,
  resolveLocal,
  zoneOf,
} from "../../../src/schedule/index.ts";
import { instant } from "./rules.ts";

test("offsets are those of Intl, in every zone, over the years that matter", () => {
  for (const name of Intl.supportedValuesOf("timeZone")) {
    const format = new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" });
    for (let at = instant("1975-01-15T00:00"); at < instant("2045-01-01T00:00"); at += 1000 * 86_400_000 * 0.73) {
      const text = format.formatToParts(at).find(({ type }) => type === "timeZoneName")?.value ?? "";
      const [, sign, hours, minutes] = /^GMT(?:([+-])(\d\d):(\d\d))?/.exec(text) ?? [];
      const expected = (sign === "-" ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
      expect(`${name} ${offsetAt(zoneOf(name), at) + 0}`).toBe(`${name} ${expected + 0}`);
    }
  }
});

test("no zone since 1970 changes twice in a week, so a local time comes at most twice", () => {
  for (const name of Intl.supportedValuesOf("timeZone")) {
    const { starts, offsets } = zoneOf(name);
    for (let i = 2; i < starts.length; i++) {
      const jump = Math.abs((offsets[i] ?? 0) - (offsets[i - 1] ?? 0));
      expect((starts[i] ?? 0) - (starts[i - 1] ?? 0)).toBeGreaterThan(jump * 2);
    }
  }
});

test("a name is a zone only in its own spelling", () => {
  const names = [
    "America/Toronto",
    "UTC",
    "US/Eastern",
    "Etc/GMT+5",
    "america/toronto",
    "+05:00",
    "EST5EDTX",
    "",
    "Mars/Phobos",
  ];
  expect(names.map(isTimezone)).toEqual([true, true, true, true, false, false, false, false, false]);
});

test("a local time becomes the first instant that shows it, or the first after the gap", () => {
  const toronto = (local: string) => resolveLocal("America/Toronto", local);
  expect(toronto("2026-11-23T06:00")).toBe(instant("2026-11-23T11:00"));
  expect(toronto("2026-11-01T01:30")).toBe(instant("2026-11-01T05:30"));
  expect(toronto("2026-03-08T02:30")).toBe(instant("2026-03-08T07:00"));
  expect(resolveLocal("Pacific/Apia", "2011-12-30T12:00")).toBe(instant("2011-12-30T10:00"));
  expect(() => toronto("2026-13-01T00:00")).toThrow(RangeError);
  expect(localAt("Asia/Kathmandu", instant("2026-01-01T00:00"))).toBe("2026-01-01T05:45");
});

test("resolving and showing agree on times all over a year, in zones of every kind", () => {
  for (const zone of [
    "America/Toronto",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Antarctica/Troll",
    "Asia/Beirut",
  ]) {
    for (let at = instant("2026-01-01T00:00"); at < instant("2027-01-01T00:00"); at += 5_400_000) {
      const resolved = resolveLocal(zone, localAt(zone, at));
      expect(at - resolved === 0 || (at > resolved && at - resolved <= 7_200_000)).toBe(true);
      expect(localAt(zone, resolved)).toBe(localAt(zone, at));
    }
  }
});

test("dates are those of the calendar, and texts near them are refused", () => {
  for (let day = -800_000; day < 800_000; day += 97) {
    const text = Temporal.PlainDate.from("1970-01-01").add({ days: day }).toString();
    if (/^\d{4}-/.test(text)) expect(localText(day * 86_400_000)).toBe(`${text}T00:00`);
  }
  for (const text of ["2026-02-29", "2026-1-1", "2026-13-01", "2026-00-10", "26-01-01", "2026-01-01T00:00", ""]) {
    expect(parseDate(text)).toBeUndefined();
  }
  for (const text of [
    "2026-01-01",
    "2026-01-01T24:00",
    "2026-01-01 00:00",
    "2026-01-01T00:00Z",
    "2026-01-01T00:00:30",
    "2026-02-29T00:00",
  ]) {
    expect(parseLocal(text)).toBeUndefined();
  }
  expect(parseLocal("2024-02-29T23:59:00")).toBe(Date.UTC(2024, 1, 29, 23, 59));
});
