import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { textCell } from "../../../src/cost/csv.ts";
import {
  type GroupKey,
  monthOf,
  type ReportInput,
  report,
  reportCsv,
  reportJson,
  reportTable,
} from "../../../src/cost/index.ts";
import { type Budget, decimal, HOUR, nanos, type Run } from "../../../src/model/index.ts";
import { aRun, T0, usd } from "./subjects.ts";

const runs: readonly Run[] = [
  aRun("r1", { team: "churn", labels: { tier: "gold" } }),
  aRun("r2", { team: "churn", job: "train", placement: "gcp" }),
  aRun("r3", { team: "fraud", status: "killed", endedAt: T0 + HOUR, startedAt: T0, reason: "idle for 30m" }),
  aRun("r4"),
];
const charges = [
  { run: "r1", amount: usd("1.5") },
  { run: "r2", amount: usd("2") },
  { run: "r1", amount: usd("0.000000001") },
  { run: "r3", amount: usd("10") },
  { run: "gone", amount: usd("0.25") },
  { run: "r1", amount: { amount: "7", currency: "EUR" } },
];
const input: ReportInput = {
  period: monthOf(T0),
  currency: "USD",
  groupBy: ["team"],
  charges,
  runs,
  previous: {
    charges: [
      { run: "r1", amount: usd("4") },
      { run: "r4", amount: usd("1") },
    ],
  },
  budgets: [
    budget("churn, gcp only", { team: "churn", provider: "gcp" }),
    budget("churn", { team: "churn" }),
    budget("all", {}),
  ],
  upcoming: [
    { subject: aRun("x", { team: "churn" }), fires: 10, each: usd("0.1") },
    { subject: aRun("x", { team: "fraud" }), fires: 4, each: undefined },
  ],
  saved: [{ run: "r3", amount: usd("3") }],
  unpriced: [
    { run: "r4", missing: "no price for this machine" },
    { run: "r4", missing: "no price for this machine" },
  ],
};

function budget(name: string, match: Budget["match"]): Budget {
  return { name, match, per: "month", limit: usd("400"), warnAt: [], atLimit: "notify" };
}

describe("a report by team", () => {
  const made = report(input);

  test("has a row for each, dearest first, with what is known of it", () => {
    expect(
      made.rows.map(({ key, runs: n, cost, previous, budget: limit, forecast, saved, unpriced }) => [
        key[0],
        n,
        cost.amount,
        previous?.amount,
        limit?.amount,
        forecast?.amount,
        saved?.amount,
        unpriced,
      ]),
    ).toEqual([
      ["fraud", 1, "10", "0", undefined, "10", "3", 0],
      ["churn", 2, "3.500000001", "4", "400", "4.500000001", undefined, 0],
      ["-", 2, "0.25", "1", undefined, "0.25", undefined, 1],
    ]);
    expect(made.rows[0]?.share).toBeCloseTo(10 / 13.75, 5);
  });

  test("has a total, and says what is in no figure", () => {
    expect(made.total).toEqual({
      runs: 5,
      cost: usd("13.750000001"),
      previous: usd("5"),
      budget: usd("400"),
      forecast: usd("14.750000001"),
      saved: usd("3"),
      unpriced: 1,
    });
    expect(made.otherCurrencies).toEqual([{ amount: "7", currency: "EUR" }]);
    expect(made.missing).toEqual([{ missing: "no price for this machine", runs: 1 }]);
    expect(made.upcomingLeftOut).toBe(4);
  });

  test("names the dearest runs and those that were stopped, with the reason", () => {
    expect(made.top.map((r) => r.run)).toEqual(["r3", "r2", "r1"]);
    expect(made.stopped).toEqual([
      {
        run: "r3",
        job: "score",
        status: "killed",
        startedAt: T0,
        endedAt: T0 + HOUR,
        cost: usd("10"),
        reason: "idle for 30m",
      },
    ]);
  });

  test("is a table with its rounding and its gaps stated", () => {
    const { cells, right, notes } = reportTable(made);
    expect(cells).toEqual([
      ["team", "runs", "cost", "share", "previous", "budget", "forecast", "saved", "unpriced"],
      ["fraud", "1", "10.0000", "72.7%", "0.0000", "", "10.0000", "3.0000", "0"],
      ["churn", "2", "3.5000", "25.5%", "4.0000", "400.0000", "4.5000", "", "0"],
      ["-", "2", "0.2500", "1.8%", "1.0000", "", "0.2500", "", "1"],
      ["total", "5", "13.7500", "100.0%", "5.0000", "400.0000", "14.7500", "3.0000", "1"],
    ]);
    expect([...right]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(notes.join("\n")).toMatch(/2026-11 in UTC; USD, metered, rounded half to even to 4 decimals/);
    for (const said of [/unpriced.*1 runs/, /7 EUR/, /4 fires/, /median/])
      expect(notes.some((n) => said.test(n))).toBe(true);
  });

  test("is JSON with exact decimals, and null where there is no figure", () => {
    const json = reportJson(made);
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
    expect(json).toMatchObject({
      schema: "rota.cost/1",
      period: "2026-11",
      currency: "USD",
      total: usd("13.750000001"),
      budget: usd("400"),
      saved: usd("3"),
    });
    expect(json.groups[1]).toEqual({
      key: "churn",
      by: { team: "churn" },
      runs: 2,
      cost: usd("3.500000001"),
      share: 0.254545,
      previous: usd("4"),
      budget: usd("400"),
      forecast: usd("4.500000001"),
      saved: null,
      unpriced: 0,
    });
  });

  test("is CSV with exact decimals", () => {
    expect(reportCsv(made)).toBe(
      [
        "team,period,currency,runs,cost,previous,budget,forecast,saved,unpriced",
        "fraud,2026-11,USD,1,10,0,,10,3,0",
        "churn,2026-11,USD,2,3.500000001,4,400,4.500000001,,0",
        ",2026-11,USD,2,0.25,1,,0.25,,1",
        "",
      ].join("\r\n"),
    );
  });
});

test("groups by several attributes and labels; a budget shows where it matches exactly that row", () => {
  const made = report({ ...input, groupBy: ["team", "provider"] });
  expect(made.rows.map((r) => [r.key.join("+"), r.budget?.amount])).toEqual([
    ["fraud+aws", undefined],
    ["churn+gcp", "400"],
    ["churn+aws", undefined],
    ["-+-", undefined],
    ["-+aws", undefined],
  ]);
  const other = (per: Budget["per"], match: Budget["match"]): Budget => ({ ...budget("other", match), per });
  const daily = [other("day", { team: "churn" }), other("week", {}), other({ rollingSeconds: 2_592_000 }, {})];
  const without = report({ ...input, budgets: daily });
  expect([without.total.budget, ...without.rows.map((r) => r.budget)].every((b) => b === undefined)).toBe(true);
  const euros = { ...budget("euros", { team: "fraud" }), limit: { amount: "9", currency: "EUR" } };
  expect(report({ ...input, budgets: [euros] }).rows.map((r) => r.budget)).toEqual([undefined, undefined, undefined]);
  expect(report({ ...input, groupBy: ["label:tier"] }).rows.map((r) => r.key[0])).toEqual(["-", "gold"]);
});

test("nothing at all is a report of nothing", () => {
  const { upcoming: _, previous: __, ...rest } = input;
  const made = report({ ...rest, charges: [], runs: [], saved: [], unpriced: [], budgets: [] });
  expect(made.total).toEqual({ runs: 0, cost: usd("0"), unpriced: 0 });
  expect(reportTable(made).cells).toEqual([
    ["team", "runs", "cost", "share"],
    ["total", "0", "0.0000", "100.0%"],
  ]);
});

test("L3: entries = per run = per group = total, exact, in any order and by any grouping", () => {
  const teams = fc.constantFrom("a", "b", undefined);
  const aCharge = fc.record({
    run: fc.constantFrom("1", "2", "3", "4", "5"),
    nanos: fc.bigInt({ min: -(10n ** 15n), max: 10n ** 18n }),
  });
  const keys = fc.subarray<GroupKey>(["team", "job", "provider", "environment", "costCenter", "label:tier"]);
  fc.assert(
    fc.property(
      fc.array(aCharge),
      fc.array(teams, { minLength: 5, maxLength: 5 }),
      keys,
      fc.func(fc.integer()),
      (made, of, groupBy, order) => {
        const all = made.map(({ run, nanos: n }) => ({ run, amount: usd(decimal(n)) }));
        const people = of.map((team, i) =>
          aRun(`${i + 1}`, { job: `job-${i % 2}`, ...(team === undefined ? {} : { team }) }),
        );
        const facts = { ...input, charges: all, runs: people, groupBy };
        const one = report(facts);
        const shuffled = [...all.keys()]
          .sort((a, b) => order(a) - order(b))
          .map((i) => all[i] ?? { run: "", amount: usd("0") });
        expect(report({ ...facts, charges: shuffled, runs: people.toReversed() })).toEqual(one);
        const entries = made.reduce((sum, c) => sum + c.nanos, 0n);
        const sum = (amounts: readonly { readonly cost: { readonly amount: string } }[]): bigint =>
          amounts.reduce((s, { cost }) => s + nanos(cost.amount), 0n);
        expect(nanos(one.total.cost.amount)).toBe(entries);
        expect(sum(one.rows)).toBe(entries);
        expect(sum(one.top)).toBe(entries);
        const text = reportCsv(one)
          .trim()
          .split("\r\n")
          .slice(1)
          .map((line) => nanos(line.split(",")[groupBy.length + 3] ?? ""));
        expect(text.reduce((a, b) => a + b, 0n)).toBe(entries);
      },
    ),
  );
});

test.each([
  ["=SUM(A1)", "'=SUM(A1)"],
  ["+1", "'+1"],
  ["-1", "'-1"],
  ["@x", "'@x"],
  ["\tx", "'\tx"],
  ["\rx", '"\'\rx"'],
  ["  =x", "'  =x"],
  ["a=b", "a=b"],
  ['say "hi", twice', '"say ""hi"", twice"'],
  ["two\nlines", '"two\nlines"'],
  ["=a,b", `"'=a,b"`],
  ["", ""],
])("a cell of CSV: %j becomes %j", (text, cell) => {
  expect(textCell(text)).toBe(cell);
});

test("no text of any team or label begins a formula in CSV", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("=", "+", "-", "@", "\t", "\r", "\n", " ", "a", '"', ",") }),
      (text) => {
        expect(textCell(text).replace(/^"/, "")).not.toMatch(/^\s*[=+\-@]|^[\t\r\n]/);
      },
    ),
  );
});
