import type { FieldChange, FireDifference, TrialResult } from "../model/index.ts";
import type { ApplyRefusal } from "./apply.ts";
import { keyOf } from "./key.ts";
import type { Plan, PlannedChange, PlanRefusal } from "./types.ts";

export interface PlanSummary {
  readonly create: number;
  readonly update: number;
  readonly delete: number;
  readonly keep: number;
  /** Any create, update or delete. */
  readonly hasChanges: boolean;
  /** "2 to create, 1 to update, 0 to delete, 7 unchanged". */
  readonly text: string;
}

export function summary(plan: Plan): PlanSummary {
  const counts = { create: 0, update: 0, delete: 0, keep: 0 };
  for (const { change } of plan.changes) counts[change.action] += 1;
  const changing = counts.create + counts.update + counts.delete;
  const text =
    changing === 0
      ? `no changes, ${counts.keep} as declared`
      : `${counts.create} to create, ${counts.update} to update, ${counts.delete} to delete, ${counts.keep} unchanged`;
  return { ...counts, hasChanges: changing > 0, text };
}

/** One line of `rota plan --json`. */
export interface ChangeJson {
  readonly action: "create" | "update" | "delete" | "keep";
  readonly job: string;
  readonly placement: string;
  readonly provider: string;
  /** `kind/id`. */
  readonly resource: string;
  readonly why: string;
  /** Empty unless it is an update. */
  readonly fields: readonly FieldChange[];
}

export interface PlanJson {
  readonly schema: "rota.plan/1";
  readonly env: string;
  readonly namespace: string;
  readonly purpose: Plan["purpose"];
  readonly changes: readonly ChangeJson[];
  readonly warnings: readonly string[];
  readonly differences: readonly (FireDifference & { readonly placement: string; readonly allowed: boolean })[];
  readonly refusals: readonly PlanRefusal[];
  readonly trial: readonly TrialResult[];
  /** Why `apply` would not carry the plan out now, beside its own refusals. */
  readonly applyRefusals: readonly ApplyRefusal[];
  readonly summary: PlanSummary;
  readonly fingerprint: string;
}

export function toJson(plan: Plan, applyRefusals: readonly ApplyRefusal[] = []): PlanJson {
  return {
    schema: "rota.plan/1",
    env: plan.environment,
    namespace: plan.namespace,
    purpose: plan.purpose,
    changes: plan.changes.map(changeToJson),
    warnings: plan.warnings.map(({ job, text }) => (job === "" ? text : `${job}: ${text}`)),
    differences: plan.differences,
    refusals: plan.refusals,
    trial: plan.trial,
    applyRefusals,
    summary: summary(plan),
    fingerprint: plan.fingerprint,
  };
}

export function changeToJson({ placement, provider, change }: PlannedChange): ChangeJson {
  const resource = change.action === "delete" ? change.actual : change.desired;
  return {
    action: change.action,
    job: change.action === "delete" ? change.actual.mark.job : change.desired.job,
    placement,
    provider,
    resource: keyOf(resource),
    why: change.why,
    fields: change.action === "update" ? change.fields : [],
  };
}
