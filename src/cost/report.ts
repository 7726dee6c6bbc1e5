import { type Budget, type Instant, type Money, money, nanos, type Run, scale } from "../model/index.ts";
import type { Upcoming } from "./budget.ts";
import { added, emptyGroup, type Group, type GroupKey, Groups } from "./group.ts";
import { type Period, periodOf } from "./period.ts";

export interface ReportCharge {
  readonly run: string;
  readonly amount: Money;
}

export interface ReportInput {
  readonly period: Period;
  readonly currency: string;
  readonly groupBy: readonly GroupKey[];
  /** Of the period, net of reversals. */
  readonly charges: readonly ReportCharge[];
  /** Every run that a charge, a saving or an unpriced stretch of this or the previous period names. */
  readonly runs: readonly Run[];
  readonly previous?: { readonly charges: readonly ReportCharge[] };
  readonly budgets: readonly Budget[];
  /** Fires to come until the end of the period; absent when the period is over. */
  readonly upcoming?: readonly Upcoming[];
  readonly saved: readonly ReportCharge[];
  /** Runs for whose time there is no price. */
  readonly unpriced: readonly { readonly run: string; readonly missing: string }[];
}

export interface ReportRow {
  /** The values of `groupBy`, in its order; `-` where a run has none. */
  readonly key: readonly string[];
  readonly runs: number;
  readonly cost: Money;
  /** Of the total, 0–1. */
  readonly share: number;
  readonly previous?: Money;
  /** Of the budget that matches exactly this row. */
  readonly budget?: Money;
  readonly forecast?: Money;
  readonly saved?: Money;
  readonly unpriced: number;
}

export interface ReportRun {
  readonly run: string;
  readonly job: string;
  readonly status: Run["status"];
  readonly startedAt?: Instant;
  readonly endedAt?: Instant;
  readonly cost: Money;
  readonly reason?: string;
}

export interface Report {
  readonly period: Period;
  readonly currency: string;
  readonly groupBy: readonly GroupKey[];
  /** Dearest first. */
  readonly rows: readonly ReportRow[];
  readonly total: Omit<ReportRow, "key" | "share">;
  /** The ten dearest runs. */
  readonly top: readonly ReportRun[];
  /** Runs that were stopped, and why, oldest first. */
  readonly stopped: readonly ReportRun[];
  /** Charges in other currencies than the report's: stated, and in no other figure. */
  readonly otherCurrencies: readonly Money[];
  /** What no price is known for, with the number of runs that need it. */
  readonly missing: readonly { readonly missing: string; readonly runs: number }[];
  /** Fires to come whose cost is not known, and which are not in the forecast. */
  readonly upcomingLeftOut: number;
}

const TOP = 10;

/** Sums per group, exact: the rows, the runs and the total are sums of the same charges, in any order of them. */
export function report(input: ReportInput): Report {
  const { currency } = input;
  const runs = new Map(input.runs.map((run) => [run.run, run]));
  const groups = new Groups(input.groupBy, runs);
  const perRun = new Map<string, bigint>();
  const others = new Map<string, bigint>();
  for (const { run, amount } of input.charges) {
    if (amount.currency !== currency) {
      others.set(amount.currency, (others.get(amount.currency) ?? 0n) + nanos(amount.amount));
      continue;
    }
    perRun.set(run, (perRun.get(run) ?? 0n) + nanos(amount.amount));
  }
  for (const [run, cost] of perRun) groups.ofRun(run).cost += cost;
  for (const run of new Set([...input.charges, ...input.unpriced].map((c) => c.run))) groups.ofRun(run).runs++;
  for (const { run, amount } of input.previous?.charges ?? [])
    if (amount.currency === currency) groups.ofRun(run).previous += nanos(amount.amount);
  for (const { run, amount } of input.saved)
    if (amount.currency === currency) groups.ofRun(run).saved += nanos(amount.amount);
  for (const run of new Set(input.unpriced.map((u) => u.run))) groups.ofRun(run).unpriced++;
  const upcomingLeftOut = addUpcoming(groups, input.upcoming ?? [], currency);

  const all = groups.all();
  const total = all.reduce(added, emptyGroup([]));
  const budgets = input.budgets.filter((b) => b.limit.currency === currency && isOf(b, input.period));
  const budgetOf = (group: Group): Money | undefined => exactBudget(budgets, input.groupBy, group.key);
  const rows = all
    .map((group) => ({
      key: group.key,
      share: shareOf(group.cost, total.cost),
      ...figures(group, input, budgetOf(group)),
    }))
    .sort(
      (a, b) => compare(nanos(b.cost.amount), nanos(a.cost.amount)) || (a.key.join("\0") < b.key.join("\0") ? -1 : 1),
    );
  return {
    period: input.period,
    currency,
    groupBy: input.groupBy,
    rows,
    total: figures(total, input, budgets.find((b) => keysOf(b.match).length === 0)?.limit),
    top: topRuns(perRun, runs, currency),
    stopped: stoppedRuns(input, perRun),
    otherCurrencies: [...others].sort().map(([other, sum]) => money(sum, other)),
    missing: countMissing(input.unpriced),
    upcomingLeftOut,
  };
}

/** Answers the fires whose cost is not known in this currency. */
function addUpcoming(groups: Groups, upcoming: readonly Upcoming[], currency: string): number {
  let leftOut = 0;
  for (const { subject, fires, each } of upcoming) {
    if (each?.currency === currency) groups.of(subject).upcoming += nanos(each.amount) * BigInt(fires);
    else leftOut += fires;
  }
  return leftOut;
}

function figures(group: Group, input: ReportInput, budget: Money | undefined): Omit<ReportRow, "key" | "share"> {
  const amount = (value: bigint): Money => money(value, input.currency);
  return {
    runs: group.runs,
    cost: amount(group.cost),
    ...(input.previous === undefined ? {} : { previous: amount(group.previous) }),
    ...(budget === undefined ? {} : { budget }),
    ...(input.upcoming === undefined ? {} : { forecast: amount(group.cost + group.upcoming) }),
    ...(group.saved === 0n ? {} : { saved: amount(group.saved) }),
    unpriced: group.unpriced,
  };
}

/** The limit of a day says nothing of a month. */
function isOf({ per }: Budget, { from, to }: Period): boolean {
  const own = periodOf(per, from);
  return own.from === from && own.to === to;
}

/** The budget whose conditions are this row's values and nothing else. */
function exactBudget(
  budgets: readonly Budget[],
  groupBy: readonly GroupKey[],
  key: readonly string[],
): Money | undefined {
  const wanted = groupBy.map((by, i) => `${by}=${key[i]}`).sort();
  const found = budgets.find((b) => keysOf(b.match).join("\0") === wanted.join("\0"));
  return groupBy.length === 0 ? undefined : found?.limit;
}

function keysOf({ labels, ...match }: Budget["match"]): readonly string[] {
  const plain = Object.entries(match).filter(([, value]) => value !== undefined);
  const labelled = Object.entries(labels ?? {}).map(([key, value]) => [`label:${key}`, value]);
  return [...plain, ...labelled].map(([key, value]) => `${key}=${value}`).sort();
}

function shareOf(part: bigint, whole: bigint): number {
  return whole === 0n ? 0 : Number(scale(part, 1_000_000n, whole)) / 1_000_000;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function byEnd(a: Run, b: Run): number {
  return (a.endedAt ?? 0) - (b.endedAt ?? 0) || (a.run < b.run ? -1 : 1);
}

function stoppedRuns(input: ReportInput, perRun: ReadonlyMap<string, bigint>): readonly ReportRun[] {
  const here = new Set([...input.charges, ...input.unpriced].map((c) => c.run));
  return input.runs
    .filter((run) => run.status === "killed" && here.has(run.run))
    .sort(byEnd)
    .map((run) => line(run, perRun, input.currency));
}

function topRuns(
  perRun: ReadonlyMap<string, bigint>,
  runs: ReadonlyMap<string, Run>,
  currency: string,
): readonly ReportRun[] {
  return [...perRun]
    .sort(([idA, a], [idB, b]) => compare(b, a) || (idA < idB ? -1 : 1))
    .flatMap(([id]) => runs.get(id) ?? [])
    .slice(0, TOP)
    .map((run) => line(run, perRun, currency));
}

function line(run: Run, perRun: ReadonlyMap<string, bigint>, currency: string): ReportRun {
  const { startedAt, endedAt, reason } = run;
  return {
    run: run.run,
    job: run.job,
    status: run.status,
    cost: money(perRun.get(run.run) ?? 0n, currency),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(reason === undefined ? {} : { reason }),
  };
}

function countMissing(unpriced: ReportInput["unpriced"]): Report["missing"] {
  const byMissing = Map.groupBy(unpriced, (u) => u.missing);
  return [...byMissing]
    .map(([missing, all]) => ({ missing, runs: new Set(all.map((u) => u.run)).size }))
    .sort((a, b) => b.runs - a.runs || (a.missing < b.missing ? -1 : 1));
}
