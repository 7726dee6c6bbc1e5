import { expect, test } from "vitest";
import { priceBook, readOverrides } from "../../../src/cost/index.ts";
import rules from "../../../src/cost/prices/rules.json" with { type: "json" };
import type { Json } from "../../../src/model/index.ts";

test.each<[string, string, Record<string, Json>, string, RegExp, RegExp]>([
  ["no map", "aws", { prices: "cheap" }, "prices", /map/, /discount: 12%/],
  [
    "an unknown meter",
    "aws",
    { prices: { "fargate.gpu": "1 USD/hour" } },
    "prices.fargate.gpu",
    /no meter "fargate\.gpu"/,
    /fargate\.vcpuX86/,
  ],
  [
    "another provider's meter",
    "gcp",
    { prices: { "fargate.vcpuX86": "1 USD/vCPU-hour" } },
    "prices.fargate.vcpuX86",
    /gcp has no meter/,
    /cloudRun\.vcpu/,
  ],
  [
    "a provider without meters",
    "local",
    { prices: { cpu: "1 USD/hour" } },
    "prices.cpu",
    /local has no meter/,
    /price: 0\.20 USD\/h/,
  ],
  [
    "no currency",
    "aws",
    { prices: { "fargate.vcpuX86": "0.04" } },
    "prices.fargate.vcpuX86",
    /"0\.04" is not a price/,
    /0\.05 USD\/vCPU-hour/,
  ],
  ["a number", "aws", { prices: { "fargate.vcpuX86": 0.04 } }, "prices.fargate.vcpuX86", /0\.04 is not a price/, /USD/],
  [
    "a negative price",
    "aws",
    { prices: { "fargate.vcpuX86": "-1 USD/vCPU-hour" } },
    "prices.fargate.vcpuX86",
    /not a price/,
    /USD/,
  ],
  [
    "another unit",
    "aws",
    { prices: { "fargate.vcpuX86": "1 USD/vCPU-second" } },
    "prices.fargate.vcpuX86",
    /billed by the vCPU-hour, not by the vCPU-second/,
    /1 USD\/vCPU-hour/,
  ],
  ["a discount past all", "aws", { prices: { discount: "101%" } }, "prices.discount", /"101%"/, /12%/],
  ["a discount without %", "aws", { prices: { discount: 12 } }, "prices.discount", /12 is not/, /12%/],
  ["a machine's price", "local", { price: "0.2 USD" }, "price", /"0\.2 USD"/, /0\.20 USD\/h/],
])("refused: %s", (_, type, options, path, message, fix) => {
  const { mistakes } = readOverrides(type, options);
  expect(mistakes).toEqual([{ path, message: expect.stringMatching(message), fix: expect.stringMatching(fix) }]);
});

test("all mistakes at once, and what is right is kept", () => {
  const prices = { discount: "7.5%", "ec2.m5.large": "0.096 EUR/hour", a: 1, b: 2 };
  const { overrides, mistakes } = readOverrides("aws", { prices, price: { amount: "0.2", currency: "USD" } });
  expect(mistakes.map((m) => m.path)).toEqual(["prices.a", "prices.b"]);
  expect(overrides).toEqual({
    discount: "0.075",
    rates: new Map([["ec2.m5.large", { price: "0.096", currency: "EUR", unit: "hour" }]]),
  });
});

test("every row of the book says what it is, once", () => {
  const { rows } = priceBook();
  expect(new Set(rows.map((row) => row.id)).size).toBe(rows.length);
  for (const row of rows) {
    expect(row.id).toBe(`${row.provider}.${row.meter}@${row.region}`);
    expect(row.price).toMatch(/^\d+\.\d+$/);
    expect(row.currency).toBe("USD");
    expect(row.seen).toMatch(/^\d{4}-\d\d(-\d\d)?$/);
    expect(["high", "medium", "low"]).toContain(row.sure);
    expect(row.source.length).toBeGreaterThan(5);
  }
});

test("every meter of a billing rule has a price somewhere, but for machines", () => {
  const meters = new Set(priceBook().rows.map((row) => row.meter));
  const billed = rules.flatMap((rule) => Object.values(rule.parts)).filter((meter) => !meter.endsWith(".*"));
  expect(billed.filter((meter) => !meters.has(meter))).toEqual([]);
});
