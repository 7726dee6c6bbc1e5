import type { ContainerWorkload, ObservedResource } from "../../../src/model/index.ts";
import type { Subject } from "../../conformance/subject.ts";
import { parseHandleId } from "./handle.ts";
import { writePerformance } from "./performance.ts";
import { AwsWorld } from "./world.ts";

const MINUTE = 60_000;

/** What each test left behind in the world that it ran in. */
export type AwsSubject = Subject & { readonly world: AwsWorld };

/** AWS on moto, with a cluster, a job queue and a namespace of its own; containers on ECS or on Batch. */
export async function openAwsSubject(runner: "ecs" | "batch" = "ecs"): Promise<AwsSubject> {
  const world = await AwsWorld.open();
  const options = runner === "batch" ? { jobQueue: await world.makeQueue() } : {};
  const provider = await world.provider(world.owner, options);
  const others = foreignNames(world);
  const written = new Set<string>();
  return {
    world,
    provider,
    owner: world.owner,
    reopen: (owner = world.owner) => world.provider(owner, options),
    workloads: { quick: container("quick"), failing: container("failing"), endless: container("endless") },
    settle: async () => {
      world.clock.advance(MINUTE);
      for (const arn of world.front.lives.running()) await writePerformance(world, arn);
      const streams = [
        ...(await world.tasks()).map((arn) => `rota/job/${parseHandleId(arn)}`),
        ...world.front.jobs.running().map((id) => `rota/default/${id}`),
      ];
      for (const stream of streams) {
        if (written.has(stream)) continue;
        written.add(stream);
        await world.writeLog(stream, ["hello", "world"]);
      }
    },
    ...(runner === "batch" ? { jobOptions: { runner } } : {}),
    missingHandle:
      runner === "batch"
        ? { batchJob: MISSING }
        : { task: `arn:aws:ecs:us-east-1:123456789012:task/${world.cluster}/${MISSING}` },
    plantForeign: (count) => plantForeign(world, others(count)),
    foreign: () => readForeign(world),
    breakListing: async () => {
      world.front.pageSize = 1;
      world.front.fault = ({ operation, body }) =>
        operation === "ListSchedules" && body["NextToken"] !== undefined
          ? { kind: "status", status: 400, name: "AccessDeniedException" }
          : undefined;
    },
    edit: (resource) => edit(world, resource),
    close: async () => {
      await provider.close();
      await world.close();
    },
  };
}

const MISSING = "00000000-0000-4000-8000-000000000000";

function container(word: string): ContainerWorkload {
  return { kind: "container", image: "busybox:1", command: [word], cpu: 1, memoryBytes: 2 ** 31, env: {}, secrets: {} };
}

interface Foreign {
  readonly group: string;
  readonly name: string;
}

/** Within our own group without our mark, in groups named almost like it, and in the account's default group. */
function foreignNames(world: AwsWorld): (count: number) => readonly Foreign[] {
  const { namespace, environment } = world.owner;
  const near = [`rota.${namespace}-2.${environment}`, `rota.${namespace}.prod`, `rota.${namespace}`, "default"];
  return (count) =>
    Array.from({ length: count }, (_, index) => ({
      group: index % 500 === 0 ? `rota.${namespace}.${environment}` : (near[index % near.length] ?? "default"),
      name: index % 500 === 0 ? `foreign-${index}` : `${namespace}-foreign-${index}`,
    }));
}

async function plantForeign(world: AwsWorld, all: readonly Foreign[]): Promise<void> {
  const { namespace, environment } = world.owner;
  for (const group of new Set(all.map((each) => each.group))) {
    const isOurs = group === `rota.${namespace}.${environment}`;
    const Tags = Object.entries(isOurs ? world.owner : { ...world.owner, namespace: `${namespace}-2` });
    if (group === "default") continue;
    await world.hands.send("scheduler:CreateScheduleGroup", {
      Name: group,
      Tags: Tags.map(([key, Value]) => ({ Key: `rota:${key}`, Value })),
    });
  }
  await inBatches(all, ({ group, name }) =>
    world.hands.send("scheduler:CreateSchedule", {
      Name: name,
      GroupName: group,
      ScheduleExpression: "cron(0 6 * * ? *)",
      FlexibleTimeWindow: { Mode: "OFF" },
      Target: {
        Arn: "arn:aws:lambda:us-east-1:123456789012:function:theirs",
        RoleArn: "arn:aws:iam::123456789012:role/theirs",
        Input: `{"name":"${name}"}`,
      },
    }),
  );
  const families = [
    `rota_${namespace}_${environment}_foreign`,
    `rota_${namespace}-2_${environment}_job`,
    `rota_${namespace}_${environment}2_job`,
  ];
  for (const family of families) {
    await world.hands.send("ecs:RegisterTaskDefinition", {
      family,
      containerDefinitions: [{ name: "theirs", image: "theirs", memory: 128 }],
    });
  }
}

async function readForeign(world: AwsWorld): Promise<unknown> {
  const { namespace } = world.owner;
  const { taskDefinitionArns = [] } = await world.hands.send("ecs:ListTaskDefinitions", {});
  return {
    schedules: await world.schedulesLike("foreign-"),
    definitions: taskDefinitionArns.filter(
      (arn) => arn.includes(namespace) && /_foreign:|-2_dev_job:|_dev2_job:/.test(arn),
    ),
  };
}

async function inBatches<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (let index = 0; index < items.length; index += 20)
    results.push(...(await Promise.all(items.slice(index, index + 20).map(work))));
  return results;
}

/** Somebody opens the console and changes the hour, or registers a revision of their own. */
async function edit(world: AwsWorld, { kind, id }: ObservedResource): Promise<void> {
  if (kind === "schedule") {
    const group = `rota.${world.owner.namespace}.${world.owner.environment}`;
    const { Target, FlexibleTimeWindow } = await world.hands.send("scheduler:GetSchedule", {
      Name: id,
      GroupName: group,
    });
    await world.hands.send("scheduler:UpdateSchedule", {
      Name: id,
      GroupName: group,
      ScheduleExpression: "cron(1 1 * * ? *)",
      Target,
      FlexibleTimeWindow,
    });
    return;
  }
  const { taskDefinition, tags } = await world.hands.send("ecs:DescribeTaskDefinition", {
    taskDefinition: id,
    include: ["TAGS"],
  });
  const [first] = taskDefinition?.containerDefinitions ?? [];
  await world.hands.send("ecs:RegisterTaskDefinition", {
    family: id,
    tags,
    containerDefinitions: [{ ...first, image: "by-hand" }],
  });
}
