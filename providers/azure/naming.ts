import type { OwnershipMark } from "../../src/model/index.ts";
import { digest } from "../../src/provider/index.ts";
import { CLOUDS } from "./cloud.ts";
import type { AzureOptions } from "./options.ts";

export type Owner = Omit<OwnershipMark, "job">;
export type Tags = Readonly<Record<string, string>>;

/** The container's name within a job. */
export const CONTAINER = "job";
/** Names of Container Apps jobs: 2 to 32 of `a-z`, `0-9` and single `-`, a letter first. */
const LONGEST_NAME = 32;
const HASH = 8;
const PREFIX = "rota-";
/** What an execution carries in its environment, beside the job's own variables. */
export const MARKS = { run: "ROTA_RUN", fire: "ROTA_FIRE", trigger: "ROTA_TRIGGER" } as const;

/** What every start of a job is told, whoever makes it. */
export function variablesOf({ namespace, environment, job }: OwnershipMark): Readonly<Record<string, string>> {
  return { ROTA_ENV: environment, ROTA_JOB: job, ROTA_NAMESPACE: namespace };
}

/** One name for a job's Container Apps job and its workflow; the hash tells namespaces and environments of one group apart. */
export function resourceName({ namespace, environment }: Owner, job: string): string {
  const readable = job
    .replaceAll(/-{2,}/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, LONGEST_NAME - HASH - 1)
    .replace(/-+$/, "");
  return `${readable === "" ? "job" : readable}-${digest([namespace, environment, job].join("\n"), HASH)}`;
}

/** Azure takes no `<>%&\?/` in a tag's name, and some services no `:`. */
export function tagsOf(mark: OwnershipMark, more: Tags = {}): Tags {
  return Object.fromEntries(Object.entries({ ...mark, ...more }).map(([key, value]) => [`${PREFIX}${key}`, value]));
}

export function tagValue(tags: unknown, name: string): string | undefined {
  if (tags === null || typeof tags !== "object") return undefined;
  const value = (tags as Readonly<Record<string, unknown>>)[`${PREFIX}${name}`];
  return typeof value === "string" ? value : undefined;
}

/** Tags that are not of rota's making. */
export function foreignTags(tags: Tags | undefined): Tags {
  return Object.fromEntries(Object.entries(tags ?? {}).filter(([name]) => !name.startsWith(PREFIX)));
}

/** The job that a resource belongs to; undefined for one that is not of this namespace and environment. */
export function jobOf(owner: Owner, resource: { readonly name?: string; readonly tags?: unknown }): string | undefined {
  const { tags } = resource;
  if (tagValue(tags, "namespace") !== owner.namespace || tagValue(tags, "environment") !== owner.environment)
    return undefined;
  const job = tagValue(tags, "job");
  // Somebody copied the tags to a resource of their own: the name has to be the one that rota would give it.
  return job !== undefined && resource.name === resourceName(owner, job) ? job : undefined;
}

export function groupId({ subscription, resourceGroup }: AzureOptions): string {
  return `/subscriptions/${subscription}/resourceGroups/${resourceGroup}`;
}

export function resourceId(options: AzureOptions, type: string, name: string): string {
  return name.startsWith("/") ? name : `${groupId(options)}/providers/${type}/${name}`;
}

export function environmentId(options: AzureOptions): string {
  return resourceId(options, "Microsoft.App/managedEnvironments", options.containerAppsEnvironment);
}

export function identityId(options: AzureOptions, name: string | undefined): string | undefined {
  return name === undefined ? undefined : resourceId(options, "Microsoft.ManagedIdentity/userAssignedIdentities", name);
}

/** The address of a secret: a whole one is itself, `VAULT/NAME` names its vault, anything else is in the placement's. */
export function secretUrl(reference: string, options: AzureOptions): string | undefined {
  if (reference.startsWith("https://")) return reference;
  const [first = "", ...rest] = reference.split("/");
  const vault = rest.length === 0 ? options.keyVault : first;
  const secret = rest.length === 0 ? first : rest.join("/");
  if (vault === undefined || !/^[A-Za-z0-9-]{1,127}(?:\/[0-9a-f]{32})?$/.test(secret)) return undefined;
  const base = vault.startsWith("https://")
    ? vault.replace(/\/$/, "")
    : `https://${vault}.${CLOUDS[options.cloud].vaultSuffix}`;
  return `${base}/secrets/${secret}`;
}

/** ARM compares ids and locations without regard to case, and answers in whatever case it likes. */
export function sameId(a: string | undefined, b: string | undefined): boolean {
  return a?.toLowerCase() === b?.toLowerCase();
}
