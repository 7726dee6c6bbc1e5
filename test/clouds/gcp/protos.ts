import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadSync, type MethodDefinition, type PackageDefinition, type ServiceDefinition } from "@grpc/proto-loader";

type Message = Record<string, unknown>;

/** The vendor's own protos, out of the packages of its clients. */
const SERVICES: Readonly<Record<string, readonly [service: string, file: string, library: string][]>> = {
  cloudscheduler: [
    [
      "google.cloud.scheduler.v1.CloudScheduler",
      "google/cloud/scheduler/v1/cloudscheduler.proto",
      "@google-cloud/scheduler",
    ],
  ],
  run: [
    ["google.cloud.run.v2.Jobs", "google/cloud/run/v2/job.proto", "@google-cloud/run"],
    ["google.cloud.run.v2.Executions", "google/cloud/run/v2/execution.proto", "@google-cloud/run"],
    ["google.cloud.run.v2.Tasks", "google/cloud/run/v2/task.proto", "@google-cloud/run"],
  ],
  batch: [["google.cloud.batch.v1.BatchService", "google/cloud/batch/v1/batch.proto", "@google-cloud/batch"]],
  logging: [["google.logging.v2.LoggingServiceV2", "google/logging/v2/logging.proto", "@google-cloud/logging-api"]],
  monitoring: [
    ["google.monitoring.v3.MetricService", "google/monitoring/v3/metric_service.proto", "@google-cloud/monitoring"],
  ],
};

function folder(library: string): string {
  return join(dirname(fileURLToPath(import.meta.resolve(library))), "..", "protos");
}

const ALL = Object.values(SERVICES).flat();
const FILES = [...new Set(ALL.map(([, file]) => file))];
const FOLDERS = [...new Set(ALL.map(([, , library]) => folder(library))), folder("google-gax")];

/** As the server speaks: every field is there. */
export const served: PackageDefinition = loadSync(FILES, {
  includeDirs: FOLDERS,
  longs: String,
  enums: String,
  defaults: true,
  oneofs: true,
});
/** For comparing: a field is there when it was sent. */
const sent: PackageDefinition = loadSync(FILES, { includeDirs: FOLDERS, longs: String, enums: String });

/** Names of the services, by the short name that calls begin with. */
export const serviceNames: readonly (readonly [short: string, service: string])[] = Object.entries(SERVICES).flatMap(
  ([short, services]) => services.map(([service]) => [short, service] as const),
);

function methodOf(call: string): MethodDefinition<object, object> {
  const [short, operation = ""] = call.split(":");
  for (const [service] of SERVICES[short ?? ""] ?? []) {
    const method = (sent[service] as ServiceDefinition)[operation];
    if (method) return method;
  }
  throw new Error(`there is no ${call} in the protos`);
}

/** A request as the server reads it, with all that was left out of it. */
export function asServed(call: string, input: object): Message {
  const [short, operation = ""] = call.split(":");
  const [service] = SERVICES[short ?? ""]?.[0] ?? [];
  const method = (served[service ?? ""] as ServiceDefinition)[operation];
  if (!method) throw new Error(`there is no ${call} in the protos`);
  return method.requestDeserialize(method.requestSerialize(input)) as Message;
}

/**
 * What the protos do not know of a request, or miss in it: it goes through their own encoding and back, and whatever does
 * not come out as it went in was refused silently. Empty when all is well.
 */
export function problemsOf(call: string, input: object): readonly string[] {
  const method = methodOf(call);
  let back: Message;
  try {
    back = method.requestDeserialize(method.requestSerialize(input)) as Message;
  } catch (error) {
    return [`${call}: ${String(error)}`];
  }
  const type = method.requestType.type as unknown as { readonly name: string };
  return [...differences(input as Message, back, call), ...missing(call.split(":")[0] ?? "", type.name, back, call)];
}

function differences(input: Message, back: Message | undefined, path: string): readonly string[] {
  const found: string[] = [];
  for (const [key, value] of Object.entries(input)) {
    if (isEmpty(value) || ONEOFS.has(key)) continue;
    const answer = back?.[key];
    const at = `${path}.${key}`;
    if (Buffer.isBuffer(value) || value instanceof Uint8Array) {
      if (!Buffer.from(value).equals(Buffer.from((answer ?? []) as Uint8Array))) found.push(`${at}: other bytes`);
    } else if (typeof value === "object") {
      found.push(...differences(value as Message, answer as Message | undefined, at));
    } else if (String(answer) !== String(value)) {
      found.push(`${at}: ${JSON.stringify(value)} came out as ${JSON.stringify(answer)}`);
    }
  }
  return found;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false || value === "0")
    return true;
  if (typeof value === "string") return value.endsWith("_UNSPECIFIED") || value.endsWith("_UNDEFINED");
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** Names of groups of which one field is set: readers add them to a message beside its fields. */
const ONEOFS: ReadonlySet<string> = new Set(
  Object.values(sent).flatMap((definition) => oneofsOf((definition as { readonly type?: unknown }).type)),
);

function oneofsOf(type: unknown): readonly string[] {
  const { oneofDecl = [] } = (type ?? {}) as { readonly oneofDecl?: readonly { readonly name: string }[] };
  return oneofDecl.map(({ name }) => name);
}

/** Fields marked REQUIRED, by service and message; read from the protos' text, because descriptors leave options out. */
const REQUIRED: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(SERVICES).flatMap(([short, services]) =>
    services
      .map(([, file, library]) => dirname(join(folder(library), file)))
      .flatMap((path) => readdirSync(path).map((file) => join(path, file)))
      .flatMap(requiredIn)
      .map(([message, fields]) => [`${short} ${message}`, fields] as const),
  ),
);

function requiredIn(path: string): readonly [string, string[]][] {
  const text = readFileSync(path, "utf8").replaceAll(/\/\/[^\n]*/g, "");
  const found = new Map<string, string[]>();
  const stack: string[] = [];
  for (const [token, message, field, options] of text.matchAll(
    /message (\w+) \{|(\w+) = \d+\s*(\[[^\]]*\])?;|\{|\}/g,
  )) {
    if (token === "{") stack.push("");
    else if (token === "}") stack.pop();
    else if (message !== undefined) stack.push(message);
    else if (field !== undefined && options?.includes("REQUIRED")) {
      const owner = stack.at(-1) ?? "";
      found.set(owner, [...(found.get(owner) ?? []), camel(field)]);
    }
  }
  return [...found];
}

const CHILDREN: Readonly<Record<string, string>> = {
  job: "Job",
  template: "ExecutionTemplate",
  env: "EnvVar",
  containers: "Container",
  valueSource: "EnvVarSource",
  secretKeyRef: "SecretKeySelector",
  taskGroups: "TaskGroup",
  taskSpec: "TaskSpec",
};

function missing(short: string, type: string, message: Message, path: string): readonly string[] {
  const found = (REQUIRED.get(`${short} ${type}`) ?? [])
    .filter((field) => isEmpty(message[field]))
    .map((field) => `${path}.${field}: required by ${type}`);
  for (const [key, value] of Object.entries(message)) {
    const child = path.endsWith(".template") && key === "template" ? "TaskTemplate" : CHILDREN[key];
    if (child === undefined || value === null || typeof value !== "object") continue;
    for (const each of Array.isArray(value) ? value : [value])
      found.push(...missing(short, child, each as Message, `${path}.${key}`));
  }
  return found;
}

function camel(name: string): string {
  return name.replaceAll(/_(\w)/g, (_all, letter: string) => letter.toUpperCase());
}
