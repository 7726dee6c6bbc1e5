import { fingerprint, type ObservedResource, type Rendering, type Resource } from "../../../src/model/index.ts";
import { type PlacementInput, type Plan, type PlanInput, plan } from "../../../src/plan/index.ts";

export const NAMESPACE = "acme";
export const ENVIRONMENT = "prod";
export const CREATED_AT = 1_795_000_000_000;

export function resource(
  job: string,
  kind = "schedule",
  fields: Resource["fields"] = {},
  dependsOn?: string[],
): Resource {
  return { kind, id: `${job}-${kind}`, job, fields, ...(dependsOn ? { dependsOn } : {}) };
}

export function rendering(resources: readonly Resource[], over: Partial<Rendering> = {}): Rendering {
  return { resources, warnings: [], differences: [], ...over };
}

/** As the provider would show it. */
export function observed(of: Resource, over: Partial<ObservedResource> = {}): ObservedResource {
  const revision = fingerprint(of.fields).slice(0, 8);
  return { ...of, mark: { namespace: NAMESPACE, environment: ENVIRONMENT, job: of.job }, revision, ...over };
}

export function planOf(placements: readonly Partial<PlacementInput>[], over: Partial<PlanInput> = {}): Plan {
  return plan({
    namespace: NAMESPACE,
    environment: ENVIRONMENT,
    createdAt: CREATED_AT,
    placements: placements.map((each) => ({ placement: "aws", type: "aws", desired: [], listed: [], ...each })),
    ...over,
  });
}

/** Two resources a job, as most vendors need: what runs, and the schedule that starts it. */
export function jobOf(name: string, expression = "0 6 * * *"): { readonly job: string; readonly rendering: Rendering } {
  const task = resource(name, "task", { image: "a", cpu: 1 });
  const schedule = resource(name, "schedule", { expression, target: `task/${name}-task` }, [`task/${name}-task`]);
  return { job: name, rendering: rendering([schedule, task]) };
}

/** What is there once the jobs were deployed. */
export function deployed(...jobs: readonly { readonly rendering: Rendering }[]): ObservedResource[] {
  return jobs.flatMap((each) => each.rendering.resources.map((one) => observed(one)));
}

/** `create task/a-task`, in order. */
export function steps(of: Plan): string[] {
  return of.changes.map(({ change }) => {
    const one = change.action === "delete" ? change.actual : change.desired;
    return `${change.action} ${one.kind}/${one.id}`;
  });
}
