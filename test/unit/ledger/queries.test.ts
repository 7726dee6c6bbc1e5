import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Ledger, openMemoryLedger } from "../../../src/ledger/index.ts";
import { DAY, HOUR, type LedgerEvent, type RunStatus } from "../../../src/model/index.ts";
import { aCharge, aDesired, aNote, aRun, T0 } from "./events.ts";

let ledger: Ledger;
let now = T0;
beforeEach(async () => {
  now = T0;
  ledger = await openMemoryLedger({ now: () => now });
});
afterEach(() => ledger.close());

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  return Array.fromAsync(items);
}

describe("runs", () => {
  const ended = (run: string, status: "succeeded" | "failed" | "killed" | "lost"): LedgerEvent => {
    return {
      type: "run.ended",
      run,
      status,
      endedAt: T0 + HOUR,
      exitCode: 0,
      reason: "it ended",
      component: "workload",
    };
  };
  const started: LedgerEvent = { type: "run.started", run: "r1", handle: { pid: 7 }, startedAt: T0 + 5 };

  test("follow their events", async () => {
    await ledger.append([{ type: "run.created", run: aRun("r1") }]);
    expect((await ledger.run("r1"))?.status).toBe("queued");
    await ledger.append([{ type: "run.sent", run: "r1" }]);
    expect((await ledger.run("r1"))?.status).toBe("starting");
    await ledger.append([started]);
    expect(await ledger.run("r1")).toEqual({ ...aRun("r1"), status: "running", handle: { pid: 7 }, startedAt: T0 + 5 });
    await ledger.append([ended("r1", "succeeded")]);
    expect(await ledger.run("r1")).toMatchObject({ status: "succeeded", endedAt: T0 + HOUR, exitCode: 0 });
    expect(await ledger.run("r2")).toBeUndefined();
  });

  test.each<[string, LedgerEvent[], RunStatus]>([
    ["a success stays one", [started, ended("r1", "succeeded"), ended("r1", "killed")], "succeeded"],
    ["a lost run may be found", [started, ended("r1", "lost"), ended("r1", "failed")], "failed"],
    ["a start heard after the end opens nothing", [ended("r1", "failed"), started], "failed"],
    ["a request heard after the start changes nothing", [started, { type: "run.sent", run: "r1" }], "running"],
    ["a second creation changes nothing", [started, { type: "run.created", run: aRun("r1") }], "running"],
  ])("%s", async (_, events, status) => {
    await ledger.append([{ type: "run.created", run: aRun("r1") }, ...events]);
    expect((await ledger.run("r1"))?.status).toBe(status);
  });

  test("are found by job, environment, status and time, newest first", async () => {
    const statuses: RunStatus[] = ["queued", "running", "failed", "succeeded"];
    const made = Array.from({ length: 40 }, (_, i) =>
      aRun(`r${i}`, {
        job: i % 2 === 0 ? "even" : "odd",
        environment: i % 3 === 0 ? "prod" : "dev",
        status: statuses[i % 4] ?? "queued",
        createdAt: T0 + Math.floor(i / 2),
      }),
    );
    await ledger.append(made.map((run) => ({ type: "run.created", run })));
    const newest = [...made].reverse().sort((a, b) => b.createdAt - a.createdAt);
    expect(await ledger.runs({})).toEqual(newest);
    expect(await ledger.runs({ limit: 3 })).toEqual(newest.slice(0, 3));
    const query = {
      job: "odd",
      environment: "dev",
      status: ["running", "succeeded"] as const,
      since: T0 + 3,
      until: T0 + 18,
    };
    const expected = newest.filter(
      (r) =>
        r.job === "odd" &&
        r.environment === "dev" &&
        (r.status === "running" || r.status === "succeeded") &&
        r.createdAt >= T0 + 3 &&
        r.createdAt < T0 + 18,
    );
    expect(expected.length).toBeGreaterThan(5);
    expect(await ledger.runs(query)).toEqual(expected);
    expect(await ledger.runs({ ...query, limit: 2 })).toEqual(expected.slice(0, 2));
    expect(await ledger.runs({ status: [] })).toEqual([]);
  });
});

describe("fires", () => {
  const stretch = (from: number, to: number): LedgerEvent => ({
    type: "fire.missed",
    job: "score",
    from,
    to,
    count: 9,
    firstFire: "a",
    lastFire: "b",
    reason: "daemonDown",
    detail: "it was off",
  });
  const started = (job: string, fireAt: number): LedgerEvent => {
    return { type: "fire.started", job, fire: `${job}/${fireAt}`, fireAt, run: "r1", catchUp: false };
  };

  test("touch a half-open range, stretches that began before it too", async () => {
    await ledger.append([
      stretch(T0 - HOUR, T0 + HOUR),
      started("score", T0),
      started("train", T0 + 1),
      started("score", T0 + DAY),
      stretch(T0 - DAY, T0 - HOUR),
    ]);
    const day = await ledger.fires({ from: T0, to: T0 + DAY });
    expect(day.map((f) => [f.job, f.from - T0, f.outcome])).toEqual([
      ["score", -HOUR, "missed"],
      ["score", 0, "started"],
      ["train", 1, "started"],
    ]);
    expect(day[0]).toEqual({
      job: "score",
      outcome: "missed",
      from: T0 - HOUR,
      to: T0 + HOUR,
      count: 9,
      firstFire: "a",
      lastFire: "b",
      reason: "daemonDown",
      detail: "it was off",
    });
    expect(await ledger.fires({ job: "train", from: T0, to: T0 + DAY })).toHaveLength(1);
    expect(await ledger.fires({ from: T0 + HOUR, to: T0 + HOUR + 1 })).toHaveLength(1);
  });

  test("the last accounted instant is the latest, not the last recorded", async () => {
    expect(await ledger.lastAccounted("score")).toBeUndefined();
    await ledger.append([stretch(T0, T0 + DAY), started("score", T0 + HOUR), started("train", T0 + 5 * DAY)]);
    expect(await ledger.lastAccounted("score")).toBe(T0 + DAY);
  });

  test("excuses carry who, why and when", async () => {
    now = T0 + 77;
    const excuse = { job: "score", fire: "score/1", fireAt: T0 + HOUR, by: "ana", reason: "a holiday" };
    await ledger.append([{ type: "fire.excused", ...excuse }]);
    expect(await ledger.excuses({ from: T0 + HOUR, to: T0 + HOUR + 1 })).toEqual([{ ...excuse, at: T0 + 77 }]);
    expect(await ledger.excuses({ from: T0, to: T0 + HOUR })).toEqual([]);
  });
});

test("deployments stand from one event to the next of the same job and placement", async () => {
  const deploy = (name: string, placement: string, fingerprint: string): LedgerEvent => {
    return { type: "job.deployed", placement, desired: aDesired(name), fingerprint };
  };
  const at = async (ms: number, event: LedgerEvent): Promise<void> => {
    now = T0 + ms;
    await ledger.append([event]);
  };
  await at(0, deploy("a", "local", "1"));
  await at(10, deploy("b", "local", "2"));
  await at(20, deploy("a", "local", "3"));
  await at(25, deploy("a", "cloud", "4"));
  await at(30, { type: "job.undeployed", job: "a", placement: "local" });
  const brief = async (range?: { from: number; to: number; job?: string }): Promise<unknown[]> =>
    (await ledger.deployments(range)).map((d) => [
      d.desired.job.name,
      d.fingerprint,
      d.since - T0,
      d.until && d.until - T0,
    ]);
  expect(await brief()).toEqual([
    ["b", "2", 10, undefined],
    ["a", "4", 25, undefined],
  ]);
  expect(await brief({ from: T0 + 20, to: T0 + 25 })).toEqual([
    ["b", "2", 10, undefined],
    ["a", "3", 20, 30],
  ]);
  expect(await brief({ from: T0, to: T0 + 100 })).toHaveLength(4);
  expect(await brief({ from: T0, to: T0 + 25, job: "a" })).toEqual([
    ["a", "1", 0, 20],
    ["a", "3", 20, 30],
  ]);
});

test("charges leave out what was reversed, once", async () => {
  await ledger.append([
    aCharge("r1", "1.5", T0),
    aCharge("r2", "2", T0 + HOUR),
    aCharge("r1", "0.000000001", T0 + DAY),
  ]);
  expect((await ledger.charges({ from: T0, to: T0 + DAY })).map((c) => [c.seq, c.amount.amount])).toEqual([
    [1, "1.5"],
    [2, "2"],
  ]);
  await ledger.append([{ type: "charge.reversed", seq: 1, run: "r1", reason: "it was counted twice" }]);
  await ledger.append([{ type: "charge.reversed", seq: 99, run: "r1", reason: "there is none" }]);
  expect((await ledger.charges({ from: T0, to: T0 + 2 * DAY, run: "r1" })).map((c) => c.amount.amount)).toEqual([
    "0.000000001",
  ]);
});

test("entries come oldest first, whole, through any number of pages, and filtered", async () => {
  for (let i = 0; i < 1203; i++) {
    now = T0 + i;
    void ledger.append([i % 3 === 0 ? aCharge(`r${i % 2}`, "1", T0) : aNote(`n${i}`, `r${i % 2}`)]);
  }
  await ledger.append([{ type: "daemon.started", epoch: 1, version: "1", pid: 1, bootId: "b" }]);
  const whole = await all(ledger.entries({}));
  expect(whole.map((e) => e.seq)).toEqual(Array.from({ length: 1204 }, (_, i) => i + 1));
  expect(await all(ledger.entries({ afterSeq: 1000, limit: 7 }))).toEqual(whole.slice(1000, 1007));
  const filtered = whole.filter((e) => e.event.type === "run.note" && e.event.run === "r1" && e.at >= T0 + 100);
  expect(await all(ledger.entries({ types: ["run.note", "charge.reversed"], run: "r1", since: T0 + 100 }))).toEqual(
    filtered,
  );
  expect(await all(ledger.entries({ types: ["charge", "daemon.started", "run.note", "charge"], afterSeq: 3 }))).toEqual(
    whole.slice(3),
  );
  expect((await all(ledger.entries({ job: "score" }))).length).toBe(401);
  expect(await all(ledger.entries({ since: T0 + DAY }))).toEqual([]);
  expect(await all(ledger.entries({ types: [] }))).toEqual([]);
});

test("a clock that stepped back hides no entry from `since`", async () => {
  for (const ms of [50, 10, 40, 20]) {
    now = T0 + ms;
    await ledger.append([aNote(String(ms))]);
  }
  expect((await all(ledger.entries({ since: T0 + 30 }))).map((e) => e.at - T0)).toEqual([50, 40]);
});

test("the epoch grows by one with each daemon", async () => {
  expect(await ledger.nextEpoch()).toBe(1);
  await ledger.append([{ type: "daemon.started", epoch: 41, version: "1", pid: 1, bootId: "b" }]);
  await ledger.append([{ type: "daemon.stopped", epoch: 41, reason: "asked" }]);
  expect(await ledger.nextEpoch()).toBe(42);
});

test("samples are kept by run, replaced when they come again, and pruned", async () => {
  const sample = (to: number, cpuSeconds: number): { from: number; to: number; cpuSeconds: number } => ({
    from: to - 10,
    to,
    cpuSeconds,
  });
  await ledger.saveSamples("r1", [sample(20, 1), sample(10, 2)]);
  await ledger.saveSamples("r2", [sample(10, 3)]);
  await ledger.saveSamples("r1", [sample(20, 4)]);
  expect(await ledger.samples("r1")).toEqual([sample(10, 2), sample(20, 4)]);
  expect(await ledger.samples("r1", 10)).toEqual([sample(20, 4)]);
  await ledger.pruneSamples(20);
  expect(await ledger.samples("r1")).toEqual([sample(20, 4)]);
  expect(await ledger.samples("r2")).toEqual([]);
  expect((await ledger.verify()).ok).toBe(true);
});

test("an event of a later version is kept and chained, though nothing is made of it", async () => {
  const later = { type: "run.teleported", run: "r1", job: "score", to: "Mars" } as unknown as LedgerEvent;
  await ledger.append([{ type: "run.created", run: aRun("r1") }, later]);
  expect((await all(ledger.entries({ run: "r1", job: "score" }))).map((e) => e.event.type)).toEqual([
    "run.created",
    "run.teleported",
  ]);
  expect(await ledger.verify()).toMatchObject({ ok: true, entries: 2 });
});
