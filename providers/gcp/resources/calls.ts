import type { DesiredJob, HttpWorkload, Job, Resource, VmWorkload } from "../../../src/model/index.ts";
import type { Owner } from "../naming.ts";
import type { GcpOptions } from "../options.ts";
import type { NativeSchedule } from "../translate/index.ts";
import {
  OAUTH_SCOPE,
  type Retries,
  START_DEADLINE_SECONDS,
  START_RETRIES,
  scheduleOf,
  type Target,
} from "./schedule.ts";

/** Cloud Scheduler waits for an answer at least and at most so long (job.proto, attempt_deadline). */
const LEAST_DEADLINE_SECONDS = 15;
const LONGEST_DEADLINE_SECONDS = 1800;
/** And tries again at most so often (job.proto, retry_count). */
const MOST_RETRIES = 5;
const METHODS = ["POST", "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"];
const WITH_BODY = ["POST", "PUT", "PATCH"];
const INSTANCE =
  /^(?:projects\/(?<project>[a-z0-9-]+)\/)?(?:zones\/)?(?<zone>[a-z]+-[a-z]+\d+-[a-z])\/(?:instances\/)?(?<name>[a-z0-9-]+)$/;

interface Refusal {
  readonly reason: string;
  readonly fix: string;
}

/** Jobs that are no more than a call, which Cloud Scheduler makes itself. */
type CallWorkload = HttpWorkload | VmWorkload;

export function isCall(workload: Job["workload"]): workload is CallWorkload {
  return workload.kind === "http" || workload.kind === "vm";
}

/** Why nobody hears of such a job's runs. */
export const UNSEEN: string =
  "Cloud Scheduler makes the call itself, and what came of it stands in its log alone (resource.type=cloud_scheduler_job)";

/** Why Cloud Scheduler cannot make a job's call as it is; undefined when it can. */
export function callRefusal(workload: CallWorkload): Refusal | undefined {
  return workload.kind === "http" ? httpRefusal(workload) : vmRefusal(workload);
}

function httpRefusal({ method, body, secrets, timeoutSeconds, expectStatus }: HttpWorkload): Refusal | undefined {
  if (Object.keys(secrets).length > 0) {
    const fix = "check its OIDC token instead, which names the service account, or make it a container";
    return { reason: "Cloud Scheduler reads no secrets into headers", fix };
  }
  const hasBody = body !== undefined && body !== "";
  if (!(hasBody ? WITH_BODY : METHODS).includes(method)) {
    const reason = `Cloud Scheduler sends no ${method}${hasBody ? " with a body" : ""}`;
    return { reason, fix: `use ${(hasBody ? WITH_BODY : METHODS).join(", ")}` };
  }
  if (timeoutSeconds > LONGEST_DEADLINE_SECONDS) {
    const fix = "let the server answer at once and work on, or make it a container";
    return { reason: `Cloud Scheduler waits for an answer at most 30m, not ${timeoutSeconds} s`, fix };
  }
  const isUsual = expectStatus.length === 100 && expectStatus.every((status) => status >= 200 && status < 300);
  if (expectStatus.length === 0 || isUsual) return undefined;
  return { reason: "Cloud Scheduler takes 200 to 299 for success, and nothing else", fix: "drop expectStatus" };
}

function vmRefusal({ instances, tags }: VmWorkload): Refusal | undefined {
  if (Object.keys(tags).length > 0) {
    return {
      reason: "Cloud Scheduler finds no machines by their labels",
      fix: "name them: instances: [us-central1-a/NAME]",
    };
  }
  const wrong = instances.find((each) => !INSTANCE.test(each));
  if (wrong === undefined) return undefined;
  return {
    reason: `"${wrong}" does not say the machine's zone`,
    fix: "write ZONE/NAME, such as us-central1-a/trainer",
  };
}

/** The schedules of such a job: one, or one for each machine. */
export function callSchedules(
  desired: DesiredJob,
  workload: CallWorkload,
  native: NativeSchedule,
  owner: Owner,
  options: GcpOptions,
): readonly Resource[] {
  const account = options.schedulerServiceAccount ?? options.serviceAccount;
  if (workload.kind === "http") {
    const retries = { count: Math.min(MOST_RETRIES, desired.job.retry.attempts - 1), withinSeconds: 0 };
    return [scheduleOf(desired, native, owner, { target: httpTarget(workload, account), retries, dependsOn: [] })];
  }
  const retries: Retries = START_RETRIES[desired.job.schedule.catchUp.policy];
  return workload.instances.map((instance) => {
    const { project = options.project, zone = "", name = "" } = INSTANCE.exec(instance)?.groups ?? {};
    const target: Target = {
      uri: `https://compute.googleapis.com/compute/v1/projects/${project}/zones/${zone}/instances/${name}/${workload.action}`,
      method: "POST",
      headers: {},
      body: null,
      auth: { kind: "oauth", account, for: OAUTH_SCOPE },
      attemptDeadlineSeconds: START_DEADLINE_SECONDS,
    };
    const suffix = `${native.suffix}-${zone}-${name}`;
    return scheduleOf(desired, { ...native, suffix }, owner, { target, retries, dependsOn: [] });
  });
}

/** With an OIDC token whose audience is the server, unless the request brings its own authorization. */
function httpTarget({ url, method, headers, body, timeoutSeconds }: HttpWorkload, account: string): Target {
  const bringsOwn = Object.keys(headers).some((name) => name.toLowerCase() === "authorization");
  const { protocol, origin } = new URL(url);
  return {
    uri: url,
    method,
    headers,
    body: bodyOf(body),
    auth:
      protocol === "https:" && !bringsOwn
        ? { kind: "oidc", account, for: origin }
        : { kind: "none", account: "", for: "" },
    attemptDeadlineSeconds: Math.min(
      LONGEST_DEADLINE_SECONDS,
      Math.max(LEAST_DEADLINE_SECONDS, Math.ceil(timeoutSeconds)),
    ),
  };
}

/** As it is read back: a body that is compact JSON as its value, anything else as text. */
function bodyOf(body: string | undefined): Target["body"] {
  if (body === undefined || body === "") return null;
  try {
    const value = JSON.parse(body) as Target["body"];
    return JSON.stringify(value) === body && typeof value === "object" ? value : body;
  } catch {
    return body;
  }
}
