import { describe, expect, it } from "vitest";
import { HOUR, MINUTE } from "../../../src/model/index.ts";
import { type Provider, wrapProvider } from "../../../src/provider/index.ts";
import { Stand } from "../../support/engine.ts";
import { cron, desiredState, job } from "../../support/jobs.ts";

const ann = { name: "ann", via: "cli" } as const;
const WHY = "nothing ends it";

/** A provider that says by the handle alone that it has no stop. */
const without = (provider: Provider): Provider => ({
  ...wrapProvider(provider, (_call, proceed) => proceed()),
  unstoppable: () => WHY,
});

function failStops(
  stand: Stand,
  code: "unsupported" | "throttled",
  of: (run: string) => boolean = () => true,
): string[] {
  const sent: string[] = [];
  stand.world.fault = ({ method, run = "" }) => {
    if (method !== "stop") return undefined;
    sent.push(run);
    return of(run) ? { error: { code } } : undefined;
  };
  return sent;
}

const everyMinute = (name: string) =>
  job(name, { schedule: cron("* * * * *"), guard: { ...job("x").guard, durationSeconds: 20 } });
const limited = (name: string) =>
  job(name, { schedule: cron("0 * * * *"), guard: { ...job("x").guard, durationSeconds: 600 } });

function only(stand: Stand): string {
  const [tracked] = stand.engine.state.open.values();
  if (!tracked) throw new Error("nothing runs");
  return tracked.run.run;
}

describe("a run that its provider says it cannot stop", () => {
  it("is judged and goes on: no stop is ordered, and none counts", async () => {
    const stand = await Stand.open({ around: without });
    stand.world.script = () => ({ durationSeconds: 50 });
    const sent = failStops(stand, "unsupported");
    await stand.start(desiredState([everyMinute("fn")]));
    await stand.clock.advance(20 * MINUTE);
    expect(stand.engine.state.guardHeld).toBeUndefined();
    expect(await stand.events("run.stopping")).toEqual([]);
    expect(sent).toEqual([]);
    const judged = await stand.events("run.judged");
    expect(judged.length).toBeGreaterThan(15);
    expect(new Set(judged.map(({ action }) => action))).toEqual(new Set(["impossible"]));
    expect(new Set(judged.map(({ run }) => run)).size).toBe(judged.length);
    expect(stand.notices).toHaveLength(judged.length);
    expect(stand.notices[0]?.subject).toContain("no way to stop it");
    await stand.stop();
  });

  it("is told of once, also after a restart, and a kill is refused each time with the provider's words", async () => {
    const stand = await Stand.open({ around: without });
    stand.world.script = () => ({ durationSeconds: 1e5 });
    const desired = desiredState([limited("a")]);
    await stand.start(desired);
    await stand.clock.advance(HOUR + 15 * MINUTE);
    for (let i = 0; i < 2; i += 1)
      await expect(stand.engine.kill(only(stand), "enough", ann)).rejects.toThrow(`it cannot be stopped: ${WHY}`);
    await stand.crash();
    await stand.start(desired);
    await stand.clock.advance(15 * MINUTE);
    expect((await stand.events("run.judged")).map(({ action }) => action)).toEqual(["impossible"]);
    expect(await stand.events("run.stopping")).toEqual([]);
    await stand.crash();
  });

  it("is ended while it waits in the queue", async () => {
    const stand = await Stand.open({ around: without });
    stand.world.script = () => ({ durationSeconds: 3 * 3600 });
    await stand.start(desiredState([job("a", { schedule: cron("0 * * * *", { overlap: "queue" }) })]));
    await stand.clock.advance(2 * HOUR + MINUTE);
    const queued = [...stand.engine.state.open.values()].find((t) => t.run.status === "queued");
    await stand.engine.kill(queued?.run.run ?? "", "not this one", ann);
    expect(await stand.events("run.ended")).toMatchObject([{ status: "killed", component: "person" }]);
    await stand.crash();
  });
});

describe("a run of which only the stop finds out that there is none", () => {
  it("takes no room in the blast radius, and the guard stops others", async () => {
    const stand = await Stand.open();
    stand.world.script = ({ job: { name } }) => ({ durationSeconds: name === "fn" ? 50 : 1e6 });
    failStops(stand, "unsupported", (run) => run.startsWith("fn"));
    const desired = desiredState([everyMinute("fn"), limited("a")]);
    await stand.start(desired);
    await stand.clock.advance(30 * MINUTE);
    await stand.crash();
    await stand.start(desired);
    expect(stand.engine.state.stops).toEqual([]);
    await stand.clock.advance(45 * MINUTE);
    expect(stand.engine.state.guardHeld).toBeUndefined();
    expect((await stand.events("run.unstoppable")).length).toBeGreaterThan(50);
    const killed = (await stand.events("run.ended")).filter(({ status }) => status === "killed");
    expect(killed).toMatchObject([{ run: expect.stringMatching(/^a/), component: "guard" }]);
    expect(stand.engine.state.stops.map(({ run }) => run)).toEqual([killed[0]?.run]);
    await stand.stop();
  });

  it("counts again from when a stop is taken after all, also after a restart", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({ durationSeconds: 1e6 });
    failStops(stand, "unsupported");
    const desired = desiredState([limited("a")]);
    await stand.start(desired);
    await stand.clock.advance(HOUR + 11 * MINUTE);
    expect(stand.engine.state.stops).toEqual([]);
    stand.world.fault = () => undefined;
    await stand.clock.advance(MINUTE);
    expect(await stand.events("run.ended")).toMatchObject([{ status: "killed", component: "guard" }]);
    expect(stand.engine.state.stops).toHaveLength(1);
    await stand.crash();
    await stand.start(desired);
    expect(stand.engine.state.stops).toHaveLength(1);
    await stand.stop();
  });

  it("is not so where the provider is only throttled: that counts, and is sent until it is taken", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({ durationSeconds: 1e6 });
    const sent = failStops(stand, "throttled");
    await stand.start(desiredState([limited("a")]));
    await stand.clock.advance(HOUR + 12 * MINUTE);
    expect(sent.length).toBeGreaterThan(5);
    expect(stand.engine.state.stops).toHaveLength(1);
    stand.world.fault = () => undefined;
    await stand.clock.advance(MINUTE);
    expect(await stand.events("run.ended")).toMatchObject([{ status: "killed", component: "guard" }]);
    expect(await stand.events("run.unstoppable")).toEqual([]);
    await stand.stop();
  });

  it("is not so where the polite stop was taken and only a hard one is missing", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({
      durationSeconds: 20 * 60,
      politeSeconds: Number.POSITIVE_INFINITY,
      outcome: "failed",
    });
    await stand.start(desiredState([limited("a")]));
    await stand.clock.advance(HOUR + 10 * MINUTE + 15_000);
    expect(await stand.events("run.stopping")).toMatchObject([{ mode: "polite" }]);
    failStops(stand, "unsupported");
    await stand.clock.advance(15 * MINUTE);
    expect(stand.engine.state.stops).toHaveLength(1);
    expect(await stand.events("run.unstoppable")).toEqual([]);
    expect(await stand.events("run.ended")).toMatchObject([{ status: "killed", component: "guard" }]);
    await stand.stop();
  });

  it.each([1, 3])("ends as it does when the daemon crashes %i minutes after the stop", async (minutes) => {
    const stand = await Stand.open();
    stand.world.script = () => ({ durationSeconds: 20 * 60, outcome: "failed" });
    failStops(stand, "unsupported");
    const desired = desiredState([{ ...limited("a"), retry: { ...job("x").retry, attempts: 2 } }]);
    await stand.start(desired);
    await stand.clock.advance(HOUR + (10 + minutes) * MINUTE);
    await stand.crash();
    await stand.clock.advance(10 * MINUTE);
    await stand.start(desired);
    await stand.clock.advance(5 * MINUTE);
    expect((await stand.events("run.ended")).map(({ status }) => status)).toEqual(["failed"]);
    expect(await stand.events("saved")).toEqual([]);
    expect((await stand.events("run.created")).map(({ run }) => run.cause)).toContain("retry");
    await stand.crash();
  });

  it("answers each kill with the provider's words", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({ durationSeconds: 1e6 });
    failStops(stand, "unsupported");
    await stand.start(desiredState([limited("a")]));
    await stand.clock.advance(HOUR + MINUTE);
    for (let i = 0; i < 3; i += 1)
      await expect(stand.engine.kill(only(stand), "enough", ann)).rejects.toThrow("it cannot be stopped: injected");
    await stand.crash();
  });
});
