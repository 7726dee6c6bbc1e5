import type { ContainerWorkload, ObservedResource } from "../../../src/model/index.ts";
import type { Subject } from "../../conformance/subject.ts";
import type { Message } from "./server.ts";
import { GcpWorld, LOCATION, PROJECT } from "./world.ts";

const MINUTE = 60_000;
const PARENT = `projects/${PROJECT}/locations/${LOCATION}`;

export type GcpSubject = Subject & { readonly world: GcpWorld };

/** Google Cloud on its own protos, in a world of its own; containers on Cloud Run or on Batch. */
export async function openGcpSubject(runner: "cloudRun" | "batch" = "cloudRun"): Promise<GcpSubject> {
  const world = await GcpWorld.open();
  const options = runner === "batch" ? { batch: true } : {};
  const provider = await world.provider(world.owner, options);
  const written = new Set<string>();
  return {
    world,
    provider,
    owner: world.owner,
    reopen: (owner = world.owner) => world.provider(owner, options),
    ...(runner === "batch" ? { jobOptions: { runner } } : {}),
    workloads: { quick: container("quick"), failing: container("failing"), endless: container("endless") },
    settle: async () => {
      world.clock.advance(MINUTE);
      for (const life of world.run.running()) world.telemetry.use(life, { cpu: 0.001 });
      for (const life of world.run.lives.values()) {
        if (written.has(life.name)) continue;
        written.add(life.name);
        world.telemetry.write(life, ["hello", "world"]);
      }
      for (const { uid } of world.batch.lives.values()) {
        if (written.has(uid)) continue;
        written.add(uid);
        world.telemetry.write({ name: uid }, ["hello", "world"]);
      }
    },
    missingHandle:
      runner === "batch"
        ? { batchJob: `${PARENT}/jobs/rota-acme-dev-job-00000000-000000000000` }
        : { execution: `${PARENT}/jobs/rota-acme-dev-job-00000000/executions/rota-acme-dev-job-00000000-zzzzz` },
    plantForeign: async (count) => plantForeign(world, count),
    foreign: async () => readForeign(world),
    breakListing: async () => {
      world.scheduler.pageSize = 1;
      world.server.fault = ({ call, request }) =>
        call === "cloudscheduler:ListJobs" && request["pageToken"] !== ""
          ? { kind: "status", code: "PERMISSION_DENIED" }
          : undefined;
    },
    edit: async (resource) => edit(world, resource),
    close: async () => {
      await provider.close();
      await world.close();
    },
  };
}

export function container(word: string): ContainerWorkload {
  return { kind: "container", image: "busybox:1", command: [word], cpu: 1, memoryBytes: 2 ** 31, env: {}, secrets: {} };
}

/**
 * Names almost ours without the mark, our mark under names of others, and marks almost ours; in both services. Straight
 * into the store: what other people did long ago counts against no quota now.
 */
function plantForeign(world: GcpWorld, count: number): void {
  const marks = [
    {},
    { "rota-namespace": "acme2", "rota-environment": "dev" },
    { "rota-namespace": "acme", "rota-environment": "prod" },
    { "rota-namespace": "acme", "rota-environment": "dev" },
  ];
  for (let index = 0; index < count; index += 1) {
    const job = `foreign-${index}`;
    const mark = marks[index % marks.length] ?? {};
    // The last kind carries our whole mark, and a name that rota would never give it.
    const labels = index % 4 === 0 ? {} : { ...mark, "rota-job": job };
    const id = index % 4 === 3 ? `${job}` : `rota_acme_dev_${job}_1`;
    const name = `${PARENT}/jobs/${id}`;
    world.scheduler.jobs.set(name, {
      name,
      description: "theirs",
      schedule: "0 6 * * *",
      timeZone: "UTC",
      state: "ENABLED",
      httpTarget: { uri: "https://example.com/", httpMethod: "POST", headers: labels, body: Buffer.alloc(0) },
    });
    const other = index % 4 === 3 ? marks[1] : mark;
    const runName = `${PARENT}/jobs/rota-acme-dev-${job}`;
    world.run.jobs.set(runName, {
      name: runName,
      uid: runName,
      generation: "1",
      etag: '"1"',
      labels: { ...other, "rota-job": job },
      template: { labels: { ...other, "rota-job": job }, template: { containers: [{ name: "job", image: "theirs" }] } },
    });
    const batchName = `${PARENT}/jobs/rota-acme-dev-${job}`;
    world.batch.lives.set(batchName, {
      name: batchName,
      uid: batchName,
      createdAt: world.clock.now(),
      job: { labels: { ...other, "rota-job": job }, taskGroups: [] },
      kind: "endless",
      limitMs: 3600_000,
    });
  }
}

function readForeign(world: GcpWorld): unknown {
  const of = (jobs: ReadonlyMap<string, Message>): unknown =>
    [...jobs].filter(([name]) => name.includes("foreign-")).map(([name, job]) => [name, structuredClone(job)]);
  const batch = [...world.batch.lives.values()].filter(({ name }) => name.includes("foreign-"));
  return { schedules: of(world.scheduler.jobs), runJobs: of(world.run.jobs), batch: structuredClone(batch) };
}

/** Somebody opens the console and changes the hour, or the image. */
function edit(world: GcpWorld, { kind, id }: ObservedResource): void {
  const name = `${PARENT}/jobs/${id}`;
  if (kind === "schedule") {
    world.scheduler.handlers["cloudscheduler:UpdateJob"]?.({
      job: { ...world.scheduler.jobs.get(name), schedule: "1 1 * * *" },
    });
    return;
  }
  const job = structuredClone(world.run.jobs.get(name) ?? {}) as {
    template: { template: { containers: { image: string }[] } };
  };
  const [first] = job.template.template.containers;
  if (first) first.image = "by-hand";
  world.run.handlers["run:UpdateJob"]?.({ job: { ...job, etag: "" } });
}
