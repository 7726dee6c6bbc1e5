import { ALL_JOBS, fingerprint } from "../model/index.ts";
import { changesTo, deletesOf, type Surroundings } from "./changes.ts";
import { type Desired, gatherDesired } from "./desired.ts";
import { compareText, keyOf } from "./key.ts";
import { type Actual, readListings } from "./listing.ts";
import type { PlacementInput, Plan, PlanInput, PlannedChange, PlanRefusal } from "./types.ts";

interface Gathered {
  readonly input: PlacementInput;
  readonly desired: Desired;
  readonly actual: Actual;
}

/**
 * What has to be done so that what is there becomes what is wanted. Listings are complete or absent, never
 * partial. Pure: the same input gives the same plan, and planning after it was applied gives only keeps.
 */
export function plan(input: PlanInput): Plan {
  const purpose = input.purpose ?? "apply";
  const gathered = [...input.placements]
    .sort((a, b) => compareText(a.placement, b.placement))
    .map((each): Gathered => {
      const placement = purpose === "destroy" ? { ...each, desired: [] } : each;
      return { input: placement, desired: gatherDesired(placement), actual: readListings(placement, input) };
    });
  const heldAt = placementsByJob(gathered, ({ actual }) => [...actual.ours.values()].map((each) => each.mark.job));
  const wantedAt = placementsByJob(gathered, ({ desired }) => desired.jobs);
  const changes: PlannedChange[] = [];
  const deletes: PlannedChange[] = [];
  const refusals: PlanRefusal[] = [];
  const isEmpty = purpose === "apply" && wantedAt.size === 0;
  for (const { input: at, desired, actual } of gathered) {
    const around: Surroundings = { placement: at.placement, purpose, wantedAt, heldAt };
    const to = changesTo(desired, actual, around);
    const wrap = (change: PlannedChange["change"]): PlannedChange => ({
      placement: at.placement,
      provider: at.type,
      change,
    });
    changes.push(...to.changes.map(wrap));
    refusals.push(...desired.refusals, ...actual.refusals, ...to.refusals);
    if (!isEmpty) deletes.push(...deletesOf(desired, actual, around).map(wrap));
    else if (actual.ours.size > 0) refusals.push(refuseEmpty(at.placement, actual.ours.size, input.environment));
  }
  const body: Omit<Plan, "digest"> = {
    schema: "rota.savedPlan/1",
    namespace: input.namespace,
    environment: input.environment,
    createdAt: input.createdAt,
    purpose,
    placements: gathered.map(({ input: at, desired, actual }) => ({
      placement: at.placement,
      type: at.type,
      listings: at.listed === undefined ? 0 : at.listedAgain === undefined ? 1 : 2,
      deployed: actual.ours.size,
      desired: desired.resources.size,
    })),
    changes: withoutRefused([...changes, ...deletes], refusals, gathered),
    warnings: gathered.flatMap(({ input: at, desired, actual }) => [
      ...desired.warnings,
      ...actual.warnings,
      ...[...actual.ours.values()].flatMap((each) =>
        each.problem === undefined ? [] : [{ placement: at.placement, job: each.mark.job, text: each.problem }],
      ),
    ]),
    differences: gathered.flatMap(({ desired }) => desired.differences),
    refusals,
    trial: [...(input.trial ?? [])],
    fingerprint: fingerprintOf(input, purpose, gathered),
  };
  return { ...body, digest: fingerprint(body) };
}

/**
 * Nothing is changed of a job that is refused anywhere, at any placement, so that what is left may be carried out
 * by itself. What it shares with a job that is not refused stays.
 */
function withoutRefused(
  changes: readonly PlannedChange[],
  refusals: readonly PlanRefusal[],
  gathered: readonly Gathered[],
): readonly PlannedChange[] {
  const refused = new Set(refusals.map((refusal) => refusal.job));
  const wantedBy = new Map(gathered.map(({ input, desired }) => [input.placement, desired.wantedBy]));
  return changes.filter(({ placement, change }) => {
    if (change.action === "keep") return true;
    if (change.action === "delete") {
      const { job } = change.actual.mark;
      // A job that could not be rendered may be the one that needs what all share.
      return job === ALL_JOBS ? refused.size === 0 : !refused.has(job);
    }
    const jobs = wantedBy.get(placement)?.get(keyOf(change.desired)) ?? [change.desired.job];
    return jobs.some((job) => !refused.has(job));
  });
}

function fingerprintOf(input: PlanInput, purpose: string, gathered: readonly Gathered[]): string {
  return fingerprint({
    namespace: input.namespace,
    environment: input.environment,
    purpose,
    placements: gathered.map(({ input: at, desired, actual }) => ({
      placement: at.placement,
      type: at.type,
      desired: Object.fromEntries(
        [...desired.resources].map(([key, { fields, dependsOn = [] }]) => [key, { fields, dependsOn }]),
      ),
      unrendered: desired.unrendered,
      actual: Object.fromEntries([...actual.ours].map(([key, { revision, mark }]) => [key, { revision, mark }])),
    })),
  });
}

function placementsByJob(
  gathered: readonly Gathered[],
  jobsOf: (each: Gathered) => readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const each of gathered) {
    for (const job of new Set(jobsOf(each))) {
      const placements = found.get(job);
      if (placements) placements.push(each.input.placement);
      else found.set(job, [each.input.placement]);
    }
  }
  return found;
}

function refuseEmpty(placement: string, deployed: number, environment: string): PlanRefusal {
  return {
    code: "empty",
    placement,
    job: "",
    reason: `no job is declared for ${environment}, and ${deployed} ${deployed === 1 ? "resource is" : "resources are"} deployed at ${placement}: an empty manifest deletes nothing`,
    fix: "Check the file and --env. To remove everything, run rota destroy.",
  };
}
