import type { Owner } from "../naming.ts";
import type { AwsOptions } from "../options.ts";
import { allow, type Statement } from "./iam.ts";
import { holdRules, putRules } from "./requests.ts";
import type { Uses } from "./uses.ts";

/** IAM's word for DeleteMessageBatch is DeleteMessage. */
const READ = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage"];

/** The queue that tells of changes, and the rules that fill it; what other rules need already is not named twice. */
export function eventStatements(options: AwsOptions, owner: Owner, uses: Uses): readonly Statement[] {
  const { eventsQueue, rulesRole } = options;
  if (eventsQueue === undefined) return [];
  const isHeld = rulesRole !== undefined;
  const isPut = isHeld && (uses.requests || uses.rules);
  return [
    allow("ReadEvents", READ, eventsQueue),
    ...(isHeld ? [] : holdRules(options, owner, ["events:ListRules"])),
    ...(isPut || !(uses.tasks || uses.batch) ? [] : putRules(options, owner)),
  ];
}
