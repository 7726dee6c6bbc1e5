import type { JsonObject } from "../../../src/model/index.ts";
import { arnOf, familyPrefix, type Owner } from "../naming.ts";
import type { AwsOptions } from "../options.ts";
import { allow, type Policy, pass, policy, type Statement } from "./iam.ts";
import type { Uses } from "./uses.ts";

/** Only with our tags on the request: what is made carries the mark. */
export function tagsAsked({ namespace, environment }: Owner): JsonObject {
  return {
    StringEquals: { "aws:RequestTag/rota:namespace": namespace, "aws:RequestTag/rota:environment": environment },
  };
}

/** Only what carries our tags already. */
export function tagsHeld({ namespace, environment }: Owner): JsonObject {
  return {
    StringEquals: { "aws:ResourceTag/rota:namespace": namespace, "aws:ResourceTag/rota:environment": environment },
  };
}

/** What starts runs: rota itself, and the role that EventBridge Scheduler starts them as. */
export function runStatements(options: AwsOptions, owner: Owner, uses: Uses): readonly Statement[] {
  return uses.tasks ? taskStatements(options, owner) : [];
}

function taskStatements(options: AwsOptions, owner: Owner): readonly Statement[] {
  const family = arnOf(options, "ecs", `task-definition/${familyPrefix(owner)}*`);
  const cluster = arnOf(options, "ecs", `cluster/${options.cluster}`);
  const { StringEquals } = tagsAsked(owner) as { readonly StringEquals: JsonObject };
  const taskRoles = [options.executionRole, ...(options.taskRole === undefined ? [] : [options.taskRole])];
  return [
    allow("RunTasks", ["ecs:RunTask"], family, { ArnEquals: { "ecs:cluster": cluster } }),
    allow("TagTasks", ["ecs:TagResource"], arnOf(options, "ecs", `task/${options.cluster}/*`), {
      StringEquals: { "ecs:CreateAction": "RunTask", ...StringEquals },
    }),
    pass("PassTaskRoles", taskRoles, "ecs-tasks.amazonaws.com"),
  ];
}

/** For the role that EventBridge Scheduler starts runs as. */
export function schedulerPolicy(options: AwsOptions, owner: Owner, uses: Uses): Policy {
  const { deadLetterQueue } = options;
  return policy(
    ...runStatements(options, owner, uses),
    deadLetterQueue === undefined ? undefined : allow("DeadLetters", ["sqs:SendMessage"], deadLetterQueue),
  );
}
