import { describe, expect, it } from "vitest";
import { HOUR, MINUTE } from "../../../src/model/index.ts";
import { Stand } from "../../support/engine.ts";
import { cron, desiredState, job } from "../../support/jobs.ts";

const budgets = [
  {
    name: "all",
    match: {},
    per: "day",
    limit: { amount: "0.5", currency: "USD" },
    warnAt: [],
    atLimit: "stop",
  },
] as const;

describe("a budget", () => {
  it("counts a run for no longer than it was seen to run: one that ended while nobody looked stops nobody", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({ durationSeconds: 600 });
    const jobs = [job("short", { schedule: cron("0 7 * * *") }), job("healthy", { schedule: cron("5 9 * * *") })];
    await stand.start(desiredState(jobs, { budgets }));
    await stand.clock.advance(HOUR + 5 * MINUTE);
    await stand.crash();
    await stand.clock.advance(2 * HOUR + MINUTE / 2);
    await stand.start(desiredState(jobs, { budgets }));
    await stand.clock.advance(HOUR);
    expect(await stand.events("budget.reached")).toEqual([]);
    expect((await stand.events("run.ended")).map((e) => e.status)).toEqual(["succeeded", "succeeded"]);
    await stand.stop();
  });

  it("does not grow by a run that nobody can ask about", async () => {
    const stand = await Stand.open();
    stand.world.script = () => ({ durationSeconds: 600 });
    await stand.start(desiredState([job("short", { schedule: cron("0 7 * * *") })], { budgets }));
    await stand.clock.advance(HOUR + 5 * MINUTE);
    stand.world.fault = () => ({ error: { code: "unavailable" } });
    await stand.clock.advance(2 * HOUR);
    stand.world.fault = () => undefined;
    await stand.clock.advance(5 * MINUTE);
    expect(await stand.events("budget.reached")).toEqual([]);
    await stand.stop();
  });

  it("says how many fires to come are not in its forecast, for nothing is known of their cost", async () => {
    const stand = await Stand.open();
    const jobs = [
      job("unknown", { schedule: cron("0 7 * * *") }),
      job("known", { schedule: cron("0 8 * * *"), expect: { durationSeconds: 600 } }),
    ];
    await stand.start(desiredState(jobs, { budgets }));
    await stand.clock.advance(MINUTE);
    const [all] = (await stand.engine.status()).budgets;
    expect(all).toMatchObject({ upcomingLeftOut: 1, forecast: { amount: expect.not.stringMatching(/^0$/) } });
    await stand.stop();
  });
});
