import { priceBook } from "../src/cost/index.ts";
import { deploy } from "../src/engine/deploy/deployer.ts";
import { planDeployment } from "../src/engine/deploy/planning.ts";
import type { OpenPlacement } from "../src/engine/env.ts";
import { openMemoryLedger } from "../src/ledger/index.ts";
import type { Clock, DesiredState, JsonObject } from "../src/model/index.ts";
import type { Provider } from "../src/provider/index.ts";
import { cron, desiredState, job } from "../test/support/jobs.ts";
import type { Report } from "./report.ts";

/** A cloud of the tests', with an adapter on it. */
export interface BenchWorld {
  readonly clock: Clock;
  readonly owner: { readonly namespace: string; readonly environment: string };
  readonly options: JsonObject;
  /** Calls that left the adapter so far. */
  readonly calls: readonly string[];
}

/** Plan and apply of many jobs in five zones, and two plans with nothing to do: `later` goes by before them. */
export async function planAndApply(
  report: Report,
  world: BenchWorld,
  provider: Provider,
  count: number,
  later: () => void = () => undefined,
): Promise<void> {
  const { type, placement } = provider;
  const placements = new Map<string, OpenPlacement>([
    [placement, { provider, options: world.options, prices: priceBook() }],
  ]);
  const ledger = await openMemoryLedger(world.clock);
  const desired = jobsOf(world, type, count);
  const now = (): number => world.clock.now();

  const rendered = await timed(async () => desired.jobs.map((each) => provider.render(each, now())), world);
  report(`render and prove ${count} jobs over 400 days`, `${rendered.seconds.toFixed(2)} s`);

  const record = async (events: Parameters<typeof ledger.append>[0]): Promise<void> => {
    await ledger.append(events);
  };
  const applied = await timed(() => deploy({ ledger, placements, now, record }, { desired, by: "bench" }), world);
  if (!applied.value.ok || applied.value.result.failures.length > 0) throw new Error("the apply failed");
  report(`plan and apply ${count} jobs`, `${applied.seconds.toFixed(1)} s`, `${applied.calls} calls`);

  later();
  const again = await timed(() => planDeployment({ placements, desired, now: now() }), world);
  const changes = again.value.changes.filter(({ change }) => change.action !== "keep").length;
  if (changes > 0) throw new Error(`a second plan has ${changes} changes`);
  report("plan with nothing to do, all read", `${again.seconds.toFixed(1)} s`, `${again.calls} calls`);
  const once = await timed(() => planDeployment({ placements, desired, now: now() }), world);
  report("the same, read before", `${once.seconds.toFixed(1)} s`, `${once.calls} calls`);
  report("resident", `${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB`);
}

function jobsOf({ owner }: BenchWorld, placement: string, count: number): DesiredState {
  const zones = ["America/Toronto", "Europe/Berlin", "Asia/Tokyo", "UTC", "Australia/Sydney"];
  const jobs = Array.from({ length: count }, (_, index) =>
    job(`job-${index}`, {
      ...owner,
      placement,
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
  const environment = { name: owner.environment, placement, deployWindows: [] };
  return desiredState(jobs, { namespace: owner.namespace, environment, environments: [environment] });
}

async function timed<T>(
  work: () => Promise<T>,
  world: BenchWorld,
): Promise<{ readonly value: T; readonly seconds: number; readonly calls: number }> {
  const before = world.calls.length;
  const startedAt = performance.now();
  const value = await work();
  return { value, seconds: (performance.now() - startedAt) / 1000, calls: world.calls.length - before };
}
