import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesText, durationText, elapsedText, percentText } from "../../../src/model/index.ts";

test.each([
  [0, "0s", "0s"],
  [0.25, "0.25s", "0.3s"],
  [1.5, "1.5s", "1.5s"],
  [59.7, "59.7s", "1m"],
  [90, "1m30s", "1m 30s"],
  [1800, "30m", "30m"],
  [1864, "31m4s", "31m 4s"],
  [5400, "1h30m", "1h 30m"],
  [86_404, "1d4s", "1d"],
  [90_061, "1d1h1m1s", "1d 1h"],
  [1_209_600, "2w", "2w"],
  [-90, "-1m30s", "-1m 30s"],
  [Number.POSITIVE_INFINITY, "unlimited", "unlimited"],
])("%d seconds: declared %s, elapsed %s", (seconds, declared, elapsed) => {
  expect(durationText(seconds)).toBe(declared);
  expect(elapsedText(seconds)).toBe(elapsed);
});

test("a declared duration says its seconds exactly", () => {
  const size: Record<string, number> = { w: 604_800, d: 86_400, h: 3600, m: 60, s: 1 };
  fc.assert(
    fc.property(fc.nat(100_000_000), (seconds) => {
      const parts = [...durationText(seconds).matchAll(/(\d+)([wdhms])/g)];
      expect(parts.reduce((sum, [, count, unit]) => sum + Number(count) * (size[unit ?? ""] ?? 0), 0)).toBe(seconds);
    }),
  );
});

test.each([
  [0, "0B"],
  [1023, "1023B"],
  [1023.7, "1KiB"],
  [1024, "1KiB"],
  [1_048_575, "1MiB"],
  [1_610_612_736, "1.5GiB"],
  [2_000_000_000, "1.86GiB"],
  [-1024, "-1KiB"],
  [Number.POSITIVE_INFINITY, "unlimited"],
])("%d bytes: %s", (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test("percent", () => {
  expect([0.8, 0.025, 1, 0].map(percentText)).toEqual(["80%", "2.5%", "100%", "0%"]);
});
