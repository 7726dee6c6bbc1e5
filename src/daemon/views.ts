import type { Engine } from "../engine/index.ts";
import { type DesiredState, money } from "../model/index.ts";
import type { ViewSettings } from "../server/index.ts";

/** What the API and the page show of the manifest in force, and of the costs that still run. */
export function viewsOf({ manifest }: DesiredState, engine: Engine): ViewSettings {
  return {
    namespace: manifest.namespace,
    environment: manifest.environment.name,
    timezone: manifest.timezone,
    currency: manifest.currency,
    budgets: manifest.budgets,
    graceMs: (placement, job) => engine.graceMs(placement, job),
    outlook: engine.outlook,
    liveCost: (run) => {
      const nanos = engine.state.open.get(run.run)?.costNanos;
      return nanos === undefined ? undefined : money(nanos, manifest.currency);
    },
  };
}
