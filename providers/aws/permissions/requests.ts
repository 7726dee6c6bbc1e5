import { arnOf, connectionName, eventSource, type Owner, ruleName } from "../naming.ts";
import type { AwsOptions } from "../options.ts";
import { allow, pass, type Statement } from "./iam.ts";
import { tagsAsked } from "./tags.ts";
import type { Uses } from "./uses.ts";

/** IAM's word for EventBridge is `events`. */
const LISTS = ["events:ListApiDestinations", "events:ListRules"];
const HELD = ["events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule"];
const TAKEN_DOWN = ["events:DeleteRule", "events:DisableRule", "events:EnableRule", "events:RemoveTargets"];
const DESTINATIONS = ["events:DeleteApiDestination", "events:DescribeApiDestination"];

export function putEvents(options: AwsOptions): Statement {
  return allow("PutEvents", ["events:PutEvents"], arnOf(options, "events", "event-bus/default"));
}

/** The rules that are there: to see, hold and take down. */
export function holdRules(options: AwsOptions, owner: Owner, lists: readonly string[]): readonly Statement[] {
  return [allow("LookAtRules", lists, "*"), allow("Rules", [...HELD, ...TAKEN_DOWN], rulesOf(options, owner))];
}

export function putRules(options: AwsOptions, owner: Owner): readonly Statement[] {
  const rules = rulesOf(options, owner);
  return [
    allow("PutRules", ["events:PutRule", "events:TagResource"], rules, tagsAsked(owner)),
    // An update of a rule carries no tags.
    allow("PutTargets", ["events:PutRule", "events:PutTargets"], rules),
  ];
}

function rulesOf(options: AwsOptions, owner: Owner): string {
  return arnOf(options, "events", `rule/${ruleName(owner, "")}*`);
}

export function ruleStatements(options: AwsOptions, owner: Owner, uses: Uses, role: string): readonly Statement[] {
  const destinations = arnOf(options, "events", `api-destination/${ruleName(owner, "")}*`);
  const look = [
    ...holdRules(options, owner, LISTS),
    allow("Destinations", DESTINATIONS, destinations),
    // AWS allows it for every metric or none.
    allow("LookAtCounts", ["cloudwatch:GetMetricData"], "*"),
  ];
  if (!uses.requests && !uses.rules) return look;
  const put = [...putRules(options, owner), pass("PassRulesRole", [role], "events.amazonaws.com")];
  if (!uses.requests) return [...look, ...put];
  const connections = arnOf(options, "events", "connection/*");
  const own = arnOf(options, "events", `connection/${connectionName(owner)}*`);
  return [
    ...look,
    ...put,
    allow(
      "MakeDestinations",
      ["events:CreateApiDestination", "events:UpdateApiDestination"],
      [destinations, connections],
    ),
    allow("LookAtConnections", ["events:DescribeConnection"], connections),
    allow("MakeConnection", ["events:CreateConnection"], own),
    // EventBridge keeps what a connection holds as a secret of its own.
    allow(
      "ConnectionSecret",
      ["secretsmanager:CreateSecret", "secretsmanager:PutSecretValue"],
      arnOf(options, "secretsmanager", `secret:events!connection/${eventSource(owner)}/*`),
    ),
  ];
}
