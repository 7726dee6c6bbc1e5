import { priceBook } from "../src/cost/index.ts";
import { deploy } from "../src/engine/deploy/deployer.ts";
import { planDeployment } from "../src/engine/deploy/planning.ts";
import type { OpenPlacement } from "../src/engine/env.ts";
import { openMemoryLedger } from "../src/ledger/index.ts";
import type { DesiredState } from "../src/model/index.ts";
import { AwsWorld, WHY_SKIPPED } from "../test/clouds/aws/world.ts";
import { cron, desiredState, job, NOW } from "../test/support/jobs.ts";
import type { Report } from "./report.ts";

const JOBS = Number(process.env["ROTA_BENCH_AWS_JOBS"] ?? 1000);

/** Plan and apply of a thousand jobs against moto, on one thread beside it: moto's own time is most of it. */
export async function run(report: Report): Promise<void> {
  if (WHY_SKIPPED !== undefined) return report("AWS", "skipped", WHY_SKIPPED);
  const world = await AwsWorld.open();
  try {
    const provider = await world.provider();
    const placements = new Map<string, OpenPlacement>([
      ["aws", { provider, options: world.options, prices: priceBook() }],
    ]);
    const ledger = await openMemoryLedger(world.clock);
    const desired = jobsOf(world);
    const now = () => world.clock.now();

    const rendered = await timed(async () => desired.jobs.map((each) => provider.render(each, NOW)));
    report(`render and prove ${JOBS} jobs over 400 days`, `${rendered.seconds.toFixed(2)} s`);

    const record = async (events: Parameters<typeof ledger.append>[0]): Promise<void> => {
      await ledger.append(events);
    };
    const applied = await timed(() => deploy({ ledger, placements, now, record }, { desired, by: "bench" }), world);
    if (!applied.value.ok || applied.value.result.failures.length > 0) throw new Error("the apply failed");
    report(`plan and apply ${JOBS} jobs`, `${applied.seconds.toFixed(1)} s`, `${applied.calls} calls`);

    // moto dates changes by real time, which the world's clock does not follow: the apply was an hour ago.
    world.clock.advance(3600_000);
    const again = await timed(() => planDeployment({ placements, desired, now: now() }), world);
    const changes = again.value.changes.filter(({ change }) => change.action !== "keep").length;
    if (changes > 0) throw new Error(`a second plan has ${changes} changes`);
    report("plan with nothing to do, all read", `${again.seconds.toFixed(1)} s`, `${again.calls} calls`);
    const once = await timed(() => planDeployment({ placements, desired, now: now() }), world);
    report("the same, read before", `${once.seconds.toFixed(1)} s`, `${once.calls} calls`);
    report("resident", `${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB`);
    await provider.close();
  } finally {
    await world.close();
  }
}

function jobsOf(world: AwsWorld): DesiredState {
  const zones = ["America/Toronto", "Europe/Berlin", "Asia/Tokyo", "UTC", "Australia/Sydney"];
  const jobs = Array.from({ length: JOBS }, (_, index) =>
    job(`job-${index}`, {
      ...world.owner,
      placement: "aws",
      workload: {
        kind: "container",
        image: "busybox:1",
        command: ["true"],
        cpu: 1,
        memoryBytes: 2 ** 31,
        env: {},
        secrets: {},
      },
      schedule: cron(`${index % 60} ${index % 24} * * ${index % 7}`, {
        timezone: zones[index % zones.length] ?? "UTC",
      }),
    }),
  );
  const environment = { name: world.owner.environment, placement: "aws", deployWindows: [] };
  return desiredState(jobs, { namespace: world.owner.namespace, environment, environments: [environment] });
}

async function timed<T>(
  work: () => Promise<T>,
  world?: AwsWorld,
): Promise<{ readonly value: T; readonly seconds: number; readonly calls: number }> {
  const before = world?.calls.length ?? 0;
  const startedAt = performance.now();
  const value = await work();
  return { value, seconds: (performance.now() - startedAt) / 1000, calls: (world?.calls.length ?? 0) - before };
}
