import { describe, expect, it } from "vitest";
import { busySample, idleSample } from "../../../providers/memory/index.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../../src/model/index.ts";
import { fires } from "../../../src/schedule/index.ts";
import { Stand } from "../../support/engine.ts";
import { cron, desiredState, job } from "../../support/jobs.ts";

const hourly = (name: string, change = {}) => job(name, { schedule: cron("0 * * * *"), ...change });

describe("the daemon's loop", () => {
  it("starts each fire once, follows it to its end and charges it", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({ durationSeconds: 120 });
    await stand.start(desiredState([job("a", { schedule: cron("*/10 * * * *") })]));
    await stand.clock.advance(HOUR + MINUTE);
    const started = await stand.events("fire.started");
    expect(started.map((e) => new Date(e.fireAt).toISOString().slice(11, 16))).toEqual([
      "06:10",
      "06:20",
      "06:30",
      "06:40",
      "06:50",
      "07:00",
    ]);
    expect(stand.world.starts).toHaveLength(6);
    const ended = await stand.events("run.ended");
    expect(ended.map((e) => e.status)).toEqual(Array(5).fill("succeeded"));
    const charges = await stand.events("charge");
    expect(charges.map((c) => c.amount.amount)).toEqual(Array(5).fill("0.033333333"));
    await stand.stop();
  });

  it.each([
    ["spring", Date.UTC(2027, 2, 11), "America/Toronto"],
    ["autumn", Date.UTC(2027, 10, 4), "America/Toronto"],
    ["spring", Date.UTC(2027, 2, 25), "Europe/Berlin"],
    ["half an hour, autumn", Date.UTC(2027, 3, 1), "Australia/Lord_Howe"],
  ])(
    "lives through the week of a DST change (%s, %s, %s): each fire of the schedule exactly once",
    async (_name, startAt, timezone) => {
      const stand = await Stand.open({ startAt });
      stand.world.script = () => ({ durationSeconds: 20 });
      const jobs = [
        job("quarter", { schedule: cron("*/15 * * * *", { timezone }) }),
        job("night", { schedule: cron("30 1,2,3 * * *", { timezone }) }),
        job("workday", { schedule: cron("0 6 * * 1-5", { timezone }) }),
      ];
      await stand.start(desiredState(jobs));
      const end = startAt + 7 * DAY;
      await stand.clock.runUntil(end);
      const started = await stand.events("fire.started");
      for (const { name, schedule } of jobs) {
        const expected = fires(schedule, undefined, startAt + 1, end + 1).map((f) => f.at);
        expect(started.filter((e) => e.job === name).map((e) => e.fireAt)).toEqual(expected);
      }
      expect(await stand.events("fire.missed")).toEqual([]);
      expect(new Set(stand.world.starts.map((s) => s.run)).size).toBe(stand.world.starts.length);
      await stand.stop();
    },
  );

  it("catches up after it was down, as the job says, and accounts for every fire", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({ durationSeconds: 20 });
    const policy = (name: string, catchUp: { policy: "none" | "last" | "all"; cap: number }) =>
      job(name, { schedule: cron("*/10 * * * *", { catchUp }) });
    await stand.start(
      desiredState([
        policy("none", { policy: "none", cap: 5 }),
        policy("last", { policy: "last", cap: 5 }),
        policy("all", { policy: "all", cap: 3 }),
      ]),
    );
    await stand.clock.advance(25 * MINUTE);
    await stand.crash();
    await stand.clock.advance(60 * MINUTE);
    await stand.start();
    await stand.clock.advance(10 * MINUTE);
    const due = 9;
    for (const [name, caught, missed] of [
      ["none", 0, 6],
      ["last", 1, 5],
      ["all", 3, 3],
    ] as const) {
      const started = (await stand.events("fire.started")).filter((e) => e.job === name);
      const gone = (await stand.events("fire.missed")).filter((e) => e.job === name);
      expect(started.filter((e) => e.catchUp)).toHaveLength(caught);
      const count = gone.reduce((n, e) => n + e.count, 0);
      expect(count).toBe(missed);
      expect(started.length + count).toBe(due);
      expect(gone.every((e) => e.reason === "daemonDown" || e.reason === "catchUpCap")).toBe(true);
    }
    await stand.stop();
  });

  it("is not stuck by a year off with a job each minute", async () => {
    const stand = await Stand.open();
    await stand.start(
      desiredState([job("minute", { schedule: cron("* * * * *", { catchUp: { policy: "all", cap: 10 } }) })]),
    );
    await stand.crash();
    stand.clock.freeze(365 * DAY);
    await stand.start();
    await stand.clock.advance(10 * MINUTE);
    const missed = await stand.events("fire.missed");
    const started = await stand.events("fire.started");
    expect(started.filter((e) => e.catchUp)).toHaveLength(10);
    const skipped = await stand.events("fire.skipped");
    const passed = [...missed, ...skipped].reduce((n, e) => n + e.count, 0);
    expect(passed + started.length).toBe(365 * 24 * 60 + 10);
    expect(missed.length).toBeLessThan(5);
    await stand.stop();
  });

  it("applies the overlap policy, also across a crash", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({ durationSeconds: 150 * 60 });
    const overlapping = (overlap: "skip" | "queue" | "allow" | "replace") =>
      hourly(overlap, { schedule: cron("0 * * * *", { overlap }) });
    await stand.start(desiredState(["skip", "queue", "allow", "replace"].map((o) => overlapping(o as "skip"))));
    await stand.clock.advance(90 * MINUTE);
    await stand.crash();
    await stand.clock.advance(10 * SECOND);
    await stand.start();
    await stand.clock.advance(45 * MINUTE);
    const open = [...stand.engine.state.open.values()];
    const of = (name: string) =>
      open
        .filter((t) => t.run.job === name)
        .map((t) => t.run.status)
        .sort();
    expect(of("skip")).toEqual(["running"]);
    expect(of("queue")).toEqual(["queued", "running"]);
    expect(of("allow")).toEqual(["running", "running"]);
    expect(of("replace")).toEqual(["running"]);
    const skipped = (await stand.events("fire.skipped")).filter((e) => e.job === "skip");
    expect(skipped.map((e) => e.reason)).toEqual(["overlap"]);
    const replaced = (await stand.events("run.ended")).filter((e) => e.run.startsWith("replace."));
    expect(replaced.map((e) => [e.status, e.component])).toEqual([["killed", "schedule"]]);
    await stand.crash();
  });

  it("gives a start its full patience from when it was sent, however long the run had waited, over a restart too", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({ durationSeconds: 90 * 60 });
    await stand.start(desiredState([hourly("a", { schedule: cron("0 * * * *", { overlap: "queue" }) })]));
    await stand.clock.advance(2 * HOUR + 25 * MINUTE);
    expect(stand.world.starts).toHaveLength(1);
    stand.world.fault = ({ method }) => (method === "start" ? { error: { code: "unavailable" } } : undefined);
    // The first ends half an hour after the second was due.
    await stand.clock.advance(6 * MINUTE);
    await stand.crash();
    await stand.start();
    await stand.clock.advance(5 * MINUTE);
    stand.world.fault = () => undefined;
    await stand.clock.advance(MINUTE);
    expect(stand.world.starts).toHaveLength(2);
    expect((await stand.events("run.ended")).map((e) => e.status)).toEqual(["succeeded"]);
    await stand.stop();
  });

  it("retries with back-off, and only a failure", async () => {
    const stand = await Stand.open();
    stand.world.script = (request) => ({
      durationSeconds: 5,
      ...(request.attempt < 3 ? { outcome: "failed", exitCode: 3 } : {}),
    });
    const retry = { attempts: 4, backoffSeconds: 10, maxBackoffSeconds: 15 };
    await stand.start(desiredState([hourly("flaky", { retry })]));
    await stand.clock.advance(HOUR + 5 * MINUTE);
    const runs = await stand.ledger.runs({ job: "flaky" });
    expect(runs.map((r) => [r.attempt, r.status]).sort()).toEqual([
      [1, "failed"],
      [2, "failed"],
      [3, "succeeded"],
    ]);
    const [first, second, third] = [...runs].sort((a, b) => a.attempt - b.attempt);
    expect((second?.notBefore ?? 0) - (first?.endedAt ?? 0)).toBeLessThan(12 * SECOND);
    expect((third?.notBefore ?? 0) - (second?.endedAt ?? 0)).toBeLessThan(17 * SECOND);
    expect(new Set(runs.map((r) => r.fire)).size).toBe(1);
    await stand.stop();
  });

  it("waits for the job it comes after, and is skipped with the reason when that failed", async () => {
    const stand = await Stand.open();
    stand.world.script = ({ job: { name } }) =>
      name === "bad" ? { durationSeconds: 60, outcome: "failed", exitCode: 1 } : { durationSeconds: 60 };
    const after = (name: string, ...jobs: string[]) => hourly(name, { schedule: cron("0 * * * *", { after: jobs }) });
    await stand.start(
      desiredState([
        hourly("good"),
        hourly("bad"),
        after("second", "good"),
        after("third", "second"),
        after("orphan", "bad"),
      ]),
    );
    await stand.clock.advance(HOUR + 10 * MINUTE);
    const at = new Map((await stand.events("run.started")).map((e) => [e.run.split(".")[0], e.startedAt]));
    expect((at.get("second") ?? 0) - (at.get("good") ?? 0)).toBeGreaterThanOrEqual(60 * SECOND);
    expect((at.get("third") ?? 0) - (at.get("second") ?? 0)).toBeGreaterThanOrEqual(60 * SECOND);
    const orphan = (await stand.events("run.ended")).find((e) => e.run.startsWith("orphan."));
    expect(orphan?.status).toBe("skipped");
    expect(orphan?.reason).toContain('of "bad"');
    await stand.stop();
  });
});

describe("the guard's loop", () => {
  const limits = { idleSeconds: 600, durationSeconds: 3600 * 5 };
  const guarded = (name: string, change = {}) => hourly(name, { guard: { ...job("x").guard, ...limits, ...change } });

  it("stops an idle run after its verdict is recorded, politely, then hard, and charges to the confirmed end", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({
      durationSeconds: 1e6,
      sample: idleSample,
      politeSeconds: Number.POSITIVE_INFINITY,
      hardSeconds: 2,
    });
    await stand.start(desiredState([guarded("idle")]));
    await stand.clock.advance(HOUR + 30 * MINUTE);
    const told = ["run.judged", "run.stopping", "run.ended", "charge"];
    const events = (await stand.entries()).map((e) => e.event).filter((e) => told.includes(e.type));
    expect(events.map((e) => (e.type === "run.stopping" ? `${e.type} ${e.mode}` : e.type))).toEqual([
      "run.judged",
      "run.stopping polite",
      "run.stopping hard",
      "run.ended",
      "charge",
    ]);
    const [ended] = await stand.events("run.ended");
    expect(ended).toMatchObject({ status: "killed", component: "guard" });
    const [charge] = await stand.events("charge");
    expect(charge?.to).toBe(ended?.endedAt);
    expect(stand.notices.map((n) => n.kind)).toContain("stopped");
    await stand.stop();
  });

  it("never stops a busy run, nor one whose samples are missing, nor one that reports progress", async () => {
    const stand = await Stand.open();
    stand.world.script = ({ job: { name } }) => ({
      durationSeconds: 4 * 3600,
      sample: (index, seconds) => {
        if (name === "busy") return busySample(index, seconds);
        if (name === "gaps") return index % 3 === 0 ? undefined : idleSample();
        return { ...idleSample(), progress: true };
      },
    });
    await stand.start(desiredState(["busy", "gaps", "progress"].map((n) => guarded(n))));
    await stand.clock.advance(4 * HOUR);
    expect(await stand.events("run.judged")).toEqual([]);
    await stand.stop();
  });

  it.each([HOUR, -HOUR, DAY, -DAY, -50 * 365 * DAY, 70 * 365 * DAY])(
    "a wall clock that jumps by %d ms neither fires, skips nor kills (K4)",
    async (jump) => {
      const stand = await Stand.open();
      stand.world.script = () => ({ durationSeconds: 3 * 3600, sample: busySample });
      await stand.start(desiredState([guarded("steady")]));
      await stand.clock.advance(65 * MINUTE);
      stand.clock.step(jump);
      await stand.clock.advance(50 * MINUTE);
      expect(await stand.events("run.judged")).toEqual([]);
      expect(await stand.events("fire.missed")).toEqual([]);
      expect(await stand.events("fire.skipped")).toEqual([]);
      expect(await stand.events("fire.started")).toHaveLength(1);
      expect(await stand.events("clock.stepped")).toHaveLength(1);
      await stand.clock.advance(3 * HOUR);
      expect((await stand.events("run.ended"))[0]?.status).toBe("succeeded");
      await stand.stop();
    },
  );

  it("takes neither a pause of its own nor an outage of the provider for idleness (K5, K6)", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({
      durationSeconds: 4 * 3600,
      sample: (index, seconds) => (index % 120 === 0 ? busySample(index, seconds) : idleSample()),
    });
    await stand.start(desiredState([guarded("bursty", { idleSeconds: 1260 })]));
    await stand.clock.advance(HOUR + 10 * MINUTE);
    stand.clock.freeze(50 * MINUTE);
    await stand.clock.advance(10 * MINUTE);
    expect(await stand.events("run.judged")).toEqual([]);
    stand.world.fault = () => ({ error: { code: "unavailable" } });
    await stand.clock.advance(40 * MINUTE);
    stand.world.fault = () => undefined;
    await stand.clock.advance(15 * MINUTE);
    expect(await stand.events("run.judged")).toEqual([]);
    await stand.stop();
  });

  it("stops a run for what it printed while nobody looked, and takes nothing back when its output is emptied", async () => {
    const stand = await Stand.open();
    const printed = [
      { outputBytes: 600, outputTotalBytes: 600 },
      // Emptied by the run itself, and then a little more.
      { outputBytes: -600, outputTotalBytes: 0 },
      { outputBytes: 10, outputTotalBytes: 10 },
      { outputBytes: 10, outputTotalBytes: 20 },
    ];
    const missed = [{ outputBytes: 0, outputTotalBytes: 2000 }];
    stand.world.script = ({ job: { name } }) => ({
      durationSeconds: 1e6,
      sample: (index, seconds) => ({
        ...busySample(index, seconds),
        ...((name === "missed" ? missed : printed)[index] ?? { outputBytes: name === "more" ? 100 : 0 }),
      }),
    });
    const guard = { ...job("x").guard, outputBytes: 1000 };
    await stand.start(desiredState(["missed", "quiet", "more"].map((name) => hourly(name, { guard }))));
    await stand.clock.advance(HOUR + 50 * SECOND);
    expect((await stand.events("run.ended")).map((e) => e.run.split(".")[0])).toEqual(["missed"]);
    await stand.clock.advance(2 * MINUTE);
    expect((await stand.events("run.ended")).map((e) => e.run.split(".")[0])).toEqual(["missed", "more"]);
    await stand.stop();
  });

  it("holds itself at the blast radius until a person releases it (K9)", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({ durationSeconds: 1e6, sample: idleSample });
    const jobs = Array.from({ length: 8 }, (_, i) => guarded(`idle-${i}`));
    await stand.start(desiredState(jobs, { safety: { maxStops: 3, share: 0.1, perSeconds: 900, maxDeletes: 0.1 } }));
    await stand.clock.advance(HOUR + 30 * MINUTE);
    expect(await stand.events("run.stopping")).toHaveLength(3);
    expect(await stand.events("guard.held")).toHaveLength(1);
    expect(stand.engine.problems().join()).toContain("stops");
    expect(stand.notices.filter((n) => n.kind === "problem")).toHaveLength(1);
    await stand.crash();
    await stand.start();
    await stand.clock.advance(20 * MINUTE);
    expect(await stand.events("run.stopping")).toHaveLength(3);
    await stand.engine.releaseGuard("looked at them", { name: "ann", via: "cli" });
    await stand.clock.advance(MINUTE);
    expect((await stand.events("run.stopping")).length).toBeGreaterThan(3);
    await stand.crash();
  });

  it("keeps limits and protection as they were when the run started (K10, K13)", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({ durationSeconds: 3 * 3600, sample: idleSample });
    await stand.start(desiredState([guarded("slow", { idleSeconds: 4 * 3600 })]));
    await stand.clock.advance(HOUR + MINUTE);
    await stand.deploy(desiredState([guarded("slow", { idleSeconds: 300 })]));
    await stand.clock.advance(HOUR);
    expect(await stand.events("run.judged")).toEqual([]);
    await stand.stop();
  });

  it("observes, notifies and protects instead of stopping, and says it once", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({ durationSeconds: 2 * 3600, sample: idleSample });
    await stand.start(
      desiredState([
        guarded("observed", { mode: "observe" }),
        guarded("told", { onBreach: "notify" }),
        guarded("kept", { protect: true }),
      ]),
    );
    await stand.clock.advance(HOUR + 50 * MINUTE);
    expect((await stand.events("run.judged")).map((e) => e.action).sort()).toEqual(["notify", "observe", "protected"]);
    expect(await stand.events("run.stopping")).toEqual([]);
    const kept = [...stand.engine.state.open.values()].find((t) => t.run.job === "kept");
    await expect(stand.engine.kill(kept?.run.run ?? "", "now", { name: "ann", via: "cli" })).rejects.toThrow(
      "protected",
    );
    await stand.engine.kill(kept?.run.run ?? "", "now", { name: "ann", via: "cli" }, { force: true });
    await stand.clock.advance(MINUTE);
    expect((await stand.ledger.run(kept?.run.run ?? ""))?.status).toBe("killed");
    await stand.stop();
  });

  it("keeps what the provider says of a success: that it left processes behind, say", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({ durationSeconds: 10, reason: "2 processes that it left behind were ended" });
    await stand.start(desiredState([hourly("a")]));
    await stand.clock.advance(HOUR + MINUTE);
    const [ended] = await stand.events("run.ended");
    expect(ended).toMatchObject({ status: "succeeded", reason: "2 processes that it left behind were ended" });
    await stand.stop();
  });

  it("a run that finishes while it is being stopped has succeeded (K12)", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({
      durationSeconds: 620,
      sample: idleSample,
      politeSeconds: Number.POSITIVE_INFINITY,
    });
    await stand.start(desiredState([guarded("close", { idleSeconds: 600 })]));
    await stand.clock.advance(HOUR + 30 * MINUTE);
    expect(await stand.events("run.stopping")).not.toEqual([]);
    expect((await stand.events("run.ended"))[0]?.status).toBe("succeeded");
    await stand.stop();
  });
});
