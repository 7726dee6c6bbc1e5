import { charge, periodOf, type Tariff, tariff, type Unpriced } from "../../cost/index.ts";
import type { CostFacts } from "../../guard/index.ts";
import {
  type Budget,
  DAY,
  type DesiredJob,
  type EventOf,
  type Instant,
  type LedgerEvent,
  type Money,
  money,
  type Run,
} from "../../model/index.ts";
import type { EngineContext } from "../context.ts";
import { newRun } from "../runs.ts";
import type { TrackedRun } from "../state.ts";

/**
 * Meters runs by the price book: live, for the guard and the budgets, and once for good at the confirmed end.
 * A run without a price is unpriced, which is said and never counted as nothing.
 */
export class Metering {
  private readonly rates = new WeakMap<TrackedRun, Tariff | Unpriced>();
  private readonly context: EngineContext;

  constructor(context: EngineContext) {
    this.context = context;
  }

  /** What the run has cost after `elapsedSeconds`; also kept on it for the status page. */
  live(tracked: TrackedRun, elapsedSeconds: number): CostFacts {
    const rate = this.rate(tracked);
    if (rate.kind === "unpriced") return rate;
    const spent = charge(rate, elapsedSeconds * 1000);
    tracked.costNanos = spent.nanos;
    return {
      kind: "metered",
      amount: money(spent.nanos, spent.currency),
      perHour: money(spent.hourlyNanos, spent.currency),
    };
  }

  /** Of the run's cost, what lies in the budget's period until now, and what is expected to come yet. */
  within(tracked: TrackedRun, per: Budget["per"], at: Instant): { spent: Money | undefined; remaining?: Money } {
    const rate = this.rate(tracked);
    const { startedAt } = tracked.run;
    if (rate.kind === "unpriced" || startedAt === undefined) return { spent: undefined };
    // It may have ended since it was last seen: a daemon that was away, or a provider that is, is no spending.
    const until = Math.min(at, Math.max(startedAt, tracked.confirmedAt ?? startedAt));
    const whole = charge(rate, until - startedAt).nanos;
    const { from } = periodOf(per, at);
    const before = startedAt < from ? min(whole, charge(rate, from - startedAt).nanos) : 0n;
    const spent = money(whole - before, rate.currency);
    const seconds = tracked.desired?.job.expect.durationSeconds;
    if (seconds === undefined) return { spent };
    const expected = charge(rate, seconds * 1000).nanos;
    return { spent, remaining: money(expected > whole ? expected - whole : 0n, rate.currency) };
  }

  /** The tariff of a job that is not running. */
  rateOf(desired: DesiredJob): Tariff | Unpriced {
    const id = "";
    return this.find(newRun({ id, desired, cause: "fire", now: 0 }), desired);
  }

  /** What an hour of the run costs; undefined when it has no price. */
  rateOfRun(tracked: TrackedRun): { readonly hourlyNanos: bigint; readonly currency: string } | undefined {
    const rate = this.rate(tracked);
    return rate.kind === "unpriced" ? undefined : charge(rate, 0);
  }

  /**
   * The charges of a run that has ended, from its confirmed start to its confirmed end, cut at the days of
   * UTC so that each falls into its own day and month. The pieces add up to the whole, to the last nano.
   */
  charges(tracked: TrackedRun, startedAt: Instant | undefined, ended: EventOf<"run.ended">): readonly LedgerEvent[] {
    if (startedAt === undefined) return [];
    const rate = this.rate(tracked);
    const { run, job } = tracked.run;
    const to = Math.max(startedAt, ended.endedAt);
    if (rate.kind === "unpriced") {
      return [{ type: "charge.unpriced", run, job, from: startedAt, to, missing: rate.missing }];
    }
    const whole = charge(rate, to - startedAt);
    const events: LedgerEvent[] = [];
    let charged = 0n;
    for (let from = startedAt; from < to || events.length === 0; ) {
      const end = Math.min(to, (Math.floor(from / DAY) + 1) * DAY);
      const upTo = end === to ? whole.nanos : min(whole.nanos, charge(rate, end - startedAt).nanos);
      const amount = money(upTo - charged, whole.currency);
      events.push({ type: "charge", run, job, amount, basis: "metered", from, to: end, how: whole.how });
      charged = upTo;
      from = end;
      if (end === to) break;
    }
    return events;
  }

  private rate(tracked: TrackedRun): Tariff | Unpriced {
    const known = this.rates.get(tracked);
    if (known) return known;
    const rate = this.find(tracked.run, tracked.desired);
    this.rates.set(tracked, rate);
    return rate;
  }

  private find(run: Run, desired: DesiredJob | undefined): Tariff | Unpriced {
    const open = this.context.env.placements.get(run.placement);
    return open
      ? tariff({
          book: open.prices,
          providerType: open.provider.type,
          placementOptions: open.options,
          ...(desired ? { jobOptions: desired.job.options } : {}),
          workload: { kind: run.workload, cpu: run.cpu, memoryBytes: run.memoryBytes, gpu: run.gpu },
          cores: this.context.env.cores,
          currency: this.context.env.currency,
        })
      : { kind: "unpriced", missing: `the placement "${run.placement}" is not in the manifest` };
  }
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
