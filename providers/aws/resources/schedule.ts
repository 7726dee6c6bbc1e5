import type * as scheduler from "@aws-sdk/client-scheduler";
import type { CatchUpPolicy, DesiredJob, Instant, Json, JsonObject, Resource } from "../../../src/model/index.ts";
import { groupName, type Owner, scheduleName } from "../naming.ts";
import type { AwsOptions } from "../options.ts";
import type { NativeSchedule } from "../translate/index.ts";
import { markedJob, type Setting, type Work } from "../work/index.ts";

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

export function scheduleOf(
  { job }: DesiredJob,
  native: NativeSchedule,
  { start, needs }: Extract<Work, { ok: true }>,
  { owner, options }: Setting,
): Resource {
  const fields: ScheduleFields = {
    group: groupName(owner),
    expression: native.expression,
    timezone: native.timezone,
    ...(native.startAt === undefined ? {} : { start: instantText(native.startAt) }),
    ...(native.endAt === undefined ? {} : { end: instantText(native.endAt) }),
    afterCompletion: native.passes || native.expression.startsWith("at(") ? "DELETE" : "NONE",
    flexibleMinutes: 0,
    target: start.target,
    role: options.schedulerRole,
    maximumEventAgeSeconds: EVENT_AGE_SECONDS[job.schedule.catchUp.policy],
    maximumRetryAttempts: DELIVERY_ATTEMPTS,
    ...(options.deadLetterQueue === undefined ? {} : { deadLetterQueue: options.deadLetterQueue }),
    input: start.input,
  };
  return {
    kind: "schedule",
    id: scheduleName(job.name, native.suffix),
    job: job.name,
    fields: fields as unknown as JsonObject,
    ...(needs.length === 0 ? {} : { dependsOn: needs.map(({ kind, id }) => `${kind}/${id}`) }),
  };
}

/** What rota manages of a schedule that was read, and what somebody set beside it. `now`: a start before it no longer counts. */
export function readSchedule(
  read: scheduler.GetScheduleOutput,
  { owner, options }: { readonly owner: Owner; readonly options: AwsOptions },
  now: Instant,
): { readonly job: string | undefined; readonly fields: ScheduleFields; readonly unmanaged: JsonObject } {
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
  // Schedules of before the runbooks: EC2's calls have no room for whose they are, the description says it.
  const described = /:ec2:(?:start|stop)Instances$/.test(fields.target)
    ? /^rota: job ([a-z0-9-]+)$/.exec(read.Description ?? "")
    : null;
  const job = markedJob(fields.input, owner) ?? described?.[1];
  const unmanaged = {
    ...(read.KmsKeyArn ? { kmsKey: read.KmsKeyArn } : {}),
    ...(read.Description && read.Description !== describe(job) ? { description: read.Description } : {}),
    ...(options.deadLetterQueue === undefined && queue !== undefined ? { deadLetterQueue: queue } : {}),
  };
  return { job, fields, unmanaged };
}

/** When a schedule that was read fires. */
export function nativeOf(id: string, { expression, timezone, start, end }: ScheduleFields): NativeSchedule {
  return {
    suffix: id,
    expression,
    timezone,
    ...(start === undefined ? {} : { startAt: Date.parse(start) }),
    ...(end === undefined ? {} : { endAt: Date.parse(end) }),
  };
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
