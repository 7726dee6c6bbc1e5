import { GcpWorld } from "../test/clouds/gcp/world.ts";
import { planAndApply } from "./clouds.ts";
import type { Report } from "./report.ts";

const JOBS = Number(process.env["ROTA_BENCH_GCP_JOBS"] ?? 1000);

/**
 * Plan and apply of a thousand jobs against Google's own protos, served in this process. Quotas are kept by the test's
 * clock, which nobody waits for: what they would take of real time is the last line.
 */
export async function run(report: Report): Promise<void> {
  const world = await GcpWorld.open();
  try {
    const before = world.clock.now();
    const provider = await world.provider();
    await planAndApply(report, world, provider, JOBS);
    await provider.close();
    report("waited for quotas", `${((world.clock.now() - before) / 60_000).toFixed(1)} min`, "by the test's clock");
  } finally {
    await world.close();
  }
}
