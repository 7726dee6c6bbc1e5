import { type EventOf, type Instant, type Limit, type Money, money, type Run, scale } from "../model/index.ts";

/** Stands under every figure of savings. */
export const SAVED_RULE: string =
  "saved = the stopped run's hourly rate × the median time for which earlier runs of the same job went on after they " +
  "broke the same limit and were not stopped; nothing where there is no such run, and no usual limit is assumed";

export interface Savings {
  readonly amount: Money;
  /** The figures behind it, for the ledger. */
  readonly rule: string;
}

/**
 * What stopping a run has saved. `wentOnMs`: for each earlier run of the job that broke the same limit and was not
 * stopped (the guard observed or only notified), the time from its first breach to its end. Undefined without any:
 * no claim is made.
 */
export function savedByStop(
  rate: { readonly hourlyNanos: bigint; readonly currency: string },
  wentOnMs: readonly number[],
): Savings | undefined {
  if (wentOnMs.length === 0) return undefined;
  const sorted = wentOnMs.map((ms) => Math.max(0, Math.round(ms))).sort((a, b) => a - b);
  const low = sorted[(sorted.length - 1) >> 1] ?? 0;
  const high = sorted[sorted.length >> 1] ?? 0;
  // Of two middles the mean, kept as a sum over two so that nothing is rounded before the amount.
  const amount = scale(rate.hourlyNanos * BigInt(low + high), 1n, 7_200_000n);
  const hourly = money(rate.hourlyNanos, rate.currency);
  return {
    amount: money(amount, rate.currency),
    rule: `${hourly.amount} ${hourly.currency}/h × ${(low + high) / 2000} s, the median of ${sorted.length} earlier runs that went on after the same breach`,
  };
}

/** A `run.judged` of the ledger and its instant. */
export interface Judged {
  readonly at: Instant;
  readonly event: EventOf<"run.judged">;
}

/**
 * How long the runs given went on after the first breach of one of these limits, for those that have ended and that the
 * guard did not stop. `runs` are the earlier runs of the job.
 */
export function timesAfterBreach(
  runs: readonly Run[],
  judged: readonly Judged[],
  limits: readonly Limit[],
): readonly number[] {
  const byRun = Map.groupBy(judged, ({ event }) => event.run);
  return runs.flatMap((run) => {
    const verdicts = byRun.get(run.run) ?? [];
    if (run.endedAt === undefined || verdicts.some(({ event }) => event.action === "stop")) return [];
    const breaches = verdicts.filter(({ event }) => event.breaches.some(({ limit }) => limits.includes(limit)));
    if (breaches.length === 0) return [];
    return [Math.max(0, run.endedAt - Math.min(...breaches.map(({ at }) => at)))];
  });
}
