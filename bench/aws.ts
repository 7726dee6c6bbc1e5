import { AwsWorld, WHY_SKIPPED } from "../test/clouds/aws/world.ts";
import { planAndApply } from "./clouds.ts";
import type { Report } from "./report.ts";

const JOBS = Number(process.env["ROTA_BENCH_AWS_JOBS"] ?? 1000);

/** Plan and apply of a thousand jobs against moto, on one thread beside it: moto's own time is most of it. */
export async function run(report: Report): Promise<void> {
  if (WHY_SKIPPED !== undefined) return report("AWS", "skipped", WHY_SKIPPED);
  const world = await AwsWorld.open();
  try {
    const provider = await world.provider();
    // moto dates changes by real time, which the world's clock does not follow: the apply was an hour ago.
    await planAndApply(report, world, provider, JOBS, () => world.clock.advance(3600_000));
    await provider.close();
  } finally {
    await world.close();
  }
}
