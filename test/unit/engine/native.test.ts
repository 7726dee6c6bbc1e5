import { describe, expect, it } from "vitest";
import { DAY, HOUR, MINUTE } from "../../../src/model/index.ts";
import { type Provider, type RunState, wrapProvider } from "../../../src/provider/index.ts";
import { Stand, type StandOptions } from "../../support/engine.ts";
import { cron, desiredState, job } from "../../support/jobs.ts";

const native = { schedules: "native", intervalSeconds: 10 };
const hourly = (change = {}) => desiredState([job("n", { schedule: cron("0 * * * *"), ...change })]);

describe("a placement that fires by itself", () => {
  it("takes each start into the record once, with its fire, however often it is listed", async () => {
    const stand = await Stand.open({ placementOptions: native });
    stand.world.script = () => ({ durationSeconds: 20 * 60 });
    await stand.start(hourly());
    await stand.clock.advance(3 * HOUR + 30 * MINUTE);
    expect((await stand.events("run.created")).map((e) => e.run.run)).toEqual([
      "n.20261123T0700.1",
      "n.20261123T0800.1",
      "n.20261123T0900.1",
    ]);
    expect(await stand.events("fire.started")).toHaveLength(3);
    expect(await stand.events("fire.missed")).toEqual([]);
    expect((await stand.events("run.ended")).map((e) => e.status)).toEqual(Array(3).fill("succeeded"));
    expect(await stand.events("charge")).toHaveLength(3);
    expect(stand.world.starts).toHaveLength(3);
    await stand.stop();
  });

  it("knows them again after a crash, also those still on their way, and starts none itself (F1)", async () => {
    const stand = await Stand.open({ placementOptions: native });
    stand.world.script = () => ({ startDelaySeconds: 300, durationSeconds: 20 * 60 });
    await stand.start(hourly());
    await stand.clock.advance(HOUR + MINUTE);
    expect((await stand.events("run.created")).map((e) => e.run.status)).toEqual(["queued"]);
    await stand.crash();
    await stand.clock.advance(MINUTE);
    await stand.start();
    await stand.clock.advance(40 * MINUTE);
    expect(stand.world.starts).toHaveLength(1);
    expect(await stand.events("run.created")).toHaveLength(1);
    expect((await stand.events("run.ended")).map((e) => e.status)).toEqual(["succeeded"]);
    await stand.stop();
  });

  it("never sends again a start of the vendor's that the vendor has lost", async () => {
    const stand = await Stand.open({ placementOptions: native });
    stand.world.script = () => ({ startDelaySeconds: 300, durationSeconds: 60 });
    await stand.start(hourly());
    await stand.clock.advance(HOUR + MINUTE);
    stand.world.fault = ({ method }) => (method === "inspect" ? { error: { code: "missing" } } : undefined);
    await stand.clock.advance(10 * MINUTE);
    expect(stand.world.starts).toHaveLength(1);
    expect((await stand.events("run.ended")).map((e) => e.status)).toEqual(["lost"]);
    await stand.stop();
  });

  it("does not call missed what the vendor tells nobody of: the fire is passed, in those words", async () => {
    const stand = await Stand.open({ placementOptions: { ...native, unseen: "nobody is told" } });
    await stand.start(hourly());
    stand.world.fault = ({ method }) => (method === "fire" ? { drop: true } : undefined);
    await stand.clock.advance(HOUR + 30 * MINUTE);
    expect(await stand.events("fire.missed")).toEqual([]);
    expect(await stand.events("fire.skipped")).toMatchObject([
      { firstFire: "n/2026-11-23T07:00/0", reason: "unseen", detail: "nobody is told" },
    ]);
    expect(stand.notices).toEqual([]);
    await stand.stop();
  });

  it("says that a fire was missed a quarter of an hour after it, once", async () => {
    const stand = await Stand.open({ placementOptions: native });
    await stand.start(hourly());
    stand.world.fault = ({ method }) => (method === "fire" ? { drop: true } : undefined);
    await stand.clock.advance(HOUR + 14 * MINUTE);
    expect(await stand.events("fire.missed")).toEqual([]);
    await stand.clock.advance(30 * MINUTE);
    expect(await stand.events("fire.missed")).toMatchObject([{ firstFire: "n/2026-11-23T07:00/0", reason: "notSeen" }]);
    expect(stand.notices.map((n) => n.kind)).toEqual(["missed"]);
    await stand.crash();
    await stand.start();
    await stand.clock.advance(10 * MINUTE);
    expect(await stand.events("fire.missed")).toHaveLength(1);
    await stand.stop();
  });

  it("takes a duplicate delivery for what it is: a run that no fire asked for", async () => {
    const stand = await Stand.open({ placementOptions: native });
    stand.world.fault = ({ method }) => (method === "fire" ? { duplicate: true } : undefined);
    await stand.start(desiredState([job("n", { schedule: cron("*/2 * * * *") })]));
    await stand.clock.advance(9 * MINUTE);
    const created = await stand.events("run.created");
    expect(created.map((e) => e.run.cause)).toEqual([
      "fire",
      "foreign",
      "fire",
      "foreign",
      "fire",
      "foreign",
      "fire",
      "foreign",
    ]);
    expect((await stand.events("fire.started")).map((e) => e.fire.slice(2, 18))).toEqual([
      "2026-11-23T06:02",
      "2026-11-23T06:04",
      "2026-11-23T06:06",
      "2026-11-23T06:08",
    ]);
    await stand.stop();
  });

  describe("a second start of one fire", () => {
    /** Each fire is delivered twice, and its runs take twenty minutes. */
    const twice = async (options: StandOptions = {}): Promise<Stand> => {
      const stand = await Stand.open({ placementOptions: native, ...options });
      stand.world.script = () => ({ durationSeconds: 20 * 60 });
      stand.world.fault = ({ method }) => (method === "fire" ? { duplicate: true } : undefined);
      return stand;
    };
    /** As of a vendor that passes no fire on: when it was asked is all that is known. */
    const unnamed = (provider: Provider): Provider =>
      wrapProvider(provider, async (_call, proceed) => {
        const strip = (value: unknown): unknown => {
          if (Array.isArray(value)) return value.map(strip);
          const state = value as RunState | undefined;
          if (state?.startedBy !== "schedule") return value;
          const { fireAt: _fireAt, ...rest } = state;
          return { ...rest, requestedAt: stand?.world.starts.find((each) => each.id === rest.handle)?.at ?? 0 };
        };
        return strip(await proceed()) as never;
      });
    let stand: Stand | undefined;

    it.each([
      ["that names the fire", {}],
      ["that does not", { around: unnamed }],
    ])("%s is stopped at once, and the first goes on", async (_what, options) => {
      stand = await twice(options);
      await stand.start(hourly());
      await stand.clock.advance(HOUR + 2 * MINUTE);
      const [first, second, ...others] = (await stand.events("run.created")).map((e) => e.run);
      expect(others).toEqual([]);
      expect([first?.cause, second?.cause]).toEqual(["fire", "foreign"]);
      expect(await stand.events("run.stopping")).toMatchObject([
        { run: second?.run, cause: "duplicate", mode: "polite", reason: expect.stringContaining(first?.run ?? "") },
      ]);
      expect(await stand.events("run.ended")).toMatchObject([{ run: second?.run, status: "killed" }]);
      await stand.clock.advance(30 * MINUTE);
      expect(await stand.events("run.ended")).toMatchObject([{}, { run: first?.run, status: "succeeded" }]);
      expect(await stand.events("fire.started")).toHaveLength(1);
      await stand.stop();
    });

    it("is stopped later where the provider cannot confirm it now, also by the next daemon", async () => {
      stand = await twice();
      await stand.start(hourly());
      const double = stand.world.fault;
      stand.world.fault = (call) => (call.method === "inspect" ? { error: { code: "unavailable" } } : double(call));
      await stand.clock.advance(HOUR + 2 * MINUTE);
      expect(await stand.events("run.stopping")).toEqual([]);
      expect(stand.notices.filter((n) => n.kind === "problem")).toHaveLength(1);
      await stand.crash();
      stand.world.fault = double;
      await stand.start();
      await stand.clock.advance(2 * MINUTE);
      expect(await stand.events("run.stopping")).toMatchObject([{ cause: "duplicate" }]);
      await stand.stop();
    });

    it.each([
      ["mode", "observe"],
      ["onBreach", "notify"],
      ["protect", true],
    ])("goes on where the guard has %s: %s, and is told of once", async (key, value) => {
      stand = await twice();
      const { guard } = job("n");
      await stand.start(hourly({ guard: { ...guard, [key]: value } }));
      await stand.clock.advance(HOUR + 10 * MINUTE);
      expect(await stand.events("run.stopping")).toEqual([]);
      expect(stand.notices.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
        expect.stringMatching(/^problem .*twice.*rota kill/),
      ]);
      await stand.stop();
    });

    it("counts against the blast radius: a vendor gone mad does not have every run stopped", async () => {
      stand = await twice();
      const jobs = Array.from({ length: 8 }, (_, index) => job(`n${index}`, { schedule: cron("0 * * * *") }));
      const safety = { maxStops: 3, share: 0.1, perSeconds: 900, maxDeletes: 0.1 };
      await stand.start(desiredState(jobs, { safety }));
      await stand.clock.advance(HOUR + 5 * MINUTE);
      expect(await stand.events("run.stopping")).toHaveLength(3);
      expect(await stand.events("guard.held")).toHaveLength(1);
      await stand.stop();
    });

    it.each(["failed", "succeeded"] as const)("is none once the first has %s: a person forced it", async (outcome) => {
      stand = await Stand.open({ placementOptions: native, around: unnamed });
      const desired = hourly();
      await stand.start(desired);
      stand.world.script = () => ({ durationSeconds: 60, outcome });
      await stand.clock.advance(HOUR + 4 * MINUTE);
      const [{ job: forced } = { job: job("n") }] = desired.jobs;
      stand.world.script = () => ({ durationSeconds: 20 * 60 });
      stand.world.startRun("memory", { job: forced, attempt: 1, fireAt: stand.clock.now() }, "schedule", false);
      await stand.clock.advance(25 * MINUTE);
      expect(await stand.events("run.stopping")).toEqual([]);
      expect((await stand.events("run.ended")).map((e) => e.status)).toEqual([outcome, "succeeded"]);
      await stand.stop();
    });

    it("is none where it may be a late start of an earlier fire", async () => {
      stand = await Stand.open({ placementOptions: native, around: unnamed });
      const late = stand.clock.now() + 5 * MINUTE;
      stand.world.script = () => ({ durationSeconds: 20 * 60 });
      stand.world.fault = (call) =>
        call.method === "fire" && call.at === late ? { latencyMs: 6 * MINUTE } : undefined;
      await stand.start(desiredState([job("n", { schedule: cron("*/5 * * * *", { overlap: "allow" }) })]));
      await stand.clock.advance(13 * MINUTE);
      const started = await stand.events("fire.started");
      expect(started.map((e) => e.fire.slice(13, 18)).sort()).toEqual(["06:05", "06:10"]);
      expect(await stand.events("run.stopping")).toEqual([]);
      await stand.stop();
    });

    it("a start that is long on its way belongs to the fire that asked for it", async () => {
      stand = await Stand.open({ placementOptions: native, around: unnamed });
      stand.world.script = () => ({ startDelaySeconds: 90, durationSeconds: 30 });
      await stand.start(desiredState([job("n", { schedule: cron("* * * * *", { overlap: "allow" }) })]));
      await stand.clock.advance(6 * MINUTE + 30_000);
      const started = await stand.events("fire.started");
      expect(started.map((e) => e.fire.slice(13, 18))).toEqual(["06:01", "06:02", "06:03", "06:04", "06:05", "06:06"]);
      expect(await stand.events("run.stopping")).toEqual([]);
      await stand.stop();
    });
  });

  it("follows and ends a run that a person started in the console", async () => {
    const stand = await Stand.open({ placementOptions: native });
    const desired = hourly();
    await stand.start(desired);
    await stand.clock.advance(5 * MINUTE);
    const [first] = desired.jobs;
    if (!first) throw new Error("no job");
    stand.world.script = () => ({ durationSeconds: 120 });
    stand.world.startRun("memory", { job: first.job, attempt: 1, fireAt: stand.clock.now() }, "person", false);
    await stand.clock.advance(10 * MINUTE);
    expect(await stand.events("run.created")).toMatchObject([{ run: { cause: "person" } }]);
    expect(await stand.events("run.ended")).toMatchObject([{ status: "succeeded" }]);
    await stand.stop();
  });

  it.each([
    [
      "an outage of the listing",
      3 * HOUR,
      async (stand: Stand) => {
        stand.world.fault = ({ method }) => (method === "listRuns" ? { error: { code: "unavailable" } } : undefined);
        await stand.clock.advance(3 * HOUR);
        stand.world.fault = () => undefined;
      },
    ],
    [
      "an absence of the daemon",
      3 * HOUR,
      async (stand: Stand) => {
        await stand.crash();
        await stand.clock.advance(3 * HOUR);
        await stand.start();
      },
    ],
  ] as const)("misses nothing that the vendor did start during %s", async (_name, _length, away) => {
    const stand = await Stand.open({ placementOptions: native });
    await stand.start(hourly());
    await stand.clock.advance(90 * MINUTE);
    await away(stand);
    await stand.clock.advance(20 * MINUTE);
    expect(await stand.events("fire.missed")).toEqual([]);
    expect((await stand.events("fire.started")).map((e) => e.fire.slice(13, 18))).toEqual([
      "07:00",
      "08:00",
      "09:00",
      "10:00",
    ]);
    await stand.stop();
  });

  it("tells of a lost listing once, and of its return, and takes no failure of the ledger for one", async () => {
    const stand = await Stand.open({ placementOptions: native });
    await stand.start(hourly());
    stand.world.fault = ({ method }) => (method === "listRuns" ? { error: { code: "denied" } } : undefined);
    await stand.clock.advance(10 * MINUTE);
    expect(await stand.events("provider.problem")).toMatchObject([{ placement: "memory", code: "denied" }]);
    expect(stand.engine.problems()).toHaveLength(1);
    stand.world.fault = () => undefined;
    await stand.clock.advance(MINUTE);
    expect(await stand.events("provider.recovered")).toHaveLength(1);
    expect(stand.engine.problems()).toEqual([]);
    await stand.stop();
  });

  it("accounts for the last fires of a job that is edited or removed", async () => {
    const stand = await Stand.open({ placementOptions: native });
    const keep = Array.from({ length: 12 }, (_, i) => job(`keep-${i}`, { schedule: { ...cron("0 0 1 1 *") } }));
    const quarter = (name: string, change = {}) => job(name, { schedule: cron("*/15 * * * *"), ...change });
    stand.world.fault = ({ method }) => (method === "fire" ? { drop: true } : undefined);
    await stand.start(desiredState([quarter("edited"), quarter("removed"), ...keep]));
    await stand.clock.advance(16 * MINUTE);
    await stand.deploy(desiredState([job("edited", { schedule: cron("0 0 1 1 *") }), ...keep]));
    await stand.clock.advance(HOUR);
    const missed = await stand.events("fire.missed");
    expect(missed.map((e) => e.firstFire).sort()).toEqual(["edited/2026-11-23T06:15/0", "removed/2026-11-23T06:15/0"]);
    await stand.stop();
  });

  it.each([
    ["came to nothing", true],
    ["were run", false],
  ])(
    "accounts for fires before an edit or a removal that %s, when the daemon dies right after it",
    async (_name, drop) => {
      const stand = await Stand.open({ placementOptions: native });
      stand.world.script = () => ({ durationSeconds: 60 });
      const keep = Array.from({ length: 12 }, (_, i) => job(`keep-${i}`, { schedule: { ...cron("0 0 1 1 *") } }));
      const quarter = (name: string, change = {}) => job(name, { schedule: cron("*/15 * * * *"), ...change });
      await stand.start(desiredState([quarter("edited"), quarter("removed"), ...keep]));
      await stand.clock.advance(20 * MINUTE);
      // Nobody sees the fires of 06:30 and 06:45: the listing is away.
      stand.world.fault = ({ method }) =>
        method === "fire" && drop
          ? { drop: true }
          : method === "listRuns"
            ? { error: { code: "unavailable" } }
            : undefined;
      await stand.clock.advance(30 * MINUTE);
      await stand.deploy(desiredState([quarter("edited", { schedule: cron("5 * * * *") }), ...keep]));
      await stand.crash();
      stand.world.fault = () => undefined;
      await stand.start();
      await stand.clock.advance(HOUR);
      const outcome = drop
        ? (await stand.events("fire.missed")).map((e) => e.firstFire)
        : (await stand.events("fire.started")).map((e) => e.fire);
      const old = outcome.filter((fire) => /T06:(30|45)/.test(fire)).sort();
      expect(old).toEqual(
        ["edited", "removed"].flatMap((name) => [`${name}/2026-11-23T06:30/0`, `${name}/2026-11-23T06:45/0`]),
      );
      expect((await stand.events("run.created")).filter((e) => e.run.cause === "foreign")).toEqual([]);
      expect((await stand.events("fire.started")).map((e) => e.fire)).toContain("edited/2026-11-23T07:05/0");
      await stand.stop();
    },
  );

  it("goes back a week at most", async () => {
    const stand = await Stand.open({ placementOptions: native });
    await stand.start(hourly());
    await stand.crash();
    await stand.clock.advance(10 * DAY);
    await stand.start();
    await stand.clock.advance(20 * MINUTE);
    const started = (await stand.events("fire.started")).length;
    const missed = (await stand.events("fire.missed")).reduce((n, e) => n + e.count, 0);
    expect(started + missed).toBe(240);
    await stand.stop();
  });
});
