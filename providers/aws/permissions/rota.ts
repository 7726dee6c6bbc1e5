import type { CallName } from "../api/index.ts";
import { arnOf, familyPrefix, groupName, logGroupName, type Owner } from "../naming.ts";
import type { AwsOptions } from "../options.ts";
import { batchStatements, defineJobs } from "./batch.ts";
import { eventStatements } from "./events.ts";
import { watchExisting } from "./existing.ts";
import { allow, type Policy, pass, policy, type Statement } from "./iam.ts";
import { watchMachines } from "./machines.ts";
import { ruleStatements } from "./requests.ts";
import { passTaskRoles, runStatements } from "./start.ts";
import { tagsAsked, tagsHeld } from "./tags.ts";
import type { Uses } from "./uses.ts";

/** Calls that AWS allows for every resource or none (Service Authorization Reference: no resource types). */
const LOOK: readonly CallName[] = [
  "scheduler:ListScheduleGroups",
  "scheduler:ListSchedules",
  "sts:GetCallerIdentity",
  "ecs:DeregisterTaskDefinition",
  "ecs:DescribeTaskDefinition",
  "ecs:ListTaskDefinitionFamilies",
  "ecs:ListTaskDefinitions",
  "ec2:DescribeSubnets",
];
const ON_SCHEDULES: readonly CallName[] = [
  "scheduler:CreateSchedule",
  "scheduler:DeleteSchedule",
  "scheduler:GetSchedule",
  "scheduler:UpdateSchedule",
];
const ON_GROUPS: readonly CallName[] = ["scheduler:CreateScheduleGroup", "scheduler:ListTagsForResource"];
const IN_CLUSTER: readonly CallName[] = ["ecs:DescribeTasks", "ecs:ListTasks"];
const ON_LOGS: readonly CallName[] = ["logs:CreateLogGroup", "logs:PutRetentionPolicy"];
/** Only `rota doctor` asks these; without them it says what it could not look at. */
const DOCTOR: readonly CallName[] = ["iam:GetRole", "iam:SimulatePrincipalPolicy", "servicequotas:GetServiceQuota"];

/**
 * For whoever runs `rota plan`, `apply` and the daemon. What looks, stops and takes down is for every kind that the
 * placement can have, since an earlier manifest may have left it; what makes and starts, for the jobs' own kinds alone.
 */
export function rotaPolicy(options: AwsOptions, owner: Owner, uses: Uses): Policy {
  const group = arnOf(options, "scheduler", `schedule-group/${groupName(owner)}`);
  return policy(
    allow("Look", LOOK, "*"),
    allow("Schedules", ON_SCHEDULES, arnOf(options, "scheduler", `schedule/${groupName(owner)}/*`)),
    allow("Group", [...ON_GROUPS, "scheduler:TagResource"], group),
    pass("PassSchedulerRole", [options.schedulerRole], "scheduler.amazonaws.com"),
    ...runStatements(options, owner, uses, "rota"),
    ...taskStatements(options, owner),
    uses.tasks ? defineTasks(options, owner) : undefined,
    ...(options.jobQueue === undefined ? [] : batchStatements(options, owner)),
    uses.batch ? defineJobs(options, owner) : undefined,
    ...(options.rulesRole === undefined ? [] : ruleStatements(options, owner, uses, options.rulesRole)),
    ...eventStatements(options, owner, uses),
    ...watchExisting(uses.targets, options),
    ...watchMachines(uses.machines, options),
    // Where tasks are started it is among what starts them.
    uses.batch && !uses.tasks ? passTaskRoles(options) : undefined,
    ...logStatements(options, owner, uses),
  );
}

/** May be left out: what makes `rota doctor` see more. */
export function doctorPolicy(): Policy {
  return policy(allow("Doctor", DOCTOR, "*"));
}

function taskStatements(options: AwsOptions, owner: Owner): readonly Statement[] {
  const cluster = arnOf(options, "ecs", `cluster/${options.cluster}`);
  const tasks = arnOf(options, "ecs", `task/${options.cluster}/*`);
  return [
    allow("Cluster", ["ecs:DescribeClusters"], cluster),
    allow("Tasks", IN_CLUSTER, "*", { ArnEquals: { "ecs:cluster": cluster } }),
    allow("StopTasks", ["ecs:StopTask"], tasks, tagsHeld(owner)),
  ];
}

function defineTasks(options: AwsOptions, owner: Owner): Statement {
  const family = arnOf(options, "ecs", `task-definition/${familyPrefix(owner)}*`);
  return allow("DefineTasks", ["ecs:RegisterTaskDefinition", "ecs:TagResource"], family, tagsAsked(owner));
}

function logStatements(options: AwsOptions, owner: Owner, uses: Uses): readonly Statement[] {
  const own = arnOf(options, "logs", `log-group:${logGroupName(owner)}`);
  const insights = arnOf(options, "logs", `log-group:/aws/ecs/containerinsights/${options.cluster}/performance:*`);
  const samples = [...(options.containerInsights ? [insights] : []), `${own}:*`];
  // Of a Batch job the log is all there is to measure.
  const isMeasured = options.containerInsights || options.jobQueue !== undefined;
  return [
    allow("ReadLogs", ["logs:GetLogEvents"], `${own}:*`),
    ...(uses.tasks || uses.batch ? [allow("Logs", [...ON_LOGS, "logs:TagResource"], [own, `${own}:*`])] : []),
    ...(isMeasured ? [allow("Samples", ["logs:FilterLogEvents"], samples)] : []),
  ];
}
