import { describe, expect, it } from "vitest";
import { type DesiredState, HOUR, MINUTE } from "../../src/model/index.ts";
import { costView, explainView, todayView } from "../../src/query/index.ts";
import { VirtualClock } from "../support/clock.ts";
import { daemon, load } from "./aws/daemon.ts";
import { parseHandleId } from "./aws/handle.ts";
import { writePerformance } from "./aws/performance.ts";
import { AwsWorld, WHY_SKIPPED } from "./aws/world.ts";

/** A world whose time is the test's, some minutes before a full hour, and a manifest with one job of every hour. */
async function open(): Promise<{ readonly world: AwsWorld<VirtualClock>; readonly state: DesiredState }> {
  const clock = new VirtualClock({ startAt: Math.ceil(Date.now() / HOUR) * HOUR - 5 * MINUTE });
  const world = await AwsWorld.openOn(clock);
  const state = await load(`
rota: 1
namespace: ${world.owner.namespace}
currency: USD
providers:
  aws: { region: us-east-1 }
environments:
  dev: { provider: aws }
jobs:
  churn:
    team: churn
    container: { image: "registry.example/churn@sha256:${"0".repeat(64)}", command: [endless], cpu: 1, memory: 2GiB }
    schedule: { cron: "0 * * * *", timezone: UTC }
    guard: { idle: 10m, duration: 12h }
`);
  return { world, state };
}

describe.skipIf(WHY_SKIPPED !== undefined)(
  `AWS, the whole loop${WHY_SKIPPED === undefined ? "" : ` (skipped: ${WHY_SKIPPED})`}`,
  () => {
    it("manifest, apply, a fire of the schedule's own, idle, stop, confirmed; today, cost and explain say so", async () => {
      const { world, state } = await open();
      const { clock } = world;
      const { ledger, end } = await daemon(world, state);

      const at = clock.now() + 5 * MINUTE;
      await clock.advance(5 * MINUTE + 20_000);
      const task = await world.fire("churn.1", at);
      expect(await world.fire("churn.1", at)).toBe(task);

      let status: string | undefined;
      for (let minute = 0; minute < 40 && status !== "killed"; minute += 1) {
        await clock.advance(MINUTE);
        for (const arn of world.front.lives.running()) await writePerformance(world, arn);
        status = (await ledger.runs({ job: "churn" }))[0]?.status;
      }
      const [run, ...others] = await ledger.runs({ job: "churn" });
      expect(others).toEqual([]);
      expect(run).toMatchObject({ status: "killed", cause: "fire", fireAt: at, handle: { task }, exitCode: 143 });
      expect(run?.reason).toContain("idle");
      expect(world.front.lives.running()).toEqual([]);
      expect(world.calls.filter((call) => call === "ecs:StopTask")).toHaveLength(1);

      const id = run?.run ?? "";
      const today = await todayView({
        ledger,
        zone: "UTC",
        now: clock.now(),
        date: new Date(at).toISOString().slice(0, 10),
      });
      expect(today.fires.find((fire) => fire.run === id)).toMatchObject({
        job: "churn",
        state: "killed",
        provider: "aws",
      });
      const cost = await costView({ ledger, now: clock.now(), by: ["team"], currency: "USD", budgets: [] });
      expect(JSON.stringify(cost)).toMatch(/"0\.0\d+/);
      expect(JSON.stringify(cost)).not.toMatch(/"unpriced":[1-9]/);
      const explained = await explainView(ledger, id);
      expect(JSON.stringify(explained?.responsible)).toMatch(/guard/);
      expect(world.problems).toEqual([]);

      await end();
    }, 60_000);

    it.each([
      ["prints one line for ever", () => Array<string>(60).fill("a dataframe ".repeat(200)), "killed", 30],
      ["computes and says something new each time", (minute: number) => [`epoch ${minute}`], "running", 900],
    ] as const)(
      "a task that %s is seen and judged",
      async (_what, lines, expected, CpuUtilized) => {
        const { world, state } = await open();
        const { clock } = world;
        const { ledger, end } = await daemon(world, state);
        await clock.advance(5 * MINUTE + 20_000);
        const task = await world.fire("churn.1", clock.now() - 20_000);
        const stream = `rota/job/${parseHandleId(task)}`;
        for (let minute = 0; minute < 30; minute += 1) {
          await clock.advance(MINUTE);
          if (world.front.lives.running().length === 0) continue;
          await world.writeLog(stream, lines(minute));
          await writePerformance(world, task, { CpuUtilized });
        }
        const [run] = await ledger.runs({ job: "churn" });
        expect(run?.status).toBe(expected);
        if (expected === "killed") expect(run?.reason).toMatch(/idle/);
        expect(world.front.lives.running()).toEqual(expected === "killed" ? [] : [task]);
        await end();
      },
      60_000,
    );
  },
);
