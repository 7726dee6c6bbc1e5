import type { Json, JsonObject } from "./json.ts";

/** On everything rota creates: as tags, labels or in the name, as the vendor allows. */
export interface OwnershipMark {
  readonly namespace: string;
  readonly environment: string;
  readonly job: string;
}

/** `job` of what a placement holds for its jobs together, and for no single one. */
export const ALL_JOBS = "";

/** A job's name, or in words that it is about all of them. */
export function jobLabel(job: string): string {
  return job === ALL_JOBS ? "all jobs" : job;
}

/** One thing a provider holds for a job, or for all of them: a schedule, a task definition, a queue of events. */
export interface Resource {
  /** The provider's word: `schedule`, `taskDefinition`, `job`. */
  readonly kind: string;
  /** Unique within placement and kind, and the same on every render: the name is the lock. */
  readonly id: string;
  /** `ALL_JOBS` where each job that needs it renders it exactly alike: it stays until the last of them is gone. */
  readonly job: string;
  /** Canonical, comparable with what is read back. References between resources are by id. */
  readonly fields: JsonObject;
  /** `kind/id` of resources that must exist before this one. */
  readonly dependsOn?: readonly string[];
}

/** A resource as it was read back, with its mark. */
export interface ObservedResource extends Resource {
  readonly mark: OwnershipMark;
  /** For the conditional write: an etag, a version, a hash of what was read. */
  readonly revision: string;
  /** Set by hand beside the fields rota manages: kept on update, shown as drift. */
  readonly unmanaged?: JsonObject;
  readonly paused?: boolean;
  /** The vendor says that it cannot work (`UPDATE_FAILED`, `DISABLED`), in words. */
  readonly problem?: string;
}

/** How what is there differs from what was applied. */
export type DriftKind =
  /** A field that rota manages was changed by hand. */
  | "changed"
  /** It was applied, and is not there. */
  | "missing"
  /** It carries our mark, and rota did not apply it. */
  | "unknown"
  /** Set by hand beside what rota manages; kept. */
  | "unmanaged"
  /** Paused, and not by rota. */
  | "paused"
  /** The vendor says that it cannot work. */
  | "problem";

/** One date on which the vendor's schedule and the manifest's differ. */
export interface FireDifference {
  readonly job: string;
  readonly local: string;
  readonly kind: "missing" | "extra" | "moved";
  readonly detail: string;
}

/** What a job becomes at a provider. Pure: the same job gives the same rendering. */
export interface Rendering {
  readonly resources: readonly Resource[];
  readonly warnings: readonly string[];
  /** From the 400-day proof; empty when equal. */
  readonly differences: readonly FireDifference[];
  /** Why this provider cannot run the job at all; then `resources` is empty. */
  readonly refusal?: { readonly reason: string; readonly fix: string };
}

export interface FieldChange {
  readonly path: string;
  readonly from?: Json;
  readonly to?: Json;
}

/** One step of a plan; serialisable, no client inside. */
export type ResourceChange =
  | { readonly action: "create"; readonly desired: Resource; readonly why: string }
  | {
      readonly action: "update";
      readonly desired: Resource;
      readonly actual: ObservedResource;
      readonly fields: readonly FieldChange[];
      readonly why: string;
    }
  | { readonly action: "delete"; readonly actual: ObservedResource; readonly why: string }
  | { readonly action: "keep"; readonly desired: Resource; readonly actual: ObservedResource; readonly why: string };
