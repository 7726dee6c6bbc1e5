import { blindLimits } from "../../guard/index.ts";
import type { DesiredJob, DesiredState, Instant, ObservedResource, Rendering, TrialResult } from "../../model/index.ts";
import { type PlacementInput, type Plan, plan } from "../../plan/index.ts";
import { metricsOf } from "../../provider/index.ts";
import type { OpenPlacement } from "../env.ts";

export interface PlanningInput {
  readonly placements: ReadonlyMap<string, OpenPlacement>;
  readonly desired: DesiredState;
  readonly now: Instant;
  readonly purpose?: "apply" | "destroy";
  /** Ask no provider what is there. */
  readonly offline?: boolean;
  readonly trial?: readonly TrialResult[];
  readonly signal?: AbortSignal;
}

/** Renders what is wanted, lists what is there, and plans. A listing that fails throws: nothing is planned on a guess. */
export async function planDeployment(input: PlanningInput): Promise<Plan> {
  const placements = await Promise.all([...input.placements].map(([name, open]) => placementInput(name, open, input)));
  const make = (inputs: readonly PlacementInput[]): Plan =>
    plan({
      namespace: input.desired.manifest.namespace,
      environment: input.desired.manifest.environment.name,
      createdAt: input.now,
      purpose: input.purpose ?? "apply",
      placements: inputs,
      trial: input.trial ?? [],
    });
  const first = make(placements);
  if (input.offline || !first.changes.some((c) => c.change.action === "delete")) return first;
  // A delete rests on two complete listings (R2).
  const again = await Promise.all(
    placements.map(async (p): Promise<PlacementInput> => {
      const open = input.placements.get(p.placement);
      return open ? { ...p, listedAgain: await list(open, input.signal) } : p;
    }),
  );
  return make(again);
}

async function placementInput(name: string, open: OpenPlacement, input: PlanningInput): Promise<PlacementInput> {
  const wanted = input.desired.jobs.filter((d) => d.job.placement === name);
  return {
    placement: name,
    type: open.provider.type,
    desired: wanted.map((d) => ({
      job: d.job.name,
      rendering: withBlindLimits(open.provider.render(d, input.now), d, open),
      allowDifferences: d.job.schedule.differences === "allow",
    })),
    ...(input.offline ? {} : { listed: await list(open, input.signal) }),
  };
}

function list(open: OpenPlacement, signal: AbortSignal | undefined): Promise<readonly ObservedResource[]> {
  return open.provider.listDeployments(signal ? { signal } : {});
}

/** Limits that this platform can never judge are said before anything runs, not found out after. */
function withBlindLimits(rendering: Rendering, { job }: DesiredJob, open: OpenPlacement): Rendering {
  const blind = blindLimits(job.guard, metricsOf(open.provider, job));
  return blind.length === 0 ? rendering : { ...rendering, warnings: [...rendering.warnings, ...blind] };
}
