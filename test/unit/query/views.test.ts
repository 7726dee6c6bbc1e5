import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CostOutlook, Upcoming } from "../../../src/cost/index.ts";
import { type Ledger, openMemoryLedger } from "../../../src/ledger/index.ts";
import { type Budget, DAY, HOUR, MINUTE } from "../../../src/model/index.ts";
import {
  costView,
  dayBounds,
  explainFireView,
  explainView,
  jobsView,
  localDate,
  nextView,
  offlineStatusView,
  parseInstant,
  parseMonth,
  statusView,
  todayView,
} from "../../../src/query/index.ts";
import { VirtualClock } from "../../support/clock.ts";
import {
  SAMPLE_DAY,
  SAMPLE_NOW,
  SampleWriter,
  sampleJob,
  sampleRun,
  writeSampleMorning,
} from "../../support/sample.ts";
import { engineStatus } from "../../support/server.ts";

let clock: VirtualClock;
let ledger: Ledger;
let writer: SampleWriter;
beforeEach(async () => {
  clock = new VirtualClock();
  ledger = await openMemoryLedger(clock);
  writer = new SampleWriter(ledger, clock);
});
afterEach(() => ledger.close());

describe("a day", () => {
  test.each([
    ["2026-11-23", "UTC", 24],
    ["2026-03-08", "America/Toronto", 23],
    ["2026-11-01", "America/Toronto", 25],
    ["2026-10-04", "Australia/Lord_Howe", 23.5],
    ["2011-12-31", "Pacific/Apia", 24],
  ])("%s in %s has %d hours", (date, zone, hours) => {
    const day = dayBounds(date, zone);
    expect(((day?.to ?? 0) - (day?.from ?? 0)) / HOUR).toBe(hours);
    expect(localDate(day?.from ?? 0, zone)).toBe(date);
    expect(localDate((day?.to ?? 0) - 1, zone)).toBe(date);
  });

  test.each(["2026-02-30", "2026-1-1", "x", "", "2026-11-23T00:00", "+002026-11-23"])("%j is none", (date) => {
    expect(dayBounds(date, "UTC")).toBeUndefined();
  });

  test("instants are RFC 3339 with an offset", () => {
    expect(parseInstant("2026-11-23T06:00:00-05:00")).toBe(Date.UTC(2026, 10, 23, 11));
    for (const text of ["2026-11-23T06:00:00", "2026-11-23", "now", ""]) expect(parseInstant(text)).toBeUndefined();
  });
});

describe("todayView", () => {
  const today = (more: object = {}): ReturnType<typeof todayView> =>
    todayView({ ledger, zone: "UTC", now: SAMPLE_NOW, ...more });

  test("accounts for every fire of the day, once", async () => {
    await writeSampleMorning(writer);
    const { date, counts, fires } = await today();
    expect(date).toBe("2026-11-23");
    expect(counts).toEqual({
      expected: 102,
      ran: 39,
      running: 1,
      late: 0,
      missed: 1,
      failed: 1,
      killed: 1,
      excused: 1,
      upcoming: 58,
    });
    expect(new Set(fires.map(({ fire }) => fire)).size).toBe(102);
    expect(fires.find(({ job }) => job === "forgotten-print")).toMatchObject({
      state: "killed",
      run: "forgotten-print-202611230504",
      provider: "local",
    });
    expect(fires.find(({ job }) => job === "invoices")).toMatchObject({
      state: "excused",
      was: "failed",
      reason: "run by hand at 07:20 (Mina)",
    });
  });

  test("finds the run of a fire that was made up for after the day", async () => {
    await writer.deploy(SAMPLE_DAY - DAY, sampleJob("late", "0 23 * * *"));
    const run = sampleRun("late", SAMPLE_DAY + 23 * HOUR, { createdAt: SAMPLE_DAY + 9 * DAY, cause: "catchUp" });
    await writer.start(run);
    await writer.end(run, { status: "succeeded", afterMs: MINUTE, reason: "exit code 0", exitCode: 0 }, "1");
    const { fires } = await today({ now: SAMPLE_DAY + 10 * DAY, date: "2026-11-23" });
    expect(fires).toMatchObject([{ state: "ran", run: run.run }]);
  });

  test("says that the daemon was down, while it is", async () => {
    await writer.deploy(SAMPLE_DAY, sampleJob("hourly", "0 * * * *"));
    await writer.at(SAMPLE_DAY + HOUR / 2, { type: "daemon.stopped", epoch: 1, reason: "SIGTERM" });
    const { fires } = await today({ now: SAMPLE_DAY + 3 * HOUR });
    expect(fires[0]).toMatchObject({ state: "missed", reason: expect.stringContaining("daemon") });
  });

  test("looks at one environment only", async () => {
    await writer.deploy(
      SAMPLE_DAY - DAY,
      sampleJob("a", "0 1 * * *"),
      sampleJob("b", "0 1 * * *", { environment: "prod" }),
    );
    const { fires } = await today({ environment: "prod" });
    expect(fires.map(({ job }) => job)).toEqual(["b"]);
  });

  test("a text that is no date is a RangeError", async () => {
    await expect(today({ date: "2026-02-30" })).rejects.toThrow(RangeError);
  });
});

describe("explain", () => {
  test("a stopped run: the guard, and the timeline in order", async () => {
    const { killed } = await writeSampleMorning(writer);
    const explained = await explainView(ledger, killed.run);
    expect(explained?.responsible.component).toBe("guard");
    const times = explained?.timeline.map(({ at }) => Date.parse(at)) ?? [];
    expect(times.length).toBeGreaterThan(5);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(await explainView(ledger, "none")).toBeUndefined();
  });

  test("a missed fire: the daemon was down", async () => {
    await writeSampleMorning(writer);
    const explained = await explainFireView(ledger, "check-data/2026-11-23T05:00/0", SAMPLE_NOW);
    expect(explained).toMatchObject({ schema: "rota.explain.fire/1", responsible: { component: "daemon" } });
    expect(await explainFireView(ledger, "no key", SAMPLE_NOW)).toBeUndefined();
  });

  test("a fire that started a run names its last attempt, unless it is signed off", async () => {
    await writeSampleMorning(writer);
    const at = SAMPLE_NOW + MINUTE;
    const fire = { fire: "score-customers/2026-11-23T08:00/0", cause: "retry", attempt: 2 } as const;
    await writer.at(at, { type: "run.created", run: sampleRun("score-customers", at, fire) });
    const runOf = async (key: string): Promise<string | undefined> =>
      (await explainFireView(ledger, key, SAMPLE_NOW))?.run;
    expect(await runOf(fire.fire)).toBe(sampleRun("score-customers", at).run);
    expect(await runOf("train-model/2026-11-23T06:00/0")).toBe("train-model-202611230600");
    expect(await runOf("invoices/2026-11-23T07:00/0")).toBeUndefined();
    expect(await runOf("check-data/2026-11-23T05:00/0")).toBeUndefined();
  });

  test("another job's record is not taken for the fire's own", async () => {
    await writeSampleMorning(writer);
    const explained = await explainFireView(ledger, "archive/2026-11-23T22:00/0", SAMPLE_NOW);
    expect(explained?.responsible.evidence).toContain("still to come");
  });
});

describe("costView", () => {
  const about = { by: ["job"], currency: "USD", budgets: [] as readonly Budget[], now: SAMPLE_NOW } as const;

  test("the groups add up to the total, and that to the ledger's entries", async () => {
    await writeSampleMorning(writer);
    const cost = await costView({ ledger, ...about });
    expect(cost).toMatchObject({
      schema: "rota.cost/1",
      period: "2026-11",
      total: { amount: "1.355434546", currency: "USD" },
    });
    expect(cost.groups.map(({ key, cost: { amount } }) => [key, amount])).toEqual([
      ["train-model", "1.234567891"],
      ["forgotten-print", "0.103400001"],
      ["check-data", "0.008866654"],
      ["score-customers", "0.0086"],
      ["invoices", "0"],
    ]);
    expect(cost.unpriced.runs).toBe(1);
    expect(cost.live).toEqual({ runs: 0, leftOut: 0 });
  });

  test("runs in flight count as far as they have got, once the daemon says how far", async () => {
    await writeSampleMorning(writer);
    const [subject] = await ledger.runs({ status: ["running"] });
    if (!subject) throw new Error("the sample has a run in flight");
    const upcoming = async (): Promise<readonly Upcoming[]> => [];
    const inFlight = async (): ReturnType<CostOutlook["inFlight"]> => [
      { subject, spent: { amount: "2", currency: "USD" }, remaining: { amount: "0.5", currency: "USD" } },
    ];
    const cost = await costView({ ledger, ...about, outlook: { inFlight, upcoming } });
    expect([cost.total.amount, cost.forecast?.amount, cost.live]).toEqual([
      "3.355434546",
      "3.855434546",
      { runs: 1, leftOut: 0 },
    ]);
    const untold = async (): ReturnType<CostOutlook["inFlight"]> => [{ subject, spent: undefined }];
    const unknown = await costView({ ledger, ...about, outlook: { inFlight: untold, upcoming } });
    expect([unknown.total.amount, unknown.live]).toEqual(["1.355434546", { runs: 0, leftOut: 1 }]);
    const elsewhere = await costView({ ledger, ...about, environment: "other", outlook: { inFlight, upcoming } });
    expect([elsewhere.total.amount, elsewhere.live.runs]).toEqual(["0", 0]);
  });

  test("a charge belongs to the month in which it begins, also when it ends at the stroke of the next", async () => {
    const midnight = Date.UTC(2026, 11, 1);
    const run = sampleRun("night", midnight - HOUR);
    const part = { type: "charge", run: run.run, job: run.job, basis: "metered", how: "x" } as const;
    await writer.at(
      midnight + HOUR,
      { type: "run.created", run },
      { ...part, amount: { amount: "1", currency: "USD" }, from: midnight - HOUR, to: midnight },
      { ...part, amount: { amount: "2", currency: "USD" }, from: midnight, to: midnight + HOUR },
    );
    const total = async (month: string): Promise<string> =>
      (await costView({ ledger, ...about, now: midnight + HOUR, month })).total.amount;
    expect([await total("2026-11"), await total("2026-12")]).toEqual(["1", "2"]);
  });

  test("a month that is over has no forecast, and nothing of what is in flight now", async () => {
    await writeSampleMorning(writer);
    const asked = (): never => {
      throw new Error("nobody asks what comes in a month that is over");
    };
    const cost = await costView({
      ledger,
      ...about,
      month: "2026-10",
      outlook: { inFlight: asked, upcoming: asked },
    });
    expect([cost.forecast, cost.live]).toEqual([null, { runs: 0, leftOut: 0 }]);
  });

  test.each(["2026-13", "2026", "", "2026-00"])("%j is no month", async (month) => {
    expect(parseMonth(month)).toBeUndefined();
    await expect(costView({ ledger, ...about, month })).rejects.toThrow(RangeError);
  });
});

describe("jobs and what comes next", () => {
  test("jobs tell their schedule and next fire, and nothing of command and environment", async () => {
    await writer.deploy(
      SAMPLE_DAY,
      sampleJob("b", "0 6 * * *", {
        workload: {
          kind: "process",
          command: ["hunter2"],
          shell: false,
          cpu: 1,
          memoryBytes: 1,
          env: { A: "hunter2" },
          secrets: {},
        },
      }),
      sampleJob("a", "30 6 * * *"),
    );
    const view = await jobsView(ledger, SAMPLE_DAY + HOUR);
    expect(view.jobs.map(({ job, next }) => [job, next])).toEqual([
      ["a", "2026-11-23T06:30:00Z"],
      ["b", "2026-11-23T06:00:00Z"],
    ]);
    expect(JSON.stringify(view)).not.toContain("hunter2");
  });

  test("fires come by time, within the range or the number asked for", () => {
    const jobs = [sampleJob("b", "0 * * * *"), sampleJob("a", "0 */2 * * *")];
    const told = (query: object): string[] =>
      nextView(jobs, { from: SAMPLE_DAY, limit: 100, ...query }).fires.map(
        ({ job, local }) => `${job} ${local.slice(11)}`,
      );
    expect(told({ to: SAMPLE_DAY + 2 * HOUR })).toEqual(["a 00:00", "b 00:00", "b 01:00"]);
    expect(told({ limit: 4 })).toEqual(["a 00:00", "b 00:00", "b 01:00", "a 02:00"]);
    expect(told({ job: "a", limit: 2 })).toEqual(["a 00:00", "a 02:00"]);
    expect(told({ job: "none" })).toEqual([]);
  });

  test("a schedule that ends gives what there is", () => {
    const job = sampleJob("once", "0 1 * * *");
    const ending = { job: { ...job.job, schedule: { ...job.job.schedule, end: "2026-11-24T00:00" } } };
    expect(nextView([ending], { from: SAMPLE_DAY, limit: 5 }).fires).toHaveLength(1);
  });
});

describe("status", () => {
  test("of a running daemon", () => {
    const live = engineStatus(clock, { problems: ["x"], unread: ["aws: z"], guardHeld: "y" });
    const about = { pid: 7, version: "0.1.0", timezone: "UTC" };
    expect(statusView(live, about, { ran: 1 })).toMatchObject({
      schema: "rota.status/1",
      daemon: { up: true, pid: 7, uptimeSeconds: 10_800, ready: true },
      today: { ran: 1 },
      problems: ["x", "aws: z"],
      guardHeld: "y",
    });
  });

  test("without a daemon says what that means, and what was in flight", async () => {
    const { running } = await writeSampleMorning(writer);
    const about = { namespace: "n", environment: "dev", timezone: "UTC", today: {}, budgets: [] };
    expect(await offlineStatusView(ledger, about)).toMatchObject({
      daemon: { up: false },
      running: [{ run: running.run, status: "running", cost: null }],
      problems: [expect.stringContaining("rota up")],
    });
  });
});
