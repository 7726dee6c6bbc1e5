import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  parseBytes,
  parseDuration,
  parseHourlyPrice,
  parseMoney,
  parsePercent,
  type UnitResult,
} from "../../../src/manifest/index.ts";

const ok = <T>(value: T): UnitResult<T> => ({ ok: true, value });
const codeOf = (result: UnitResult<unknown>): string => (result.ok ? "" : result.error.code);

describe("durations in seconds", () => {
  test.each([
    ["1s", 1],
    ["90s", 90],
    ["30m", 1800],
    ["2h", 7200],
    ["1h30m", 5400],
    ["3d", 259_200],
    ["2w", 1_209_600],
    ["1w2d3h4m5s", 604_800 + 172_800 + 10_800 + 240 + 5],
  ])("%s", (text, seconds) => expect(parseDuration(text)).toEqual(ok(seconds)));
  test.each(["", " ", "30", "m", "-5m", "+5m", "5M", "5 m", "1.5h", "5m1h", "5m5m", "0s", "0h0m", "1y", "٣m", "1e3s"])(
    "%s is none",
    (text) => expect(codeOf(parseDuration(text))).toBe("R1030"),
  );
});

describe("sizes in bytes", () => {
  test.each([
    ["1B", 1],
    ["512MiB", 512 * 2 ** 20],
    ["8GiB", 8 * 2 ** 30],
    ["2GB", 2e9],
    ["1kB", 1000],
    ["1.5KiB", 1536],
    ["1TiB", 2 ** 40],
  ])("%s", (text, bytes) => expect(parseBytes(text)).toEqual(ok(bytes)));
  test.each(["", "8", "8G", "8Gi", "8gib", "8 GiB", "-1GiB", "0B", "0.5B", "1.0001GB", "9999999PiB", "constructor"])(
    "%s is none",
    (text) => expect(codeOf(parseBytes(text))).toBe("R1031"),
  );
});

describe("money", () => {
  test.each([
    ["5 USD", "5", "USD"],
    ["0.25 USD", "0.25", "USD"],
    ["0.000000001 EUR", "0.000000001", "EUR"],
    ["007.50 CAD", "7.5", "CAD"],
    ["999999999999999 JPY", "999999999999999", "JPY"],
  ])("%s", (text, amount, currency) => expect(parseMoney(text)).toEqual(ok({ amount, currency })));
  test.each([
    "",
    "5",
    "USD",
    "5USD",
    "5  USD",
    "5 usd",
    "$5",
    "-5 USD",
    "1e3 USD",
    "1,000 USD",
    ".5 USD",
    "5. USD",
    "0.0000000001 USD",
    "5 ZZZ",
  ])("%s is none", (text) => expect(codeOf(parseMoney(text))).toBe("R1032"));
  test("is exact: what is written comes back", () => {
    const whole = fc.bigInt({ min: 0n, max: 10n ** 15n - 1n });
    const part = fc.integer({ min: 1, max: 999_999_999 });
    fc.assert(
      fc.property(whole, part, (units, nanos) => {
        const fraction = String(nanos).padStart(9, "0").replace(/0+$/, "");
        const text = `${units}.${fraction}`;
        expect(parseMoney(`${text} USD`)).toEqual(ok({ amount: text, currency: "USD" }));
      }),
    );
  });
});

test.each([
  ["80%", 0.8],
  ["0%", 0],
  ["100%", 1],
  ["2.5%", 0.025],
])("the share %s", (text, share) => expect(parsePercent(text)).toEqual(ok(share)));

test.each(["", "%", "101%", "-1%", "80", "80 %", "0.8"])("%s is no share", (text) =>
  expect(codeOf(parsePercent(text))).toBe("R1033"),
);

test("a price by the hour", () => {
  expect(parseHourlyPrice("0.20 USD/h")).toEqual(ok({ amount: "0.2", currency: "USD" }));
  for (const wrong of ["0.20 USD", "0.20/h", "0.20 USD/hour", 0.2, null])
    expect(codeOf(parseHourlyPrice(wrong))).toBe("R1036");
});

test("a bare number is asked what it counts", () => {
  for (const read of [parseDuration, parseBytes, parseMoney, parsePercent]) {
    const result = read(30);
    expect(result.ok ? undefined : [result.error.code, result.error.hint?.startsWith("30 of what? write 30")]).toEqual([
      "R1034",
      true,
    ]);
  }
});

test("no input makes a unit crash or return anything but a safe value", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.anything(), fc.stringMatching(/^[\dwdhmsGMKiB.% USD-]*$/)), (input) => {
      for (const read of [parseDuration, parseBytes]) {
        const result = read(input);
        if (result.ok) expect(Number.isSafeInteger(result.value) && result.value > 0).toBe(true);
        else expect(result.error.message.length).toBeLessThan(400);
      }
      expect(typeof parseMoney(input).ok).toBe("boolean");
      expect(typeof parsePercent(input).ok).toBe("boolean");
    }),
    { numRuns: 500 },
  );
});
