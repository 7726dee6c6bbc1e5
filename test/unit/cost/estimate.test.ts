import { describe, expect, test } from "vitest";
import {
  estimate,
  type Judged,
  priceBook,
  savedByStop,
  schedulerFees,
  tariff,
  timesAfterBreach,
} from "../../../src/cost/index.ts";
import { HOUR, type Limit, MINUTE } from "../../../src/model/index.ts";
import { aRun, T0, usd } from "./subjects.ts";

const fargate = tariff({
  book: priceBook(),
  providerType: "aws",
  placementOptions: { region: "us-east-1" },
  workload: { kind: "container", cpu: 1, memoryBytes: 2 ** 31, gpu: 0 },
});

describe("an estimate", () => {
  const job = { name: "score", team: "churn", placement: "aws" };
  const made = estimate(
    [
      { job, rate: fargate, fires: 30, expectation: { seconds: 3600, from: "manifest" } },
      {
        job: { name: "short", placement: "aws" },
        rate: fargate,
        fires: 1000,
        expectation: { seconds: 5, from: "history" },
      },
      { job: { name: "new", placement: "aws" }, rate: fargate, fires: 4 },
      {
        job: { name: "local", placement: "local" },
        rate: { kind: "unpriced", missing: "no price" },
        fires: 9,
        expectation: { seconds: 1, from: "manifest" },
      },
    ],
    [{ what: "a fee", cost: { amount: "1", currency: "EUR" }, how: "by hand" }],
  );

  test("takes what the vendor billed before, where nothing is known ahead, and only there", () => {
    const billed = usd("0.25");
    const about = { fires: 4, billed };
    const jobs = estimate([
      {
        job: { name: "function", placement: "aws" },
        rate: { kind: "unpriced", missing: "the vendor bills it" },
        ...about,
      },
      { job, rate: fargate, expectation: { seconds: 3600, from: "manifest" }, ...about },
    ]).jobs;
    expect(jobs[0]).toEqual({ job: "function", placement: "aws", fires: 4, perRun: billed, cost: usd("1") });
    expect(jobs[1]?.perRun).toEqual(made.jobs[0]?.perRun);
  });

  test("is each job's fires times its run, by the vendor's minimum", () => {
    expect(made.jobs[0]).toEqual({
      job: "score",
      team: "churn",
      placement: "aws",
      fires: 30,
      seconds: 3600,
      durationFrom: "manifest",
      perRun: usd("0.04937"),
      cost: usd("1.4811"),
    });
    // 60 s at least: 0.04937 / 60 = 0.000822833…
    expect(made.jobs[1]).toMatchObject({ perRun: usd("0.000822833"), cost: usd("0.822833") });
  });

  test("lists what it cannot know, and adds no two currencies", () => {
    expect(made.unpriced).toEqual(["new", "local"]);
    expect(made.jobs[2]?.missing).toMatch(/how long/);
    expect(made.totals).toEqual([usd("2.303933"), { amount: "1", currency: "EUR" }]);
  });
});

test.each([
  ["gcp", { location: "us-central1" }, ["2.5"]],
  ["aws", { region: "us-east-1" }, ["0.00075"]],
  ["aws", { region: "eu-west-1" }, []],
  ["local", {}, []],
])("the scheduler's own fees on %s with %j", (providerType, placementOptions, amounts) => {
  const fees = schedulerFees({ book: priceBook(), providerType, placementOptions, schedules: 25, fires: 750 });
  expect(fees.map((f) => f.cost.amount)).toEqual(amounts);
});

test("no schedules and no fires, no fees", () => {
  for (const [providerType, placementOptions] of [
    ["gcp", {}],
    ["aws", { region: "us-east-1" }],
  ] as const)
    expect(schedulerFees({ book: priceBook(), providerType, placementOptions, schedules: 0, fires: 0 })).toEqual([]);
});

describe("saved", () => {
  const rate = { hourlyNanos: 1_000_000_000n, currency: "USD" };
  test.each([
    [[], undefined],
    [[HOUR], "1"],
    [[HOUR, 3 * HOUR], "2"],
    [[10 * HOUR, HOUR, 2 * HOUR], "2"],
    [[1, 2], "0.000000417"],
    [[-5], "0"],
  ])("of runs that went on for %j ms is %s USD at 1 USD/h", (wentOn, amount) => {
    expect(savedByStop(rate, wentOn)?.amount.amount).toBe(amount);
  });

  test("says how it came about", () => {
    expect(savedByStop(rate, [HOUR])?.rule).toBe(
      "1 USD/h × 3600 s, the median of 1 earlier runs that went on after the same breach",
    );
  });

  test("history is the runs that broke the same limit and were not stopped, from their first breach", () => {
    const judged = (run: string, at: number, limit: Limit, action: "stop" | "observe" | "notify"): Judged => ({
      at,
      event: {
        type: "run.judged",
        run,
        action,
        epoch: 1,
        breaches: [{ limit, declared: "30m", observed: "31m", evidence: {}, advice: "" }],
      },
    });
    const runs = ["seen", "stopped", "other limit", "healthy", "open"].map((run) =>
      aRun(run, run === "open" ? {} : { endedAt: T0 + HOUR }),
    );
    const verdicts = [
      judged("seen", T0 + 40 * MINUTE, "idle", "notify"),
      judged("seen", T0 + 30 * MINUTE, "idle", "observe"),
      judged("stopped", T0 + 30 * MINUTE, "idle", "observe"),
      judged("stopped", T0 + 50 * MINUTE, "idle", "stop"),
      judged("other limit", T0, "duration", "notify"),
      judged("open", T0, "idle", "notify"),
    ];
    expect(timesAfterBreach(runs, verdicts, ["idle", "cost"])).toEqual([30 * MINUTE]);
  });
});
