import { describe, expect, it } from "vitest";
import { priceBook } from "../../src/cost/index.ts";
import { Engine } from "../../src/engine/engine.ts";
import type { OpenPlacement } from "../../src/engine/env.ts";
import { steadyTime } from "../../src/engine/steady.ts";
import { type Ledger, openMemoryLedger } from "../../src/ledger/index.ts";
import { loadManifest } from "../../src/manifest/index.ts";
import { type DesiredState, HOUR, MINUTE } from "../../src/model/index.ts";
import { costView, explainView, todayView } from "../../src/query/index.ts";
import { VirtualClock } from "../support/clock.ts";
import { SeededRandom } from "../support/random.ts";
import { GcpWorld } from "./gcp/world.ts";

const SCHEDULE = "rota_acme_dev_churn_1";

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

interface Daemon {
  readonly world: GcpWorld<VirtualClock>;
  readonly engine: Engine;
  readonly ledger: Ledger;
  readonly close: () => Promise<void>;
}

/** A daemon on a world whose time is the test's, five minutes before a full hour, with one job of every hour deployed. */
async function daemon(word: string, guard = "{ idle: 10m, duration: 12h }"): Promise<Daemon> {
  const clock = new VirtualClock({ startAt: Date.UTC(2026, 10, 23, 8, 55) });
  const world = await GcpWorld.openOn(clock);
  const state = await load(`
rota: 1
namespace: ${world.owner.namespace}
currency: USD
providers:
  gcp: { project: acme-test, location: us-central1, serviceAccount: jobs@acme-test.iam.gserviceaccount.com }
environments:
  dev: { provider: gcp }
jobs:
  churn:
    team: churn
    container: { image: "registry.example/churn@sha256:${"0".repeat(64)}", command: [${word}], cpu: 1, memory: 2GiB }
    schedule: { cron: "0 * * * *", timezone: UTC }
    guard: ${guard}
`);
  const ledger = await openMemoryLedger(clock);
  const provider = await world.provider();
  const placements = new Map<string, OpenPlacement>([
    ["gcp", { provider, options: world.options, prices: priceBook() }],
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
  const outcome = await engine.deploy({ desired: state, by: "test" });
  if (!outcome.ok) throw new Error(outcome.refusals.map(({ reason }) => reason).join("; "));
  expect(outcome.result.failures).toEqual([]);
  const running = engine.run();
  const close = async (): Promise<void> => {
    expect(world.problems).toEqual([]);
    const stopping = engine.stop("test");
    await clock.advance(MINUTE);
    await stopping;
    await running;
    await world.close();
  };
  return { world, engine, ledger, close };
}

describe("Google Cloud, the whole loop", () => {
  it("manifest, apply, a fire of the schedule's own, idle, stop, confirmed; today, cost and explain say so", async () => {
    const { world, ledger, close } = await daemon("endless");
    const { clock } = world;
    const at = clock.now() + 5 * MINUTE;
    await clock.advance(5 * MINUTE + 20_000);
    const execution = world.fire(SCHEDULE);

    let status: string | undefined;
    for (let minute = 0; minute < 40 && status !== "killed"; minute += 1) {
      await clock.advance(MINUTE);
      for (const life of world.run.running()) world.telemetry.use(life, { cpu: 0.001 });
      status = (await ledger.runs({ job: "churn" }))[0]?.status;
    }
    const [run, ...others] = await ledger.runs({ job: "churn" });
    expect(others).toEqual([]);
    expect(run).toMatchObject({ status: "killed", cause: "fire", fireAt: at, handle: { execution } });
    expect(run?.reason).toContain("idle");
    expect(world.run.running()).toEqual([]);
    expect(world.calls.filter((call) => call === "run:CancelExecution")).toHaveLength(1);

    const id = run?.run ?? "";
    const date = new Date(at).toISOString().slice(0, 10);
    const today = await todayView({ ledger, zone: "UTC", now: clock.now(), date });
    expect(today.fires.find((fire) => fire.run === id)).toMatchObject({ state: "killed", provider: "gcp" });
    const cost = await costView({ ledger, now: clock.now(), by: ["team"], currency: "USD", budgets: [] });
    expect(JSON.stringify(cost)).toMatch(/"0\.0\d+/);
    expect(JSON.stringify(cost)).not.toMatch(/"unpriced":[1-9]/);
    expect(JSON.stringify((await explainView(ledger, id))?.responsible)).toMatch(/guard/);
    await close();
  }, 60_000);

  it("a start that is delivered twice is one run: the second is cancelled before it costs, and says why", async () => {
    const { world, ledger, close } = await daemon("quick");
    const { clock } = world;
    await clock.advance(5 * MINUTE + 10_000);
    const first = world.fire(SCHEDULE);
    await clock.advance(2_000);
    const second = world.fire(SCHEDULE);
    await clock.advance(3 * MINUTE);
    const runs = await ledger.runs({ job: "churn" });
    expect(runs.find(({ cause }) => cause === "fire")).toMatchObject({
      status: "succeeded",
      handle: { execution: first },
    });
    const again = runs.find(({ cause }) => cause === "foreign");
    expect(again).toMatchObject({ status: "killed", handle: { execution: second } });
    expect(JSON.stringify((await explainView(ledger, again?.run ?? ""))?.responsible)).toMatch(/twice/);
    expect(runs).toHaveLength(2);
    await close();
  }, 60_000);

  it.each([
    ["prints one line for ever and does nothing else", () => Array<string>(60).fill("still here"), "killed", 0.003],
    // A loop that burns CPU is told from work by what it writes to disk, and Cloud Run does not say.
    ["prints one line for ever and burns CPU", () => Array<string>(60).fill("a frame ".repeat(300)), "running", 0.03],
    ["computes and says something new each time", (minute: number) => [`epoch ${minute}`], "running", 0.9],
  ] as const)(
    "a run that %s is seen and judged",
    async (_what, lines, expected, cpu) => {
      const { world, ledger, close } = await daemon("endless");
      const { clock } = world;
      await clock.advance(5 * MINUTE + 20_000);
      world.fire(SCHEDULE);
      for (let minute = 0; minute < 30; minute += 1) {
        await clock.advance(MINUTE);
        for (const life of world.run.running()) {
          world.telemetry.write(life, lines(minute));
          world.telemetry.use(life, { cpu });
        }
      }
      const [run] = await ledger.runs({ job: "churn" });
      expect(run?.status).toBe(expected);
      if (expected === "killed") expect(run?.reason).toMatch(/idle/);
      expect(world.run.running()).toHaveLength(expected === "killed" ? 0 : 1);
      await close();
    },
    60_000,
  );

  it("while the daemon is away, the platform's own limit ends a run; the next round reads it", async () => {
    const { world, ledger, close } = await daemon("endless", "{ duration: 20m }");
    const { clock } = world;
    await clock.advance(5 * MINUTE + 20_000);
    world.fire(SCHEDULE);
    await clock.advance(2 * MINUTE);
    // The guard's own stop never arrives.
    world.server.fault = ({ call }) =>
      call === "run:CancelExecution" ? { kind: "status", code: "UNAVAILABLE" } : undefined;
    await clock.advance(HOUR / 2);
    const [run] = await ledger.runs({ job: "churn" });
    expect(run?.status).toBe("killed");
    expect(world.run.running()).toEqual([]);
    await close();
  }, 60_000);
});
