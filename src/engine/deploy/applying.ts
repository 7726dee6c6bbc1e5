import { type DesiredJob, type DesiredState, fingerprint, type LedgerEvent } from "../../model/index.ts";
import { diffFields, type Plan, type PlannedChange, resourceKey } from "../../plan/index.ts";
import { asProviderError } from "../context.ts";
import type { OpenPlacement } from "../env.ts";

export interface ApplyInput {
  /** Checked against the present state of the world just before (`checkApply`). */
  readonly plan: Plan;
  readonly desired: DesiredState;
  readonly placements: ReadonlyMap<string, OpenPlacement>;
  readonly by: string;
  readonly override?: string;
  /** Jobs as the ledger has them deployed: name → fingerprint and placement. */
  readonly recorded: ReadonlyMap<string, { readonly fingerprint: string; readonly placement: string }>;
  readonly record: (events: readonly LedgerEvent[]) => Promise<void>;
  readonly progress?: (done: number, of: number) => void;
  readonly signal?: AbortSignal;
}

export interface ApplyFailure {
  readonly placement: string;
  readonly job: string;
  readonly resource: string;
  readonly action: string;
  readonly code: string;
  readonly message: string;
  readonly fix?: string;
}

export interface ApplyResult {
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
  readonly kept: number;
  readonly failures: readonly ApplyFailure[];
}

/**
 * Carries a checked plan out: what others depend on first, deletes last, each resource on its own, so that
 * one failure leaves the rest whole and the next apply mends it. A job is recorded as deployed when all its
 * resources stand, as undeployed when the last is gone.
 */
export async function applyPlan(input: ApplyInput): Promise<ApplyResult> {
  const { changes } = input.plan;
  const thrown: ApplyFailure[] = [];
  const failed = new Set<string>();
  const running = new Map<string, Promise<void>>();
  let done = 0;
  const total = changes.filter((c) => c.change.action !== "keep").length;
  const carry = async (planned: PlannedChange): Promise<void> => {
    if (planned.change.action === "keep") return;
    const target = planned.change.action === "delete" ? planned.change.actual : planned.change.desired;
    const key = keyOf(planned.placement, resourceKey(target));
    const needs = (target.dependsOn ?? []).map((id) => keyOf(planned.placement, id));
    if (planned.change.action !== "delete") await Promise.all(needs.map((n) => running.get(n)));
    const broken = planned.change.action === "delete" ? undefined : needs.find((n) => failed.has(n));
    try {
      if (broken !== undefined) throw new Error(`${broken}, which it depends on, failed`);
      const open = input.placements.get(planned.placement);
      if (!open) throw new Error(`the placement "${planned.placement}" is not open`);
      await open.provider.apply(planned.change, input.signal ? { signal: input.signal } : {});
    } catch (error) {
      const problem = asProviderError(error);
      failed.add(key);
      thrown.push({
        placement: planned.placement,
        job: target.job,
        resource: resourceKey(target),
        action: planned.change.action,
        code: problem.code,
        message: problem.message,
        ...(problem.fix === undefined ? {} : { fix: problem.fix }),
      });
    }
    done += 1;
    input.progress?.(done, total);
  };
  for (const planned of changes) {
    if (planned.change.action === "keep" || planned.change.action === "delete") continue;
    running.set(keyOf(planned.placement, resourceKey(planned.change.desired)), carry(planned));
  }
  await Promise.all(running.values());
  for (const planned of changes) if (planned.change.action === "delete") await carry(planned);
  const failures = await lookAgain(input, thrown);
  await input.record(deploymentEvents(input, failures));
  const count = (action: string): number =>
    changes.filter((c) => c.change.action === action).length - failures.filter((f) => f.action === action).length;
  return {
    created: count("create"),
    updated: count("update"),
    deleted: count("delete"),
    kept: count("keep"),
    failures,
  };
}

/** After these a change may have been made all the same. */
const UNKNOWN: ReadonlySet<string> = new Set(["unavailable", "throttled", "conflict", "internal"]);

/**
 * What was created or changed although the answer to it was lost: a schedule that fires at the vendor while nobody
 * here knows its job would start runs that are neither guarded nor paid for. What cannot be looked up stays failed.
 */
async function lookAgain(input: ApplyInput, thrown: readonly ApplyFailure[]): Promise<readonly ApplyFailure[]> {
  const unknown = thrown.filter((f) => UNKNOWN.has(f.code) && f.action !== "delete");
  const stands = new Set<string>();
  for (const placement of new Set(unknown.map((f) => f.placement))) {
    const listing = input.placements
      .get(placement)
      ?.provider.listDeployments(input.signal ? { signal: input.signal } : {});
    const observed = await listing?.catch(() => undefined);
    const there = new Map(observed?.map((each) => [resourceKey(each), each.fields]));
    for (const { change, ...planned } of input.plan.changes) {
      if (planned.placement !== placement || change.action === "keep" || change.action === "delete") continue;
      const key = resourceKey(change.desired);
      const found = there.get(key);
      if (found && diffFields(found, change.desired.fields).length === 0) stands.add(keyOf(placement, key));
    }
  }
  return thrown.filter((f) => !unknown.includes(f) || !stands.has(keyOf(f.placement, f.resource)));
}

function keyOf(placement: string, resource: string): string {
  return `${placement} ${resource}`;
}

/** What the ledger learns: which jobs stand deployed, as what, from now on. */
function deploymentEvents(input: ApplyInput, failures: readonly ApplyFailure[]): readonly LedgerEvent[] {
  const { plan, desired, recorded } = input;
  const broken = new Set(failures.map((f) => `${f.placement} ${f.job}`));
  const refused = new Set(plan.refusals.map((r) => `${r.placement} ${r.job}`));
  const events: LedgerEvent[] = [];
  const wanted = plan.purpose === "destroy" ? [] : desired.jobs;
  for (const d of wanted) {
    const at = `${d.job.placement} ${d.job.name}`;
    const mark = desiredFingerprint(d);
    const before = recorded.get(d.job.name);
    if (broken.has(at) || refused.has(at) || (before?.fingerprint === mark && before.placement === d.job.placement))
      continue;
    // A move closes the deployment it leaves, unless that could not be taken down.
    if (before && before.placement !== d.job.placement && !broken.has(`${before.placement} ${d.job.name}`)) {
      events.push({ type: "job.undeployed", job: d.job.name, placement: before.placement });
    }
    events.push({ type: "job.deployed", placement: d.job.placement, desired: d, fingerprint: mark });
  }
  const names = new Set(wanted.map((d) => d.job.name));
  for (const [job, before] of recorded) {
    if (names.has(job) || broken.has(`${before.placement} ${job}`)) continue;
    events.push({ type: "job.undeployed", job, placement: before.placement });
  }
  const count = (action: string): number =>
    plan.changes.filter((c) => c.change.action === action).length - failures.filter((f) => f.action === action).length;
  if (events.length > 0 || count("create") + count("update") + count("delete") > 0) {
    events.push({
      type: "apply.recorded",
      environment: plan.environment,
      fingerprint: plan.fingerprint,
      by: input.by,
      created: count("create"),
      updated: count("update"),
      deleted: count("delete"),
      ...(input.override === undefined ? {} : { override: input.override }),
    });
  }
  return events;
}

/** The mark by which an unchanged job is known: of the job as it is resolved, with its slot. */
export function desiredFingerprint(desired: DesiredJob): string {
  return fingerprint(desired);
}
