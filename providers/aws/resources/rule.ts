import type { DescribeRuleResponse, PutRuleRequest, Target } from "@aws-sdk/client-eventbridge";
import type { Json, JsonObject } from "../../../src/model/index.ts";
import type { Tag } from "../naming.ts";
import { withoutEmpty } from "./container.ts";

/** The target's id within its rule. */
export const TARGET = "rota";
const ATTEMPTS = 185;

/** What rota manages of a rule and its target; the same whether it is wanted or read back. */
export interface RuleFields {
  readonly pattern: JsonObject;
  readonly role: string;
  /** Name of the API destination. */
  readonly destination: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json;
  readonly maximumEventAgeSeconds: number;
  readonly deadLetterQueue?: string;
}

export function putRuleRequest(
  Name: string,
  { pattern }: RuleFields,
  { job, tags, kept }: { readonly job: string; readonly tags: readonly Tag[]; readonly kept: JsonObject },
): PutRuleRequest {
  const { description } = kept;
  return {
    Name,
    Description: typeof description === "string" ? description : describe(job),
    EventPattern: JSON.stringify(pattern),
    State: "ENABLED",
    // Taken at the creation, left out of an update.
    ...(tags.length === 0 ? {} : { Tags: tags.map(({ key, value }) => ({ Key: key, Value: value })) }),
  };
}

export function targetOfRule(fields: RuleFields, destinationArn: string, kept: JsonObject): Target {
  const queue = fields.deadLetterQueue ?? kept["deadLetterQueue"];
  return {
    Id: TARGET,
    Arn: destinationArn,
    RoleArn: fields.role,
    Input: JSON.stringify(fields.body),
    HttpParameters: { HeaderParameters: { ...fields.headers } },
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
): { readonly fields: RuleFields; readonly unmanaged: JsonObject } {
  const own = targets.find(({ Id }) => Id === TARGET);
  const queue = own?.DeadLetterConfig?.Arn;
  const fields: RuleFields = {
    pattern: (parse(rule.EventPattern) ?? {}) as JsonObject,
    role: own?.RoleArn ?? "",
    destination: /api-destination\/([^/]+)/.exec(own?.Arn ?? "")?.[1] ?? own?.Arn ?? "",
    headers: own?.HttpParameters?.HeaderParameters ?? {},
    body: parse(own?.Input),
    maximumEventAgeSeconds: own?.RetryPolicy?.MaximumEventAgeInSeconds ?? 86_400,
    ...(ownQueue && queue !== undefined ? { deadLetterQueue: queue } : {}),
  };
  const others = targets.filter(({ Id }) => Id !== TARGET).map(({ Id, Arn }) => `${Id}: ${Arn}`);
  const unmanaged = withoutEmpty({
    description: rule.Description === describe(job) ? "" : rule.Description,
    deadLetterQueue: ownQueue ? undefined : queue,
    otherTargets: others,
    state: rule.State === "DISABLED" ? "disabled" : undefined,
  });
  return { fields, unmanaged };
}

function describe(job: string): string {
  return `rota: job ${job}`;
}

function parse(text: string | undefined): Json {
  try {
    return JSON.parse(text ?? "null") as Json;
  } catch {
    return text ?? null;
  }
}
