import { describe, expect, it } from "vitest";
import type { FaultCall } from "../../../providers/memory/index.ts";
import { idleSample } from "../../../providers/memory/index.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../../src/model/index.ts";
import { Stand } from "../../support/engine.ts";
import { faultyLedger } from "../../support/faultyLedger.ts";
import { cron, desiredState, job } from "../../support/jobs.ts";

const ann = { name: "ann", via: "cli" } as const;
const hourly = (name: string, change = {}) => job(name, { schedule: cron("0 * * * *"), ...change });

function only(stand: Stand): string {
  const [tracked] = stand.engine.state.open.values();
  if (!tracked) throw new Error("nothing runs");
  return tracked.run.run;
}

/** Counts the stops that reach the provider. */
function countStops(stand: Stand): FaultCall[] {
  const stops: FaultCall[] = [];
  stand.world.fault = (call) => {
    if (call.method === "stop") stops.push(call);
    return undefined;
  };
  return stops;
}

describe("stopping a run", () => {
  it("sends an accepted polite stop once, and a hard one until it is gone", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({ durationSeconds: 1e6, politeSeconds: Number.POSITIVE_INFINITY, hardSeconds: 12 });
    await stand.start(desiredState([hourly("a", { guard: { ...job("x").guard, graceSeconds: 60 } })]));
    await stand.clock.advance(HOUR + MINUTE);
    const stops = countStops(stand);
    await stand.engine.kill(only(stand), "enough", ann);
    await stand.clock.advance(59 * SECOND);
    expect(stops).toHaveLength(1);
    await stand.clock.advance(30 * SECOND);
    expect(stops.length).toBeGreaterThan(2);
    expect(await stand.events("run.ended")).toMatchObject([{ status: "killed", component: "person" }]);
    await stand.stop();
  });

  it("sends a polite stop again that the provider did not take", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({ durationSeconds: 1e6 });
    await stand.start(desiredState([hourly("a")]));
    await stand.clock.advance(HOUR + MINUTE);
    stand.world.fault = ({ method }) => (method === "stop" ? { error: { code: "throttled" } } : undefined);
    await stand.engine.kill(only(stand), "enough", ann);
    stand.world.fault = () => undefined;
    await stand.clock.advance(10 * SECOND);
    expect(await stand.events("run.ended")).toMatchObject([{ status: "killed" }]);
    expect((await stand.events("run.stopping")).map((e) => e.mode)).toEqual(["polite"]);
    await stand.stop();
  });

  it.each(["failed", "succeeded"] as const)(
    "is not said of a run that its provider cannot stop: people hear that it goes on, and it ends as it does (%s)",
    async (outcome) => {
      const stand = await Stand.open();
      stand.world.script = () => ({ durationSeconds: 20 * 60, outcome });
      stand.world.fault = ({ method }) => (method === "stop" ? { error: { code: "unsupported" } } : undefined);
      const guard = { ...job("x").guard, durationSeconds: 600 };
      await stand.start(desiredState([hourly("a", { guard }), hourly("b")]));
      await stand.clock.advance(HOUR + 5 * MINUTE);
      const other = [...stand.engine.state.open.values()].find(({ run }) => run.job === "b")?.run.run ?? "";
      await expect(stand.engine.kill(other, "enough", ann)).rejects.toMatchObject({
        code: "refused",
        message: expect.stringContaining("cannot be stopped"),
      });
      await stand.clock.advance(20 * MINUTE);
      expect((await stand.events("run.judged")).map(({ action }) => action)).toEqual(["stop"]);
      expect((await stand.events("run.ended")).map(({ status }) => status)).toEqual([outcome, outcome]);
      expect(await stand.events("saved")).toEqual([]);
      const about = stand.notices.filter(({ subject }) => subject.startsWith("a:")).map(({ subject }) => subject);
      expect(about).toEqual([expect.stringContaining("no way to stop it")]);
      await stand.stop();
    },
  );

  it("is said of a run that its provider found a way to stop after all", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({ durationSeconds: 1e6 });
    stand.world.fault = ({ method }) => (method === "stop" ? { error: { code: "unsupported" } } : undefined);
    await stand.start(desiredState([hourly("a")]));
    await stand.clock.advance(HOUR + MINUTE);
    await expect(stand.engine.kill(only(stand), "enough", ann)).rejects.toThrow("cannot be stopped");
    stand.world.fault = () => undefined;
    await stand.clock.advance(MINUTE);
    expect(await stand.events("run.ended")).toMatchObject([{ status: "killed", component: "person" }]);
    await stand.stop();
  });

  it("escalates a run that never gets past starting", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({
      startDelaySeconds: 1e6,
      durationSeconds: 1e6,
      politeSeconds: Number.POSITIVE_INFINITY,
    });
    await stand.start(desiredState([hourly("a")]));
    await stand.clock.advance(HOUR + MINUTE);
    await stand.engine.kill(only(stand), "enough", ann);
    await stand.clock.advance(2 * MINUTE);
    expect(await stand.events("run.ended")).toMatchObject([{ status: "killed" }]);
    await stand.stop();
  });

  it.each([
    ["while its start is recorded", "ledger"],
    ["while its start is on its way", "provider"],
  ] as const)("a kill %s leaves nothing running, and ends the run once", async (_name, where) => {
    const stand = await Stand.open();
    const gate: { open: () => void; wait?: Promise<void> } = { open: () => undefined };
    const inner = stand.ledger;
    stand.ledger = new Proxy(
      faultyLedger(inner, () => false),
      {
        get(target, key) {
          if (key === "append")
            return async (events: readonly { type: string }[]) => {
              if (events.some((e) => e.type === "run.sent")) await gate.wait;
              return target.append(events as never);
            };
          return Reflect.get(target, key);
        },
      },
    );
    stand.world.script = () => ({ durationSeconds: 1e6 });
    await stand.start(desiredState([hourly("a")]));
    if (where === "ledger")
      gate.wait = new Promise((resolve) => {
        gate.open = resolve;
      });
    else stand.world.fault = ({ method }) => (method === "start" ? { latencyMs: 20 * SECOND } : undefined);
    await stand.clock.advance(HOUR + SECOND);
    const killed = stand.engine.kill(only(stand), "enough", ann);
    await stand.clock.advance(SECOND);
    gate.open();
    await killed;
    await stand.clock.advance(2 * MINUTE);
    expect(await stand.events("run.ended")).toMatchObject([{ status: "killed", component: "person" }]);
    const alive = [...stand.world.lives(0)].filter((life) => stand.world.starts.some((s) => s.id === life.id));
    expect(alive.every((life) => life.stops.length > 0)).toBe(true);
    expect(stand.engine.state.open.size).toBe(0);
    await stand.stop();
  });

  it("kills a queued run at once, and names who did it", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({ durationSeconds: 3 * 3600 });
    await stand.start(desiredState([hourly("a", { schedule: cron("0 * * * *", { overlap: "queue" }) })]));
    await stand.clock.advance(2 * HOUR + MINUTE);
    const queued = [...stand.engine.state.open.values()].find((t) => t.run.status === "queued");
    await stand.engine.kill(queued?.run.run ?? "", "not this one", ann);
    expect(await stand.events("run.ended")).toMatchObject([{ status: "killed", component: "person" }]);
    expect(stand.world.starts).toHaveLength(1);
    await stand.stop();
  });

  it("counts stops across a restart, also those whose runs have ended (K9)", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({ durationSeconds: 1e6, sample: idleSample });
    const guarded = (name: string, minute: number) =>
      job(name, { schedule: cron(`${minute} * * * *`), guard: { ...job("x").guard, idleSeconds: 300 } });
    const safety = { maxStops: 2, share: 0.1, perSeconds: 3600, maxDeletes: 0.1 };
    const desired = desiredState([guarded("a", 1), guarded("b", 2), guarded("c", 20), guarded("d", 21)], { safety });
    await stand.start(desired);
    await stand.clock.advance(15 * MINUTE);
    expect(await stand.events("run.ended")).toHaveLength(2);
    await stand.crash();
    await stand.start(desired);
    await stand.clock.advance(20 * MINUTE);
    expect((await stand.events("run.stopping")).map((e) => e.run.split(".")[0])).toEqual(["a", "b"]);
    expect(await stand.events("guard.held")).toHaveLength(1);
    await stand.stop();
  });

  it.each([
    ["another run's", { run: "other.1" }, "not as a."],
    ["another job's", { job: "other" }, "not as a."],
    ["ended", { phase: "ended", outcome: "succeeded" }, "has ended"],
  ] as const)(
    "stops nothing when the provider says, at that moment, that the handle is %s (K7, K12)",
    async (_name, answer, words) => {
      const stand = await Stand.open();
      stand.world.script = () => ({ durationSeconds: 1e6 });
      await stand.start(desiredState([hourly("a")]));
      await stand.clock.advance(HOUR + MINUTE);
      const stops = countStops(stand);
      const inspect = stand.provider.inspect.bind(stand.provider);
      stand.provider.inspect = async (handle, options) => ({ ...(await inspect(handle, options)), ...answer });
      await expect(stand.engine.kill(only(stand), "enough", ann)).rejects.toThrow(words);
      expect(stops).toEqual([]);
      expect(await stand.events("run.stopping")).toEqual([]);
      await stand.crash();
    },
  );

  it("goes on to the hard stop within its grace when the clock was set back while no daemon ran (K11)", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({ durationSeconds: 1e6, politeSeconds: Number.POSITIVE_INFINITY });
    await stand.start(desiredState([hourly("a")]));
    await stand.clock.advance(HOUR + MINUTE);
    await stand.engine.kill(only(stand), "enough", ann);
    await stand.crash();
    stand.clock.step(-50 * MINUTE);
    await stand.start();
    await stand.clock.advance(MINUTE);
    expect(await stand.events("run.ended")).toMatchObject([{ status: "killed", component: "person" }]);
    await stand.stop();
  });

  it("stays held until a person releases it, however long that takes and whatever daemons come and go (K9)", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({ durationSeconds: 1e6, sample: idleSample });
    const guarded = (name: string) => hourly(name, { guard: { ...job("x").guard, idleSeconds: 300 } });
    const safety = { maxStops: 1, share: 0.1, perSeconds: 3600, maxDeletes: 0.1 };
    const desired = desiredState([guarded("a"), guarded("b")], { safety });
    await stand.start(desired);
    await stand.clock.advance(HOUR + 15 * MINUTE);
    expect(await stand.events("guard.held")).toHaveLength(1);
    await stand.crash();
    stand.clock.freeze(40 * DAY);
    await stand.start(desired);
    await stand.clock.advance(15 * MINUTE);
    expect(stand.engine.problems().join()).toContain("Nothing more is stopped until a person says so");
    expect(await stand.events("run.stopping")).toHaveLength(1);
    await stand.engine.releaseGuard("looked", ann);
    await stand.clock.advance(5 * MINUTE);
    const stopped = (await stand.events("run.stopping")).length;
    expect(stopped).toBeGreaterThan(1);
    // What was stopped before the release counts no more, after a restart either.
    await stand.crash();
    await stand.start(desired);
    expect(stand.engine.state.stops).toHaveLength(stopped - 1);
    await stand.stop();
  });

  it("a run that took a step of the wall clock is charged for the time it ran", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({ durationSeconds: 3600 });
    await stand.start(desiredState([hourly("a")]));
    await stand.clock.advance(HOUR + 30 * MINUTE);
    // The provider's end is by the new wall clock, its count of elapsed time is not.
    const day = 24 * HOUR;
    const provider = stand.provider;
    const inspect = provider.inspect.bind(provider);
    provider.inspect = async (handle, options) => {
      const seen = await inspect(handle, options);
      return seen.endedAt === undefined ? seen : { ...seen, endedAt: seen.endedAt + day };
    };
    await stand.clock.advance(HOUR);
    expect((await stand.events("charge")).map((c) => c.amount.amount)).toEqual(["1"]);
    await stand.stop();
  });
});

describe("the end of the daemon", () => {
  it("onExit: stop ends what runs, with its grace; what is queued waits for the next daemon", async () => {
    const stand = await Stand.open({ onExit: "stop" });
    stand.world.script = () => ({ durationSeconds: 3 * 3600, politeSeconds: 5 });
    await stand.start(desiredState([hourly("a", { schedule: cron("0 * * * *", { overlap: "queue" }) })]));
    await stand.clock.advance(2 * HOUR + MINUTE);
    await stand.stop();
    expect(await stand.events("run.ended")).toMatchObject([{ status: "killed", component: "daemon" }]);
    expect(stand.world.starts).toHaveLength(1);
    await stand.start();
    await stand.clock.advance(MINUTE);
    expect(stand.world.starts).toHaveLength(2);
    await stand.stop();
  });

  it("an abandoned daemon records and starts nothing more (H1)", async () => {
    const stand = await Stand.open();
    await stand.start(desiredState([hourly("a")]));
    const engine = stand.engine;
    await stand.crash();
    const before = (await stand.entries()).length;
    await expect(engine.startRun("a", ann)).rejects.toThrow();
    expect(await stand.entries()).toHaveLength(before);
  });
});

describe("overlap: replace", () => {
  const replacing = (name: string, change = {}) =>
    hourly(name, { schedule: cron("*/10 * * * *", { overlap: "replace" }), ...change });

  it("keeps at most one run waiting, however long the old one resists", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({ durationSeconds: 1e6 });
    await stand.start(desiredState([replacing("a", { guard: { ...job("x").guard, protect: true } })]));
    await stand.clock.advance(2 * HOUR);
    expect([...stand.engine.state.open.values()].map((t) => t.run.status)).toEqual(["running", "queued"]);
    await stand.stop();
  });

  it.each(["without", "with"])(
    "replaces a run that could not be stopped at first, %s a crash between",
    async (crash) => {
      const stand = await Stand.open();
      stand.world.script = () => ({ durationSeconds: 1e6 });
      await stand.start(desiredState([replacing("a")]));
      await stand.clock.advance(19 * MINUTE);
      stand.world.fault = ({ method }) => (method === "inspect" ? { error: { code: "unavailable" } } : undefined);
      await stand.clock.advance(2 * MINUTE);
      if (crash === "with") {
        await stand.crash();
        await stand.start();
      }
      stand.world.fault = () => undefined;
      await stand.clock.advance(2 * MINUTE);
      expect(await stand.events("run.ended")).toMatchObject([{ status: "killed", component: "schedule" }]);
      expect(stand.world.starts).toHaveLength(2);
      await stand.stop();
    },
  );
});

describe("a run that a person asks for", () => {
  it("is one where no second may run beside it, of two that ask at once", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({ durationSeconds: 1e6 });
    await stand.start(desiredState([hourly("a")]));
    const asked = await Promise.allSettled([stand.engine.startRun("a", ann), stand.engine.startRun("a", ann)]);
    expect(asked.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(await stand.events("run.created")).toHaveLength(1);
    await stand.stop();
  });
});

describe("a queued run", () => {
  it("does not start when its job was removed meanwhile", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({ durationSeconds: 3600 * 3 });
    const other = Array.from({ length: 3 }, (_, i) => job(`o${i}`, { schedule: cron("0 0 1 1 *") }));
    await stand.start(desiredState([hourly("a", { schedule: cron("0 * * * *", { overlap: "queue" }) }), ...other]));
    await stand.clock.advance(2 * HOUR + MINUTE);
    await stand.deploy(desiredState(other));
    await stand.clock.advance(4 * HOUR);
    expect((await stand.events("run.ended")).map((e) => e.status).sort()).toEqual(["skipped", "succeeded"]);
    await stand.stop();
  });
});
