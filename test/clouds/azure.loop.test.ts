import { describe, expect, it } from "vitest";
import { priceBook } from "../../src/cost/index.ts";
import { Engine } from "../../src/engine/engine.ts";
import type { OpenPlacement } from "../../src/engine/env.ts";
import { steadyTime } from "../../src/engine/steady.ts";
import { type Ledger, openMemoryLedger } from "../../src/ledger/index.ts";
import { loadManifest } from "../../src/manifest/index.ts";
import { type DesiredState, MINUTE } from "../../src/model/index.ts";
import type { Provider } from "../../src/provider/index.ts";
import { costView, explainView, todayView } from "../../src/query/index.ts";
import { VirtualClock } from "../support/clock.ts";
import { SeededRandom } from "../support/random.ts";
import { AzureWorld } from "./azure/world.ts";

/** One manifest, from its text; nothing else is there. */
async function load(text: string): Promise<DesiredState> {
  const bytes = new TextEncoder().encode(text);
  const { manifest, diagnostics } = await loadManifest({
    file: "jobs.yaml",
    files: {
      stat: async () => ({ kind: "file", bytes: bytes.length, realPath: "jobs.yaml" }),
      read: async () => ({ ok: true, bytes }),
      glob: async () => [],
    },
  });
  if (!manifest) throw new Error(diagnostics.map(({ message }) => message).join("; "));
  return { manifest, jobs: manifest.jobs.map((job) => ({ job })) };
}

const manifestOf = (cron: string, timezone: string): string => `
rota: 1
namespace: acme
currency: USD
providers:
  azure: { location: eastus }
environments:
  dev: { provider: azure }
jobs:
  churn:
    team: churn
    container: { image: "registry.example/churn@sha256:${"0".repeat(64)}", command: [endless], cpu: 1, memory: 2GiB }
    schedule: { cron: "${cron}", timezone: ${timezone} }
    guard: { idle: 10m, duration: 12h, output: 1MiB }
`;

class Daemon {
  readonly world: AzureWorld<VirtualClock>;
  readonly engine: Engine;
  readonly ledger: Ledger;
  readonly provider: Provider;
  readonly #running: Promise<void>;

  private constructor(world: AzureWorld<VirtualClock>, engine: Engine, ledger: Ledger, provider: Provider) {
    this.world = world;
    this.engine = engine;
    this.ledger = ledger;
    this.provider = provider;
    this.#running = engine.run();
  }

  /** Some minutes before a full hour, with the manifest deployed. */
  static async open(cron: string, timezone: string): Promise<Daemon> {
    const clock = new VirtualClock({ startAt: Date.UTC(2026, 10, 24, 11, 55) });
    const world = await AzureWorld.open(clock);
    world.arm.operations.takesMs = 0;
    const state = await load(manifestOf(cron, timezone));
    const ledger = await openMemoryLedger(clock);
    const provider = await world.provider();
    const placements = new Map<string, OpenPlacement>([
      ["azure", { provider, options: world.options, prices: priceBook() }],
    ]);
    const engine = await Engine.open(
      {
        clock,
        time: steadyTime(clock),
        random: new SeededRandom(1),
        ledger,
        placements,
        currency: "USD",
        cores: 1,
        notify: () => {},
        log: () => {},
        version: "test",
        pid: 1,
        bootId: "boot",
      },
      { ...world.owner, safety: state.manifest.safety, budgets: [] },
    );
    const applying = engine.deploy({ desired: state, by: "test" });
    let isDone = false;
    void applying.finally(() => {
      isDone = true;
    });
    // Azure's operations take a few seconds.
    await clock.runUntilTrue(() => isDone, 10 * MINUTE);
    const outcome = await applying;
    if (!outcome.ok) throw new Error(outcome.refusals.map(({ reason }) => reason).join("; "));
    expect(outcome.result.failures).toEqual([]);
    return new Daemon(world, engine, ledger, provider);
  }

  async close(): Promise<void> {
    const stopping = this.engine.stop("test");
    await this.world.clock.advance(MINUTE);
    await stopping;
    await this.#running;
    expect(this.world.arm.problems).toEqual([]);
    await this.world.close();
  }
}

describe("Azure, the whole loop", () => {
  it.each([
    ["the job's own trigger", "0 * * * *", "UTC", ["job"]],
    ["a Logic App", "0 7 * * *", "America/Toronto", ["job", "workflow"]],
  ] as const)(
    "manifest, apply, a fire of %s, idle, stop, confirmed; today, cost and explain say so",
    async (_what, cron, timezone, kinds) => {
      const daemon = await Daemon.open(cron, timezone);
      const { world, ledger } = daemon;
      const { clock, arm } = world;
      const resources = await daemon.provider.listDeployments();
      expect(resources.map(({ kind }) => kind)).toEqual(kinds);
      const name = resources[0]?.id ?? "";

      const at = Date.UTC(2026, 10, 24, 12);
      await clock.advance(at - clock.now() + 20_000);
      if (kinds.length === 1) arm.apps.fire(world.id("Microsoft.App/jobs", name), at);
      else await arm.logic.fire(world.id("Microsoft.Logic/workflows", name), "schedule-1");
      arm.monitor.usage = () => ({ cores: 0.001, bytes: 0 });

      let status: string | undefined;
      for (let minute = 0; minute < 40 && status !== "killed"; minute += 1) {
        await clock.advance(MINUTE);
        status = (await ledger.runs({ job: "churn" }))[0]?.status;
      }
      const [run, ...others] = await ledger.runs({ job: "churn" });
      expect(others).toEqual([]);
      const [execution] = arm.apps.executions.values();
      expect(run).toMatchObject({
        status: "killed",
        cause: "fire",
        fireAt: at,
        handle: { job: name, execution: execution?.name },
        exitCode: 143,
      });
      expect(run?.reason).toContain("idle");
      expect(arm.apps.running()).toEqual([]);
      expect(world.actions.filter((action) => action === "Microsoft.App/jobs/stop/execution/action")).toHaveLength(1);

      const id = run?.run ?? "";
      const today = await todayView({ ledger, zone: "UTC", now: clock.now(), date: "2026-11-24" });
      expect(today.fires.find((fire) => fire.run === id)).toMatchObject({
        job: "churn",
        state: "killed",
        provider: "azure",
      });
      const cost = await costView({ ledger, now: clock.now(), by: ["team"], currency: "USD", budgets: [] });
      expect(JSON.stringify(cost)).toMatch(/"0\.0\d+/);
      expect(JSON.stringify(cost)).not.toMatch(/"unpriced":[1-9]/);
      const explained = await explainView(ledger, id);
      expect(JSON.stringify(explained?.responsible)).toMatch(/guard/);
      await daemon.close();
    },
    60_000,
  );

  it.each([
    ["prints without end", () => Array<string>(60).fill("a dataframe ".repeat(200)), "killed", 0.9],
    ["computes and says something new each time", (minute: number) => [`epoch ${minute}`], "running", 0.9],
  ] as const)(
    "an execution that %s is seen and judged",
    async (_what, lines, expected, cores) => {
      const daemon = await Daemon.open("0 * * * *", "UTC");
      const { world, ledger } = daemon;
      const { clock, arm } = world;
      const [resource] = await daemon.provider.listDeployments();
      await clock.advance(5 * MINUTE + 20_000);
      const execution = arm.apps.fire(world.id("Microsoft.App/jobs", resource?.id ?? ""), clock.now());
      arm.monitor.usage = () => ({ cores, bytes: 0 });
      for (let minute = 0; minute < 30; minute += 1) {
        if (arm.apps.running().length > 0)
          for (const text of lines(minute))
            arm.monitor.lines.push({ execution: execution.name, at: clock.now(), text });
        await clock.advance(MINUTE);
      }
      const [run] = await ledger.runs({ job: "churn" });
      expect(run?.status).toBe(expected);
      if (expected === "killed") expect(run?.reason).toMatch(/output/);
      expect(arm.apps.running()).toHaveLength(expected === "killed" ? 0 : 1);
      await daemon.close();
    },
    60_000,
  );

  it("a run of a person's is seen, and its end is on record", async () => {
    const daemon = await Daemon.open("0 7 * * *", "America/Toronto");
    const { clock, arm } = daemon.world;
    const [resource] = await daemon.provider.listDeployments();
    const execution = arm.apps.fire(daemon.world.id("Microsoft.App/jobs", resource?.id ?? ""), clock.now());
    await clock.advance(2 * MINUTE);
    execution.stoppedAt = clock.now();
    await clock.advance(2 * MINUTE);
    const [run] = await daemon.ledger.runs({ job: "churn" });
    expect(run).toMatchObject({ cause: "person", status: "killed", handle: { execution: execution.name } });
    await daemon.close();
  });
});
