import { setImmediate } from "node:timers/promises";
import {
  type CostObject,
  type GroupKey,
  monthOf,
  type Period,
  previousPeriod,
  type Report,
  type ReportCharge,
  report,
  reportJson,
  type Upcoming,
} from "../cost/index.ts";
import type { Charge, LedgerReader } from "../ledger/index.ts";
import {
  type Budget,
  DAY,
  type Instant,
  type Money,
  money,
  nanos,
  OPEN_STATUSES,
  type Run,
  scale,
} from "../model/index.ts";
import { fires } from "../schedule/index.ts";
import type { LiveCost } from "./runs.ts";

export interface CostQuery {
  readonly ledger: LedgerReader;
  readonly now: Instant;
  /** `2026-11`, in UTC; default: the month of `now`. */
  readonly month?: string;
  readonly by: readonly GroupKey[];
  readonly currency: string;
  readonly budgets: readonly Budget[];
  readonly environment?: string;
  /** Counts runs in flight too, as far as they have got. */
  readonly liveCost?: LiveCost;
}

export interface CostViewObject extends CostObject {
  /** Runs in flight whose cost so far is in the figures, and those whose cost is not: no price, or begun before the period. */
  readonly live: { readonly runs: number; readonly leftOut: number };
}

/** The month that `2026-11` names, or undefined when it names none. */
export function parseMonth(text: string): Period | undefined {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(text)) return undefined;
  return monthOf(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5)) - 1));
}

/** The month's report as JSON. Throws RangeError when `month` is not one. */
export async function costView(query: CostQuery): Promise<CostViewObject> {
  const { report: made, live } = await costReport(query);
  return { ...reportJson(made), live };
}

/** The month's report, for a table or CSV. A charge belongs to the period in which its time begins. */
export async function costReport(
  query: CostQuery,
): Promise<{ readonly report: Report; readonly live: CostViewObject["live"] }> {
  const period = query.month === undefined ? monthOf(query.now) : parseMonth(query.month);
  if (!period) throw new RangeError(`not a month: ${query.month}`);
  const { ledger, environment } = query;
  const before = previousPeriod("month", period);
  const [charges, previous, marks] = await Promise.all([
    chargesOf(ledger, period),
    chargesOf(ledger, before),
    marksOf(ledger, period),
  ]);
  const names = [...charges, ...previous, ...marks.saved, ...marks.unpriced].map(({ run }) => run);
  const runs = await runsNamed(ledger, names, { from: before.from, to: period.to }, environment);
  const mine = <T extends { readonly run: string }>(all: readonly T[]): readonly T[] =>
    all.filter(({ run }) => environment === undefined || runs.get(run)?.environment === environment);
  const live = liveCharges([...runs.values()], period, query);
  const isOver = period.to <= query.now;
  const made = report({
    period,
    currency: query.currency,
    groupBy: query.by,
    charges: [...mine(charges), ...live.charges],
    runs: [...runs.values()],
    previous: { charges: mine(previous) },
    budgets: query.budgets,
    saved: mine(marks.saved),
    unpriced: mine(marks.unpriced),
    ...(isOver ? {} : { upcoming: await upcomingFires(query, period, [...mine(previous), ...mine(charges)]) }),
  });
  return { report: made, live: { runs: live.charges.length, leftOut: live.leftOut } };
}

async function chargesOf(ledger: LedgerReader, period: Period): Promise<readonly Charge[]> {
  // The ledger asks by a charge's end; one that begins in the period may end at its very end, or later.
  const found = await ledger.charges({ from: period.from, to: period.to + 31 * DAY });
  return found.filter(({ from }) => from >= period.from && from < period.to);
}

interface Marks {
  readonly saved: readonly ReportCharge[];
  readonly unpriced: readonly { readonly run: string; readonly missing: string }[];
}

async function marksOf(ledger: LedgerReader, period: Period): Promise<Marks> {
  const saved: ReportCharge[] = [];
  const unpriced: { run: string; missing: string }[] = [];
  const within = (at: Instant): boolean => at >= period.from && at < period.to;
  for await (const { at, event } of ledger.entries({ types: ["saved", "charge.unpriced"], since: period.from })) {
    if (event.type === "saved" && within(at)) saved.push({ run: event.run, amount: event.amount });
    if (event.type === "charge.unpriced" && within(event.from)) {
      unpriced.push({ run: event.run, missing: event.missing });
    }
  }
  return { saved, unpriced };
}

async function runsNamed(
  ledger: LedgerReader,
  names: readonly string[],
  range: { readonly from: Instant; readonly to: Instant },
  environment: string | undefined,
): Promise<ReadonlyMap<string, Run>> {
  const about = { since: range.from - DAY, until: range.to, limit: 1_000_000 };
  const found = await ledger.runs(environment === undefined ? about : { ...about, environment });
  const runs = new Map(found.map((run) => [run.run, run]));
  for (const name of new Set(names)) {
    if (runs.has(name)) continue;
    const run = await ledger.run(name);
    if (run) runs.set(name, run);
  }
  return runs;
}

/** What runs in flight have cost so far. One that began before the period is left out: its share of it is not known yet. */
function liveCharges(
  runs: readonly Run[],
  period: Period,
  { liveCost, now, environment }: CostQuery,
): { readonly charges: readonly ReportCharge[]; readonly leftOut: number } {
  if (!liveCost || now < period.from || now >= period.to) return { charges: [], leftOut: 0 };
  const charges: ReportCharge[] = [];
  let leftOut = 0;
  for (const run of runs) {
    if (!OPEN_STATUSES.includes(run.status) || run.startedAt === undefined) continue;
    if (environment !== undefined && run.environment !== environment) continue;
    const amount = run.startedAt >= period.from ? liveCost(run) : undefined;
    if (amount) charges.push({ run: run.run, amount });
    else leftOut += 1;
  }
  return { charges, leftOut };
}

const JOBS_PER_TURN = 20;

/** The fires from now to the end of the period, each at the mean cost of the job's runs in the ledger. */
async function upcomingFires(
  { ledger, now, environment }: CostQuery,
  period: Period,
  charges: readonly Charge[],
): Promise<readonly Upcoming[]> {
  const deployed = (await ledger.deployments()).filter(
    ({ desired }) => environment === undefined || desired.job.environment === environment,
  );
  const costs = Map.groupBy(charges, ({ job }) => job);
  const upcoming: Upcoming[] = [];
  for (const [index, { desired }] of deployed.entries()) {
    // A month of fires of many jobs takes a while, and a daemon has other things to do in between.
    if (index % JOBS_PER_TURN === JOBS_PER_TURN - 1) await setImmediate();
    const count = fires(desired.job.schedule, desired.slot, Math.max(now, period.from), period.to).length;
    if (count === 0) continue;
    upcoming.push({
      subject: { ...desired.job, job: desired.job.name },
      fires: count,
      each: meanCost(costs.get(desired.job.name) ?? []),
    });
  }
  return upcoming;
}

function meanCost(charges: readonly Charge[]): Money | undefined {
  const currency = charges.at(-1)?.amount.currency;
  if (currency === undefined) return undefined;
  const same = charges.filter(({ amount }) => amount.currency === currency);
  const total = same.reduce((sum, { amount }) => sum + nanos(amount.amount), 0n);
  return money(scale(total, 1n, BigInt(new Set(same.map(({ run }) => run)).size)), currency);
}
