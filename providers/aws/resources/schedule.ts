import type * as scheduler from "@aws-sdk/client-scheduler";
import type { CatchUpPolicy, DesiredJob, Instant, Json, JsonObject, Resource } from "../../../src/model/index.ts";
import {
  BY_SCHEDULE,
  CONTAINER,
  clientToken,
  familyName,
  groupName,
  type Owner,
  partitionOf,
  scheduleName,
  tagsOf,
} from "../naming.ts";
import type { AwsOptions } from "../options.ts";
import type { NativeSchedule } from "../translate/index.ts";

/** EventBridge replaces this in the input by the scheduled instant, `2026-12-01T14:00:00Z` (User guide, "Context attributes"). */
const SCHEDULED_TIME = "<aws.scheduler.scheduled-time>";
/** Tries to deliver a start go on this long: later it would belong to no fire. Without catch-up, as short as can be said. */
const EVENT_AGE_SECONDS: Readonly<Record<CatchUpPolicy, number>> = { none: 60, last: 600, all: 600 };
const DELIVERY_ATTEMPTS = 185;

/** What rota manages of a schedule; the same whether it is wanted or read back. */
export interface ScheduleFields {
  readonly group: string;
  readonly expression: string;
  readonly timezone: string;
  /** RFC 3339, UTC. */
  readonly start?: string;
  readonly end?: string;
  /** `DELETE` for what happens once, or is followed by another. */
  readonly afterCompletion: "NONE" | "DELETE";
  /** `0`: exactly at its time. */
  readonly flexibleMinutes: number;
  /** The API call that is made, and as whom. */
  readonly target: string;
  readonly role: string;
  readonly maximumEventAgeSeconds: number;
  readonly maximumRetryAttempts: number;
  /** Absent where the placement names none: then one set by hand is left alone. */
  readonly deadLetterQueue?: string;
  /** RunTask's parameters, as EventBridge sends them. */
  readonly input: Json;
}

export function targetArn(region: string): string {
  return `arn:${partitionOf(region)}:scheduler:::aws-sdk:ecs:runTask`;
}

export function scheduleOf({ job }: DesiredJob, native: NativeSchedule, owner: Owner, options: AwsOptions): Resource {
  const fields: ScheduleFields = {
    group: groupName(owner),
    expression: native.expression,
    timezone: native.timezone,
    ...(native.startAt === undefined ? {} : { start: instantText(native.startAt) }),
    ...(native.endAt === undefined ? {} : { end: instantText(native.endAt) }),
    afterCompletion: native.passes || native.expression.startsWith("at(") ? "DELETE" : "NONE",
    flexibleMinutes: 0,
    target: targetArn(options.region),
    role: options.schedulerRole,
    maximumEventAgeSeconds: EVENT_AGE_SECONDS[job.schedule.catchUp.policy],
    maximumRetryAttempts: DELIVERY_ATTEMPTS,
    ...(options.deadLetterQueue === undefined ? {} : { deadLetterQueue: options.deadLetterQueue }),
    input: inputOf(job.name, owner, options),
  };
  return {
    kind: "schedule",
    id: scheduleName(job.name, native.suffix),
    job: job.name,
    fields: fields as unknown as JsonObject,
    dependsOn: [`taskDefinition/${familyName(owner, job.name)}`],
  };
}

/**
 * RunTask's parameters with a capital first letter, as universal targets want them. The token is the fire's: a start that
 * EventBridge delivers twice, or that two schedules of the job make at one instant, is one task.
 */
function inputOf(job: string, owner: Owner, options: AwsOptions): Json {
  const variables: Readonly<Record<string, string>> = {
    ROTA_ENV: owner.environment,
    ROTA_FIRE: SCHEDULED_TIME,
    ROTA_JOB: job,
    ROTA_NAMESPACE: owner.namespace,
  };
  return {
    ClientToken: `${clientToken(owner.namespace, owner.environment, job)}-${SCHEDULED_TIME}`,
    Cluster: options.cluster,
    Count: 1,
    LaunchType: "FARGATE",
    NetworkConfiguration: {
      AwsvpcConfiguration: {
        AssignPublicIp: options.assignPublicIp ? "ENABLED" : "DISABLED",
        SecurityGroups: options.securityGroups,
        Subnets: options.subnets,
      },
    },
    Overrides: {
      ContainerOverrides: [
        {
          Environment: Object.entries(variables).map(([Name, Value]) => ({ Name, Value })),
          Name: CONTAINER,
        },
      ],
    },
    StartedBy: BY_SCHEDULE,
    Tags: tagsOf({ ...owner, job }, { fire: SCHEDULED_TIME }).map(({ key, value }) => ({ Key: key, Value: value })),
    TaskDefinition: familyName(owner, job),
  };
}

/** What rota manages of a schedule that was read, and what somebody set beside it. `now`: a start before it no longer counts. */
export function readSchedule(
  read: scheduler.GetScheduleOutput,
  options: AwsOptions,
  now: Instant,
): { readonly fields: ScheduleFields; readonly unmanaged: JsonObject } {
  const { Target, FlexibleTimeWindow, StartDate, EndDate } = read;
  const queue = Target?.DeadLetterConfig?.Arn;
  const startAt = StartDate && new Date(StartDate).getTime();
  const fields: ScheduleFields = {
    group: read.GroupName ?? "",
    expression: read.ScheduleExpression ?? "",
    timezone: read.ScheduleExpressionTimezone ?? "UTC",
    ...(startAt === undefined || startAt <= now ? {} : { start: instantText(startAt) }),
    ...(EndDate === undefined ? {} : { end: instantText(new Date(EndDate).getTime()) }),
    afterCompletion: read.ActionAfterCompletion === "DELETE" ? "DELETE" : "NONE",
    flexibleMinutes: FlexibleTimeWindow?.Mode === "FLEXIBLE" ? (FlexibleTimeWindow.MaximumWindowInMinutes ?? 0) : 0,
    target: Target?.Arn ?? "",
    role: Target?.RoleArn ?? "",
    maximumEventAgeSeconds: Target?.RetryPolicy?.MaximumEventAgeInSeconds ?? 86_400,
    maximumRetryAttempts: Target?.RetryPolicy?.MaximumRetryAttempts ?? DELIVERY_ATTEMPTS,
    ...(options.deadLetterQueue === undefined || queue === undefined ? {} : { deadLetterQueue: queue }),
    input: inputFrom(Target?.Input),
  };
  const unmanaged = {
    ...(read.KmsKeyArn ? { kmsKey: read.KmsKeyArn } : {}),
    ...(read.Description && read.Description !== describe(tagJob(fields.input))
      ? { description: read.Description }
      : {}),
    ...(options.deadLetterQueue === undefined && queue !== undefined ? { deadLetterQueue: queue } : {}),
  };
  return { fields, unmanaged };
}

export interface RequestParts {
  readonly id: string;
  readonly job: string;
  /** What somebody set by hand: said again, because an update says everything. */
  readonly kept: JsonObject;
  readonly state: "ENABLED" | "DISABLED";
  /** A start that is past is left out: EventBridge refuses one older than five minutes, and it no longer counts. */
  readonly now: Instant;
}

/** The parameters of CreateSchedule and UpdateSchedule. */
export function scheduleRequest(
  { id, job, kept, state, now }: RequestParts,
  fields: ScheduleFields,
): scheduler.UpdateScheduleInput {
  const isAhead = fields.start !== undefined && Date.parse(fields.start) > now;
  const queue = fields.deadLetterQueue ?? kept["deadLetterQueue"];
  return {
    Name: id,
    GroupName: fields.group,
    Description: typeof kept["description"] === "string" ? kept["description"] : describe(job),
    ScheduleExpression: fields.expression,
    ScheduleExpressionTimezone: fields.timezone,
    ...(isAhead ? { StartDate: dateOf(fields.start) } : {}),
    ...(fields.end === undefined ? {} : { EndDate: dateOf(fields.end) }),
    ActionAfterCompletion: fields.afterCompletion,
    FlexibleTimeWindow: { Mode: "OFF" },
    State: state,
    ...(typeof kept["kmsKey"] === "string" ? { KmsKeyArn: kept["kmsKey"] } : {}),
    Target: {
      Arn: fields.target,
      RoleArn: fields.role,
      Input: JSON.stringify(fields.input),
      RetryPolicy: {
        MaximumEventAgeInSeconds: fields.maximumEventAgeSeconds,
        MaximumRetryAttempts: fields.maximumRetryAttempts,
      },
      ...(typeof queue === "string" ? { DeadLetterConfig: { Arn: queue } } : {}),
    },
  };
}

/** The job that a schedule's input names; undefined for a schedule that is not of rota's making. */
export function tagJob(input: Json): string | undefined {
  const tags =
    input !== null && typeof input === "object" && !Array.isArray(input) ? (input as JsonObject)["Tags"] : undefined;
  if (!Array.isArray(tags)) return undefined;
  for (const tag of tags as readonly JsonObject[]) {
    if (tag?.["Key"] === "rota:job" && typeof tag["Value"] === "string") return tag["Value"];
  }
  return undefined;
}

function describe(job: string | undefined): string {
  return `rota: job ${job ?? "?"}`;
}

function inputFrom(text: string | undefined): Json {
  if (text === undefined) return null;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** The SDK wants Date objects; what is in them came from the schedule, not from a clock. */
function dateOf(text: string): Date {
  return new Date(text);
}

function instantText(at: Instant): string {
  return Temporal.Instant.fromEpochMilliseconds(at).toString({ smallestUnit: "second" });
}
