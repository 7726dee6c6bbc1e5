import type { Job, JsonObject, Resource } from "../../../src/model/index.ts";
import type { RunContainer, RunJob } from "../api/index.ts";
import { CONTAINER, labelsOf, type Owner, runJobId } from "../naming.ts";
import type { GcpOptions } from "../options.ts";
import { runSize } from "../sizes.ts";

/** A task of Cloud Run may take at most so long ("Set task timeout for jobs": 168 hours). */
export const LONGEST_SECONDS = 604_800;
/** The guard ends a run at its limit, and says so; the platform's own limit stands a little behind it. */
const SPARE_SECONDS = 60;

/** What rota manages of a Cloud Run job; the same whether it is wanted or read back. */
export interface RunJobFields {
  readonly image: string;
  /** Arguments to the image's entry point. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Variable → `NAME:VERSION`, or `projects/P/secrets/NAME:VERSION` of another project. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly cpu: string;
  readonly memory: string;
  readonly serviceAccount: string;
  readonly timeoutSeconds: number;
  readonly maxRetries: number;
  readonly taskCount: number;
}

/** The Cloud Run job of a job; undefined when it is no container, or of a size that Cloud Run does not have. */
export function runJobOf(job: Job, owner: Owner, options: GcpOptions): Resource | undefined {
  const { workload } = job;
  if (workload.kind !== "container") return undefined;
  const size = runSize(workload.cpu, workload.memoryBytes);
  if (!size) return undefined;
  const fields: RunJobFields = {
    image: workload.image,
    args: workload.command,
    env: workload.env,
    secrets: Object.fromEntries(
      Object.entries(workload.secrets).map(([variable, reference]) => [variable, secretText(reference)]),
    ),
    cpu: size.cpu,
    memory: size.memory,
    serviceAccount: options.serviceAccount,
    timeoutSeconds: timeoutOf(job),
    // A failed run is tried again by its job's own rule, each attempt on record.
    maxRetries: 0,
    taskCount: 1,
  };
  return { kind: "runJob", id: runJobId(owner, job.name), job: job.name, fields: fields as unknown as JsonObject };
}

/** The guard's duration as the belt, unless the guard itself only watches: then what the platform can do at most. */
export function timeoutOf({ guard }: Job, longestSeconds: number = LONGEST_SECONDS): number {
  const { durationSeconds, graceSeconds, mode, onBreach, protect } = guard;
  if (durationSeconds === undefined || mode === "observe" || onBreach === "notify" || protect) return longestSeconds;
  return Math.min(longestSeconds, Math.ceil(durationSeconds + graceSeconds + SPARE_SECONDS));
}

/** `NAME`, `NAME:VERSION`, `projects/P/secrets/NAME` with or without `/versions/VERSION`: always with its version. */
export function secretText(reference: string): string {
  const match = /^(?<secret>projects\/[^/]+\/secrets\/[^/:]+|[^/:]+)(?:(?:\/versions\/|:)(?<version>[^/:]+))?$/.exec(
    reference,
  );
  const { secret = reference, version = "latest" } = match?.groups ?? {};
  return `${secret}:${version}`;
}

/** Whether a reference names a secret of Secret Manager at all. */
export function isSecretReference(reference: string): boolean {
  return /^(?:projects\/[^/]+\/secrets\/)?[A-Za-z0-9_-]{1,255}(?:(?:\/versions\/|:)[A-Za-z0-9_-]+)?$/.test(reference);
}

/** The whole job: what rota manages, over what is there already, so that nothing set by hand is lost. */
export function runJobMessage(
  fields: RunJobFields,
  mark: Owner & { readonly job: string },
  held: RunJob = {},
  extraLabels: Readonly<Record<string, string>> = {},
): RunJob {
  const [own = {}, ...others] = held.template?.template?.containers ?? [];
  const labels = { ...labelsOf(mark), ...extraLabels };
  const { "rota-for": _for, ...kept } = held.labels ?? {};
  const { "rota-for": _forRun, ...keptInTemplate } = held.template?.labels ?? {};
  const container: RunContainer = {
    ...own,
    name: CONTAINER,
    image: fields.image,
    args: [...fields.args],
    env: [
      ...pairs(fields.env).map(([name, value]) => ({ name, value })),
      ...pairs(fields.secrets).map(([name, text]) => {
        const [secret = "", version = "latest"] = splitLast(text);
        return { name, valueSource: { secretKeyRef: { secret, version } } };
      }),
    ],
    resources: { ...own.resources, limits: { ...own.resources?.limits, cpu: fields.cpu, memory: fields.memory } },
  };
  return {
    ...held,
    labels: { ...kept, ...labels },
    template: {
      ...held.template,
      labels: { ...keptInTemplate, ...labels },
      taskCount: fields.taskCount,
      template: {
        ...held.template?.template,
        containers: [container, ...others],
        maxRetries: fields.maxRetries,
        timeout: { seconds: fields.timeoutSeconds },
        serviceAccount: fields.serviceAccount,
      },
    },
  };
}

/** What rota manages of a job that was read, and what somebody set beside it. */
export function readRunJob(read: RunJob): { readonly fields: RunJobFields; readonly unmanaged: JsonObject } {
  const task = read.template?.template ?? {};
  const [own = {}, ...others] = task.containers ?? [];
  const { name: _name, image, args, env, resources, buildInfo: _built, ...container } = own;
  const { cpu = "", memory = "", ...limits } = resources?.limits ?? {};
  const fields: RunJobFields = {
    image: image ?? "",
    args: args ?? [],
    env: Object.fromEntries(
      (env ?? []).flatMap(({ name, value, valueSource }) =>
        valueSource?.secretKeyRef ? [] : [[name ?? "", value ?? ""] as const],
      ),
    ),
    secrets: Object.fromEntries(
      (env ?? []).flatMap(({ name, valueSource }) => {
        const { secret, version } = valueSource?.secretKeyRef ?? {};
        return secret ? [[name ?? "", `${secret}:${version || "latest"}`] as const] : [];
      }),
    ),
    cpu,
    memory,
    serviceAccount: task.serviceAccount ?? "",
    timeoutSeconds: Number(task.timeout?.seconds ?? 0),
    maxRetries: task.maxRetries ?? 0,
    taskCount: read.template?.taskCount ?? 1,
  };
  const { containers: _containers, maxRetries: _retries, timeout: _timeout, serviceAccount: _account, ...rest } = task;
  const { labels: _labels, taskCount: _count, template: _template, ...execution } = read.template ?? {};
  const { binaryAuthorization, annotations } = read;
  const unmanaged = withoutEmpty({
    container: withoutEmpty({ ...container, limits }),
    containers: others,
    task: withoutEmpty({ ...rest, retries: undefined }),
    execution: withoutEmpty(execution),
    annotations,
    binaryAuthorization,
    labels: foreignLabels(read.labels),
  });
  return { fields, unmanaged };
}

function foreignLabels(labels: Readonly<Record<string, string>> | null | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels ?? {}).filter(([name]) => !name.startsWith("rota-")));
}

/** What the API fills in by itself (empty lists and texts, zeros, unspecified values) is nobody's wish. */
function withoutEmpty(values: object): JsonObject {
  const kept = Object.entries(values).filter(([name, value]) => {
    if (value === undefined || value === null || value === 0 || value === "" || value === false) return false;
    if (typeof value === "string" && /UNSPECIFIED$|^EXECUTION_ENVIRONMENT_GEN2$/.test(value)) return false;
    // The name of the field that is set of a group, which the reader adds.
    if (/^_/.test(name)) return false;
    return typeof value !== "object" || Object.keys(value as object).length > 0;
  });
  return JSON.parse(JSON.stringify(Object.fromEntries(kept))) as JsonObject;
}

function splitLast(text: string): readonly [string, string] {
  const at = text.lastIndexOf(":");
  return [text.slice(0, at), text.slice(at + 1)];
}

function pairs(values: Readonly<Record<string, string>>): readonly [string, string][] {
  return Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
}
