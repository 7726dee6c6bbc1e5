import type { Job, JsonObject, Resource } from "../../../src/model/index.ts";
import { arnOf, familyName, jobDefinitionName, ruleName } from "../naming.ts";
import type { RuleFields } from "../resources/rule.ts";
import type { Setting, WorkKind } from "./work.ts";

/** News that is older is no news: the listings have seen it. */
const MOST_AGE_SECONDS = 600;

/** The rule that hands changes of a job's runs to the placement's queue, filtered to that job's own definition. */
export function eventRules(job: Job, kind: WorkKind, { owner, options }: Setting): readonly Resource[] {
  const pattern = patternOf(job, kind, { owner, options });
  if (options.eventsQueue === undefined || pattern === undefined) return [];
  const fields: RuleFields = {
    trigger: { pattern },
    target: { Arn: options.eventsQueue },
    maximumEventAgeSeconds: MOST_AGE_SECONDS,
  };
  const id = ruleName(owner, `${job.name}.events`);
  return [{ kind: "rule", id, job: job.name, fields: fields as unknown as JsonObject }];
}

/** Fields of the events: ECS developer guide, "Amazon ECS task state change events"; Batch user guide, "Batch job state change events". */
function patternOf(
  { name }: Job,
  kind: WorkKind,
  { owner, options }: Pick<Setting, "owner" | "options">,
): JsonObject | undefined {
  if (kind === "task") {
    return {
      source: ["aws.ecs"],
      "detail-type": ["ECS Task State Change"],
      detail: {
        clusterArn: [arnOf(options, "ecs", `cluster/${options.cluster}`)],
        lastStatus: ["RUNNING", "STOPPED"],
        taskDefinitionArn: [{ prefix: `${arnOf(options, "ecs", `task-definition/${familyName(owner, name)}`)}:` }],
      },
    };
  }
  if (kind === "batchJob") {
    return {
      source: ["aws.batch"],
      "detail-type": ["Batch Job State Change"],
      detail: {
        jobDefinition: [{ prefix: `${arnOf(options, "batch", `job-definition/${jobDefinitionName(owner, name)}`)}:` }],
        status: ["RUNNING", "SUCCEEDED", "FAILED"],
      },
    };
  }
  return undefined;
}
