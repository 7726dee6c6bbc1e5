import { describe, expect, it } from "vitest";
import { type DesiredState, HOUR, MINUTE } from "../../src/model/index.ts";
import { costView, explainView, todayView } from "../../src/query/index.ts";
import { VirtualClock } from "../support/clock.ts";
import { daemon, load } from "./aws/daemon.ts";
import { AwsWorld, WHY_SKIPPED } from "./aws/world.ts";

/** A machine at rest, whatever is asked of it: each five minutes of housekeeping. */
const REST: Readonly<Record<string, number>> = {
  CPUUtilization: 0.4,
  NetworkIn: 20_000,
  NetworkOut: 10_000,
  EBSReadBytes: 0,
  EBSWriteBytes: 200_000,
};
const PRICES = { prices: { "ec2.m5.large": "0.096 USD/hour" } };

interface Stand {
  readonly world: AwsWorld<VirtualClock>;
  readonly state: DesiredState;
  readonly ids: readonly string[];
}

/** A world whose time is the test's, and a manifest with one job of every hour for two of its three machines. */
async function open(guard: string): Promise<Stand> {
  const clock = new VirtualClock({ startAt: Math.ceil(Date.now() / HOUR) * HOUR - 5 * MINUTE });
  const world = await AwsWorld.openOn(clock);
  const ids = await world.makeMachines(["train", "train", "web"]);
  const state = await load(`
rota: 1
namespace: ${world.owner.namespace}
currency: USD
providers:
  aws: { region: us-east-1 }
environments:
  dev: { provider: aws }
jobs:
  wake:
    team: train
    vm: { instances: [${ids.slice(0, 2).join(", ")}], action: start }
    schedule: { cron: "0 * * * *", timezone: UTC }
    guard: ${guard}
`);
  return { world, state, ids };
}

describe.skipIf(WHY_SKIPPED !== undefined)(
  `AWS, the whole loop of machines${WHY_SKIPPED === undefined ? "" : ` (skipped: ${WHY_SKIPPED})`}`,
  () => {
    it("manifest, apply, a fire, machines at rest, stop, confirmed; ledger, today, cost and explain say so", async () => {
      const { world, state, ids } = await open("{ idle: 30m, duration: 12h }");
      const { clock } = world;
      world.front.machines.figures = (_machine, metric) => REST[metric];
      const { engine, ledger, running } = await daemon(world, state, PRICES);
      const at = clock.now() + 5 * MINUTE;
      await clock.advance(5 * MINUTE + 10_000);
      await world.fire("wake.1", at);
      // Somebody else's runs all the time.
      await world.person("ec2", "StartInstances", { InstanceIds: [ids[2] ?? ""] });

      let status: string | undefined;
      for (let minute = 0; minute < 58 && status !== "killed"; minute += 1) {
        await clock.advance(MINUTE);
        status = (await ledger.runs({ job: "wake" }))[0]?.status;
      }
      const [run, ...others] = await ledger.runs({ job: "wake" });
      expect(others).toEqual([]);
      expect(run).toMatchObject({ status: "killed", cause: "fire", fireAt: at });
      expect(run?.reason).toMatch(/idle: .*no more network than at rest/);
      expect(await world.machineStates(ids)).toEqual(["stopped", "stopped", "running"]);
      expect(world.calls.filter((call) => call === "ec2:StopInstances")).toHaveLength(1);

      // Each of the two from its launch to when its stop was asked for, at its own price.
      const id = run?.run ?? "";
      const hours = (run?.rented ?? []).map(({ from, until = 0 }) => (until - from) / HOUR);
      expect(hours).toHaveLength(2);
      for (const each of hours) expect(each).toBeGreaterThan(0.5);
      const charges = await ledger.charges({ from: 0, to: clock.now() + 1, run: id });
      const total = charges.reduce((sum, { amount }) => sum + Number(amount.amount), 0);
      expect(total).toBeCloseTo(0.096 * hours.reduce((sum, each) => sum + each, 0), 6);
      const today = await todayView({
        ledger,
        zone: "UTC",
        now: clock.now(),
        date: new Date(at).toISOString().slice(0, 10),
      });
      expect(today.fires.find((fire) => fire.run === id)).toMatchObject({
        job: "wake",
        state: "killed",
        provider: "aws",
      });
      const cost = await costView({ ledger, now: clock.now(), by: ["team"], currency: "USD", budgets: [] });
      expect(JSON.stringify(cost)).not.toMatch(/"unpriced":[1-9]/);
      const explained = await explainView(ledger, id);
      expect(JSON.stringify(explained?.responsible)).toMatch(/guard/);
      expect(JSON.stringify(explained)).toContain(`its machines: ${[...ids.slice(0, 2)].sort()[0]} (m5.large)`);
      expect(world.problems).toEqual([]);
      await stopped(clock, engine, running);
      await world.close();
    }, 60_000);

    it("it goes on while one of its two machines works", async () => {
      const { world, state, ids } = await open("{ idle: 30m }");
      const { clock } = world;
      world.front.machines.figures = (machine, metric) =>
        metric === "CPUUtilization" && machine === ids[1] ? 15 : REST[metric];
      const { engine, ledger, running } = await daemon(world, state, PRICES);
      await clock.advance(5 * MINUTE + 10_000);
      await world.fire("wake.1", clock.now() - 10_000);
      await clock.advance(50 * MINUTE);
      expect((await ledger.runs({ job: "wake" })).map(({ status }) => status)).toEqual(["running"]);
      expect(await world.machineStates(ids)).toEqual(["running", "running", "stopped"]);
      await stopped(clock, engine, running);
      await world.close();
    }, 60_000);

    it("a person's stop ends it as succeeded; a cost limit stops the next one", async () => {
      const { world, state, ids } = await open("{ cost: 0.09 USD }");
      const { clock } = world;
      const { engine, ledger, running } = await daemon(world, state, PRICES);
      await clock.advance(5 * MINUTE + 10_000);
      await world.fire("wake.1", clock.now() - 10_000);
      await clock.advance(10 * MINUTE);
      await world.person("ec2", "StopInstances", { InstanceIds: [...ids] });
      await clock.advance(3 * MINUTE);
      const [first] = await ledger.runs({ job: "wake" });
      expect(first).toMatchObject({ status: "succeeded", reason: "the machines are stopped" });
      await clock.advance(47 * MINUTE);
      await world.fire("wake.1", clock.now() - 10_000);
      // Two machines at 0.096 an hour: after 28 minutes.
      await clock.advance(25 * MINUTE);
      expect((await ledger.runs({ job: "wake", status: ["running"] })).length).toBe(1);
      await clock.advance(8 * MINUTE);
      const killed = (await ledger.runs({ job: "wake" })).find(({ status }) => status === "killed");
      expect(killed?.reason).toMatch(/^cost: /);
      expect(await world.machineStates(ids)).toEqual(["stopped", "stopped", "stopped"]);
      await stopped(clock, engine, running);
      await world.close();
    }, 60_000);
  },
);

async function stopped(
  clock: VirtualClock,
  engine: { stop(reason: string): Promise<unknown> },
  running: Promise<void>,
): Promise<void> {
  const stopping = engine.stop("test");
  await clock.advance(MINUTE);
  await stopping;
  await running;
}
