import type { JsonObject } from "../../../src/model/index.ts";
import { arnOf, familyPrefix, type Owner } from "../naming.ts";
import type { AwsOptions } from "../options.ts";
import { submitStatements } from "./batch.ts";
import { startExisting } from "./existing.ts";
import { allow, type Policy, pass, policy, type Statement } from "./iam.ts";
import { machineStatements, runbookStatements } from "./machines.ts";
import { putEvents } from "./requests.ts";
import { tagsAsked } from "./tags.ts";
import type { Uses } from "./uses.ts";

/** What starts runs: for rota itself, or for the role that EventBridge Scheduler starts them as. */
export function runStatements(
  options: AwsOptions,
  owner: Owner,
  uses: Uses,
  by: "rota" | "schedule",
): readonly Statement[] {
  return [
    ...(uses.tasks ? taskStatements(options, owner) : []),
    ...(uses.batch ? submitStatements(options, owner) : []),
    ...startExisting(uses.targets, options),
    ...(uses.requests ? [putEvents(options)] : []),
    ...machineStatements(uses.machines, options, by === "rota"),
    ...runbookStatements(uses.machines, options, owner),
  ];
}

function taskStatements(options: AwsOptions, owner: Owner): readonly Statement[] {
  const family = arnOf(options, "ecs", `task-definition/${familyPrefix(owner)}*`);
  const cluster = arnOf(options, "ecs", `cluster/${options.cluster}`);
  const { StringEquals } = tagsAsked(owner) as { readonly StringEquals: JsonObject };
  return [
    allow("RunTasks", ["ecs:RunTask"], family, { ArnEquals: { "ecs:cluster": cluster } }),
    allow("TagTasks", ["ecs:TagResource"], arnOf(options, "ecs", `task/${options.cluster}/*`), {
      StringEquals: { "ecs:CreateAction": "RunTask", ...StringEquals },
    }),
    passTaskRoles(options),
  ];
}

/** To the service that runs containers, whether ECS or Batch asks it to. */
export function passTaskRoles({ executionRole, taskRole }: AwsOptions): Statement {
  return pass(
    "PassTaskRoles",
    taskRole === undefined ? [executionRole] : [executionRole, taskRole],
    "ecs-tasks.amazonaws.com",
  );
}

/** For the role that EventBridge Scheduler starts runs as. */
export function schedulerPolicy(options: AwsOptions, owner: Owner, uses: Uses): Policy {
  const { deadLetterQueue } = options;
  return policy(
    ...runStatements(options, owner, uses, "schedule"),
    deadLetterQueue === undefined ? undefined : allow("DeadLetters", ["sqs:SendMessage"], deadLetterQueue),
  );
}
