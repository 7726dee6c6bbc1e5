import { describe, expect, it } from "vitest";
import type { Ledger } from "../../src/ledger/index.ts";
import { HOUR, MINUTE } from "../../src/model/index.ts";
import { costView, explainView, type TodayFireObject, todayView } from "../../src/query/index.ts";
import { VirtualClock } from "../support/clock.ts";
import { applied, daemon, load } from "./aws/daemon.ts";
import { reportRecord } from "./aws/functions.ts";
import { ACCOUNT, AwsWorld, REGION, WHY_SKIPPED } from "./aws/world.ts";

const ADA = { name: "ada", via: "cli" } as const;
const RULES = { rulesRole: `arn:aws:iam::${ACCOUNT}:role/rota-rules` };

/** A world whose time is the test's, some minutes before a full hour. */
function openWorld(): Promise<AwsWorld<VirtualClock>> {
  return AwsWorld.openOn(new VirtualClock({ startAt: Math.ceil(Date.now() / HOUR) * HOUR - 5 * MINUTE }));
}

const manifest = (world: AwsWorld<VirtualClock>, jobs: string) => `
rota: 1
namespace: ${world.owner.namespace}
currency: USD
providers:
  aws: { region: us-east-1 }
environments:
  dev: { provider: aws }
jobs:
${jobs}`;

/** The fires of the days on which these instants lie. */
async function todays(ledger: Ledger, now: number, instants: readonly number[]): Promise<readonly TodayFireObject[]> {
  const dates = new Set(instants.map((at) => new Date(at).toISOString().slice(0, 10)));
  const days = [...dates].map((date) => todayView({ ledger, zone: "UTC", now, date }));
  return (await Promise.all(days)).flatMap(({ fires }) => fires);
}

describe.skipIf(WHY_SKIPPED !== undefined)(
  `AWS, what the schedule calls, in the whole loop${WHY_SKIPPED === undefined ? "" : ` (skipped: ${WHY_SKIPPED})`}`,
  () => {
    it("an http job: fires that were delivered, given up and never made; today and cost say so", async () => {
      const world = await openWorld();
      const { clock } = world;
      const job = `
  ping:
    team: web
    http: { url: "https://hooks.example/run", method: POST, timeout: 5s }
    schedule: { cron: "0,30 * * * *", timezone: UTC }
`;
      const { engine, ledger, end } = await daemon(world, await load(manifest(world, job)), RULES);
      const [first, second, third] = [5, 35, 65].map((minutes) => clock.now() + minutes * MINUTE) as [
        number,
        number,
        number,
      ];
      const states = async () =>
        (await todays(ledger, clock.now(), [first, third]))
          .map(({ state }) => state)
          .filter((state) => state !== "upcoming");
      // What rota itself sends within the minute is its own run, and not taken for the fire's.
      await clock.advance(5 * MINUTE + 10_000);
      const byHand = await clock.during(engine.startRun("ping", ADA));
      await clock.advance(10_000);
      await world.fire("ping.1", first);
      await clock.advance(10 * MINUTE);
      expect(await states()).toEqual(["ran"]);
      const ended = { startedAt: first, endedAt: first, status: "succeeded" };
      const [scheduled, sent, ...others] = await ledger.runs({ job: "ping" });
      expect(others).toEqual([]);
      expect(scheduled).toMatchObject({ cause: "fire", fireAt: first, ...ended });
      expect(sent).toMatchObject({ run: byHand.run, cause: "person", status: "succeeded" });

      world.front.deliveries.fate = () => ({ afterMs: 10 * MINUTE, isGivenUp: true });
      await clock.advance(second + 10_000 - clock.now());
      await world.fire("ping.1", second);
      await clock.advance(5 * MINUTE);
      expect(await states()).toEqual(["ran", "running"]);
      await clock.advance(15 * MINUTE);
      const [run] = await ledger.runs({ job: "ping" });
      expect(run).toMatchObject({ cause: "fire", fireAt: second, status: "failed" });
      expect(run?.reason).toContain("EventBridge gave the request up");

      // The third comes to nothing: it is not missed before its count can be there.
      await clock.advance(third + 24 * MINUTE - clock.now());
      expect(await ledger.fires({ job: "ping", from: third, to: clock.now() })).toEqual([]);
      await clock.advance(3 * MINUTE);
      expect((await states()).slice(0, 3)).toEqual(["ran", "failed", "missed"]);
      const cost = await costView({ ledger, now: clock.now(), by: ["team"], currency: "USD", budgets: [] });
      expect(cost.groups).toMatchObject([{ key: "web", runs: 3, unpriced: 0 }]);
      expect(world.problems).toEqual([]);
      await end();
    }, 120_000);

    it.each([
      ["moved to another hour", '{ cron: "0 3 * * *", timezone: UTC }', 'http: { url: "https://hooks.example/run" }'],
      [
        "made a container",
        '{ cron: "0 3 * * *", timezone: UTC }',
        'container: { image: "registry.example/a", cpu: 1, memory: 2GiB }',
      ],
    ])(
      "an http job that is %s, and its daemon started again, before its fire is counted: it ran, and is not missed",
      async (_what, schedule, workload) => {
        const world = await openWorld();
        const { clock } = world;
        const state = (text: string) => load(manifest(world, text));
        const hourly = '{ cron: "0 * * * *", timezone: UTC }';
        const ping = await state(`  ping: { http: { url: "https://hooks.example/run" }, schedule: ${hourly} }`);
        const { engine, ledger, stop } = await daemon(world, ping, RULES);
        const at = clock.now() + 5 * MINUTE;
        await clock.advance(5 * MINUTE + 20_000);
        await world.fire("ping.1", at);
        const edited = await state(`  ping: { ${workload}, schedule: ${schedule} }`);
        const outcome = await clock.during(engine.deploy({ desired: edited, by: "ada" }));
        expect(outcome).toMatchObject({ ok: true, result: { failures: [] } });
        await stop();
        const again = await daemon(world, edited, RULES, ledger);
        await clock.advance(40 * MINUTE);
        expect(await ledger.fires({ job: "ping", from: at, to: at + 1 })).toMatchObject([{ outcome: "started" }]);
        expect(await ledger.runs({ job: "ping" })).toMatchObject([{ cause: "fire", fireAt: at, status: "succeeded" }]);
        expect(world.problems).toEqual([]);
        await again.end();
      },
      120_000,
    );

    it("so it did where no daemon ran before, and the command line alone made the job and edited it", async () => {
      const world = await openWorld();
      const { clock } = world;
      const state = (text: string) => load(manifest(world, text));
      const ping = await state(
        '  ping: { http: { url: "https://hooks.example/run" }, schedule: { cron: "0 * * * *", timezone: UTC } }',
      );
      const ledger = await applied(world, ping, RULES);
      const at = clock.now() + 5 * MINUTE;
      await clock.advance(5 * MINUTE + 20_000);
      await world.fire("ping.1", at);
      const edited = await state(
        '  ping: { container: { image: "registry.example/a", cpu: 1, memory: 2GiB }, schedule: { cron: "0 3 * * *", timezone: UTC } }',
      );
      await applied(world, edited, RULES, ledger);
      const { end } = await daemon(world, edited, RULES, ledger);
      await clock.advance(40 * MINUTE);
      expect(await ledger.fires({ job: "ping", from: at, to: at + 1 })).toMatchObject([{ outcome: "started" }]);
      expect(world.problems).toEqual([]);
      await end();
    }, 120_000);

    it("a function: its invocations are runs, the schedule's of its fires; today, explain and cost say so", async () => {
      const world = await openWorld();
      const { clock } = world;
      const name = `report-${world.cluster}`;
      const arn = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;
      world.front.functions.known.set(name, { Architectures: ["arm64"] });
      const job = `
  report:
    team: web
    schedule: { cron: "0 * * * *", timezone: UTC }
    aws: { target: { lambda: "${arn}", input: { table: sales }, runs: log } }
`;
      const { engine, ledger, end } = await daemon(world, await load(manifest(world, job)));
      const write = (...lines: string[]) => world.writeLog("2026/11/24/[$LATEST]a", lines, `/aws/lambda/${name}`);
      const invoke = async (ms: number, status: string, by: () => Promise<string>) => {
        const id = await by();
        await write(`START RequestId: ${id} Version: $LATEST`);
        await clock.advance(ms);
        await write(reportRecord(id, { ms, megabytes: 1024, status }));
      };
      const [first, second] = [5, 65].map((minutes) => clock.now() + minutes * MINUTE) as [number, number];
      await clock.advance(MINUTE);
      await invoke(2000, "success", async () => {
        await clock.during(engine.startRun("report", ADA));
        await clock.advance(0);
        return world.front.functions.invoked[0]?.id ?? "";
      });
      await clock.advance(first + 5000 - clock.now());
      await invoke(90_000, "success", () => world.fire("report.1", first));
      await clock.advance(second + 5000 - clock.now());
      for (const _attempt of [1, 2, 3]) await invoke(1000, "timeout", () => world.fire("report.1", second));
      await clock.advance(15 * MINUTE);
      const runs = (await ledger.runs({ job: "report" })).toReversed();
      expect(runs.map(({ cause, status }) => `${cause} ${status}`)).toEqual([
        "person succeeded",
        "fire succeeded",
        "fire failed",
        "foreign failed",
        "foreign failed",
      ]);
      expect(runs[1]).toMatchObject({
        fireAt: first,
        billed: { service: "lambda-arm", memoryBytes: 2 ** 30, billedMs: 90_000 },
      });
      const fires = await todays(ledger, clock.now(), [first, second]);
      expect(fires.filter(({ state }) => state !== "upcoming").map(({ state }) => state)).toEqual(["ran", "failed"]);
      const explained = await explainView(ledger, runs[2]?.run ?? "");
      expect(JSON.stringify(explained)).toContain("time limit at Lambda");
      const cost = await costView({ ledger, now: clock.now(), by: ["team"], currency: "USD", budgets: [] });
      // 95 seconds of 1 GB on ARM, and five requests, each rounded by itself.
      expect(cost.groups).toMatchObject([{ key: "web", runs: 5, unpriced: 0 }]);
      expect(cost.total).toMatchObject({ currency: "USD", amount: "0.001267672" });
      expect(world.problems).toEqual([]);
      await end();
    }, 120_000);
  },
);
