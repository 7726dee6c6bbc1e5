import type { CostOutlook } from "../../cost/index.ts";
import type { LedgerReader } from "../../ledger/index.ts";
import type { Instant, Manifest } from "../../model/index.ts";
import { ratePlaces } from "../placements.ts";
import { rateAt } from "../rate.ts";
import { Outlook } from "./outlook.ts";

/**
 * What is still to come by the ledger and the manifest's prices, where no daemon answers: the figures that it
 * would give, without the runs in flight and those that wait, of which nobody knows how far they have got.
 */
export async function offlineOutlook(
  ledger: LedgerReader,
  manifest: Manifest,
  { cores, now }: { readonly cores: number; readonly now: Instant },
): Promise<CostOutlook> {
  const places = ratePlaces(manifest, cores);
  const deployed = await ledger.deployments();
  const mine = deployed.filter(({ desired }) => desired.job.environment === manifest.environment.name);
  const outlook = new Outlook({
    ledger,
    deployed: () => mine,
    rate: ({ job }) => rateAt(places.get(job.placement), job),
  });
  return { inFlight: async () => [], upcoming: (period) => outlook.fires(period, now) };
}
