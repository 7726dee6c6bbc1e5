import {
  type CostObject,
  type CostOutlook,
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
import { type Budget, DAY, type Instant, type Run } from "../model/index.ts";

export interface CostQuery {
  readonly ledger: LedgerReader;
  readonly now: Instant;
  /** `2026-11`, in UTC; default: the month of `now`. */
  readonly month?: string;
  readonly by: readonly GroupKey[];
  readonly currency: string;
  readonly budgets: readonly Budget[];
  readonly environment?: string;
  /** What is in flight and to come; without it the report tells of what has ended, and has no forecast. */
  readonly outlook?: CostOutlook;
}

export interface CostViewObject extends CostObject {
  /** Runs in flight whose cost so far is in the figures, and those whose cost is not, for they have no price. */
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
  const { live, upcoming } = await toCome(query, period);
  for (const { subject } of live) runs.set(subject.run, subject);
  const spent = live.flatMap(({ subject, spent: amount }) => (amount ? [{ run: subject.run, amount }] : []));
  const made = report({
    period,
    currency: query.currency,
    groupBy: query.by,
    charges: [...mine(charges), ...spent],
    runs: [...runs.values()],
    previous: { charges: mine(previous) },
    budgets: query.budgets,
    saved: mine(marks.saved),
    unpriced: mine(marks.unpriced),
    ...(upcoming === undefined ? {} : { upcoming }),
  });
  return { report: made, live: { runs: spent.length, leftOut: live.length - spent.length } };
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
): Promise<Map<string, Run>> {
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

interface ToCome {
  readonly live: Awaited<ReturnType<CostOutlook["inFlight"]>>;
  /** Absent where the period is over, or nobody knows what comes. */
  readonly upcoming?: readonly Upcoming[];
}

async function toCome({ outlook, now, environment, currency }: CostQuery, period: Period): Promise<ToCome> {
  if (!outlook || period.to <= now) return { live: [] };
  const mine = <T extends { readonly subject: { readonly environment: string } }>(all: readonly T[]): readonly T[] =>
    all.filter(({ subject }) => environment === undefined || subject.environment === environment);
  // Both of one moment: a fire that comes meanwhile is in one of them, and not in both.
  const [inFlight, upcoming] = await Promise.all([
    now < period.from ? [] : outlook.inFlight(),
    outlook.upcoming(period),
  ]);
  const live = mine(inFlight);
  // What a run in flight will cost yet comes like a fire of that price.
  const rest = live.flatMap(({ subject, remaining }) =>
    remaining?.currency === currency ? [{ subject, fires: 1, each: remaining }] : [],
  );
  return { live, upcoming: [...mine(upcoming), ...rest] };
}
