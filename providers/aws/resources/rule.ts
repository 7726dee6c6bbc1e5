import type { DescribeRuleResponse, PutRuleRequest, Target } from "@aws-sdk/client-eventbridge";
import { ALL_JOBS, type Json, type JsonObject } from "../../../src/model/index.ts";
import type { Tag } from "../naming.ts";
import { withoutEmpty } from "./container.ts";

/** The target's id within its rule. */
export const TARGET = "rota";
const ATTEMPTS = 185;

/** What rota manages of a rule and its target; the same whether it is wanted or read back. */
export interface RuleFields {
  /** What sets it off: events like these, or the time (in UTC). */
  readonly trigger: { readonly pattern: JsonObject } | { readonly expression: string };
  /** What the target is reached as; a queue says itself whom it takes messages from. */
  readonly role?: string;
  /** The target's own part: its ARN, and what goes with that kind; of an API destination `api-destination/NAME`. */
  readonly target: JsonObject;
  readonly maximumEventAgeSeconds: number;
  readonly deadLetterQueue?: string;
}

interface RuleParts {
  readonly job: string;
  readonly tags: readonly Tag[];
  readonly kept: JsonObject;
  readonly paused: boolean;
}

export function putRuleRequest(
  Name: string,
  { trigger }: RuleFields,
  { job, tags, kept, paused }: RuleParts,
): PutRuleRequest {
  const { description } = kept;
  return {
    Name,
    Description: typeof description === "string" ? description : describe(job),
    ...("pattern" in trigger
      ? { EventPattern: JSON.stringify(trigger.pattern) }
      : { ScheduleExpression: trigger.expression }),
    State: paused ? "DISABLED" : "ENABLED",
    // Taken at the creation, left out of an update.
    ...(tags.length === 0 ? {} : { Tags: tags.map(({ key, value }) => ({ Key: key, Value: value })) }),
  };
}

/** `arn`: of the API destination, where it is one; AWS ends it by an id of its own. */
export function targetOfRule(fields: RuleFields, arn: string, kept: JsonObject): Target {
  const queue = fields.deadLetterQueue ?? kept["deadLetterQueue"];
  return {
    ...(fields.target as unknown as Target),
    Id: TARGET,
    Arn: arn,
    ...(fields.role === undefined ? {} : { RoleArn: fields.role }),
    RetryPolicy: { MaximumEventAgeInSeconds: fields.maximumEventAgeSeconds, MaximumRetryAttempts: ATTEMPTS },
    ...(typeof queue === "string" ? { DeadLetterConfig: { Arn: queue } } : {}),
  };
}

/** What rota manages of a rule that was read, and what somebody set beside it. */
export function readRule(
  rule: DescribeRuleResponse,
  targets: readonly Target[],
  job: string,
  ownQueue: boolean,
): { readonly fields: RuleFields; readonly unmanaged: JsonObject; readonly paused: boolean } {
  const own = targets.find(({ Id }) => Id === TARGET);
  const queue = own?.DeadLetterConfig?.Arn;
  const { Id: _id, Arn = "", RoleArn, RetryPolicy, DeadLetterConfig: _queue, ...rest } = own ?? {};
  const destination = /api-destination\/[^/]+/.exec(Arn)?.[0];
  const fields: RuleFields = {
    trigger:
      rule.ScheduleExpression === undefined
        ? { pattern: (parse(rule.EventPattern) ?? {}) as JsonObject }
        : { expression: rule.ScheduleExpression },
    ...(RoleArn === undefined || RoleArn === "" ? {} : { role: RoleArn }),
    target: { ...withoutEmpty(rest), Arn: destination ?? Arn },
    maximumEventAgeSeconds: RetryPolicy?.MaximumEventAgeInSeconds ?? 86_400,
    ...(ownQueue && queue !== undefined ? { deadLetterQueue: queue } : {}),
  };
  const others = targets.filter(({ Id }) => Id !== TARGET).map(({ Id, Arn }) => `${Id}: ${Arn}`);
  const unmanaged = withoutEmpty({
    description: rule.Description === describe(job) ? "" : rule.Description,
    deadLetterQueue: ownQueue ? undefined : queue,
    otherTargets: others,
  });
  return { fields, unmanaged, paused: rule.State === "DISABLED" };
}

function describe(job: string): string {
  return job === ALL_JOBS ? "rota: tells of changes of runs" : `rota: job ${job}`;
}

function parse(text: string | undefined): Json {
  try {
    return JSON.parse(text ?? "null") as Json;
  } catch {
    return text ?? null;
  }
}
