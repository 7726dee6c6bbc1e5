import { canonical, type Resource } from "../model/index.ts";
import { compareText, keyOf } from "./key.ts";
import type { PlacementInput, Plan, PlanRefusal, PlanWarning } from "./types.ts";

export interface Desired {
  readonly resources: ReadonlyMap<string, Resource>;
  /** By `kind/id`: the jobs that want it. */
  readonly wantedBy: ReadonlyMap<string, readonly string[]>;
  /** Jobs that could not be rendered. */
  readonly unrendered: readonly string[];
  readonly jobs: readonly string[];
  readonly warnings: readonly PlanWarning[];
  readonly refusals: readonly PlanRefusal[];
  readonly differences: Plan["differences"];
}

/** Gathers the renderings of one placement. Jobs may share a resource when they make it exactly alike. */
export function gatherDesired(input: PlacementInput): Desired {
  const { placement } = input;
  const resources = new Map<string, Resource>();
  const wantedBy = new Map<string, string[]>();
  const unrendered: string[] = [];
  const warnings: PlanWarning[] = [];
  const refusals: PlanRefusal[] = [];
  const differences: Plan["differences"][number][] = [];
  const desired = [...input.desired].sort((a, b) => compareText(a.job, b.job));
  for (const { job, rendering, allowDifferences = false } of desired) {
    warnings.push(...rendering.warnings.map((text) => ({ placement, job, text })));
    differences.push(...rendering.differences.map((each) => ({ ...each, placement, allowed: allowDifferences })));
    if (rendering.refusal) {
      unrendered.push(job);
      refusals.push({ code: "unsupported", placement, job, ...rendering.refusal });
      continue;
    }
    if (rendering.differences.length > 0 && !allowDifferences) {
      const { length } = rendering.differences;
      refusals.push({
        code: "differs",
        placement,
        job,
        reason: `at ${placement} it would fire differently on ${length} ${length === 1 ? "date" : "dates"} of the next 400 days`,
        fix: "Change the schedule so that both agree, or let the job allow the differences that the plan lists.",
      });
    }
    for (const resource of rendering.resources) {
      const key = keyOf(resource);
      const other = resources.get(key);
      wantedBy.getOrInsert(key, []).push(job);
      if (!other) resources.set(key, resource);
      else if (canonical(other.fields) !== canonical(resource.fields)) {
        const [first = other.job] = wantedBy.get(key) ?? [];
        refusals.push(...[first, job].map((each) => refuseAmbiguous(placement, each, key, first, job)));
      }
    }
  }
  return { resources, wantedBy, unrendered, jobs: desired.map((each) => each.job), warnings, refusals, differences };
}

function refuseAmbiguous(placement: string, job: string, key: string, one: string, other: string): PlanRefusal {
  return {
    code: "ambiguous",
    placement,
    job,
    reason: `${key} is made differently by "${one}" and "${other}"`,
    fix: "Rename one of the two jobs, or make what they share alike.",
  };
}
