import { expect, it } from "vitest";
import { busySample, idleSample } from "../../../providers/memory/index.ts";
import { DAY, HOUR, MINUTE } from "../../../src/model/index.ts";
import { Stand } from "../../support/engine.ts";
import { cron, desiredState, job } from "../../support/jobs.ts";

it("says what runs, what it has cost, what comes next and what is wrong", async () => {
  const stand = await Stand.open();
  stand.world.script = () => ({ durationSeconds: 3600, sample: busySample });
  await stand.start(
    desiredState([job("a", { schedule: cron("0 * * * *") }), job("b", { schedule: cron("30 * * * *") })]),
  );
  await stand.clock.advance(HOUR + 15 * MINUTE);
  const first = await stand.engine.status();
  expect(first).toMatchObject({
    environment: "dev",
    namespace: "test",
    ready: true,
    problems: [],
    placements: [{ placement: "memory", ok: true, jobs: 2 }],
    nextFires: [{ job: "b" }, { job: "a" }],
  });
  expect(first.running.map((r) => r.job)).toEqual(["b", "a"]);
  expect(first.running[0]?.cost).toMatchObject({ currency: "USD" });
  await stand.clock.advance(20 * MINUTE);
  expect((await stand.engine.status()).nextFires.map((f) => f.job)).toEqual(["a", "b"]);
  stand.world.fault = ({ method }) => (method === "listRuns" ? { error: { code: "denied" } } : undefined);
  await stand.clock.advance(MINUTE);
  // The words of a provider are told with the placement, and nowhere else: the problems are open to whoever asks.
  const failing = { ok: false, problem: expect.stringContaining("denied"), failingSince: expect.any(Number) };
  expect(await stand.engine.status()).toMatchObject({ ready: false, problems: [], placements: [failing] });
  const [before] = (await stand.engine.status()).placements;
  await stand.clock.advance(HOUR);
  expect((await stand.engine.status()).placements[0]?.failingSince).toBe(before?.failingSince);
  await stand.stop();
});

it("takes no time worth mentioning with thousands of jobs", async () => {
  const stand = await Stand.open();
  const jobs = Array.from({ length: 5000 }, (_, i) => job(`j${i}`, { schedule: cron(`${i % 60} 3 1 * *`) }));
  await stand.start(desiredState(jobs));
  await stand.engine.status();
  // CPU of this process: what else the machine does is not its fault.
  const before = process.cpuUsage();
  await stand.engine.status();
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(200);
  await stand.stop();
});

it.each([HOUR, -HOUR, DAY, -DAY])(
  "the guard still sees an idle run after the wall clock jumped by %d ms",
  async (jump) => {
    const stand = await Stand.open();
    stand.world.script = () => ({ durationSeconds: 1e6, sample: idleSample });
    await stand.start(desiredState([job("idle", { guard: { ...job("x").guard, idleSeconds: 1800 } })]));
    await stand.clock.advance(HOUR + MINUTE);
    // The provider stamps its samples by the wall clock, as local does.
    const { provider } = stand;
    const measure = provider.measure.bind(provider);
    provider.measure = async (handle, after, options) =>
      (await measure(handle, after > stand.world.now() ? after - jump : after, options)).map((s) => ({
        ...s,
        from: s.from + jump,
        to: s.to + jump,
      }));
    stand.clock.step(jump);
    await stand.clock.advance(HOUR);
    expect((await stand.events("run.ended")).map((e) => e.status)).toEqual(["killed"]);
    await stand.stop();
  },
);
