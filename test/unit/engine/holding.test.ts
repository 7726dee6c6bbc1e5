import { describe, expect, it } from "vitest";
import { type Budget, DAY, HOUR, MINUTE } from "../../../src/model/index.ts";
import { Stand, type StandOptions } from "../../support/engine.ts";
import { cron, desiredState, job } from "../../support/jobs.ts";

const ann = { name: "ann", via: "cli" } as const;
const usd = (amount: string) => ({ amount, currency: "USD" });
/** A run of half an hour costs half a dollar at the stand's price. */
const half = (name: string, change = {}) => job(name, { team: "t", schedule: cron("0 * * * *"), ...change });
const budget = (change: Partial<Budget> = {}): Budget => ({
  name: "b",
  match: { team: "t" },
  per: "day",
  limit: usd("2"),
  warnAt: [0.5],
  atLimit: "hold",
  ...change,
});
const state = (change?: Partial<Budget>) =>
  desiredState([half("a")], { budgets: change === undefined ? [] : [budget(change)] });

async function spending(change: Partial<Budget>, options: StandOptions = {}): Promise<Stand> {
  const stand = await Stand.open({ startAt: Date.UTC(2026, 10, 23, 0, 30), ...options });
  stand.world.script = () => ({ durationSeconds: 1800 });
  await stand.start(state(change));
  return stand;
}

const starts = (stand: Stand): string[] => stand.world.starts.map((s) => new Date(s.at).toISOString().slice(8, 13));

describe("a budget at its limit", () => {
  it.each(["day", { rollingSeconds: 86_400 }] as const)("warns once at each share in its period (%j)", async (per) => {
    const change = { per, limit: usd("100"), warnAt: [0.005, 0.01, 0.9] };
    const stand = await spending(change);
    await stand.clock.advance(5 * HOUR);
    expect((await stand.events("budget.warned")).map((e) => e.share)).toEqual([0.005, 0.01]);
    await stand.crash();
    await stand.start(state(change));
    await stand.clock.advance(HOUR);
    expect(await stand.events("budget.warned")).toHaveLength(2);
    await stand.stop();
  });

  it("holds its jobs until the first instant of the next period, with the reason", async () => {
    const stand = await spending({});
    await stand.clock.advance(DAY);
    expect(starts(stand)).toEqual(["23T01", "23T02", "23T03", "23T04", "24T00"]);
    const skipped = await stand.events("fire.skipped");
    expect(skipped).toHaveLength(19);
    expect(skipped.every((e) => e.reason === "held" && e.detail.includes('"b"'))).toBe(true);
    expect(await stand.events("budget.reached")).toHaveLength(1);
    expect((await stand.events("budget.released")).map((e) => e.by)).toEqual(["rota"]);
    await stand.stop();
  });

  it("released by a person, does not hold again in the period, across a restart", async () => {
    const stand = await spending({});
    await stand.clock.advance(6 * HOUR);
    await stand.engine.releaseBudget("b", "approved", ann);
    await stand.crash();
    await stand.start(state({}));
    await stand.clock.advance(3 * HOUR);
    expect(starts(stand)).toHaveLength(7);
    await expect(stand.engine.releaseBudget("b", "again", ann)).rejects.toThrow("holds nothing");
    await stand.stop();
  });

  it.each([
    ["is raised while the daemon is away", state({ limit: usd("50") })],
    ["is taken out of the manifest while the daemon is away", state()],
  ] as const)("pauses native schedules at the provider, and resumes them when it %s", async (_name, next) => {
    const stand = await spending({}, { placementOptions: { schedules: "native", intervalSeconds: 10 } });
    await stand.clock.advance(6 * HOUR);
    const isPaused = () => stand.world.resources("memory").map((r) => r.paused);
    expect(isPaused()).toEqual([true]);
    await stand.crash();
    await stand.start(next);
    await stand.clock.advance(MINUTE);
    expect(isPaused()).toEqual([false]);
    await stand.stop();
  });

  it.each([
    ["at once", 0],
    ["when the provider can be asked again", 10],
  ])("stops what runs, %s, and nothing that a person starts afterwards", async (_name, minutes) => {
    const stand = await Stand.open({ startAt: Date.UTC(2026, 10, 23, 0, 30) });
    stand.world.script = () => ({ durationSeconds: 1e6 });
    const jobs = [half("a"), half("other", { team: "u" })];
    await stand.start(desiredState(jobs, { budgets: [budget({ limit: usd("1"), atLimit: "stop" })] }));
    if (minutes > 0)
      stand.world.fault = ({ method, run }) =>
        method === "inspect" && refusing && run?.startsWith("a.") ? { error: { code: "unavailable" } } : undefined;
    let refusing = false;
    await stand.clock.advance(90 * MINUTE - 5000);
    refusing = true;
    await stand.clock.advance(minutes * MINUTE);
    refusing = false;
    await stand.clock.advance(5 * MINUTE);
    expect(await stand.events("run.ended")).toMatchObject([
      { run: "a.20261123T0100.1", status: "killed", component: "budget" },
    ]);
    const own = await stand.engine.startRun("a", ann);
    await stand.clock.advance(10 * MINUTE);
    expect((await stand.ledger.run(own.run))?.status).toBe("running");
    await stand.stop();
  });

  it("that is tightened from notify to hold in its period holds from then on", async () => {
    const stand = await spending({ atLimit: "notify" });
    await stand.clock.advance(6 * HOUR);
    expect(starts(stand)).toHaveLength(6);
    stand.engine.settings = { ...stand.engine.settings, budgets: [budget()] };
    await stand.clock.advance(3 * HOUR);
    expect(starts(stand)).toHaveLength(6);
    await stand.stop();
  });
});
