import { arnOf, eventQueueName, type Owner } from "../naming.ts";
import type { AwsOptions } from "../options.ts";
import { allow, type Statement } from "./iam.ts";
import { holdRules, putRules } from "./requests.ts";
import { tagsAsked, tagsHeld } from "./tags.ts";
import type { Uses } from "./uses.ts";

const LOOK = ["sqs:GetQueueAttributes", "sqs:GetQueueUrl"];
/** IAM's word for DeleteMessageBatch is DeleteMessage. */
const READ = ["sqs:DeleteMessage", "sqs:ReceiveMessage"];

/**
 * The queue that tells of changes, and the rules that fill it. What an earlier manifest may have left is seen and taken
 * down whatever this one says; what other rules need already is not named twice.
 */
export function eventStatements(options: AwsOptions, owner: Owner, uses: Uses): readonly Statement[] {
  const { events, eventsQueue, rulesRole } = options;
  const own = arnOf(options, "sqs", eventQueueName(owner));
  const areRulesPut = rulesRole !== undefined && (uses.requests || uses.rules);
  const isFilled = (events ?? eventsQueue) !== undefined && (uses.tasks || uses.batch);
  return [
    allow("LookAtQueue", [...LOOK, "sqs:ListQueueTags"], own),
    allow("HoldQueue", ["sqs:DeleteQueue", ...(events ? ["sqs:SetQueueAttributes"] : [])], own, tagsHeld(owner)),
    ...(events ? [allow("MakeQueue", ["sqs:CreateQueue", "sqs:TagQueue"], own, tagsAsked(owner))] : []),
    ...(events ? [allow("ReadEvents", READ, own)] : []),
    ...(eventsQueue ? [allow("ReadEvents", [...LOOK, ...READ], eventsQueue)] : []),
    ...(rulesRole === undefined ? holdRules(options, owner, ["events:ListRules"]) : []),
    ...(isFilled && !areRulesPut ? putRules(options, owner) : []),
  ];
}
