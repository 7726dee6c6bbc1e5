import { matches } from "../cost/index.ts";
import type { LedgerReader } from "../ledger/index.ts";
import type { Budget, Job } from "../model/index.ts";

/**
 * The jobs that rota itself keeps from starting for a budget that is used up, as the ledger has it now: their
 * native schedules are paused at the provider, and that is no drift.
 */
export async function heldJobs(
  ledger: LedgerReader,
  budgets: readonly Budget[],
  jobs: readonly Job[],
): Promise<ReadonlySet<string>> {
  const held = new Set<string>();
  for await (const { event } of ledger.entries({ types: ["budget.reached", "budget.released"] })) {
    if (event.type === "budget.reached" && event.action !== "notify") held.add(event.budget);
    if (event.type === "budget.released") held.delete(event.budget);
  }
  const holding = budgets.filter(({ name }) => held.has(name));
  return new Set(
    jobs.filter((job) => holding.some(({ match }) => matches(match, { ...job, job: job.name }))).map((job) => job.name),
  );
}
