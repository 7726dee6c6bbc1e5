import { ALL_JOBS, canonical, type ObservedResource, type Resource, type ResourceChange } from "../model/index.ts";
import type { Desired } from "./desired.ts";
import { diffFields } from "./diff.ts";
import { keyOf } from "./key.ts";
import type { Actual } from "./listing.ts";
import { orderByDependency } from "./order.ts";
import type { PlanRefusal } from "./types.ts";

export interface Surroundings {
  readonly placement: string;
  readonly purpose: "apply" | "destroy";
  /** Job → the placements that want it. */
  readonly wantedAt: ReadonlyMap<string, readonly string[]>;
  /** Job → the placements that hold something of it. */
  readonly heldAt: ReadonlyMap<string, readonly string[]>;
}

/** Creates, updates and keeps, dependencies first. */
export function changesTo(
  desired: Desired,
  actual: Actual,
  around: Surroundings,
): { readonly changes: readonly ResourceChange[]; readonly refusals: readonly PlanRefusal[] } {
  const { placement } = around;
  const refusals: PlanRefusal[] = [];
  const refuse = (code: PlanRefusal["code"], job: string, reason: string, fix: string): void => {
    refusals.push({ code, placement, job, reason, fix });
  };
  const nodes = [...desired.resources].map(([key, resource]) => ({
    key,
    resource,
    dependsOn: resource.dependsOn ?? [],
  }));
  const { ordered, cycle } = orderByDependency(nodes);
  if (cycle) {
    const job = desired.resources.get(cycle[0] ?? "")?.job ?? "";
    refuse(
      "dependency",
      job,
      `these depend on one another: ${cycle.join(", ")}`,
      "This is a defect of the adapter: report it.",
    );
  }
  const changes: ResourceChange[] = [];
  for (const { key, resource } of ordered) {
    const absent = (resource.dependsOn ?? []).filter((each) => !desired.resources.has(each));
    if (absent.length > 0) {
      refuse(
        "dependency",
        resource.job,
        `${key} needs ${absent.join(", ")}, which no job makes`,
        "This is a defect of the adapter: report it.",
      );
    }
    const other = actual.foreign.get(key);
    if (other) {
      const { namespace, environment } = other.mark;
      refuse(
        "taken",
        resource.job,
        `${key} exists and belongs to ${namespace}/${environment}`,
        "Rename the job, or change the namespace.",
      );
      continue;
    }
    changes.push(changeTo(resource, actual.ours.get(key), around));
  }
  return { changes, refusals };
}

function changeTo(desired: Resource, actual: ObservedResource | undefined, around: Surroundings): ResourceChange {
  const { job, kind } = desired;
  if (!actual) {
    if (job === ALL_JOBS) return { action: "create", desired, why: `the jobs at ${around.placement} need it` };
    const elsewhere = (around.heldAt.get(job) ?? []).filter((each) => each !== around.placement);
    const here = around.heldAt.get(job)?.includes(around.placement) ?? false;
    const why = here
      ? `"${job}" has no ${kind} ${desired.id} at ${around.placement}`
      : elsewhere.length > 0
        ? `"${job}" moves here from ${elsewhere.join(", ")}`
        : `"${job}" is new at ${around.placement}`;
    return { action: "create", desired, why };
  }
  if (canonical(desired.fields) === canonical(actual.fields)) {
    const byHand = Object.keys(actual.unmanaged ?? {}).length > 0 ? "; what was set by hand beside it is kept" : "";
    return { action: "keep", desired, actual, why: `as declared${byHand}` };
  }
  const fields = diffFields(actual.fields, desired.fields);
  const who = job === ALL_JOBS ? "what all jobs share" : `"${job}"`;
  const paths = fields.slice(0, 3).map((field) => field.path);
  const more = fields.length > 3 ? ` and ${fields.length - 3} more` : "";
  return { action: "update", desired, actual, fields, why: `${who} changes ${paths.join(", ")}${more}` };
}

/** Deletes, dependents first. Nothing that one of two listings lacks. */
export function deletesOf(desired: Desired, actual: Actual, around: Surroundings): readonly ResourceChange[] {
  const gone = [...actual.ours]
    .filter(([key]) => actual.deletable.has(key))
    .filter(([key]) => around.purpose === "destroy" || !desired.resources.has(key));
  const nodes = gone.map(([key, observed]) => ({ key, observed, dependsOn: observed.dependsOn ?? [] }));
  return [...orderByDependency(nodes).ordered]
    .reverse()
    .map(({ observed }) => ({ action: "delete", actual: observed, why: whyGone(observed, around) }));
}

function whyGone(observed: ObservedResource, around: Surroundings): string {
  const { job } = observed.mark;
  if (around.purpose === "destroy") return "destroy removes everything of this namespace and environment";
  if (job === ALL_JOBS) return `no job at ${around.placement} needs it`;
  const wanted = around.wantedAt.get(job) ?? [];
  if (wanted.includes(around.placement)) return `"${job}" no longer needs ${keyOf(observed)}`;
  if (wanted.length > 0) return `"${job}" is at ${wanted.join(", ")} now`;
  return `"${job}" is no longer in the manifest`;
}
