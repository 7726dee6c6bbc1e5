import type { OwnershipMark } from "../../src/model/index.ts";
import { digest, shorten } from "../../src/provider/index.ts";
import type { AwsOptions } from "./options.ts";

export type Owner = Omit<OwnershipMark, "job">;
export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** `startedBy` of a task that the schedule started; the request's own for those that rota did. */
export const BY_SCHEDULE = "rota/schedule";
/** The container's name within the task. */
export const CONTAINER = "job";
const SEPARATORS = { group: ".", family: "_" } as const;
/** EventBridge Scheduler: names of groups and schedules; ECS: names of families; Batch: names of definitions and jobs; EventBridge: names of rules, destinations and connections; SQS: names of queues. */
const LONGEST = { group: 64, schedule: 64, family: 255, batch: 128, rule: 64, queue: 80 } as const;
/** A name that is cut keeps so many of its first characters (`shorten`): what all of them begin with has to fit. */
const KEPT = 53;

const RUN_DIGITS = 24;

/** The schedule group of a namespace and environment. Their names have no dot and no underscore, so nothing runs together. */
export function groupName({ namespace, environment }: Owner): string {
  return shorten(["rota", namespace, environment].join(SEPARATORS.group), LONGEST.group);
}

export function familyName(owner: Owner, job: string): string {
  return shorten(`${familyPrefix(owner)}${job}`, LONGEST.family);
}

export function familyPrefix({ namespace, environment }: Owner): string {
  return `${["rota", namespace, environment].join(SEPARATORS.family)}${SEPARATORS.family}`;
}

export function jobDefinitionName(owner: Owner, job: string): string {
  return shorten(familyName(owner, job), LONGEST.batch);
}

/** What a job of Batch is called: its definition's name, and for a start of rota's own what stands for the run's key. */
export function batchJobName(owner: Owner, job: string, run?: string): string {
  if (run === undefined) return jobDefinitionName(owner, job);
  return `${shorten(familyName(owner, job), LONGEST.batch - RUN_DIGITS - 1)}${runSuffix(run)}`;
}

/** What the name of a job of Batch ends with when rota started it. */
export function runSuffix(run: string): string {
  return `_${digest(run, RUN_DIGITS)}`;
}

/** Of a rule and of its API destination; with no job, what all of them begin with. */
export function ruleName({ namespace, environment }: Owner, job: string): string {
  return shorten(`${shorten(`rota.${namespace}.${environment}`, KEPT - 1)}.${job}`, LONGEST.rule);
}

/** The rules that hand changes of runs to the queue, for all jobs. No job has a dot in its name. */
export function eventRuleName(owner: Owner, service: "ecs" | "batch"): string {
  return ruleName(owner, `events.${service}`);
}

/** The queue of events: of letters, digits, `-` and `_`. */
export function eventQueueName({ namespace, environment }: Owner): string {
  return shorten(["rota", namespace, environment].join(SEPARATORS.family), LONGEST.queue);
}

/** The connection that requests without credentials go by. */
export function connectionName({ namespace, environment }: Owner): string {
  return shorten(`rota.${namespace}.${environment}`, LONGEST.rule);
}

/** Who puts the events on the bus. */
export function eventSource({ namespace, environment }: Owner): string {
  return `rota.${namespace}.${environment}`;
}

export function scheduleName(job: string, suffix: string): string {
  return shorten(`${job}.${suffix}`, LONGEST.schedule);
}

export function logGroupName({ namespace, environment }: Owner): string {
  return `/rota/${namespace}/${environment}`;
}

/** Of at most 128 letters, digits, `-`, `_` and `/` (RunTask), whatever the run's key is made of. */
export function startedByOf(run: string): string {
  return `rota/${digest(run, 40)}`;
}

/** At most 64 characters (RunTask). */
export function clientToken(...parts: readonly string[]): string {
  return digest(parts.join("\n"), 40);
}

export function tagsOf(mark: Partial<OwnershipMark>, more: Readonly<Record<string, string>> = {}): readonly Tag[] {
  return Object.entries({ ...mark, ...more })
    .map(([name, value]) => ({ key: `rota:${name}`, value }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Tags that a service gives as a map, as a list. */
export function tagList(tags: Readonly<Record<string, string>> | undefined): readonly Tag[] {
  return Object.entries(tags ?? {}).map(([key, value]) => ({ key, value }));
}

/** The value of one of our tags, in either spelling of the services. */
export function tagValue(tags: unknown, name: string): string | undefined {
  if (!Array.isArray(tags)) return undefined;
  for (const tag of tags as readonly Readonly<Record<string, unknown>>[]) {
    const key = tag?.["key"] ?? tag?.["Key"];
    const value = tag?.["value"] ?? tag?.["Value"];
    if (key === `rota:${name}` && typeof value === "string") return value;
  }
  return undefined;
}

export function isOwnedBy(owner: Owner, tags: unknown): boolean {
  return tagValue(tags, "namespace") === owner.namespace && tagValue(tags, "environment") === owner.environment;
}

export function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

export function arnOf({ region, account }: AwsOptions, service: string, resource: string): string {
  return `arn:${partitionOf(region)}:${service}:${region}:${account}:${resource}`;
}

/** The queue that tells of changes, rota's or the user's; undefined where the placement asks for none. */
export function eventQueueArn(options: AwsOptions, owner: Owner): string | undefined {
  return options.events === undefined ? options.eventsQueue : arnOf(options, "sqs", eventQueueName(owner));
}
