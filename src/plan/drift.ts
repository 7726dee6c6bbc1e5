import { canonical, type DriftKind, type FieldChange, type ObservedResource, type Resource } from "../model/index.ts";
import { diffFields } from "./diff.ts";
import { compareText, keyOf } from "./key.ts";

export interface DriftItem {
  readonly kind: DriftKind;
  readonly placement: string;
  readonly job: string;
  /** `kind/id`. */
  readonly resource: string;
  /** `from`: as it was applied; `to`: as it is. */
  readonly fields: readonly FieldChange[];
  readonly detail: string;
}

export interface DriftInput {
  readonly placement: string;
  /** What should be there (the ledger's deployments, rendered as of now). */
  readonly applied: readonly Resource[];
  /**
   * The same as of when it was deployed, where a rendering reaches only so far ahead: what only one of the two has
   * is neither missing nor unknown, since the horizon moved on. Default: `applied`.
   */
  readonly atFirst?: readonly Resource[];
  /** A complete listing. */
  readonly actual: readonly ObservedResource[];
  /** Jobs that rota itself holds paused (a budget, a person through rota). */
  readonly heldJobs?: ReadonlySet<string>;
}

/** What differs between what was applied and what is there, by resource. Empty: no drift. */
export function drift(input: DriftInput): readonly DriftItem[] {
  const { placement, applied, atFirst = applied, actual, heldJobs = new Set() } = input;
  const items: DriftItem[] = [];
  const there = new Map(actual.map((observed) => [keyOf(observed), observed]));
  const wanted = new Map(applied.map((resource) => [keyOf(resource), resource]));
  const first = new Set(atFirst.map(keyOf));
  const add = (kind: DriftKind, of: Resource, detail: string, fields: readonly FieldChange[] = []): void => {
    items.push({ kind, placement, job: of.job, resource: keyOf(of), fields, detail });
  };
  for (const [key, resource] of wanted) {
    const observed = there.get(key);
    if (!observed) {
      if (first.has(key)) add("missing", resource, `${key} was applied and is not there; apply creates it again`);
    } else if (canonical(observed.fields) !== canonical(resource.fields)) {
      add("changed", resource, "changed by hand; apply sets it back", diffFields(resource.fields, observed.fields));
    }
  }
  for (const [key, observed] of there) {
    if (!wanted.has(key) && !first.has(key))
      add("unknown", observed, `${key} carries our mark, but rota did not apply it; apply deletes it`);
    const unmanaged = observed.unmanaged ?? {};
    if (Object.keys(unmanaged).length > 0) {
      add("unmanaged", observed, "set by hand beside what rota manages; kept", diffFields({}, unmanaged));
    }
    if (observed.paused === true && !heldJobs.has(observed.mark.job)) {
      add("paused", observed, "paused, and not by rota: it does not fire");
    }
    if (observed.problem !== undefined) add("problem", observed, observed.problem);
  }
  return items.sort((a, b) => compareText(a.resource, b.resource) || compareText(a.kind, b.kind));
}
