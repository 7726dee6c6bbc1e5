import { arnOf, type Owner, ruleName } from "../naming.ts";
import type { AwsOptions } from "../options.ts";
import { allow, type Policy, policy } from "./iam.ts";
import { runStatements } from "./start.ts";
import type { Uses } from "./uses.ts";

/** For the role that EventBridge's rules act as. */
export function rulesPolicy(options: AwsOptions, owner: Owner, uses: Uses): Policy {
  const { deadLetterQueue } = options;
  const destinations = arnOf(options, "events", `api-destination/${ruleName(owner, "")}*`);
  return policy(
    uses.requests ? allow("Send", ["events:InvokeApiDestination"], destinations) : undefined,
    ...(uses.rules ? runStatements(options, owner, { ...uses, requests: false, machines: [] }, "schedule") : []),
    deadLetterQueue === undefined ? undefined : allow("DeadLetters", ["sqs:SendMessage"], deadLetterQueue),
  );
}
