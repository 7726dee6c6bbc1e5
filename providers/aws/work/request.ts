import type { HttpWorkload, Job, Json, JsonObject, Resource } from "../../../src/model/index.ts";
import { arnOf, connectionName, eventSource, ruleName } from "../naming.ts";
import type { DestinationFields } from "../resources/destinations.ts";
import type { RuleFields } from "../resources/rule.ts";
import type { AwsJobOptions } from "./job-options.ts";
import { markInput } from "./mark.ts";
import { SCHEDULED_TIME, type Setting, universalTarget, type Work } from "./work.ts";

/** EventBridge waits so long for an endpoint to answer (user guide, "API destinations"). */
const ANSWER_SECONDS = 5;
/** Invocations a second that an API destination makes at most: a schedule makes one. */
const RATE = 1;

/** How much later than other listings a request shows: EventBridge counts by the minute, and CloudWatch has it minutes later. */
export const REQUEST_DELAY_SECONDS = 600;

/**
 * A request through EventBridge's API destination. A schedule cannot have one for its target: it puts an event on the
 * default bus, and a rule of the job's own hands it to the destination.
 */
export function requestWork(job: Job, workload: HttpWorkload, own: AwsJobOptions, setting: Setting): Work {
  const { owner, options } = setting;
  const wrong = problemOf(workload, own, options.rulesRole);
  if (wrong) return wrong;
  const name = ruleName(owner, job.name);
  const destination: DestinationFields = {
    connection: own.connection ?? connectionName(owner),
    url: workload.url,
    method: workload.method,
    perSecond: RATE,
  };
  const rule: RuleFields = {
    trigger: { pattern: { source: [eventSource(owner)], "detail-type": [job.name] } },
    role: options.rulesRole ?? "",
    target: {
      Arn: `api-destination/${name}`,
      ...(Object.keys(workload.headers).length === 0 ? {} : { HttpParameters: { HeaderParameters: workload.headers } }),
      Input: JSON.stringify(bodyOf(workload) ?? {}),
    },
    maximumEventAgeSeconds: job.schedule.catchUp.policy === "none" ? 60 : 600,
    ...(options.deadLetterQueue === undefined ? {} : { deadLetterQueue: options.deadLetterQueue }),
  };
  const needs: readonly Resource[] = [
    { kind: "apiDestination", id: name, job: job.name, fields: destination as unknown as JsonObject },
    {
      kind: "rule",
      id: name,
      job: job.name,
      fields: rule as unknown as JsonObject,
      dependsOn: [`apiDestination/${name}`],
    },
  ];
  const detail = markInput({}, { ...owner, job: job.name, fire: SCHEDULED_TIME });
  const entry = {
    Detail: JSON.stringify(detail),
    DetailType: job.name,
    EventBusName: arnOf(options, "events", "event-bus/default"),
    Source: eventSource(owner),
  };
  const start = { target: universalTarget(options.region, "eventbridge:putEvents"), input: { Entries: [entry] } };
  return { ok: true, kind: "request", needs, start, warnings: warningsOf(workload) };
}

function problemOf(
  workload: HttpWorkload,
  { connection }: AwsJobOptions,
  rulesRole: string | undefined,
): Extract<Work, { ok: false }> | undefined {
  if (rulesRole === undefined) {
    return {
      ok: false,
      reason: "an http job needs a role for EventBridge's rules",
      fix: "name one under the placement: rulesRole: arn:…",
    };
  }
  if (!workload.url.startsWith("https://")) {
    return {
      ok: false,
      reason: "EventBridge sends requests by https only",
      fix: "give an https address, or place it elsewhere (local)",
    };
  }
  if (Object.keys(workload.secrets).length > 0 && connection === undefined) {
    const fix = "make a connection that holds it (aws events create-connection) and name it: aws: { connection: NAME }";
    return {
      ok: false,
      reason: "EventBridge keeps a request's credentials in a connection, and rota handles no secret's value",
      fix,
    };
  }
  if (bodyOf(workload) === undefined) {
    return {
      ok: false,
      reason: "EventBridge sends JSON only, and the body is none",
      fix: "make it JSON, or place the job elsewhere (local)",
    };
  }
  return undefined;
}

/** Undefined when it is no JSON. */
function bodyOf({ body }: HttpWorkload): Json | undefined {
  if (body === undefined) return {};
  try {
    return JSON.parse(body) as Json;
  } catch {
    return undefined;
  }
}

function warningsOf({ timeoutSeconds }: HttpWorkload): readonly string[] {
  const untold =
    "EventBridge tells, minutes later, whether a request was delivered, and not the status: expectStatus is not judged";
  const unstopped = "no request that is on its way can be stopped: EventBridge takes none back";
  if (timeoutSeconds <= ANSWER_SECONDS) return [untold, unstopped];
  return [
    untold,
    unstopped,
    `EventBridge waits ${ANSWER_SECONDS} s for an answer, not ${timeoutSeconds} s, and asks again: the endpoint must answer at once`,
  ];
}
