import { type Finding, next, ProviderError, pages } from "../../../src/provider/index.ts";
import type { Api } from "../api/index.ts";
import { groupName, type Owner } from "../naming.ts";
import type { AwsOptions } from "../options.ts";
import { type Check, found } from "./finding.ts";

/** A use of the quota from which a person should know. */
const NEAR = 0.8;
/** CPU units of a vCPU. */
const UNITS = 1024;
const AT_ONCE = 100;
const OF_FARGATE = "quota of Fargate";
const OF_SCHEDULES = "quota of schedules";
const OF_RULES = "quota of rules";

interface Quota {
  readonly name: string;
  readonly service: string;
  /** As Service Quotas numbers it. */
  readonly code: string;
  /** What AWS documents for a new account, where the account's own value cannot be asked. */
  readonly usual: number;
}

/** AWS General Reference, "Amazon ECS endpoints and quotas" and "Amazon EventBridge Scheduler endpoints and quotas". */
const FARGATE: Quota = { name: "Fargate vCPU in use", service: "fargate", code: "L-3032A538", usual: 6 };
/** EventBridge user guide, "Quotas": 100 in af-south-1 and eu-south-1. */
const RULES: Quota = { name: "rules on a bus", service: "events", code: "L-244521F2", usual: 300 };
/** EventBridge Scheduler's number in Service Quotas is not written down here: its documented default is compared with. */
const SCHEDULES = 1_000_000;

/** How near the account is to what AWS lets it have. What cannot be asked is compared with the documented default, and said so. */
export function quotaChecks(
  api: Api,
  owner: Owner,
  options: AwsOptions,
  signal: AbortSignal | undefined,
): Readonly<Record<string, Check>> {
  return {
    [OF_FARGATE]: () => vcpus(api, options, signal),
    [OF_SCHEDULES]: () => schedules(api, owner, signal),
    [OF_RULES]: () => rules(api, signal),
  };
}

async function vcpus(api: Api, { cluster }: AwsOptions, signal: AbortSignal | undefined): Promise<Finding> {
  const arns = await pages((nextToken) =>
    api
      .send(
        "ecs:ListTasks",
        { cluster, desiredStatus: "RUNNING", maxResults: AT_ONCE, ...next("nextToken", nextToken) },
        signal,
      )
      .then((page) => ({ items: page.taskArns ?? [], next: page.nextToken })),
  );
  let units = 0;
  for (let index = 0; index < arns.length; index += AT_ONCE) {
    const { tasks = [] } = await api.send(
      "ecs:DescribeTasks",
      { cluster, tasks: arns.slice(index, index + AT_ONCE) },
      signal,
    );
    for (const { cpu, launchType } of tasks) if (launchType === "FARGATE") units += Number(cpu ?? 0);
  }
  const limit = await limitOf(api, FARGATE, signal);
  const detail = `${units / UNITS} vCPU of Fargate run in this cluster now, of ${limit.words}`;
  return judged(OF_FARGATE, units / UNITS, limit.value, detail, "Fargate On-Demand vCPU resource count");
}

async function schedules(api: Api, owner: Owner, signal: AbortSignal | undefined): Promise<Finding> {
  const name = groupName(owner);
  const groups = await api.send("scheduler:ListScheduleGroups", { NamePrefix: name }, signal);
  const held = groups.ScheduleGroups?.some(({ Name }) => Name === name)
    ? await pages((NextToken) =>
        api
          .send(
            "scheduler:ListSchedules",
            { GroupName: name, MaxResults: AT_ONCE, ...next("NextToken", NextToken) },
            signal,
          )
          .then((page) => ({ items: page.Schedules ?? [], next: page.NextToken })),
      )
    : [];
  const detail = `${held.length} schedules in ${name}, of ${SCHEDULES} in an account and region (AWS's default; yours was not asked)`;
  return judged(OF_SCHEDULES, held.length, SCHEDULES, detail, "Number of schedules");
}

/** Everybody's, for all share the default bus. */
async function rules(api: Api, signal: AbortSignal | undefined): Promise<Finding> {
  const held = await pages((NextToken) =>
    api
      .send("eventbridge:ListRules", { Limit: AT_ONCE, ...next("NextToken", NextToken) }, signal)
      .then((page) => ({ items: page.Rules ?? [], next: page.NextToken })),
  );
  const limit = await limitOf(api, RULES, signal);
  const detail = `${held.length} rules on the default bus, of ${limit.words}`;
  return judged(OF_RULES, held.length, limit.value, detail, "Number of rules");
}

function judged(check: string, used: number, limit: number, detail: string, quota: string): Finding {
  if (used < limit * NEAR) return found(check, true, detail);
  return found(check, "warning", detail, `ask AWS for more: Service Quotas, "${quota}"`);
}

async function limitOf(
  api: Api,
  { service, code, usual, name }: Quota,
  signal: AbortSignal | undefined,
): Promise<{ readonly value: number; readonly words: string }> {
  try {
    const { Quota } = await api.send(
      "servicequotas:GetServiceQuota",
      { ServiceCode: service, QuotaCode: code },
      signal,
    );
    if (Quota?.Value !== undefined) return { value: Quota.Value, words: `${Quota.Value} that the account may have` };
  } catch (error) {
    // Who may not ask, or where the service is not: the documented value stands in, in those words.
    if (!(error instanceof ProviderError)) throw error;
  }
  return { value: usual, words: `${usual} (AWS's default of ${name} for a new account; yours could not be asked)` };
}
