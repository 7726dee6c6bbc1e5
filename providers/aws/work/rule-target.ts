import type { DesiredJob, Job, JsonObject, Resource } from "../../../src/model/index.ts";
import { arnOf, batchJobName, CONTAINER, familyName, jobDefinitionName, ruleName, tagsOf } from "../naming.ts";
import type { RuleFields } from "../resources/rule.ts";
import { type NativeSchedule, SCHEDULER } from "../translate/index.ts";
import { jobOptionsOf } from "./job-options.ts";
import { markInput } from "./mark.ts";
import type { Target } from "./target-options.ts";
import type { Setting, Work } from "./work.ts";

/** EventBridge puts the scheduled instant in its place: a rule's event carries it as `time`. */
const TIME = "<time>";
const INPUT_PATHS = { time: "$.time" };

/** Why nobody hears of what a rule starts of it; undefined where it is listed. */
export function unseenByRule(target: Target): string | undefined {
  if (target.kind === "pipeline")
    return "a rule hands a pipeline its parameters and nothing else: whose start an execution was cannot be told";
  return target.kind === "function" ? "Lambda lists no invocations: what a rule starts is seen by nobody" : undefined;
}

/** As EventBridge takes them (API reference, SageMakerPipelineParameter); SageMaker itself takes more. */
const PARAMETER = /^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/;
const MOST_PARAMETER = 1_024;

export type RuleResult =
  | { readonly ok: true; readonly rules: readonly Resource[]; readonly warnings: readonly string[] }
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
  const made = targetOf(desired, work, setting);
  if (!made.ok) return made;
  const rules = natives.map(({ suffix, expression }): Resource => {
    const fields: RuleFields = {
      trigger: { expression },
      role: rulesRole,
      target: made.target,
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
  const own = jobOptionsOf(job, options);
  const unseen = own.ok && own.target ? unseenByRule(own.target) : undefined;
  if (unseen === undefined) return { ok: true, rules, warnings: work.warnings };
  return { ok: true, rules, warnings: [`${unseen}; no run is observed, limited or stopped, and no fire is missed`] };
}

type TargetResult =
  | { readonly ok: true; readonly target: JsonObject }
  | { readonly ok: false; readonly reason: string; readonly fix: string };

function targetOf({ job }: DesiredJob, work: Extract<Work, { ok: true }>, setting: Setting): TargetResult {
  if (work.kind === "task") return { ok: true, target: taskTarget(job, setting) };
  if (work.kind === "batchJob") return { ok: true, target: batchTarget(job, setting) };
  const own = jobOptionsOf(job, setting.options);
  const target = own.ok ? own.target : undefined;
  switch (target?.kind) {
    case "function":
    case "stateMachine": {
      const input = markInput(target.input, { ...setting.owner, job: job.name, fire: TIME });
      return { ok: true, target: { Arn: target.arn, InputTransformer: transformer(input) } };
    }
    case "pipeline":
      return pipelineTarget(target, setting);
    case "glueJob":
      return refuse(
        "a scheduled rule starts workflows of Glue, and none of its jobs",
        `${SCHEDULER}, or start the job from a state machine`,
      );
    default:
      return refuse(`a scheduled rule starts no ${work.kind}`, SCHEDULER);
  }
}

function pipelineTarget(
  { name, parameters }: Extract<Target, { kind: "pipeline" }>,
  { options }: Setting,
): TargetResult {
  const list = Object.entries(parameters).map(([Name, Value]) => ({ Name, Value }));
  const wrong = list.find(({ Name, Value }) => !PARAMETER.test(Name) || Value.length > MOST_PARAMETER);
  if (wrong) {
    const reason = `a rule takes no parameter like ${wrong.Name}: letters, digits and hyphens, and a value of ${MOST_PARAMETER} characters at most`;
    return refuse(reason, SCHEDULER);
  }
  // A pipeline's ARN is in lower case, whatever its name is.
  const Arn = arnOf(options, "sagemaker", `pipeline/${name.toLowerCase()}`);
  const handed = list.length === 0 ? {} : { SageMakerPipelineParameters: { PipelineParameterList: list } };
  return { ok: true, target: { Arn, ...handed } };
}

function variables(job: Job, { owner }: Setting): readonly (readonly [string, string])[] {
  return [
    ["ROTA_ENV", owner.environment],
    ["ROTA_FIRE", TIME],
    ["ROTA_JOB", job.name],
    ["ROTA_NAMESPACE", owner.namespace],
  ];
}

function taskTarget(job: Job, setting: Setting): JsonObject {
  const { owner, options } = setting;
  const { subnets, securityGroups, assignPublicIp } = options;
  const environment = variables(job, setting).map(([name, value]) => ({ name, value }));
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

function batchTarget(job: Job, setting: Setting): JsonObject {
  const { owner, options } = setting;
  const { jobQueue = "" } = options;
  const environment = variables(job, setting).map(([Name, Value]) => ({ Name, Value }));
  return {
    Arn: jobQueue.startsWith("arn:") ? jobQueue : arnOf(options, "batch", `job-queue/${jobQueue}`),
    BatchParameters: { JobDefinition: jobDefinitionName(owner, job.name), JobName: batchJobName(owner, job.name) },
    InputTransformer: transformer({ ContainerOverrides: { Environment: environment } }),
  };
}

function transformer(template: JsonObject): JsonObject {
  return { InputPathsMap: INPUT_PATHS, InputTemplate: JSON.stringify(template) };
}

function refuse(reason: string, fix: string): { readonly ok: false; readonly reason: string; readonly fix: string } {
  return { ok: false, reason, fix };
}
