import {
  charge,
  chargeRental,
  type Metering as Facts,
  type Priced,
  periodOf,
  type Rental,
  rental,
  type Tariff,
  tariff,
  type Unpriced,
} from "../../cost/index.ts";
import type { CostFacts } from "../../guard/index.ts";
import {
  type Budget,
  DAY,
  type DesiredJob,
  type EventOf,
  type Instant,
  type LedgerEvent,
  MINUTE,
  type Money,
  money,
  type Run,
} from "../../model/index.ts";
import type { EngineContext } from "../context.ts";
import { notPlaced, rateAt } from "../rate.ts";
import type { TrackedRun } from "../state.ts";

type Rate = Tariff | Rental | Unpriced;
/** What the vendor told of the run when the rate was made. */
interface Told {
  readonly rented: Run["rented"];
  readonly billed: Run["billed"];
}

const UNBILLED = "what the vendor bills for the run: at its end it did not tell";
/** The vendor's date of a stop and the engine's differ by less than this. */
const STOP_SPREAD_MS: number = MINUTE;

/**
 * Meters runs by the price book: live, for the guard and the budgets, and once for good at the confirmed end.
 * A run without a price is unpriced, which is said and never counted as nothing.
 */
export class Metering {
  private readonly rates = new WeakMap<TrackedRun, Rate & Told>();
  private readonly ahead = new WeakMap<DesiredJob, { readonly open: unknown; readonly rate: Tariff | Unpriced }>();
  private readonly context: EngineContext;

  constructor(context: EngineContext) {
    this.context = context;
  }

  /** What the run has cost after `elapsedSeconds`; also kept on it for the status page. */
  live(tracked: TrackedRun, elapsedSeconds: number): CostFacts {
    const rate = this.rate(tracked);
    if (rate.kind === "unpriced") return rate;
    const startedAt = tracked.run.startedAt ?? 0;
    const spent = upTo(rate, startedAt, startedAt + elapsedSeconds * 1000);
    tracked.costNanos = spent.nanos;
    return {
      kind: "metered",
      amount: money(spent.nanos, spent.currency),
      perHour: money(spent.hourlyNanos, spent.currency),
    };
  }

  /** Of the run's cost, what lies in the period until now, and what is to come yet if it takes `seconds`. */
  within(
    tracked: TrackedRun,
    per: Budget["per"],
    at: Instant,
    seconds: number | undefined,
  ): { readonly spent: Money | undefined; readonly remaining?: Money } {
    const rate = this.rate(tracked);
    const { startedAt } = tracked.run;
    if (rate.kind === "unpriced" || startedAt === undefined) return { spent: undefined };
    // It may have ended since it was last seen: a daemon that was away, or a provider that is, is no spending.
    const until = Math.min(at, Math.max(startedAt, tracked.confirmedAt ?? startedAt));
    const whole = upTo(rate, startedAt, until).nanos;
    const { from } = periodOf(per, at);
    const before = startedAt < from ? min(whole, upTo(rate, startedAt, from).nanos) : 0n;
    const spent = money(whole - before, rate.currency);
    if (seconds === undefined) return { spent };
    const expected = upTo(rate, startedAt, startedAt + seconds * 1000).nanos;
    return { spent, remaining: money(expected > whole ? expected - whole : 0n, rate.currency) };
  }

  /** What a run of the job costs, before there is one: kept for as long as its placement stands as it is. */
  rateOf(desired: DesiredJob): Tariff | Unpriced {
    const { cores, currency, placements } = this.context.env;
    const { job } = desired;
    const open = placements.get(job.placement);
    const known = this.ahead.get(desired);
    if (known && known.open === open) return known.rate;
    const rate = rateAt(open && { ...open, type: open.provider.type, cores, currency }, job);
    this.ahead.set(desired, { open, rate });
    return rate;
  }

  /** What an hour of the run costs, or cost before it was stopped; undefined when it has no price. */
  rateOfRun(tracked: TrackedRun): { readonly hourlyNanos: bigint; readonly currency: string } | undefined {
    const rate = this.rate(tracked);
    if (rate.kind === "unpriced") return undefined;
    if (rate.kind === "tariff") return charge(rate, 0);
    const at = tracked.stopping ? tracked.stopping.since - STOP_SPREAD_MS : this.context.time.now();
    return chargeRental(rate, at);
  }

  /**
   * The charges of a run that has ended, from its confirmed start to its confirmed end, cut at the days of
   * UTC so that each falls into its own day and month. The pieces add up to the whole, to the last nano.
   */
  charges(tracked: TrackedRun, startedAt: Instant | undefined, ended: EventOf<"run.ended">): readonly LedgerEvent[] {
    if (startedAt === undefined) return [];
    // What it says at the end holds, also that it can no longer say it: what was said at the start has no price then.
    const rate: Rate =
      tracked.run.billed && !ended.billed ? { kind: "unpriced", missing: UNBILLED } : this.rate(tracked, ended.billed);
    const { run, job } = tracked.run;
    const to = Math.max(startedAt, ended.endedAt);
    if (rate.kind === "unpriced") {
      return [{ type: "charge.unpriced", run, job, from: startedAt, to, missing: rate.missing }];
    }
    const whole = upTo(rate, startedAt, to);
    const events: LedgerEvent[] = [];
    let charged = 0n;
    for (let from = startedAt; from < to || events.length === 0; ) {
      const end = Math.min(to, (Math.floor(from / DAY) + 1) * DAY);
      const sum = end === to ? whole.nanos : min(whole.nanos, upTo(rate, startedAt, end).nanos);
      const amount = money(sum - charged, whole.currency);
      events.push({ type: "charge", run, job, amount, basis: "metered", from, to: end, how: whole.how });
      charged = sum;
      from = end;
      if (end === to) break;
    }
    return events;
  }

  /** For as long as the vendor tells no more of the run. */
  private rate(tracked: TrackedRun, billed: Run["billed"] = tracked.run.billed): Rate {
    const known = this.rates.get(tracked);
    const { rented } = tracked.run;
    if (known && known.rented === rented && known.billed === billed) return known;
    const rate = { ...this.find({ ...tracked.run, ...(billed && { billed }) }, tracked.desired), rented, billed };
    this.rates.set(tracked, rate);
    return rate;
  }

  private find(run: Run, desired: DesiredJob | undefined): Rate {
    const facts = this.facts(run, desired);
    if (facts.kind === "unpriced") return facts;
    if (run.workload !== "vm") return tariff(facts);
    if (run.rented !== undefined) return rental(facts, run.rented);
    return { kind: "unpriced", missing: "which machines the run rents: the provider did not tell" };
  }

  private facts(run: Run, desired: DesiredJob | undefined): (Facts & { readonly kind: "facts" }) | Unpriced {
    const open = this.context.env.placements.get(run.placement);
    return open
      ? {
          kind: "facts",
          book: open.prices,
          providerType: open.provider.type,
          placementOptions: open.options,
          ...(desired ? { jobOptions: desired.job.options } : {}),
          workload: { kind: run.workload, cpu: run.cpu, memoryBytes: run.memoryBytes, gpu: run.gpu },
          ...(run.billed && { billed: run.billed }),
          cores: this.context.env.cores,
          currency: this.context.env.currency,
        }
      : notPlaced(run.placement);
  }
}

/** What the run has cost at an instant: machines by the times of each, everything else by the time since its start. */
function upTo(rate: Tariff | Rental, startedAt: Instant, at: Instant): Priced {
  return rate.kind === "rental" ? chargeRental(rate, at) : charge(rate, at - startedAt);
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
