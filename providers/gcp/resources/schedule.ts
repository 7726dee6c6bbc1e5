import type { CatchUpPolicy, DesiredJob, Json, JsonObject, Resource } from "../../../src/model/index.ts";
import type { SchedulerJob } from "../api/index.ts";
import { CONTAINER, jobOfLabels, labelsOf, type Owner, runJobId, STARTED_BY_VARIABLE, scheduleId } from "../naming.ts";
import { type GcpOptions, parentOf } from "../options.ts";
import type { NativeSchedule } from "../translate/index.ts";

export const OAUTH_SCOPE: string = "https://www.googleapis.com/auth/cloud-platform";
/** The request only starts the work: Cloud Run answers at once. Cloud Scheduler takes 15 s to 30 min. */
export const START_DEADLINE_SECONDS: number = 180;
/** A start that is refused is tried again a few times within minutes: later it would belong to no fire. */
export const START_RETRIES: Readonly<Record<CatchUpPolicy, Retries>> = {
  none: { count: 0, withinSeconds: 0 },
  last: { count: 3, withinSeconds: 300 },
  all: { count: 3, withinSeconds: 300 },
};

/** What rota manages of a Cloud Scheduler job; the same whether it is wanted or read back. */
export interface ScheduleFields {
  readonly schedule: string;
  readonly timezone: string;
  readonly uri: string;
  readonly method: string;
  /** With rota's mark among them: a Cloud Scheduler job has no labels. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json;
  /** Which kind of token it sends, and whose; `oidc` has an audience, `oauth` a scope. */
  readonly auth: { readonly kind: "oauth" | "oidc" | "none"; readonly account: string; readonly for: string };
  readonly retryCount: number;
  readonly maxRetrySeconds: number;
  readonly attemptDeadlineSeconds: number;
  /** `ok`, or the state in which Cloud Scheduler left it though nobody asked for that. */
  readonly health: "ok" | "UPDATE_FAILED" | "DISABLED";
}

export interface Retries {
  readonly count: number;
  /** 0: until the next fire. */
  readonly withinSeconds: number;
}

export type Target = Pick<ScheduleFields, "uri" | "method" | "headers" | "body" | "auth" | "attemptDeadlineSeconds">;

/** What a run finds in its environment that Cloud Scheduler starts. */
export function scheduledVariables(owner: Owner, job: string): Readonly<Record<string, string>> {
  return {
    ROTA_ENV: owner.environment,
    ROTA_JOB: job,
    ROTA_NAMESPACE: owner.namespace,
    [STARTED_BY_VARIABLE]: "schedule",
  };
}

/** The schedule that starts a job's Cloud Run job. */
export function startSchedule(
  { job }: DesiredJob,
  native: NativeSchedule,
  owner: Owner,
  options: GcpOptions,
): Resource {
  const env = Object.entries(scheduledVariables(owner, job.name)).map(([name, value]) => ({ name, value }));
  const id = runJobId(owner, job.name);
  const target: Target = {
    ...startTarget(options),
    uri: `https://run.googleapis.com/v2/${parentOf(options)}/jobs/${id}:run`,
    body: { overrides: { containerOverrides: [{ name: CONTAINER, env }] } },
  };
  const retries = START_RETRIES[job.schedule.catchUp.policy];
  return scheduleOf({ job }, native, owner, { target, retries, dependsOn: [`runJob/${id}`] });
}

/** How a service of Google's is asked to start something. */
export function startTarget(options: GcpOptions): Omit<Target, "uri" | "body"> {
  return {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    auth: { kind: "oauth", account: options.schedulerServiceAccount ?? options.serviceAccount, for: OAUTH_SCOPE },
    attemptDeadlineSeconds: START_DEADLINE_SECONDS,
  };
}

export function scheduleOf(
  { job }: DesiredJob,
  native: NativeSchedule,
  owner: Owner,
  { target, retries, dependsOn }: { target: Target; retries: Retries; dependsOn: readonly string[] },
): Resource {
  const fields: ScheduleFields = {
    schedule: native.expression,
    timezone: native.timezone,
    ...target,
    headers: { ...target.headers, ...labelsOf({ ...owner, job: job.name }) },
    retryCount: retries.count,
    maxRetrySeconds: retries.withinSeconds,
    health: "ok",
  };
  return {
    kind: "schedule",
    id: scheduleId(owner, job.name, native.suffix),
    job: job.name,
    fields: fields as unknown as JsonObject,
    dependsOn,
  };
}

/** What rota manages of a job that was read, and what somebody set beside it. */
export function readSchedule(read: SchedulerJob): { readonly fields: ScheduleFields; readonly unmanaged: JsonObject } {
  const { httpTarget, retryConfig } = read;
  const { oauthToken, oidcToken } = httpTarget ?? {};
  const fields: ScheduleFields = {
    schedule: read.schedule ?? "",
    timezone: read.timeZone ?? "",
    uri: httpTarget?.uri ?? "",
    method: String(httpTarget?.httpMethod ?? ""),
    headers: withoutVendors(httpTarget?.headers ?? {}),
    body: bodyFrom(httpTarget?.body),
    auth: oauthToken
      ? { kind: "oauth", account: oauthToken.serviceAccountEmail ?? "", for: oauthToken.scope || OAUTH_SCOPE }
      : oidcToken
        ? { kind: "oidc", account: oidcToken.serviceAccountEmail ?? "", for: oidcToken.audience ?? "" }
        : { kind: "none", account: "", for: "" },
    retryCount: retryConfig?.retryCount ?? 0,
    maxRetrySeconds: Number(retryConfig?.maxRetryDuration?.seconds ?? 0),
    attemptDeadlineSeconds: Number(read.attemptDeadline?.seconds ?? START_DEADLINE_SECONDS),
    health: read.state === "UPDATE_FAILED" || read.state === "DISABLED" ? read.state : "ok",
  };
  const description = read.description ?? "";
  const isOwn = description === describe(jobNamed(fields.headers)) || description === "";
  return { fields, unmanaged: isOwn ? {} : { description } };
}

/** The whole job, as CreateJob and UpdateJob take it; `kept`: what somebody set by hand. */
export function scheduleMessage(
  name: string,
  job: string,
  fields: ScheduleFields,
  kept: JsonObject = {},
): SchedulerJob {
  const { kind, account, for: purpose } = fields.auth;
  const { description } = kept;
  return {
    name,
    description: typeof description === "string" ? description : describe(job),
    schedule: fields.schedule,
    timeZone: fields.timezone,
    attemptDeadline: { seconds: fields.attemptDeadlineSeconds },
    retryConfig: {
      retryCount: fields.retryCount,
      ...(fields.maxRetrySeconds === 0 ? {} : { maxRetryDuration: { seconds: fields.maxRetrySeconds } }),
    },
    httpTarget: {
      uri: fields.uri,
      httpMethod: fields.method as "POST",
      headers: { ...fields.headers },
      ...(fields.body === null ? {} : { body: Buffer.from(bodyText(fields.body)) }),
      ...(kind === "oauth" ? { oauthToken: { serviceAccountEmail: account, scope: purpose } } : {}),
      ...(kind === "oidc" ? { oidcToken: { serviceAccountEmail: account, audience: purpose } } : {}),
    },
  };
}

/** The job that a schedule belongs to, by the mark in its headers; undefined for one that is not this owner's. */
export function jobOfSchedule(read: SchedulerJob, owner: Owner): string | undefined {
  return jobOfLabels(owner, read.httpTarget?.headers);
}

/** In words, when Cloud Scheduler itself says that it cannot work. */
export function problemOf({ state, status }: SchedulerJob): string | undefined {
  const why = status?.message ? `: ${status.message}` : "";
  if (state === "UPDATE_FAILED")
    return `Cloud Scheduler failed to update it, and may not start it${why}; rota apply updates it again`;
  if (state === "DISABLED") return `Cloud Scheduler disabled it${why}; rota apply makes it anew`;
  return undefined;
}

function jobNamed(headers: Readonly<Record<string, string>>): string | undefined {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === "rota-job")?.[1];
}

function describe(job: string | undefined): string {
  return `rota: job ${job ?? "?"}`;
}

/** Cloud Scheduler shows headers that it sets itself beside those that were asked for. */
function withoutVendors(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !/^user-agent$|^x-cloudscheduler/i.test(name)));
}

function bodyText(body: Json): string {
  return typeof body === "string" ? body : JSON.stringify(body);
}

/** Compact JSON as its value, anything else as text: so that what is sent again is what was there. */
function bodyFrom(body: Uint8Array | string | null | undefined): Json {
  const text = typeof body === "string" ? Buffer.from(body, "base64").toString() : Buffer.from(body ?? []).toString();
  if (text === "") return null;
  try {
    const value = JSON.parse(text) as Json;
    return JSON.stringify(value) === text && typeof value === "object" ? value : text;
  } catch {
    return text;
  }
}
