import { charge, machinesOf, type PriceBook, tariff } from "../cost/index.ts";
import type { Job, JsonObject } from "../model/index.ts";
import { compute } from "./runs.ts";

/** What an hour of a job's run costs at a placement, in 10^-9 of the currency of its cost limit; undefined where that is not known. */
export function hourlyRate(type: string, options: JsonObject, book: PriceBook): (job: Job) => bigint | undefined {
  return (job) => {
    const machines = machinesOf(job.workload);
    const { workload: kind, ...asked } = compute(job);
    const rate = tariff({
      book,
      providerType: type,
      placementOptions: options,
      jobOptions: job.options,
      workload: { kind, ...asked },
      ...(machines === undefined ? {} : { machines }),
    });
    if (rate.kind === "unpriced" || (job.guard.cost && rate.currency !== job.guard.cost.currency)) return undefined;
    return charge(rate, 0).hourlyNanos;
  };
}
