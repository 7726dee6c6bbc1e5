import { priceBook } from "../src/cost/index.ts";
import { deploy } from "../src/engine/deploy/deployer.ts";
import { planDeployment } from "../src/engine/deploy/planning.ts";
import type { OpenPlacement } from "../src/engine/env.ts";
import { openMemoryLedger } from "../src/ledger/index.ts";
import { DAY, type DesiredState } from "../src/model/index.ts";
import { AzureWorld } from "../test/clouds/azure/world.ts";
import { VirtualClock } from "../test/support/clock.ts";
import { cron, desiredState, job, NOW } from "../test/support/jobs.ts";
import type { Report } from "./report.ts";

const JOBS = Number(process.env["ROTA_BENCH_AZURE_JOBS"] ?? 1000);
/** ARM, "Understand how Azure Resource Manager throttles requests": a subscription's buckets and how they fill. */
const BUCKETS = { reads: { size: 250, perSecond: 25 }, writes: { size: 200, perSecond: 10 } };

type World = AzureWorld<VirtualClock>;

/** Plan, apply and a round over the runs of a thousand jobs, on virtual time: what the waits come to is told beside what the machine took. */
export async function run(report: Report): Promise<void> {
  const world = await AzureWorld.open(new VirtualClock({ startAt: NOW }));
  try {
    const provider = await world.provider();
    const sent: Sent[] = [];
    world.arm.fault = ({ method }) => void sent.push({ at: world.clock.now(), isRead: method === "GET" });
    const placements = new Map<string, OpenPlacement>([
      ["azure", { provider, options: world.options, prices: priceBook() }],
    ]);
    const ledger = await openMemoryLedger(world.clock);
    const desired = jobsOf(world);
    const now = () => world.clock.now();

    const rendered = await timed(world, async () => desired.jobs.map((each) => provider.render(each, NOW)));
    const resources = rendered.value.reduce((sum, each) => sum + each.resources.length, 0);
    report(`render and prove ${JOBS} jobs over 400 days`, `${rendered.seconds.toFixed(2)} s`, `${resources} resources`);

    const record = async (events: Parameters<typeof ledger.append>[0]): Promise<void> => {
      await ledger.append(events);
    };
    const applied = await timed(world, () => deploy({ ledger, placements, now, record }, { desired, by: "bench" }));
    if (!applied.value.ok || applied.value.result.failures.length > 0) throw new Error("the apply failed");
    report(`plan and apply ${JOBS} jobs`, `${applied.seconds.toFixed(1)} s`, applied.words);

    const again = await timed(world, () => planDeployment({ placements, desired, now: now() }));
    const changes = again.value.changes.filter(({ change }) => change.action !== "keep").length;
    if (changes > 0) throw new Error(`a second plan has ${changes} changes`);
    report("plan with nothing to do", `${again.seconds.toFixed(1)} s`, again.words);

    const round = await timed(world, () => provider.listRuns(0));
    report(`look at the runs of ${JOBS} jobs`, `${round.seconds.toFixed(1)} s`, round.words);
    report("fullest buckets", fullest(sent));
    report("resident", `${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB`);
    if (world.arm.problems.length > 0) throw new Error(world.arm.problems[0]);
    await provider.close();
  } finally {
    await world.close();
  }
}

interface Sent {
  readonly at: number;
  readonly isRead: boolean;
}

/** How full the vendor's buckets ever were, by their own arithmetic; throws when one ran over. */
function fullest(sent: readonly Sent[]): string {
  const found = Object.entries(BUCKETS).map(([name, { size, perSecond }]) => {
    let [level, most, last] = [0, 0, sent[0]?.at ?? 0];
    for (const { at } of sent.filter(({ isRead }) => isRead === (name === "reads"))) {
      level = Math.max(0, level - ((at - last) / 1000) * perSecond) + 1;
      last = at;
      most = Math.max(most, level);
    }
    if (most > size) throw new Error(`${Math.ceil(most)} ${name} in a bucket of ${size}`);
    return `${Math.ceil(most)} of ${size} ${name}`;
  });
  return found.join(", ");
}

function jobsOf({ owner }: World): DesiredState {
  const zones = ["America/Toronto", "Europe/Berlin", "Asia/Tokyo", "UTC", "Australia/Sydney"];
  const jobs = Array.from({ length: JOBS }, (_, index) => {
    const base = job(`job-${index}`, {
      ...owner,
      placement: "azure",
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
    });
    return { ...base, guard: { ...base.guard, durationSeconds: 3600 } };
  });
  const environment = { name: owner.environment, placement: "azure", deployWindows: [] };
  return desiredState(jobs, { namespace: owner.namespace, environment, environments: [environment] });
}

/** By this machine's clock, and by the world's, which only waits move. */
async function timed<T>(
  world: World,
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly seconds: number; readonly words: string }> {
  const [calls, at] = [world.arm.exchanges.length, world.clock.now()];
  const startedAt = performance.now();
  let isDone = false;
  const working = work().finally(() => {
    isDone = true;
  });
  await world.clock.runUntilTrue(() => isDone, DAY);
  const value = await working;
  const seconds = (performance.now() - startedAt) / 1000;
  const waited = ((world.clock.now() - at) / 1000).toFixed(0);
  return { value, seconds, words: `${world.arm.exchanges.length - calls} calls; the limits would make it ${waited} s` };
}
