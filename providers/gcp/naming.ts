import type { OwnershipMark } from "../../src/model/index.ts";
import { digest } from "../../src/provider/index.ts";

export type Owner = Omit<OwnershipMark, "job">;
type Labels = Readonly<Record<string, string>>;

/** The container's name within a Cloud Run job. */
export const CONTAINER = "job";
/** Cloud Run: a job's name has fewer than 50 characters, begins with a letter and is a DNS label. */
const LONGEST_RUN_JOB = 49;
const HASH_LENGTH = 8;
/** Values that the adapter itself reads back from a run's environment. */
export const RUN_VARIABLE = "ROTA_RUN";
/** `schedule`: the request was Cloud Scheduler's. */
export const STARTED_BY_VARIABLE = "ROTA_STARTED_BY";

/**
 * The Cloud Run job of a job: readable, and told apart by a hash of all three parts, because a DNS label leaves no
 * character that they could not have themselves.
 */
export function runJobId({ namespace, environment }: Owner, job: string): string {
  const hash = digest([namespace, environment, job].join("/"), HASH_LENGTH);
  const readable = `rota-${namespace}-${environment}-${job}`.slice(0, LONGEST_RUN_JOB - HASH_LENGTH - 1);
  return `${readable.replace(/-+$/, "")}-${hash}`;
}

/** The Cloud Scheduler job; its parts have no underscore, so that nothing runs together. At most 500 characters. */
export function scheduleId(owner: Owner, job: string, suffix: string): string {
  return `${schedulePrefix(owner)}${job}_${suffix}`;
}

export function schedulePrefix({ namespace, environment }: Owner): string {
  return `rota_${namespace}_${environment}_`;
}

/** Labels of what can carry them: Cloud Run jobs, their executions, Batch jobs. Names have at most 63 characters. */
export function labelsOf(mark: OwnershipMark): Labels {
  return { "rota-namespace": mark.namespace, "rota-environment": mark.environment, "rota-job": mark.job };
}

/** The job that labels (or headers, which vendors may respell) name, when they are this owner's; else undefined. */
export function jobOfLabels(owner: Owner, labels: Labels | null | undefined): string | undefined {
  const value = (name: string): string | undefined =>
    Object.entries(labels ?? {}).find(([key]) => key.toLowerCase() === `rota-${name}`)?.[1];
  if (value("namespace") !== owner.namespace || value("environment") !== owner.environment) return undefined;
  const job = value("job");
  return job === undefined || job === "" ? undefined : job;
}

/** `x` of `projects/p/locations/l/jobs/x`. */
export function lastPart(name: string | null | undefined): string {
  return (name ?? "").split("/").at(-1) ?? "";
}
