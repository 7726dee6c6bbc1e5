import type { CallName } from "../api/index.ts";
import { arnOf, familyPrefix, groupName, logGroupName, type Owner } from "../naming.ts";
import type { AwsOptions } from "../options.ts";
import { allow, type Policy, pass, policy, type Statement } from "./iam.ts";
import { runStatements, tagsAsked, tagsHeld } from "./start.ts";
import type { Uses } from "./uses.ts";

/** Calls that AWS allows for every resource or none (Service Authorization Reference: no resource types). */
const LOOK: readonly CallName[] = ["scheduler:ListScheduleGroups", "scheduler:ListSchedules", "sts:GetCallerIdentity"];
const LOOK_AT_TASKS: readonly CallName[] = [
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
const ON_LOGS: readonly CallName[] = ["logs:CreateLogGroup", "logs:GetLogEvents", "logs:PutRetentionPolicy"];
/** Only `rota doctor` asks these; without them it says what it could not look at. */
const DOCTOR: readonly CallName[] = ["iam:GetRole", "iam:SimulatePrincipalPolicy", "servicequotas:GetServiceQuota"];

/** For whoever runs `rota plan`, `apply` and the daemon. */
export function rotaPolicy(options: AwsOptions, owner: Owner, uses: Uses): Policy {
  const group = arnOf(options, "scheduler", `schedule-group/${groupName(owner)}`);
  return policy(
    allow("Look", [...LOOK, ...(uses.tasks ? LOOK_AT_TASKS : [])], "*"),
    allow("Schedules", ON_SCHEDULES, arnOf(options, "scheduler", `schedule/${groupName(owner)}/*`)),
    allow("Group", [...ON_GROUPS, "scheduler:TagResource"], group),
    pass("PassSchedulerRole", [options.schedulerRole], "scheduler.amazonaws.com"),
    ...runStatements(options, owner, uses),
    ...(uses.tasks ? taskStatements(options, owner) : []),
    ...logStatements(options, owner, uses),
  );
}

/** May be left out: what makes `rota doctor` see more. */
export function doctorPolicy(): Policy {
  return policy(allow("Doctor", DOCTOR, "*"));
}

function taskStatements(options: AwsOptions, owner: Owner): readonly Statement[] {
  const family = arnOf(options, "ecs", `task-definition/${familyPrefix(owner)}*`);
  const cluster = arnOf(options, "ecs", `cluster/${options.cluster}`);
  const tasks = arnOf(options, "ecs", `task/${options.cluster}/*`);
  return [
    allow("Cluster", ["ecs:DescribeClusters"], cluster),
    allow("Tasks", IN_CLUSTER, "*", { ArnEquals: { "ecs:cluster": cluster } }),
    allow("StopTasks", ["ecs:StopTask"], tasks, tagsHeld(owner)),
    allow("DefineTasks", ["ecs:RegisterTaskDefinition", "ecs:TagResource"], family, tagsAsked(owner)),
  ];
}

function logStatements(options: AwsOptions, owner: Owner, uses: Uses): readonly Statement[] {
  if (!uses.tasks) return [];
  const own = arnOf(options, "logs", `log-group:${logGroupName(owner)}`);
  const logs = allow("Logs", [...ON_LOGS, "logs:TagResource"], [own, `${own}:*`]);
  if (!options.containerInsights) return [logs];
  const insights = arnOf(options, "logs", `log-group:/aws/ecs/containerinsights/${options.cluster}/performance:*`);
  return [logs, allow("Samples", ["logs:FilterLogEvents"], [insights, `${own}:*`])];
}
