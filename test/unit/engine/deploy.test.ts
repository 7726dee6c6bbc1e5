import { describe, expect, it } from "vitest";
import { DAY, type DesiredState, HOUR, type Manifest, MINUTE } from "../../../src/model/index.ts";
import { Stand } from "../../support/engine.ts";
import { cron, desiredState, job } from "../../support/jobs.ts";

const ann = { name: "ann", via: "cli" } as const;
const jobs = (count: number, change = {}) => Array.from({ length: count }, (_, i) => job(`j${i}`, change));

async function deployed(
  count: number,
  change: Partial<Manifest> = {},
): Promise<{ stand: Stand; desired: DesiredState }> {
  const stand = await Stand.open();
  const desired = desiredState(jobs(count), change);
  await stand.start(desired);
  return { stand, desired };
}

describe("deploying", () => {
  it("twice changes nothing (R3)", async () => {
    const { stand, desired } = await deployed(3);
    const before = (await stand.entries()).length;
    const applied: string[] = [];
    stand.world.fault = ({ method }) => {
      if (method === "apply") applied.push(method);
      return undefined;
    };
    expect(await stand.engine.apply({ desired }, ann)).toMatchObject({ ok: true, result: { kept: 3 } });
    expect(applied).toEqual([]);
    expect((await stand.entries()).length).toBe(before);
    await stand.stop();
  });

  it.each([
    ["an empty manifest", 3, [], {}, "empty"],
    ["more deletes than the limit", 10, jobs(7), {}, "would be deleted"],
  ] as const)("refuses %s and changes nothing (R2)", async (_name, count, left, change, why) => {
    const { stand } = await deployed(count);
    const outcome = await stand.engine.apply({ desired: desiredState(left, change) }, ann);
    expect(outcome.ok).toBe(false);
    if (!outcome.ok) expect(`${outcome.refusals.map((r) => r.reason).join()} empty`).toContain(why);
    expect(stand.engine.state.deployed.size).toBe(count);
    await stand.stop();
  });

  it("goes past the delete limit when the manifest raises it", async () => {
    const { stand } = await deployed(10);
    const safety = { maxStops: 10, share: 0.1, perSeconds: 900, maxDeletes: 0.5 };
    expect(await stand.engine.apply({ desired: desiredState(jobs(7), { safety }) }, ann)).toMatchObject({
      ok: true,
      result: { deleted: 3 },
    });
    await stand.stop();
  });

  it("refuses a plan that somebody approved for a world that has moved", async () => {
    const { stand, desired } = await deployed(2);
    const more = desiredState(jobs(3));
    const { plan } = await stand.engine.apply({ desired }, ann);
    const seen = await stand.engine.apply({ desired: more, plan }, ann);
    expect(seen).toMatchObject({ ok: false, refusals: [{ code: "stale" }] });
    expect(stand.engine.state.deployed.size).toBe(2);
    await stand.stop();
  });

  it("wants a reason for a limit that would have stopped good runs, and records it", async () => {
    const { stand } = await deployed(1, {});
    stand.world.script = () => ({ durationSeconds: 1800 });
    await stand.clock.advance(5 * HOUR);
    const tight = desiredState(jobs(1, { guard: { ...job("x").guard, durationSeconds: 600 } }));
    const refused = await stand.engine.apply({ desired: tight }, ann);
    expect(refused).toMatchObject({ ok: false, refusals: [{ code: "trial", overridable: true }] });
    expect((await stand.engine.apply({ desired: tight, override: "we know" }, ann)).ok).toBe(true);
    expect((await stand.events("apply.recorded")).at(-1)).toMatchObject({ override: "we know", by: "ann (cli)" });
    await stand.stop();
  });

  it("an edit neither fires nor forgets, also in the second before a fire (F9)", async () => {
    const stand = await Stand.open();
    await stand.start(desiredState([job("a", { schedule: cron("0 * * * *") })]));
    await stand.clock.advance(HOUR - 300);
    const deploying = stand.deploy(desiredState([job("a", { schedule: cron("30 * * * *") })]));
    await stand.clock.advance(2 * HOUR);
    await deploying;
    expect((await stand.events("fire.started")).map((e) => e.fire)).toEqual([
      "a/2026-11-23T07:00/0",
      "a/2026-11-23T07:30/0",
      "a/2026-11-23T08:30/0",
    ]);
    await stand.stop();
  });

  it("what an edit cut off while nothing might start is missed, with the reason (F2)", async () => {
    const stand = await Stand.open();
    await stand.start(desiredState([job("a", { schedule: cron("0 * * * *") })]));
    await stand.crash();
    stand.clock.step(4 * 365 * DAY);
    await stand.start();
    await stand.clock.advance(MINUTE);
    await stand.deploy(desiredState([job("a", { schedule: cron("30 * * * *") })]));
    const missed = await stand.events("fire.missed");
    expect(missed).toMatchObject([{ reason: "clock" }]);
    expect(missed[0]?.count).toBe(4 * 365 * 24);
    await stand.stop();
  });

  it.each([
    ["was made", "after", ["j0", "j1"], []],
    ["was not made", "before", ["j0"], [{ job: "j1", code: "unavailable" }]],
  ] as const)(
    "looks up what became of a change whose answer was lost: it %s",
    async (_name, when, jobsNow, failures) => {
      const stand = await Stand.open();
      await stand.start(desiredState(jobs(1)));
      stand.world.fault = ({ method, job: name }) =>
        method === "apply" && name === "j1" ? { error: { code: "unavailable", when } } : undefined;
      const outcome = await stand.engine.apply({ desired: desiredState(jobs(2)) }, ann);
      expect(outcome).toMatchObject({ ok: true, result: { created: 1 - failures.length, failures } });
      expect([...stand.engine.state.deployed.keys()].sort()).toEqual(jobsNow);
      await stand.stop();
    },
  );

  it("records what failed as not done, and the next deployment mends it", async () => {
    const stand = await Stand.open();
    await stand.start(desiredState(jobs(1)));
    stand.world.fault = ({ method, job: name }) =>
      method === "apply" && name === "j1" ? { error: { code: "denied" } } : undefined;
    const first = await stand.engine.apply({ desired: desiredState(jobs(3)) }, ann);
    expect(first).toMatchObject({ ok: true, result: { created: 1, failures: [{ job: "j1", code: "denied" }] } });
    expect((await stand.events("apply.recorded")).at(-1)?.created).toBe(1);
    expect([...stand.engine.state.deployed.keys()].sort()).toEqual(["j0", "j2"]);
    stand.world.fault = () => undefined;
    await stand.deploy(desiredState(jobs(3)));
    expect(stand.engine.state.deployed.size).toBe(3);
    await stand.stop();
  });
});

it("a job that is undeployed elsewhere stays deployed where it is", async () => {
  const { stand } = await deployed(1);
  stand.engine.state.apply({ type: "job.undeployed", job: "j0", placement: "old" }, 0, 0);
  expect(stand.engine.state.deployed.has("j0")).toBe(true);
  await stand.stop();
});
