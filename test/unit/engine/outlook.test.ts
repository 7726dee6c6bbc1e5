import { describe, expect, it } from "vitest";
import { historyOf, offlineOutlook } from "../../../src/engine/index.ts";
import { openMemoryLedger } from "../../../src/ledger/index.ts";
import { type Budget, HOUR, MINUTE, type Money, SECOND } from "../../../src/model/index.ts";
import { type CostViewObject, costView } from "../../../src/query/index.ts";
import { VirtualClock } from "../../support/clock.ts";
import { Stand } from "../../support/engine.ts";
import { cron, desiredState, job } from "../../support/jobs.ts";
import { SAMPLE_DAY, SampleWriter, sampleRun } from "../../support/sample.ts";

const budgets: readonly Budget[] = [
  {
    name: "all",
    match: {},
    per: "month",
    limit: { amount: "1000", currency: "USD" },
    warnAt: [],
    atLimit: "notify",
  },
];
const START = Date.UTC(2026, 10, 24, 6);

interface Figures {
  readonly status: Money | undefined;
  readonly statusLeftOut: number | undefined;
  readonly cost: CostViewObject;
}

/** What `rota status` and `rota cost` say at this moment. */
async function figures(stand: Stand): Promise<Figures> {
  const { ledger, engine, clock } = stand;
  const [all] = (await engine.status()).budgets;
  const about = { ledger, now: clock.now(), by: ["job"], currency: "USD", budgets } as const;
  const cost = await costView({ ...about, outlook: engine.outlook });
  return { status: all?.forecast, statusLeftOut: all?.upcomingLeftOut, cost };
}

describe("the forecast", () => {
  it("is one figure, in the budget as in the report: with what runs, what has run, and what is unknown", async () => {
    const stand = await Stand.open({ startAt: START });
    stand.world.script = () => ({ durationSeconds: 360 });
    const jobs = [
      // Says twice what it takes.
      job("declared", { schedule: cron("0 7 * * *"), expect: { durationSeconds: 720 } }),
      job("by-history", { schedule: cron("0 8 * * *") }),
      job("never-ran", { schedule: cron("0 23 * * *") }),
    ];
    await stand.start(desiredState(jobs, { budgets }));
    await stand.clock.advance(HOUR + 3 * MINUTE + 2 * SECOND);
    const running = await figures(stand);
    expect(running.cost.live).toEqual({ runs: 1, leftOut: 0 });
    // 25 to 30 November of the declared job, 0.2 USD each, and the one in flight when it has ended.
    expect(running.cost.forecast).toEqual({ amount: "1.4", currency: "USD" });
    expect(running.cost.forecast).toEqual(running.status);
    expect([running.cost.upcomingLeftOut, running.statusLeftOut]).toEqual([14, 14]);

    await stand.clock.advance(2 * HOUR);
    const ended = await figures(stand);
    expect(ended.cost.forecast).toEqual(ended.status);
    const spent = ended.cost.groups.map(({ cost: { amount } }) => Number(amount));
    expect(spent.every((amount) => amount > 0.09 && amount < 0.11)).toBe(true);
    const each = Number(ended.cost.groups.find(({ key }) => key === "by-history")?.cost.amount);
    const total = spent.reduce((a, b) => a + b, 0);
    expect(Number(ended.cost.forecast?.amount)).toBeCloseTo(total + 6 * 0.2 + 6 * each, 6);
    expect(ended.statusLeftOut).toBe(7);

    const { manifest } = desiredState(jobs, { budgets });
    const priced = {
      ...manifest,
      placements: [{ name: "memory", type: "memory", options: { price: "1 USD/h", cores: 1 } }],
    };
    await stand.stop();
    const now = stand.clock.now();
    const outlook = await offlineOutlook(stand.ledger, priced, { cores: 1, now });
    const offline = await costView({ ledger: stand.ledger, now, by: ["job"], currency: "USD", budgets, outlook });
    expect(offline.forecast).toEqual(ended.status);
    expect(offline.groups).toEqual(ended.cost.groups);
  });

  it("counts a fire once: as one to come, then as what it cost, however soon it is asked again", async () => {
    const stand = await Stand.open({ startAt: START });
    stand.world.script = () => ({ durationSeconds: 36 });
    const jobs = [job("often", { schedule: cron("*/10 * * * *"), expect: { durationSeconds: 36 } })];
    await stand.start(desiredState(jobs, { budgets }));
    await stand.clock.advance(MINUTE);
    const before = await figures(stand);
    await stand.clock.advance(50 * MINUTE);
    const after = await figures(stand);
    expect(after.cost.total.amount).not.toBe("0");
    const [first, second] = [before, after].map(({ status }) => Number(status?.amount));
    // Five have run; a run is seen to end up to two seconds later than it did.
    expect(Math.abs((second ?? 0) - (first ?? 0))).toBeLessThan(0.01);
    expect(after.cost.forecast).toEqual(after.status);
    await stand.stop();
  });

  it("counts a fire whose run waits in the queue, or for another attempt, until it has begun", async () => {
    const stand = await Stand.open({ startAt: Date.UTC(2026, 10, 30, 6) });
    stand.world.script = ({ attempt, job: { name } }) => ({
      durationSeconds: name === "again" ? 60 : 2 * 3600,
      outcome: name === "again" && attempt === 1 ? "failed" : "succeeded",
    });
    const jobs = [
      job("queues", { schedule: cron("0 7,8 * * *", { overlap: "queue" }), expect: { durationSeconds: 2 * 3600 } }),
      job("again", {
        schedule: cron("0 7 * * *"),
        expect: { durationSeconds: 3600 },
        retry: { attempts: 2, backoffSeconds: 3 * 3600, maxBackoffSeconds: 3 * 3600 },
      }),
    ];
    await stand.start(desiredState(jobs, { budgets }));
    await stand.clock.advance(2 * HOUR + 30 * MINUTE);
    const open = [...stand.engine.state.open.values()].map(({ run }) => `${run.job} ${run.status}`);
    expect(open.sort()).toEqual(["again queued", "queues queued", "queues running"]);
    const { cost, status } = await figures(stand);
    // Two runs of two hours, the attempt that failed within a minute, and an hour of the one to come.
    expect(Number(cost.forecast?.amount)).toBeCloseTo(4 + 1 + 1 / 60, 1);
    expect(status).toEqual(cost.forecast);
    await stand.stop();
  });

  it("is the same in both soon after a run has ended otherwise than was expected", async () => {
    const stand = await Stand.open({ startAt: START });
    stand.world.script = () => ({ durationSeconds: 36 });
    const jobs = [job("short", { schedule: cron("0 7 * * *"), expect: { durationSeconds: 720 } })];
    await stand.start(desiredState(jobs, { budgets }));
    await stand.clock.advance(HOUR + 5 * SECOND);
    const before = await figures(stand);
    // Seven in November: the one in flight too.
    expect(before.cost.forecast).toEqual({ amount: "1.4", currency: "USD" });
    let endedAt: number | undefined;
    while (endedAt === undefined) {
      await stand.clock.advance(SECOND);
      if ((await stand.events("run.ended")).length > 0) endedAt = stand.clock.now();
    }
    await stand.clock.advance(6 * SECOND);
    const after = await figures(stand);
    expect(Number(after.cost.forecast?.amount)).toBeCloseTo(1.21, 2);
    expect(after.status).toEqual(after.cost.forecast);
    await stand.stop();
  });

  it("learns what a job takes by its first success, and does not wait for the hour", async () => {
    const stand = await Stand.open({ startAt: START });
    stand.world.script = () => ({ durationSeconds: 60 });
    await stand.start(desiredState([job("new", { schedule: cron("*/10 * * * *") })], { budgets }));
    await stand.clock.advance(5 * MINUTE);
    expect((await figures(stand)).statusLeftOut).toBeGreaterThan(0);
    await stand.clock.advance(8 * MINUTE);
    expect((await figures(stand)).statusLeftOut).toBe(0);
    await stand.stop();
  });

  it("knows of a job that only its vendor can price what was billed for the run in the middle", async () => {
    const clock = new VirtualClock({ startAt: SAMPLE_DAY });
    const ledger = await openMemoryLedger(clock);
    const writer = new SampleWriter(ledger, clock);
    for (const [hour, amount] of ["0.1", "0.3", "0.2"].entries()) {
      const billed = { service: "lambda", memoryBytes: 2 ** 27 };
      const run = await writer.start(sampleRun("function", SAMPLE_DAY + hour * HOUR, { billed }));
      await writer.end(run, { status: "succeeded", afterMs: MINUTE, reason: "x", exitCode: 0 }, amount);
    }
    expect(await historyOf(ledger, "function")).toEqual({ seconds: 59.6, billed: { amount: "0.2", currency: "USD" } });
    // What rota priced by itself is priced anew: its size may have changed.
    const own = await writer.start(sampleRun("own", SAMPLE_DAY + 9 * HOUR));
    await writer.end(own, { status: "succeeded", afterMs: MINUTE, reason: "x", exitCode: 0 }, "7");
    expect(await historyOf(ledger, "own")).toEqual({ seconds: 59.6 });
    await ledger.close();
  });

  it("counts of a run that began before the month only what lies in it", async () => {
    const stand = await Stand.open({ startAt: Date.UTC(2026, 10, 30, 23) });
    stand.world.script = () => ({ durationSeconds: 3600 });
    const late = job("late", { schedule: cron("30 23 30 11 *"), expect: { durationSeconds: 3600 } });
    await stand.start(desiredState([late], { budgets }));
    await stand.clock.advance(HOUR + 15 * MINUTE);
    const { cost, status } = await figures(stand);
    expect(cost.period).toBe("2026-12");
    expect(cost.live).toEqual({ runs: 1, leftOut: 0 });
    expect(Number(cost.total.amount)).toBeCloseTo(0.25, 2);
    expect(Number(cost.forecast?.amount)).toBeCloseTo(0.5, 2);
    expect(cost.forecast).toEqual(status);
    await stand.stop();
  });
});
