import type { Ledger } from "../../ledger/index.ts";
import type { DesiredState, Instant } from "../../model/index.ts";
import { type ApplyRefusal, checkApply, checkPlacements, type Plan } from "../../plan/index.ts";
import type { OpenPlacement } from "../env.ts";
import { ControlError } from "../fault.ts";
import { type ApplyResult, applyPlan } from "./applying.ts";
import { planDeployment } from "./planning.ts";
import { trialOf } from "./trial.ts";

export interface DeployContext {
  readonly ledger: Ledger;
  readonly placements: ReadonlyMap<string, OpenPlacement>;
  readonly now: () => Instant;
  readonly signal?: AbortSignal;
  /** Through the engine's recorder while a daemon runs, else straight into the ledger. */
  readonly record: Parameters<typeof applyPlan>[0]["record"];
}

export interface ApplyOrder {
  readonly desired: DesiredState;
  /** The plan a person saw; absent: whatever the world needs now (`--yes`, or the daemon itself). */
  readonly plan?: Plan;
  readonly purpose?: "apply" | "destroy";
  readonly override?: string;
  readonly by: string;
  /** The daemon deploys the manifest by itself: a job that cannot be rendered does not keep the others back. */
  readonly unattended?: boolean;
  /** The placements it is about; default all. */
  readonly only?: (open: OpenPlacement) => boolean;
  readonly progress?: (done: number, of: number) => void;
}

export type ApplyOutcome =
  | {
      readonly ok: true;
      readonly plan: Plan;
      readonly result: ApplyResult;
      /** Jobs that stand deployed at a placement which this deployment is not about (`only`): left as they are. */
      readonly elsewhere: readonly { readonly job: string; readonly placement: string }[];
    }
  | { readonly ok: false; readonly plan: Plan; readonly refusals: readonly ApplyRefusal[] };

/** Plans from what the placements hold now, checks, and carries out. Used by the daemon, and by `rota apply` without one. */
export async function deploy(context: DeployContext, order: ApplyOrder): Promise<ApplyOutcome> {
  const all = await context.ledger.deployments();
  const orphaned = checkPlacements(
    all.map((d) => ({ job: d.desired.job.name, placement: d.placement })),
    new Set(context.placements.keys()),
  );
  if (orphaned) throw new ControlError("refused", orphaned.reason, orphaned.fix);
  const placements = new Map([...context.placements].filter(([, open]) => order.only?.(open) ?? true));
  const deployed = all.filter((d) => placements.has(d.placement));
  // A job moved to a placement of ours still fires where it was: it is moved by an apply that sees both sides.
  const others = new Map(all.filter((d) => !placements.has(d.placement)).map((d) => [d.desired.job.name, d.placement]));
  const desired: DesiredState = {
    ...order.desired,
    jobs: order.desired.jobs.filter((d) => placements.has(d.job.placement) && !others.has(d.job.name)),
  };
  const { manifest } = desired;
  const trial =
    order.purpose === "destroy" ? [] : await trialOf(context.ledger, placements, deployed, desired, context.now());
  const current = await planDeployment({
    placements,
    desired,
    now: context.now(),
    ...(order.purpose === undefined ? {} : { purpose: order.purpose }),
    trial,
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  });
  const plan = order.plan ?? current;
  const refusals = checkApply({
    plan,
    current,
    now: context.now(),
    timezone: manifest.timezone,
    deployWindows: manifest.environment.deployWindows,
    maxDeletes: manifest.safety.maxDeletes,
    ...(order.override === undefined ? {} : { override: order.override }),
  }).filter((r) => !(order.unattended === true && r.code === "refused"));
  // An empty manifest is never carried out by itself, whatever else is let through (R2).
  if (refusals.length > 0 || plan.refusals.some((r) => r.code === "empty")) {
    return { ok: false, plan, refusals };
  }
  const recorded = new Map(
    deployed.map((d) => [d.desired.job.name, { fingerprint: d.fingerprint, placement: d.placement }]),
  );
  const result = await applyPlan({
    plan: current,
    desired,
    placements,
    by: order.by,
    recorded,
    record: context.record,
    ...(order.override === undefined ? {} : { override: order.override }),
    ...(order.progress === undefined ? {} : { progress: order.progress }),
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  });
  const elsewhere = order.desired.jobs.flatMap(({ job }) => {
    const placement = others.get(job.name);
    return placement !== undefined && placements.has(job.placement) ? [{ job: job.name, placement }] : [];
  });
  return { ok: true, plan: current, result, elsewhere };
}
