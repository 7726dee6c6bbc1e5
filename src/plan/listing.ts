import type { ObservedResource } from "../model/index.ts";
import { keyOf } from "./key.ts";
import type { PlacementInput, PlanRefusal, PlanWarning } from "./types.ts";

/** What is at a placement, as far as two listings agree. */
export interface Actual {
  /** By `kind/id`, from the newest listing. Only with our mark. */
  readonly ours: ReadonlyMap<string, ObservedResource>;
  /** With the name of something of ours, but somebody else's mark. */
  readonly foreign: ReadonlyMap<string, ObservedResource>;
  /** May be deleted: shown by every listing there is. */
  readonly deletable: ReadonlySet<string>;
  readonly warnings: readonly PlanWarning[];
  readonly refusals: readonly PlanRefusal[];
}

export function readListings(
  input: PlacementInput,
  owner: { readonly namespace: string; readonly environment: string },
): Actual {
  const ours = new Map<string, ObservedResource>();
  const foreign = new Map<string, ObservedResource>();
  const warnings: PlanWarning[] = [];
  const refusals: PlanRefusal[] = [];
  const newest = input.listedAgain ?? input.listed ?? [];
  for (const observed of newest) {
    const key = keyOf(observed);
    const { mark } = observed;
    if (mark.namespace !== owner.namespace || mark.environment !== owner.environment) {
      foreign.set(key, observed);
      continue;
    }
    const before = ours.get(key);
    if (before && before.revision !== observed.revision) {
      refusals.push({
        code: "ambiguous",
        placement: input.placement,
        job: mark.job,
        reason: `the listing showed ${key} twice, with different content`,
        fix: "Something changed it while it was listed: plan again.",
      });
    }
    ours.set(key, observed);
  }
  const deletable = new Set(ours.keys());
  if (input.listedAgain !== undefined) {
    const first = new Map((input.listed ?? []).map((observed) => [keyOf(observed), observed]));
    for (const [key, observed] of ours) {
      if (first.has(key)) continue;
      deletable.delete(key);
      warnings.push(seenOnce(input.placement, observed, key));
    }
    for (const [key, observed] of first) {
      if (!ours.has(key) && !foreign.has(key)) warnings.push(seenOnce(input.placement, observed, key));
    }
  }
  return { ours, foreign, deletable, warnings, refusals };
}

function seenOnce(placement: string, observed: ObservedResource, key: string): PlanWarning {
  return { placement, job: observed.mark.job, text: `${key} was in one of two listings: it is not deleted` };
}
