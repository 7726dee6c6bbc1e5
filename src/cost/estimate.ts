import { type Job, type JsonObject, type Money, money, nanos } from "../model/index.ts";
import type { PriceBook } from "./book.ts";
import { sumByCurrency } from "./budget.ts";
import { charge } from "./meter.ts";
import { fraction, fromDecimal, times, toNanos } from "./rational.ts";
import type { Tariff, Unpriced } from "./tariff.ts";

export interface EstimateInput {
  readonly job: Pick<Job, "name" | "team" | "placement">;
  readonly rate: Tariff | Unpriced;
  /** In the month, or whichever period is asked about. */
  readonly fires: number;
  /** How long a run takes, and from where that is known; absent when it is not. */
  readonly expectation?: { readonly seconds: number; readonly from: "manifest" | "history" };
  /** What a past run came to by what the vendor said that it billed: counts where no rate is known before a run. */
  readonly billed?: Money;
}

/** A job's line; `missing` stands where `cost` cannot be known. */
export interface JobEstimate {
  readonly job: string;
  readonly team?: string;
  readonly placement: string;
  readonly fires: number;
  readonly seconds?: number;
  readonly durationFrom?: "manifest" | "history";
  readonly perRun?: Money;
  readonly cost?: Money;
  readonly missing?: string;
}

/** What a provider's scheduler asks for itself, whatever runs. */
export interface SchedulerFee {
  readonly what: string;
  readonly cost: Money;
  /** The price row. */
  readonly how: string;
}

export interface Estimate {
  readonly jobs: readonly JobEstimate[];
  readonly fees: readonly SchedulerFee[];
  /** One for each currency: amounts of different currencies are never added. */
  readonly totals: readonly Money[];
  readonly unpriced: readonly string[];
}

/** What jobs will cost, before anything runs: each run's cost, rounded as it will be charged, times its fires. */
export function estimate(inputs: readonly EstimateInput[], fees: readonly SchedulerFee[] = []): Estimate {
  const jobs = inputs.map(estimateJob);
  const sums = sumByCurrency([...jobs.flatMap((j) => j.cost ?? []), ...fees.map((f) => f.cost)]);
  return {
    jobs,
    fees,
    totals: [...sums].map(([currency, sum]) => money(sum, currency)),
    unpriced: jobs.filter((j) => j.missing !== undefined).map((j) => j.job),
  };
}

function estimateJob({ job, rate, fires, expectation, billed }: EstimateInput): JobEstimate {
  const line = {
    job: job.name,
    ...(job.team === undefined ? {} : { team: job.team }),
    placement: job.placement,
    fires,
    ...(expectation === undefined ? {} : { seconds: expectation.seconds, durationFrom: expectation.from }),
  };
  const costing = ({ amount, currency }: Money): JobEstimate => {
    return { ...line, perRun: { amount, currency }, cost: money(nanos(amount) * BigInt(fires), currency) };
  };
  if (rate.kind === "unpriced") return billed ? costing(billed) : { ...line, missing: rate.missing };
  if (expectation === undefined)
    return { ...line, missing: "how long a run takes: say expect: { duration: … }, or let it run once" };
  const each = charge(rate, expectation.seconds * 1000);
  return costing(money(each.nanos, each.currency));
}

export interface FeeInput {
  readonly book: PriceBook;
  readonly providerType: string;
  readonly placementOptions: JsonObject;
  /** Schedules that stand at the provider; paused ones are billed as well. */
  readonly schedules: number;
  readonly fires: number;
}

/** Cloud Scheduler bills each job a month, EventBridge Scheduler each invocation; free tiers are not taken off. */
export function schedulerFees(input: FeeInput): readonly SchedulerFee[] {
  const { book, providerType, placementOptions, schedules, fires } = input;
  const region = [placementOptions.region, placementOptions.location].find((place) => typeof place === "string");
  const meters: readonly (readonly [meter: string, what: string, quantity: number, per: number])[] = [
    ["cloudScheduler.jobs", `${schedules} schedules for a month, paused ones too`, schedules, 1],
    ["eventBridge.invocations", `${fires} invocations`, fires, 1_000_000],
  ];
  return meters.flatMap(([meter, what, quantity, per]) => {
    const row = book.find(providerType, meter, region);
    if (row === undefined || quantity === 0) return [];
    const cost = toNanos(times(fromDecimal(row.price), fraction(quantity, per)));
    return [{ what, cost: money(cost, row.currency), how: `${row.price} ${row.currency}/${row.unit} [${row.id}]` }];
  });
}
