import type { JsonObject } from "../../src/model/index.ts";
import { parseOptions } from "../../src/provider/index.ts";
import type { CallName } from "./api/index.ts";
import { arnOf, familyPrefix, groupName, logGroupName, type Owner } from "./naming.ts";
import { type AwsOptions, awsOptions } from "./options.ts";

interface Statement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: JsonObject;
}

export interface Policy {
  readonly Version: "2012-10-17";
  readonly Statement: readonly Statement[];
}

export interface Permissions {
  /** For whoever runs `rota plan`, `apply` and the daemon. */
  readonly rota: Policy;
  /** For the role that EventBridge Scheduler starts tasks as. */
  readonly schedulerRole: Policy;
  /** Who may take the roles on. */
  readonly trust: { readonly schedulerRole: JsonObject; readonly executionRole: JsonObject };
}

/** Calls that AWS allows for every resource or none (Service Authorization Reference: no resource types). */
const ON_EVERYTHING: readonly CallName[] = [
  "ecs:DeregisterTaskDefinition",
  "ecs:DescribeTaskDefinition",
  "ecs:ListTaskDefinitionFamilies",
  "ecs:ListTaskDefinitions",
  "scheduler:ListScheduleGroups",
  "scheduler:ListSchedules",
  "sts:GetCallerIdentity",
  "ec2:DescribeSubnets",
];
const ON_SCHEDULES: readonly CallName[] = [
  "scheduler:CreateSchedule",
  "scheduler:DeleteSchedule",
  "scheduler:GetSchedule",
  "scheduler:UpdateSchedule",
];
const ON_GROUPS: readonly CallName[] = ["scheduler:CreateScheduleGroup", "scheduler:ListTagsForResource"];
const ON_CLUSTER: readonly CallName[] = ["ecs:DescribeClusters"];
const IN_CLUSTER: readonly CallName[] = ["ecs:DescribeTasks", "ecs:ListTasks"];
const ON_LOGS: readonly CallName[] = ["logs:CreateLogGroup", "logs:GetLogEvents", "logs:PutRetentionPolicy"];

/** The least that a placement's options ask for, as IAM policies; throws `invalid` when the options are wrong. */
export function permissions(placement: string, options: JsonObject, owner: Owner): Permissions {
  return permissionsOf(parseOptions(awsOptions, { placement, options }), owner);
}

function permissionsOf(options: AwsOptions, owner: Owner): Permissions {
  const family = arnOf(options, "ecs", `task-definition/${familyPrefix(owner)}*`);
  const cluster = arnOf(options, "ecs", `cluster/${options.cluster}`);
  const ours: JsonObject = {
    "aws:RequestTag/rota:namespace": owner.namespace,
    "aws:RequestTag/rota:environment": owner.environment,
  };
  const taskRoles = [options.executionRole, ...(options.taskRole === undefined ? [] : [options.taskRole])];
  const passTasks = pass("PassTaskRoles", taskRoles, "ecs-tasks.amazonaws.com");
  const inCluster = { ArnEquals: { "ecs:cluster": cluster } };
  const run: readonly Statement[] = [
    { ...allow("RunTasks", ["ecs:RunTask"], family), Condition: inCluster },
    {
      ...allow("TagTasks", ["ecs:TagResource"], arnOf(options, "ecs", `task/${options.cluster}/*`)),
      Condition: { StringEquals: { "ecs:CreateAction": "RunTask", ...ours } },
    },
    passTasks,
  ];
  const performance = arnOf(options, "logs", `log-group:/aws/ecs/containerinsights/${options.cluster}/performance:*`);
  const group = arnOf(options, "scheduler", `schedule-group/${groupName(owner)}`);
  const logGroup = arnOf(options, "logs", `log-group:${logGroupName(owner)}`);
  return {
    rota: policy([
      allow("Look", ON_EVERYTHING, "*"),
      allow("Schedules", ON_SCHEDULES, arnOf(options, "scheduler", `schedule/${groupName(owner)}/*`)),
      allow("Group", [...ON_GROUPS, "scheduler:TagResource"], group),
      allow("Cluster", ON_CLUSTER, cluster),
      { ...allow("Tasks", IN_CLUSTER, "*"), Condition: inCluster },
      {
        ...allow("Stop", ["ecs:StopTask"], arnOf(options, "ecs", `task/${options.cluster}/*`)),
        Condition: {
          StringEquals: {
            "aws:ResourceTag/rota:namespace": owner.namespace,
            "aws:ResourceTag/rota:environment": owner.environment,
          },
        },
      },
      {
        ...allow("Define", ["ecs:RegisterTaskDefinition", "ecs:TagResource"], family),
        Condition: { StringEquals: ours },
      },
      ...run,
      pass("PassSchedulerRole", [options.schedulerRole], "scheduler.amazonaws.com"),
      allow("Logs", [...ON_LOGS, "logs:TagResource"], [logGroup, `${logGroup}:*`]),
      ...(options.containerInsights
        ? [allow("Samples", ["logs:FilterLogEvents"], [performance, `${logGroup}:*`])]
        : []),
    ]),
    schedulerRole: policy([
      ...run,
      ...(options.deadLetterQueue === undefined
        ? []
        : [allow("DeadLetters", ["sqs:SendMessage"], options.deadLetterQueue)]),
    ]),
    trust: {
      schedulerRole: trust("scheduler.amazonaws.com", { "aws:SourceAccount": options.account }),
      executionRole: trust("ecs-tasks.amazonaws.com", { "aws:SourceAccount": options.account }),
    },
  };

  function pass(Sid: string, roles: readonly string[], service: string): Statement {
    return { ...allow(Sid, ["iam:PassRole"], roles), Condition: { StringEquals: { "iam:PassedToService": service } } };
  }

  function trust(service: string, equals: JsonObject): JsonObject {
    return {
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: service },
          Action: "sts:AssumeRole",
          Condition: { StringEquals: equals },
        },
      ],
    };
  }
}

function allow(Sid: string, actions: readonly string[], Resource: Statement["Resource"]): Statement {
  return { Sid, Effect: "Allow", Action: [...actions].sort(), Resource };
}

function policy(statements: readonly Statement[]): Policy {
  return { Version: "2012-10-17", Statement: statements };
}
