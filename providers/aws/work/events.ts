import { ALL_JOBS, type JsonObject, type Resource } from "../../../src/model/index.ts";
import { arnOf, eventQueueArn, eventRuleName, familyPrefix, jobDefinitionName } from "../naming.ts";
import { eventQueue } from "../resources/queue.ts";
import type { RuleFields } from "../resources/rule.ts";
import type { Setting, WorkKind } from "./work.ts";

/** News that is older is no news: the listings have seen it. */
const MOST_AGE_SECONDS = 600;
const SERVICES = { task: "ecs", batchJob: "batch" } as const;

/** What tells of changes of such runs: one rule for all jobs, and the queue that it fills where rota makes it. */
export function eventsOf(kind: WorkKind, { owner, options }: Setting): readonly Resource[] {
  const Arn = eventQueueArn(options, owner);
  if (Arn === undefined || (kind !== "task" && kind !== "batchJob")) return [];
  const fields: RuleFields = {
    trigger: { pattern: PATTERNS[kind]({ owner, options }) },
    target: { Arn },
    maximumEventAgeSeconds: MOST_AGE_SECONDS,
  };
  const rule = {
    kind: "rule",
    id: eventRuleName(owner, SERVICES[kind]),
    job: ALL_JOBS,
    fields: fields as unknown as JsonObject,
  };
  if (options.events === undefined) return [rule];
  const queue = eventQueue(options, owner);
  return [queue, { ...rule, dependsOn: [`${queue.kind}/${queue.id}`] }];
}

type Pattern = (setting: Pick<Setting, "owner" | "options">) => JsonObject;

/** Fields of the events: ECS developer guide, "Amazon ECS task state change events"; Batch user guide, "Batch job state change events". */
const PATTERNS: Readonly<Record<keyof typeof SERVICES, Pattern>> = {
  task: ({ owner, options }) => ({
    source: ["aws.ecs"],
    "detail-type": ["ECS Task State Change"],
    detail: {
      clusterArn: [arnOf(options, "ecs", `cluster/${options.cluster}`)],
      lastStatus: ["RUNNING", "STOPPED"],
      taskDefinitionArn: [{ prefix: arnOf(options, "ecs", `task-definition/${familyPrefix(owner)}`) }],
    },
  }),
  batchJob: ({ owner, options }) => ({
    source: ["aws.batch"],
    "detail-type": ["Batch Job State Change"],
    detail: {
      jobDefinition: [{ prefix: arnOf(options, "batch", `job-definition/${jobDefinitionName(owner, "")}`) }],
      status: ["RUNNING", "SUCCEEDED", "FAILED"],
    },
  }),
};
