import { describe, expect, it } from "vitest";
import { DAY, HOUR, MINUTE } from "../../../src/model/index.ts";
import { Stand } from "../../support/engine.ts";
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
