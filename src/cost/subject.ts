import type { Budget, Run } from "../model/index.ts";

/** Who a cost belongs to: what budgets match and reports group by. A recorded `Run` is one as it stands. */
export type Subject = Pick<Run, "job" | "environment" | "placement" | "team" | "costCenter" | "labels">;

/** Every condition that the budget names holds; a budget that names none matches all. */
export function matches(match: Budget["match"], subject: Subject): boolean {
  const { team, job, provider, environment, costCenter, labels } = match;
  return (
    (team === undefined || team === subject.team) &&
    (job === undefined || job === subject.job) &&
    (provider === undefined || provider === subject.placement) &&
    (environment === undefined || environment === subject.environment) &&
    (costCenter === undefined || costCenter === subject.costCenter) &&
    Object.entries(labels ?? {}).every(([key, value]) => subject.labels[key] === value)
  );
}
