import {
  ALL_JOBS,
  type Instant,
  MINUTE,
  type ObservedResource,
  percentText,
  WEEK,
  type Window,
} from "../model/index.ts";
import { describeWindow, inWindows, localAt } from "../schedule/index.ts";
import type { Plan } from "./types.ts";

export interface ApplyRequest {
  readonly plan: Plan;
  /** Planned again from fresh listings, just before; absent only in tests of the other checks and `plan` itself. */
  readonly current?: Plan;
  readonly now: Instant;
  /** The zone of the deploy windows. */
  readonly timezone: string;
  /** Empty: always open. */
  readonly deployWindows: readonly Window[];
  /** `safety.maxDeletes`: share of the deployed resources, 0–1. */
  readonly maxDeletes: number;
  /** Why a person goes past the deploy window or the trial; recorded. */
  readonly override?: string;
}

export interface ApplyRefusal {
  readonly code:
    | "refused"
    | "state"
    | "placement"
    | "offline"
    | "stale"
    | "unconfirmed"
    | "deletes"
    | "window"
    | "trial";
  readonly reason: string;
  /** How to mend it. */
  readonly fix: string;
  /** `--override "why"` lifts it. */
  readonly overridable: boolean;
}

/** Equal plans for an unmoved world: what was wanted and what was there, revision by revision. */
export function samePlan(a: Plan, b: Plan): boolean {
  return a.fingerprint === b.fingerprint;
}

/** Why this plan must not be carried out now; empty: go on. A plan without changes is only checked for refusals. */
export function checkApply(request: ApplyRequest): readonly ApplyRefusal[] {
  const { plan, current, override } = request;
  const refusals: ApplyRefusal[] = plan.refusals.map(({ reason, fix, job }) => ({
    code: "refused",
    reason: job === "" ? reason : `"${job}": ${reason}`,
    fix,
    overridable: false,
  }));
  const blind = plan.placements.filter((each) => each.listings === 0).map((each) => each.placement);
  if (blind.length > 0) {
    refusals.push({
      code: "offline",
      reason: `the plan was made without looking at ${blind.join(", ")}`,
      fix: "Plan again without --offline.",
      overridable: false,
    });
  }
  if (current && !samePlan(plan, current)) refusals.push(stale(plan, current));
  if (plan.changes.every(({ change }) => change.action === "keep")) return refusals;
  refusals.push(...checkDeletes(request));
  const lifted = override !== undefined && override.trim() !== "";
  if (!lifted) refusals.push(...checkWindow(request), ...checkTrial(plan));
  return refusals;
}

/** What is deployed at a placement that nobody opens any more would be orphaned in silence. */
export function checkPlacements(
  deployed: readonly { readonly job: string; readonly placement: string }[],
  open: ReadonlySet<string>,
): ApplyRefusal | undefined {
  const gone = deployed.filter(({ placement }) => !open.has(placement));
  const [first] = gone;
  if (!first) return undefined;
  const many = gone.length > 1;
  return {
    code: "placement",
    reason: `${gone.length} ${many ? "jobs are" : "job is"} deployed at "${first.placement}" (${first.job}${many ? ", …" : ""}), which the manifest no longer names`,
    fix: `keep "${first.placement}" under providers until its jobs are moved (apply) or removed (destroy)`,
    overridable: false,
  };
}

function stale(plan: Plan, current: Plan): ApplyRefusal {
  const other = plan.environment !== current.environment || plan.namespace !== current.namespace;
  return {
    code: "stale",
    reason: other
      ? `the plan is for ${plan.namespace}/${plan.environment}, not for ${current.namespace}/${current.environment}`
      : "the manifest, or what is deployed, has changed since the plan was made",
    fix: "Run rota plan again and look at what it says now.",
    overridable: false,
  };
}

/**
 * How many deletes one apply may do: the share of what is deployed, but one whole job always, with what all jobs share,
 * which goes with the last that needs it (unless the share is 0).
 */
export function deleteLimit(plan: Plan, maxDeletes: number): number {
  if (!(maxDeletes > 0)) return 0;
  const deployed = plan.placements.reduce((sum, each) => sum + each.deployed, 0);
  const byJob = new Map<string, number>();
  for (const { job } of deletedIn(plan)) byJob.set(job, (byJob.get(job) ?? 0) + 1);
  const shared = byJob.get(ALL_JOBS) ?? 0;
  byJob.delete(ALL_JOBS);
  return Math.max(Math.floor(maxDeletes * deployed + 1e-9), shared + Math.max(...byJob.values(), 0));
}

function deletedIn(plan: Plan): readonly { readonly job: string; readonly actual: ObservedResource }[] {
  return plan.changes.flatMap(({ change }) =>
    change.action === "delete" ? [{ job: change.actual.mark.job, actual: change.actual }] : [],
  );
}

function checkDeletes({ plan, current, maxDeletes }: ApplyRequest): ApplyRefusal[] {
  const deletes = deletedIn(plan).length;
  if (deletes === 0) return [];
  const refusals: ApplyRefusal[] = [];
  const deletingAt = new Set(plan.changes.flatMap((each) => (each.change.action === "delete" ? [each.placement] : [])));
  const listingsAt = (of: Plan | undefined, placement: string): number =>
    of?.placements.find((each) => each.placement === placement)?.listings ?? 0;
  for (const placement of deletingAt) {
    // One plan handed over twice is still one look.
    const looks = listingsAt(plan, placement) + (current === plan ? 0 : listingsAt(current, placement));
    if (looks >= 2) continue;
    refusals.push({
      code: "unconfirmed",
      reason: `what is to be deleted at ${placement} was seen in one listing only`,
      fix: "Plan again: a delete needs two complete listings.",
      overridable: false,
    });
  }
  const limit = deleteLimit(plan, maxDeletes);
  if (plan.purpose === "apply" && deletes > limit) {
    const deployed = plan.placements.reduce((sum, each) => sum + each.deployed, 0);
    refusals.push({
      code: "deletes",
      reason: `${deletes} of ${deployed} resources would be deleted; safety.maxDeletes (${percentText(maxDeletes)}, or one job) allows ${limit}`,
      fix: "Check that no part of the manifest is missing. If it is meant, delete in smaller steps or raise safety.maxDeletes.",
      overridable: false,
    });
  }
  return refusals;
}

function checkWindow({ plan, now, timezone, deployWindows }: ApplyRequest): ApplyRefusal[] {
  if (inWindows(deployWindows, timezone, now)) return [];
  const next = nextOpening(deployWindows, timezone, now);
  const opens = next === undefined ? "" : `; it opens ${localAt(timezone, next)} (${timezone})`;
  return [
    {
      code: "window",
      reason: `${plan.environment} may be changed only ${deployWindows.map(describeWindow).join(", ")}${opens}`,
      fix: 'Wait for the window, or say why it cannot wait: --override "why" (recorded).',
      overridable: true,
    },
  ];
}

/** The first whole minute after `now` at which a window is open, within the next two weeks. */
export function nextOpening(windows: readonly Window[], timezone: string, now: Instant): Instant | undefined {
  // Minute by minute: windows begin on minutes, and a DST change is then nothing special.
  const first = (Math.floor(now / MINUTE) + 1) * MINUTE;
  for (let at = first; at <= first + 2 * WEEK; at += MINUTE) if (inWindows(windows, timezone, at)) return at;
  return undefined;
}

function checkTrial(plan: Plan): ApplyRefusal[] {
  return plan.trial
    .filter((each) => each.goodRunsStopped > 0)
    .map((each) => ({
      code: "trial",
      reason: `the new limits of "${each.job}" (${each.changed.join(", ")}) would have stopped ${each.stopped.length} of its last ${each.runs} runs, ${each.goodRunsStopped} of which succeeded`,
      fix: 'Loosen the limit, set guard.mode: observe first, or --override "why" (recorded).',
      overridable: true,
    }));
}
