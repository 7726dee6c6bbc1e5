import type { Entry, LedgerEvent } from "../model/index.ts";

/** What happened to everybody at the time: the daemon, its clock, its guard. */
const COMMON: ReadonlySet<LedgerEvent["type"]> = new Set([
  "daemon.started",
  "daemon.stopped",
  "clock.stepped",
  "guard.held",
  "guard.released",
]);
const BUDGETS: ReadonlySet<LedgerEvent["type"]> = new Set(["budget.reached", "budget.released"]);
const PROVIDERS: ReadonlySet<LedgerEvent["type"]> = new Set(["provider.problem", "provider.recovered"]);

/**
 * The entries that bear on something at a placement: what happened to everybody, and the placement's own
 * troubles. Budgets only where one had a hand in it: another team's is no news here.
 */
export function bearing(entries: readonly Entry[], placement: string | undefined, budgets: boolean): Entry[] {
  return entries.filter(({ event }) => {
    if (COMMON.has(event.type)) return true;
    if (BUDGETS.has(event.type)) return budgets;
    return PROVIDERS.has(event.type) && "placement" in event && event.placement === placement;
  });
}
