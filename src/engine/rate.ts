import { charge, machinesOf, type PriceBook, type Tariff, tariff, type Unpriced } from "../cost/index.ts";
import type { Job, JsonObject } from "../model/index.ts";
import { compute } from "./runs.ts";

/** Where a job runs, as far as its price asks. */
export interface RatePlace {
  readonly type: string;
  readonly options: JsonObject;
  readonly prices: PriceBook;
  /** Of this machine: what an hourly price of it is shared by. */
  readonly cores?: number;
  /** Of a cost that is nothing. */
  readonly currency?: string;
}

/** By the name of the placement; where its prices cannot be read, what is wrong with them. */
export type RatePlaces = ReadonlyMap<string, RatePlace | Unpriced>;

/** What a run of the job costs, before there is one, at a placement of that name. */
export function rateAt(place: RatePlace | Unpriced | undefined, job: Job): Tariff | Unpriced {
  if (place === undefined) return notPlaced(job.placement);
  return "kind" in place ? place : jobRate(place, job);
}

export function notPlaced(placement: string): Unpriced {
  return { kind: "unpriced", missing: `the placement "${placement}" is not in the manifest` };
}

function jobRate(place: RatePlace, job: Job): Tariff | Unpriced {
  const machines = machinesOf(job.workload);
  const { workload: kind, ...asked } = compute(job);
  return tariff({
    book: place.prices,
    providerType: place.type,
    placementOptions: place.options,
    jobOptions: job.options,
    workload: { kind, ...asked },
    ...(machines === undefined ? {} : { machines }),
    ...(place.cores === undefined ? {} : { cores: place.cores }),
    ...(place.currency === undefined ? {} : { currency: place.currency }),
  });
}

/** What an hour of a job's run costs at a placement, in 10^-9 of the currency of its cost limit; undefined where that is not known. */
export function hourlyRate(place: RatePlace): (job: Job) => bigint | undefined {
  return (job) => {
    const rate = jobRate(place, job);
    if (rate.kind === "unpriced" || (job.guard.cost && rate.currency !== job.guard.cost.currency)) return undefined;
    return charge(rate, 0).hourlyNanos;
  };
}
