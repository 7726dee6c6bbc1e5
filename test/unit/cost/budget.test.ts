import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type BudgetFacts,
  type BudgetState,
  chargedIn,
  matches,
  type Spending,
  type Subject,
  budgetState as stateFrom,
  Tally,
} from "../../../src/cost/index.ts";
import { type Budget, DAY, HOUR, nanos } from "../../../src/model/index.ts";
import { T0, usd } from "./subjects.ts";

const churn: Subject = {
  job: "score",
  environment: "prod",
  placement: "aws",
  team: "churn",
  costCenter: "CC-1",
  labels: { tier: "gold" },
};
const other: Subject = { job: "train", environment: "prod", placement: "gcp", labels: {} };
const budget: Budget = {
  name: "churn",
  match: { team: "churn" },
  per: "day",
  limit: usd("100"),
  warnAt: [0.5, 0.8],
  atLimit: "hold",
};

type Facts = Omit<BudgetFacts, "charged"> & { readonly charges: readonly Spending[] };

function budgetState({ charges, ...facts }: Facts): BudgetState {
  return stateFrom({ ...facts, charged: chargedIn(facts.budget, facts.at, charges) });
}

function state(amounts: readonly string[], more: Partial<Facts> = {}): BudgetState {
  const charges = amounts.map((amount) => ({ subject: churn, amount: usd(amount), from: T0 + HOUR }));
  return budgetState({ budget, at: T0 + 12 * HOUR, charges, live: [], upcoming: [], warned: [], ...more });
}

test.each<[string, Budget["match"], boolean]>([
  ["nothing named matches all", {}, true],
  ["the team", { team: "churn" }, true],
  ["another team", { team: "fraud" }, false],
  ["the job", { job: "score" }, true],
  ["another job", { job: "train" }, false],
  ["the placement", { provider: "aws" }, true],
  ["another placement", { provider: "gcp" }, false],
  ["the environment", { environment: "prod" }, true],
  ["another environment", { environment: "dev" }, false],
  ["the cost center", { costCenter: "CC-1" }, true],
  ["another cost center", { costCenter: "CC-2" }, false],
  ["a label", { labels: { tier: "gold" } }, true],
  ["another value", { labels: { tier: "iron" } }, false],
  ["a label that is not there", { labels: { zone: "a" } }, false],
  ["all of several", { team: "churn", job: "score", labels: { tier: "gold" } }, true],
  ["all but one of several", { team: "churn", job: "train", labels: { tier: "gold" } }, false],
])("match: %s", (_, match, expected) => {
  expect(matches(match, churn)).toBe(expected);
});

describe("a budget of 100 USD a day, warnings at 50% and 80%", () => {
  test.each<[string, string, readonly number[], string | undefined]>([
    ["49.999999999", "ok", [], undefined],
    ["50", "warned", [0.5], undefined],
    ["79.999999999", "warned", [0.5], undefined],
    ["80", "warned", [0.5, 0.8], undefined],
    ["99.999999999", "warned", [0.5, 0.8], undefined],
    ["100", "reached", [0.5, 0.8], "hold"],
    ["1000", "reached", [0.5, 0.8], "hold"],
  ])("at %s is %s", (amount, expected, crossed, action) => {
    const { state: is, crossed: newly, action: does, share } = state([amount]);
    expect([is, newly, does]).toEqual([expected, crossed, action]);
    expect(share).toBeCloseTo(Number(amount) / 100, 5);
  });

  test("warns once in a period, and again in the next", () => {
    expect(state(["90"], { warned: [{ share: 0.5, at: T0 + 1 }] }).crossed).toEqual([0.8]);
    expect(state(["90"], { warned: [{ share: 0.5, at: T0 - 1 }] }).crossed).toEqual([0.5, 0.8]);
  });

  test("counts its own charges of its own period alone", () => {
    const charges = [
      { subject: churn, amount: usd("1"), from: T0 - 1 },
      { subject: churn, amount: usd("2"), from: T0 },
      { subject: churn, amount: usd("4"), from: T0 + DAY - 1 },
      { subject: churn, amount: usd("8"), from: T0 + DAY },
      { subject: other, amount: usd("16"), from: T0 },
    ];
    expect(state([], { charges }).spent).toEqual(usd("6"));
  });

  test("counts runs in flight; those without a price, and other currencies, are left out and said so", () => {
    const live = [
      { subject: churn, spent: usd("20"), remaining: usd("5") },
      { subject: churn, spent: undefined },
      { subject: churn, spent: { amount: "3", currency: "EUR" } },
      { subject: other, spent: usd("1000") },
    ];
    const upcoming = [
      { subject: churn, fires: 3, each: usd("2.5") },
      { subject: churn, fires: 7, each: undefined },
      { subject: other, fires: 100, each: usd("9") },
    ];
    const { spent, forecast, leftOut } = state(["30"], { live, upcoming });
    expect(spent).toEqual(usd("50"));
    expect(forecast).toEqual(usd("62.5"));
    expect(leftOut).toEqual({ fires: 7, runs: 1, otherCurrencies: [{ amount: "3", currency: "EUR" }] });
  });

  test("a reversal, being negative, is taken off", () => {
    expect(state(["60", "-15"]).state).toBe("ok");
  });
});

test("a rolling window holds what lies in it, its end included, and has no forecast", () => {
  const rolling: Budget = { ...budget, per: { rollingSeconds: 3600 } };
  const at = T0 + HOUR;
  const charges = [T0, T0 + 1, at].map((from) => ({ subject: churn, amount: usd("30"), from }));
  const now = budgetState({ budget: rolling, at, charges, live: [], upcoming: [], warned: [] });
  expect(now).toMatchObject({ spent: usd("60"), state: "warned", crossed: [0.5] });
  expect(now.forecast).toBeUndefined();
  const later = budgetState({ budget: rolling, at: at + HOUR, charges, live: [], upcoming: [], warned: [] });
  expect(later).toMatchObject({ spent: usd("0"), state: "ok" });
});

test("a budget of nothing is reached from the start", () => {
  expect(state([], { budget: { ...budget, limit: usd("0"), atLimit: "stop" } })).toMatchObject({
    state: "reached",
    action: "stop",
    share: 1,
  });
});

test("spending more never makes a budget look better, in any order", () => {
  const amounts = fc.array(fc.bigInt({ min: 0n, max: 60_000_000_000n }), { maxLength: 8 });
  const rank = { ok: 0, warned: 1, reached: 2 };
  fc.assert(
    fc.property(amounts, fc.bigInt({ min: 0n, max: 60_000_000_000n }), (sums, more) => {
      const text = (value: bigint): string =>
        `${value / 1_000_000_000n}.${String(value % 1_000_000_000n).padStart(9, "0")}`;
      const before = state(sums.map(text));
      const after = state([...sums, more].map(text));
      expect(state(sums.map(text).reverse())).toEqual(before);
      expect(nanos(before.spent.amount)).toBe(sums.reduce((a, b) => a + b, 0n));
      expect(rank[after.state]).toBeGreaterThanOrEqual(rank[before.state]);
      expect(after.crossed.length).toBeGreaterThanOrEqual(before.crossed.length);
    }),
  );
});

describe("a tally of charges", () => {
  const subjects = [churn, other, { ...other, team: "churn" }];
  const anyCharge = fc
    .record({
      subject: fc.constantFrom(...subjects),
      cents: fc.integer({ min: -500, max: 500 }),
      currency: fc.constantFrom("USD", "EUR"),
      // Late ones too, of days before.
      from: fc.integer({ min: -40 * 24, max: 40 * 24 }).map((hours) => T0 + hours * HOUR),
    })
    .map(({ subject, cents, currency, from }) => ({
      subject,
      amount: { amount: (cents / 100).toFixed(2), currency },
      from,
    }));
  const anyStep = fc.oneof(
    { weight: 4, arbitrary: fc.record({ charge: anyCharge }) },
    { weight: 4, arbitrary: fc.record({ hours: fc.integer({ min: 0, max: 200 }) }) },
    { weight: 1, arbitrary: fc.record({ corrected: fc.nat() }) },
    {
      weight: 1,
      arbitrary: fc.record({ match: fc.constantFrom<Budget["match"]>({}, { team: "churn" }, { job: "train" }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        per: fc.constantFrom<Budget["per"]>("day", "week", "month", { rollingSeconds: 36_000 }),
      }),
    },
  );

  test("is what adding up everything gives, whatever came late, was corrected, or changed in the manifest", () => {
    fc.assert(
      fc.property(fc.array(anyCharge, { maxLength: 10 }), fc.array(anyStep, { maxLength: 40 }), (first, steps) => {
        const tally = new Tally();
        let charges = first;
        let at = T0;
        let scope: Budget = { ...budget, per: "month" };
        for (const step of steps) {
          if ("charge" in step) charges.push(step.charge);
          else if ("hours" in step) at += step.hours * HOUR;
          else if ("corrected" in step) charges = charges.filter((_, i) => i !== step.corrected % charges.length);
          else scope = { ...scope, ...step };
          expect(tally.of(scope, at, charges)).toEqual(chargedIn(scope, at, charges));
        }
      }),
    );
  });

  test("looks at each charge of a period once", () => {
    let looks = 0;
    const charges = Array.from({ length: 1000 }, () => ({
      amount: usd("0.1"),
      from: T0,
      get subject() {
        looks += 1;
        return churn;
      },
    }));
    const tally = new Tally();
    for (let round = 0; round < 20; round += 1) {
      expect(tally.of(budget, T0 + round * HOUR, charges).get("USD")).toBe(nanos("0.1") * BigInt(charges.length));
      charges.push(...charges.slice(0, 1));
    }
    expect(looks).toBe(1019);
  });
});
