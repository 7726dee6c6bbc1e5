import type { DesiredJob, JsonObject, Resource } from "../../../src/model/index.ts";
import { arnOf, batchJobName, CONTAINER, familyName, jobDefinitionName, ruleName, tagsOf } from "../naming.ts";
import type { RuleFields } from "../resources/rule.ts";
import type { NativeSchedule } from "../translate/index.ts";
import { jobOptionsOf } from "./job-options.ts";
import { markInput } from "./mark.ts";
import type { Setting, Work } from "./work.ts";

/** EventBridge puts the scheduled instant in its place: a rule's event carries it as `time`. */
const TIME = "<time>";
const INPUT_PATHS = { time: "$.time" };

export type RuleResult =
  | { readonly ok: true; readonly rules: readonly Resource[] }
  | { readonly ok: false; readonly reason: string; readonly fix: string };

/** The scheduled rules of a job, in place of schedules. */
export function rulesOf(
  desired: DesiredJob,
  natives: readonly NativeSchedule[],
  work: Extract<Work, { ok: true }>,
  setting: Setting,
): RuleResult {
  const { job } = desired;
  const { owner, options } = setting;
  const { rulesRole, deadLetterQueue } = options;
  if (rulesRole === undefined) {
    return refuse(
      "scheduler: rules needs a role for EventBridge's rules",
      "name one under the placement: rulesRole: arn:…",
    );
  }
  const target = targetOf(desired, work, setting);
  if (target === undefined) {
    return refuse(`a scheduled rule starts no ${work.kind}`, "leave scheduler: rules out: EventBridge Scheduler can");
  }
  const rules = natives.map(({ suffix, expression }): Resource => {
    const fields: RuleFields = {
      trigger: { expression },
      role: rulesRole,
      target,
      maximumEventAgeSeconds: job.schedule.catchUp.policy === "none" ? 60 : 600,
      ...(deadLetterQueue === undefined ? {} : { deadLetterQueue }),
    };
    return {
      kind: "rule",
      id: ruleName(owner, `${job.name}.${suffix}`),
      job: job.name,
      fields: fields as unknown as JsonObject,
      ...(work.needs.length === 0 ? {} : { dependsOn: work.needs.map(({ kind, id }) => `${kind}/${id}`) }),
    };
  });
  return { ok: true, rules };
}

function targetOf(
  { job }: DesiredJob,
  work: Extract<Work, { ok: true }>,
  { owner, options }: Setting,
): JsonObject | undefined {
  const variables = {
    ROTA_ENV: owner.environment,
    ROTA_FIRE: TIME,
    ROTA_JOB: job.name,
    ROTA_NAMESPACE: owner.namespace,
  };
  if (work.kind === "task") {
    const environment = Object.entries(variables).map(([name, value]) => ({ name, value }));
    const { subnets, securityGroups, assignPublicIp } = options;
    return {
      Arn: arnOf(options, "ecs", `cluster/${options.cluster}`),
      EcsParameters: {
        LaunchType: "FARGATE",
        NetworkConfiguration: {
          awsvpcConfiguration: {
            AssignPublicIp: assignPublicIp ? "ENABLED" : "DISABLED",
            SecurityGroups: securityGroups,
            Subnets: subnets,
          },
        },
        Tags: tagsOf({ ...owner, job: job.name }).map(({ key, value }) => ({ Key: key, Value: value })),
        TaskCount: 1,
        TaskDefinitionArn: arnOf(options, "ecs", `task-definition/${familyName(owner, job.name)}`),
      },
      InputTransformer: transformer({ containerOverrides: [{ environment, name: CONTAINER }] }),
    };
  }
  if (work.kind === "batchJob") {
    const { jobQueue = "" } = options;
    const environment = Object.entries(variables).map(([Name, Value]) => ({ Name, Value }));
    return {
      Arn: jobQueue.startsWith("arn:") ? jobQueue : arnOf(options, "batch", `job-queue/${jobQueue}`),
      BatchParameters: { JobDefinition: jobDefinitionName(owner, job.name), JobName: batchJobName(owner, job.name) },
      InputTransformer: transformer({ ContainerOverrides: { Environment: environment } }),
    };
  }
  const own = jobOptionsOf(job, options);
  if (own.ok && own.target?.kind === "stateMachine") {
    const input = markInput(own.target.input, { ...owner, job: job.name, fire: TIME });
    return { Arn: own.target.arn, InputTransformer: transformer(input) };
  }
  return undefined;
}

function transformer(template: JsonObject): JsonObject {
  return { InputPathsMap: INPUT_PATHS, InputTemplate: JSON.stringify(template) };
}

function refuse(reason: string, fix: string): RuleResult {
  return { ok: false, reason, fix };
}
