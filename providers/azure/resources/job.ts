import type { Job, JsonObject, OwnershipMark, Resource } from "../../../src/model/index.ts";
import { digest, type TimeLimit, timeLimitOf } from "../../../src/provider/index.ts";
import {
  CONTAINER,
  environmentId,
  foreignTags,
  identityId,
  resourceName,
  sameId,
  secretUrl,
  tagsOf,
  tagValue,
  variablesOf,
} from "../naming.ts";
import type { AzureOptions } from "../options.ts";
import type { Place } from "../place.ts";
import { sizeOf } from "../sizes.ts";
import type { Raw } from "./world.ts";

/** Azure wants a limit: this is it where the job has none of its own. */
export const LONGEST_SECONDS: number = 7 * 86_400;

/** What rota manages of a Container Apps job; the same whether it is wanted or read back. */
export interface JobFields {
  readonly location: string;
  readonly containerAppsEnvironment: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Variable → address of the secret in Key Vault. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly cpu: number;
  readonly memoryGib: number;
  /** `replicaTimeout`: Azure ends a run at it by itself. */
  readonly timeoutSeconds: number;
  /** In UTC; absent where something else starts it. */
  readonly cron?: string;
  /** Absent where the placement names none: then one set by hand is left alone. */
  readonly identity?: string;
  readonly registry?: string;
}

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly secretRef?: string;
}

interface Container {
  readonly name?: string;
  readonly image?: string;
  readonly args?: readonly string[];
  readonly env?: readonly Variable[];
  readonly resources?: { readonly cpu?: number; readonly memory?: string };
}

interface Secret {
  readonly name?: string;
  readonly keyVaultUrl?: string;
}

/** A Container Apps job as ARM has it (Microsoft.App/jobs, 2025-07-01), as far as rota reads it. */
export interface RawJob extends Raw {
  readonly identity?: { readonly type?: string; readonly userAssignedIdentities?: Readonly<Record<string, unknown>> };
  readonly properties?: {
    readonly provisioningState?: string;
    readonly environmentId?: string;
    readonly configuration?: {
      readonly triggerType?: string;
      readonly replicaTimeout?: number;
      readonly scheduleTriggerConfig?: { readonly cronExpression?: string };
      readonly registries?: readonly { readonly server?: string; readonly identity?: string }[];
      readonly secrets?: readonly Secret[];
      readonly [name: string]: unknown;
    };
    readonly template?: { readonly containers?: readonly Container[]; readonly [name: string]: unknown };
    readonly [name: string]: unknown;
  };
}

/** Variables that are rota's own, and no wish of the manifest's. */
const TOLD = variablesOf({ namespace: "", environment: "", job: "" });

/** The Container Apps job of a job; undefined when it is no container, of no size that there is, or has a secret of no vault. */
export function jobResource(job: Job, place: Place, cron: string | undefined): Resource | undefined {
  const { owner, options } = place;
  const { workload } = job;
  if (workload.kind !== "container") return undefined;
  const size = sizeOf(workload.cpu, workload.memoryBytes);
  if (!size) return undefined;
  const identity = identityId(options, options.identity);
  const fields: JobFields = {
    location: options.location,
    containerAppsEnvironment: environmentId(options),
    image: workload.image,
    args: workload.command,
    env: workload.env,
    secrets: Object.fromEntries(
      Object.entries(workload.secrets).map(([variable, reference]) => [
        variable,
        secretUrl(reference, options) ?? reference,
      ]),
    ),
    cpu: size.cpu,
    memoryGib: size.memoryGib,
    timeoutSeconds: Math.min(LONGEST_SECONDS, limitOf(job, place)?.seconds ?? LONGEST_SECONDS),
    ...(cron === undefined ? {} : { cron }),
    ...(identity === undefined ? {} : { identity }),
    ...(options.registry === undefined ? {} : { registry: options.registry }),
  };
  const id = resourceName(owner, job.name);
  return { kind: "job", id, job: job.name, fields: fields as unknown as JsonObject };
}

/** The guard's limit that Azure keeps by itself, also while no daemon runs. */
export function limitOf(job: Job, { hourlyNanos }: Place): TimeLimit | undefined {
  return timeLimitOf(job, hourlyNanos?.(job));
}

/** Of lower-case letters, digits and `-`; two variables never share one. */
export function secretName(variable: string): string {
  const readable = variable
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  return `${readable === "" ? "s" : readable}-${digest(variable, 6)}`;
}

/** The container of a job or of one start of it. */
export function containerOf(fields: JobFields, more: Readonly<Record<string, string>> = {}): Required<Container> {
  const env = { ...fields.env, ...more };
  return {
    name: CONTAINER,
    image: fields.image,
    args: fields.args,
    env: [
      ...sorted(env).map(([name, value]) => ({ name, value })),
      ...sorted(fields.secrets).map(([name]) => ({ name, secretRef: secretName(name) })),
    ],
    resources: { cpu: fields.cpu, memory: `${fields.memoryGib}Gi` },
  };
}

export interface JobBody {
  readonly mark: OwnershipMark;
  readonly fields: JobFields;
  readonly paused: boolean;
  /** What is there now: what somebody set by hand beside what rota manages is said again. */
  readonly held?: RawJob | undefined;
  readonly tags?: Readonly<Record<string, string>>;
}

/** A whole PUT of a job. A paused one has no trigger, and its expression waits in a tag. */
export function jobBody({ mark, fields, paused, held, tags = {} }: JobBody): RawJob {
  const { configuration = {}, template = {}, ...properties } = held?.properties ?? {};
  const { provisioningState: _state, eventStreamEndpoint: _stream, outboundIpAddresses: _ips, ...rest } = properties;
  const { scheduleTriggerConfig, manualTriggerConfig, eventTriggerConfig: _event, ...kept } = configuration;
  const counts = { parallelism: 1, replicaCompletionCount: 1 };
  const runs = fields.cron !== undefined && !paused;
  const [own = {}, ...others] = template.containers ?? [];
  const secretNames = new Set(Object.keys(fields.secrets).map(secretName));
  const identity = fields.identity;
  return {
    location: fields.location,
    tags: {
      ...foreignTags(held?.tags),
      ...tagsOf(mark, { ...tags, ...(paused && fields.cron !== undefined ? { paused: fields.cron } : {}) }),
    },
    ...identityBody(held, identity),
    properties: {
      ...rest,
      environmentId: fields.containerAppsEnvironment,
      configuration: {
        replicaRetryLimit: 0,
        ...kept,
        triggerType: runs ? "Schedule" : "Manual",
        replicaTimeout: fields.timeoutSeconds,
        ...(runs
          ? { scheduleTriggerConfig: { ...counts, ...scheduleTriggerConfig, cronExpression: fields.cron } }
          : { manualTriggerConfig: { ...counts, ...(manualTriggerConfig as object | undefined) } }),
        registries: [
          ...(configuration.registries ?? []).filter(({ server }) => server !== fields.registry),
          ...(fields.registry === undefined ? [] : [{ server: fields.registry, ...(identity && { identity }) }]),
        ],
        secrets: [
          ...(configuration.secrets ?? []).filter(
            ({ name = "" }) => !isOurSecret(name, held) && !secretNames.has(name),
          ),
          ...sorted(fields.secrets).map(([variable, keyVaultUrl]) => ({
            name: secretName(variable),
            keyVaultUrl,
            ...(identity && { identity }),
          })),
        ],
      },
      template: { ...template, containers: [{ ...own, ...containerOf(fields, variablesOf(mark)) }, ...others] },
    },
  };
}

function identityBody(held: RawJob | undefined, identity: string | undefined): Pick<RawJob, "identity"> {
  const known = Object.keys(held?.identity?.userAssignedIdentities ?? {});
  const others = known.filter((id) => !sameId(id, identity));
  const wanted = [...others, ...(identity === undefined ? [] : [identity])];
  const system = /SystemAssigned/.test(held?.identity?.type ?? "");
  if (wanted.length === 0) return system ? { identity: { type: "SystemAssigned" } } : {};
  return {
    identity: {
      type: system ? "SystemAssigned,UserAssigned" : "UserAssigned",
      userAssignedIdentities: Object.fromEntries(wanted.map((id) => [id, {}])),
    },
  };
}

/** Secrets that the job's own container refers to were put there with it. */
function isOurSecret(name: string, held: RawJob | undefined): boolean {
  const variables = held?.properties?.template?.containers?.[0]?.env ?? [];
  return variables.some(({ name: variable, secretRef }) => secretRef === name && secretName(variable) === name);
}

/** What rota manages of a job that was read, and what somebody set beside it. */
export function readJob(
  raw: RawJob,
  options: AzureOptions,
): { readonly fields: JobFields; readonly unmanaged: JsonObject } {
  const { configuration = {}, template = {}, environmentId: environment, ...properties } = raw.properties ?? {};
  const {
    triggerType,
    replicaTimeout,
    scheduleTriggerConfig,
    registries = [],
    secrets = [],
    ...restOfConfiguration
  } = configuration;
  const [own = {}, ...others] = template.containers ?? [];
  const { name: _name, image = "", args, env, resources, ...restOfContainer } = own;
  const variables = env ?? [];
  const vaultOf = new Map(secrets.map(({ name = "", keyVaultUrl = "" }) => [name, keyVaultUrl]));
  const secretVariables = variables.filter(({ secretRef }) => secretRef !== undefined);
  const cron = triggerType === "Schedule" ? scheduleTriggerConfig?.cronExpression : tagValue(raw.tags, "paused");
  const identities = Object.keys(raw.identity?.userAssignedIdentities ?? {});
  const wantedIdentity = identityId(options, options.identity);
  const identity = identities.find((id) => sameId(id, wantedIdentity)) === undefined ? undefined : wantedIdentity;
  const registry = registries.find(({ server }) => server === options.registry)?.server;
  const fields: JobFields = {
    location: (raw.location ?? "").toLowerCase().replaceAll(" ", ""),
    containerAppsEnvironment: sameId(environment, environmentId(options))
      ? environmentId(options)
      : (environment ?? ""),
    image,
    args: args ?? [],
    env: Object.fromEntries(
      variables.flatMap(({ name, value, secretRef }) =>
        secretRef !== undefined || name in TOLD ? [] : [[name, value ?? ""]],
      ),
    ),
    secrets: Object.fromEntries(
      secretVariables.map(({ name, secretRef = "" }) => [name, vaultOf.get(secretRef) ?? secretRef]),
    ),
    cpu: resources?.cpu ?? 0,
    memoryGib: Number.parseFloat(resources?.memory ?? "0"),
    timeoutSeconds: replicaTimeout ?? 0,
    ...(cron === undefined ? {} : { cron }),
    ...(identity === undefined ? {} : { identity }),
    ...(registry === undefined ? {} : { registry }),
  };
  const {
    provisioningState: _state,
    eventStreamEndpoint: _stream,
    outboundIpAddresses: _ips,
    ...restOfProperties
  } = properties;
  const { manualTriggerConfig: _manual, replicaRetryLimit, ...beyond } = restOfConfiguration;
  const { containers: _containers, ...restOfTemplate } = template;
  const unmanaged = withoutEmpty({
    ...restOfProperties,
    ...beyond,
    ...restOfTemplate,
    ...(replicaRetryLimit === 0 ? {} : { replicaRetryLimit }),
    // The profile that every environment has, and that Azure fills in.
    ...(restOfProperties["workloadProfileName"] === "Consumption" ? { workloadProfileName: undefined } : {}),
    container: withoutEmpty(restOfContainer),
    containers: others,
    secrets: secrets.filter(({ name = "" }) => !isOurSecret(name, raw)).map(({ name = "" }) => name),
    registries: registries.filter(({ server }) => server !== options.registry),
    identities: identities.filter((id) => !sameId(id, wantedIdentity)),
    tags: foreignTags(raw.tags),
  });
  return { fields, unmanaged };
}

/** What Azure fills in by itself (empty lists, null) is nobody's wish. */
export function withoutEmpty(values: Readonly<Record<string, unknown>>): JsonObject {
  const isEmpty = (value: unknown): boolean =>
    value === undefined || value === null || (typeof value === "object" && Object.keys(value).length === 0);
  return JSON.parse(
    JSON.stringify(Object.fromEntries(Object.entries(values).filter(([, value]) => !isEmpty(value)))),
  ) as JsonObject;
}

function sorted<V>(values: Readonly<Record<string, V>>): readonly [string, V][] {
  return Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
}
