import type { Job, JsonObject } from "../../../src/model/index.ts";
import { CLOUDS } from "../cloud.ts";
import { groupId, identityId, MARKS, resourceId, resourceName, secretUrl, variablesOf } from "../naming.ts";
import type { AzureOptions } from "../options.ts";
import type { Place } from "../place.ts";
import { containerOf, type JobFields, jobResource } from "./job.ts";
import { JOBS } from "./world.ts";

const MACHINES = { type: "Microsoft.Compute/virtualMachines", version: "2024-07-01" } as const;
const VAULT_VERSION = "7.4";
/** Never tried again by itself: after a lost answer a second request would be a second start. */
const ONCE = { retryPolicy: { type: "none" } } as const;
const SECRET = { runtimeConfiguration: { secureData: { properties: ["inputs", "outputs"] } } } as const;

type Actions = Readonly<Record<string, JsonObject>>;

/** What the workflow of a job does when it is triggered; undefined where the job has none. */
export function actionsOf(job: Job, place: Place): Actions | undefined {
  const { workload } = job;
  const { options } = place;
  if (workload.kind === "container") return startJob(job, place);
  if (workload.kind === "http") return callUrl(workload, options);
  if (workload.kind === "vm") return operateMachines(workload, options);
  return undefined;
}

/** One start of the Container Apps job, whole: a start's template takes the place of the job's own. */
function startJob(job: Job, place: Place): Actions | undefined {
  const { owner, options } = place;
  const resource = jobResource(job, place, undefined);
  if (!resource) return undefined;
  const fields = resource.fields as unknown as JobFields;
  const variables = {
    ...variablesOf({ ...owner, job: job.name }),
    [MARKS.trigger]: "schedule",
  };
  const path = `${resourceId(options, JOBS.type, resourceName(owner, job.name))}/start?api-version=${JOBS.version}`;
  const body = { containers: [escaped(containerOf(fields, variables))] };
  return { start: azure(options, "POST", path, body) };
}

function callUrl(workload: Extract<Job["workload"], { kind: "http" }>, options: AzureOptions): Actions {
  const secrets = Object.entries(workload.secrets).map(([header, reference], index) => ({
    header,
    action: `secret-${index + 1}`,
    url: secretUrl(reference, options) ?? reference,
  }));
  const reads = secrets.map(({ action, url }): [string, JsonObject] => [
    action,
    {
      type: "Http",
      runAfter: {},
      inputs: {
        method: "GET",
        uri: `${url}?api-version=${VAULT_VERSION}`,
        authentication: authentication(options, CLOUDS[options.cloud].vaultAudience),
      },
      ...SECRET,
    },
  ]);
  const headers = {
    ...(escaped(workload.headers) as Readonly<Record<string, string>>),
    ...Object.fromEntries(secrets.map(({ header, action }) => [header, `@{body('${action}')?['value']}`])),
  };
  const call: JsonObject = {
    type: "Http",
    runAfter: Object.fromEntries(secrets.map(({ action }) => [action, ["Succeeded"]])),
    inputs: {
      method: workload.method,
      uri: escaped(workload.url) as string,
      ...(Object.keys(headers).length === 0 ? {} : { headers }),
      ...(workload.body === undefined ? {} : { body: escaped(workload.body) as string }),
      ...ONCE,
    },
    limit: { timeout: `PT${Math.ceil(workload.timeoutSeconds)}S` },
    operationOptions: "DisableAsyncPattern",
    ...(secrets.length === 0 ? {} : SECRET),
  };
  const check = expectation(workload.expectStatus);
  return { ...Object.fromEntries(reads), call, ...(check && { check }) };
}

/** Without it, 200 to 299 are good: the action itself fails on others. */
function expectation(statuses: readonly number[]): JsonObject | undefined {
  if (statuses.length === 0) return undefined;
  const failed = { code: "unexpectedStatus", message: "@{concat('HTTP status ', outputs('call')?['statusCode'])}" };
  return {
    type: "If",
    runAfter: { call: ["Succeeded", "Failed"] },
    expression: { and: [{ contains: [`@createArray(${statuses.join(",")})`, "@outputs('call')?['statusCode']"] }] },
    actions: {},
    else: {
      actions: { refuse: { type: "Terminate", runAfter: {}, inputs: { runStatus: "Failed", runError: failed } } },
    },
  };
}

/** Starts machines, or deallocates them: one that is only stopped goes on costing. */
function operateMachines(workload: Extract<Job["workload"], { kind: "vm" }>, options: AzureOptions): Actions {
  const verb = workload.action === "start" ? "start" : "deallocate";
  const machine = (id: string): string => `${id}/${verb}?api-version=${MACHINES.version}`;
  const named = workload.instances.map((instance, index): [string, JsonObject] => [
    `machine-${index + 1}`,
    azure(options, "POST", machine(resourceId(options, MACHINES.type, instance))),
  ]);
  const wanted = Object.entries(workload.tags);
  if (wanted.length === 0) return Object.fromEntries(named);
  const equals = wanted.map(([key, value]) => `equals(item()?['tags']?[${quoted(key)}],${quoted(value)})`);
  const condition = equals.length === 1 ? `@${equals[0]}` : `@and(${equals.join(",")})`;
  const path = `${groupId(options)}/providers/${MACHINES.type}?api-version=${MACHINES.version}`;
  return {
    ...Object.fromEntries(named),
    machines: azure(options, "GET", path),
    tagged: {
      type: "Query",
      runAfter: { machines: ["Succeeded"] },
      inputs: { from: "@body('machines')?['value']", where: condition },
    },
    each: {
      type: "Foreach",
      runAfter: { tagged: ["Succeeded"] },
      foreach: "@body('tagged')",
      actions: { machine: azure(options, "POST", machine("@{items('each')?['id']}")) },
    },
  };
}

/** One request to the resource manager, as the trigger identity. */
function azure(options: AzureOptions, method: "GET" | "POST", path: string, body?: JsonObject): JsonObject {
  const { resourceManager, resourceManagerAudience } = CLOUDS[options.cloud];
  return {
    type: "Http",
    runAfter: {},
    inputs: {
      method,
      uri: `${resourceManager}${path}`,
      ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body }),
      authentication: authentication(options, resourceManagerAudience),
      ...ONCE,
    },
    operationOptions: "DisableAsyncPattern",
  };
}

function authentication(options: AzureOptions, audience: string): JsonObject {
  return {
    type: "ManagedServiceIdentity",
    identity: identityId(options, options.triggerIdentity) ?? "",
    audience,
  };
}

/** Text that a person wrote, as text: Logic Apps take `@` at the beginning and `@{` anywhere for an expression. */
function escaped(value: unknown): JsonObject[string] {
  if (typeof value === "string") return value.replace(/^@/, "@@").replaceAll(/(?<!^)@\{/g, "@@{");
  if (Array.isArray(value)) return value.map(escaped);
  if (value === null || typeof value !== "object") return value as JsonObject[string];
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escaped(inner)]));
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
