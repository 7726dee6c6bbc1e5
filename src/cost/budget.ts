import { type Budget, type Instant, type Money, money, nanos, type Run, scale } from "../model/index.ts";
import { type Period, periodOf } from "./period.ts";
import { matches, type Subject } from "./subject.ts";
import type { Charged } from "./tally.ts";

/** A charge of the ledger, with whom it belongs to. */
export interface Spending {
  readonly subject: Subject;
  readonly amount: Money;
  /** The charge's own `from`. */
  readonly from: Instant;
}

/** A run in flight: what it has cost so far in the period, undefined where it has no price. */
export interface Running {
  readonly subject: Subject;
  readonly spent: Money | undefined;
  /** What it is expected to cost yet. */
  readonly remaining?: Money;
}

/** Fires still to come in the period, and what each is expected to cost; undefined where that is not known. */
export interface Upcoming {
  readonly subject: Subject;
  readonly fires: number;
  readonly each: Money | undefined;
}

/** What a month's report asks of whoever knows prices, schedules and runs in flight. */
export interface CostOutlook {
  /** Runs in flight now, as far as they have got in this month. */
  inFlight(): Promise<readonly (Running & { readonly subject: Run })[]>;
  /** Fires from now to the end of the period, and runs that wait to be started. */
  upcoming(period: Period): Promise<readonly Upcoming[]>;
}

export interface BudgetFacts {
  readonly budget: Budget;
  readonly at: Instant;
  /** Of its period. */
  readonly charged: Charged;
  readonly live: readonly Running[];
  readonly upcoming: readonly Upcoming[];
  /** Warnings that went out for this budget, with their instant; those before the period count for nothing. */
  readonly warned: readonly { readonly share: number; readonly at: Instant }[];
}

export interface BudgetState {
  readonly budget: string;
  readonly period: Period;
  readonly spent: Money;
  readonly limit: Money;
  /** Of the limit, for people; decisions are made on the exact amounts. */
  readonly share: number;
  readonly state: "ok" | "warned" | "reached";
  /** The shares of `warnAt` that are passed and of which nobody was told in this period, ascending. */
  readonly crossed: readonly number[];
  /** What the budget asks for, once it is reached. */
  readonly action?: Budget["atLimit"];
  /** By the end of the period; absent for a rolling window, which has none. */
  readonly forecast?: Money;
  /** What is left out of the figures: fires and runs without a price, and amounts in other currencies. */
  readonly leftOut: { readonly fires: number; readonly runs: number; readonly otherCurrencies: readonly Money[] };
}

/** What a budget stands at: charges of its period and the runs in flight; the forecast adds what is still to come. */
export function budgetState(facts: BudgetFacts): BudgetState {
  const { budget, at } = facts;
  const period = periodOf(budget.per, at);
  const { currency } = budget.limit;
  const mine = <T extends { readonly subject: Subject }>(all: readonly T[]): readonly T[] =>
    all.filter(({ subject }) => matches(budget.match, subject));
  const live = mine(facts.live);
  const upcoming = mine(facts.upcoming);
  const sums = new Map(facts.charged);
  for (const [other, sum] of sumByCurrency(live.flatMap((r) => r.spent ?? [])))
    sums.set(other, (sums.get(other) ?? 0n) + sum);
  const spent = sums.get(currency) ?? 0n;
  sums.delete(currency);
  const limit = nanos(budget.limit.amount);
  const crossed = budget.warnAt.filter(
    (share) => isPassed(spent, limit, share) && !facts.warned.some((w) => w.share === share && w.at >= period.from),
  );
  const reached = spent >= limit;
  const warned = budget.warnAt.some((share) => isPassed(spent, limit, share));
  const rest = toCome(live, upcoming, currency);
  return {
    budget: budget.name,
    period,
    spent: money(spent, currency),
    limit: budget.limit,
    share: limit === 0n ? 1 : Number(scale(spent, 1_000_000n, limit)) / 1_000_000,
    state: reached ? "reached" : warned ? "warned" : "ok",
    crossed,
    ...(reached ? { action: budget.atLimit } : {}),
    ...(typeof budget.per === "string" ? { forecast: money(spent + rest.nanos, currency) } : {}),
    leftOut: {
      fires: rest.firesLeftOut,
      runs: live.filter((r) => r.spent === undefined).length,
      otherCurrencies: [...sums].map(([other, sum]) => money(sum, other)),
    },
  };
}

/** spent ≥ limit × share, exactly: a manifest's share has at most six decimals (80.1234%). */
function isPassed(spent: bigint, limit: bigint, share: number): boolean {
  return spent * 100_000_000n >= limit * BigInt(Math.round(share * 100_000_000));
}

function toCome(
  live: readonly Running[],
  upcoming: readonly Upcoming[],
  currency: string,
): { readonly nanos: bigint; readonly firesLeftOut: number } {
  let sum = 0n;
  let firesLeftOut = 0;
  for (const { remaining } of live) if (remaining?.currency === currency) sum += nanos(remaining.amount);
  for (const { fires, each } of upcoming) {
    if (each?.currency === currency) sum += nanos(each.amount) * BigInt(fires);
    else firesLeftOut += fires;
  }
  return { nanos: sum, firesLeftOut };
}

/** Exact sums, in order of first appearance. */
export function sumByCurrency(amounts: readonly Money[]): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const { amount, currency } of amounts) sums.set(currency, (sums.get(currency) ?? 0n) + nanos(amount));
  return sums;
}
