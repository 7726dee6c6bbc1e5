import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { busySample, MemoryWorld, openMemory } from "../providers/memory/index.ts";
import { priceBook } from "../src/cost/index.ts";
import { realClock, realRandom } from "../src/daemon/index.ts";
import { Engine, type OpenPlacement, steadyTime } from "../src/engine/index.ts";
import { openLedger } from "../src/ledger/index.ts";
import { type Clock, type DesiredState, MINUTE, SECOND } from "../src/model/index.ts";
import { cron, desiredState, job, RULES } from "../test/support/jobs.ts";
import type { Report } from "./report.ts";

const FIRES = 1000;
const IN_FLIGHT = 10_000;
const WATCH_MS: number = 30 * SECOND;
const LEAD_MS: number = 3 * SECOND;
const MIB = 1024 * 1024;

/** The daemon's loop on a real clock and a real, durable ledger; runs at the provider in memory. */
export async function run(report: Report): Promise<void> {
  await dispatchLag(report);
  await guardLoop(report);
}

/** 1,000 jobs whose fires fall on one instant: how long after it the provider has each start. */
async function dispatchLag(report: Report): Promise<void> {
  const real = realClock();
  // The wall clock is laid so that the next full minute comes soon.
  const offset = MINUTE - (real.now() % MINUTE) - LEAD_MS;
  const clock: Clock = { ...real, now: () => real.now() + offset };
  const jobs = Array.from({ length: FIRES }, (_, i) => job(`job-${i}`, { schedule: cron("* * * * *") }));
  const stand = await open(clock, desiredState(jobs));
  const fireAt = Math.ceil(clock.now() / MINUTE) * MINUTE;
  while (stand.world.starts.length < FIRES && clock.now() < fireAt + MINUTE / 2) await real.sleep(50);
  const lags = stand.world.starts.map((s) => s.at - fireAt).sort((a, b) => a - b);
  report(
    "dispatch: fires of one instant started",
    `${lags.length} of ${FIRES}`,
    "each recorded with fsync before it starts",
  );
  report(
    "dispatch: lag p50 / p99 / last",
    `${at(lags, 0.5)} / ${at(lags, 0.99)} / ${at(lags, 1)} ms`,
    "from the fire's instant to the accepted start",
  );
  await stand.close();
}

/** 10,000 runs in flight, each measured, judged and metered: what the loop costs. */
async function guardLoop(report: Report): Promise<void> {
  const clock = realClock();
  const guard = {
    ...job("x").guard,
    idleSeconds: 600,
    durationSeconds: 86_400,
    cost: { amount: "1000", currency: "USD" },
  };
  const schedule = { kind: "manual" as const, ...RULES, overlap: "allow" as const };
  const stand = await open(clock, desiredState([job("many", { guard, schedule })]));
  const begun = performance.now();
  for (let i = 0; i < IN_FLIGHT; i += 500) {
    await Promise.all(Array.from({ length: 500 }, () => stand.engine.startRun("many", { name: "bench", via: "cli" })));
  }
  report("guard: runs started", `${IN_FLIGHT} in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  // A collection of garbage, so that the figure is the loop's and not the start's.
  await clock.sleep(15 * SECOND);
  const cpu = process.cpuUsage();
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  stand.engine.lagMs.length = 0;
  const watched = performance.now();
  await clock.sleep(WATCH_MS);
  delay.disable();
  const used = process.cpuUsage(cpu);
  const share = (used.user + used.system) / 1000 / (performance.now() - watched);
  const lags = [...stand.engine.lagMs].sort((a, b) => a - b);
  report("guard: runs in flight", String(stand.engine.state.open.size));
  report(
    "guard: event loop delay p50 / p99",
    `${(delay.percentile(50) / 1e6).toFixed(1)} / ${(delay.percentile(99) / 1e6).toFixed(1)} ms`,
    "target: p99 ≤ 100 ms",
  );
  report("guard: due work taken late p50 / p99", `${at(lags, 0.5)} / ${at(lags, 0.99)} ms`);
  report(
    "guard: CPU",
    `${(share * 100).toFixed(0)}% of a core`,
    "each run looked at every second, measured every 10 s",
  );
  report("guard: RSS", `${Math.round(process.memoryUsage().rss / MIB)} MiB`, "target: ≤ 512 MiB");
  await stand.close();
}

function at(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}

async function open(
  clock: Clock,
  desired: DesiredState,
): Promise<{ engine: Engine; world: MemoryWorld; close: () => Promise<void> }> {
  const dir = mkdtempSync(join(tmpdir(), "rota-bench-"));
  const time = steadyTime(clock);
  const ledger = await openLedger({ path: join(dir, "ledger.db"), clock: time, turn: setImmediate });
  const world = new MemoryWorld(clock, { script: () => ({ durationSeconds: 86_400, sample: busySample }) });
  const random = realRandom();
  const context = {
    placement: "memory",
    options: { intervalSeconds: 10 },
    namespace: "test",
    environment: "dev",
    stateDir: dir,
    baseDir: dir,
    clock,
    random,
    env: {},
    log: () => undefined,
  };
  const placements = new Map<string, OpenPlacement>([
    [
      "memory",
      { provider: openMemory(context, world), options: { price: "0.20 USD/h", cores: 8 }, prices: priceBook() },
    ],
  ]);
  const { safety, budgets } = desired.manifest;
  const engine = await Engine.open(
    {
      clock,
      time,
      random,
      ledger,
      placements,
      currency: "USD",
      cores: 8,
      notify: () => undefined,
      log: () => undefined,
      version: "bench",
      pid: process.pid,
      bootId: "bench",
    },
    { namespace: "test", environment: "dev", safety, budgets },
  );
  await engine.deploy({ desired, by: "bench" });
  const loop = engine.run();
  return {
    engine,
    world,
    close: async () => {
      await engine.abandon();
      await loop;
      await ledger.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
