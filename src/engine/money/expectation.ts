import type { EstimateInput, Tariff, Unpriced } from "../../cost/index.ts";
import type { LedgerReader } from "../../ledger/index.ts";
import { type Job, type Money, money, nanos, type Run } from "../../model/index.ts";

/** Past runs looked at. */
const PAST_RUNS = 20;

/** What the job's last successes tell: how long one took, and what one cost where the vendor says what it bills. */
export interface History {
  readonly seconds?: number;
  readonly billed?: Money;
}

/** Of the last 20 successes of the job, each the one in the middle. */
export async function historyOf(ledger: LedgerReader, job: string): Promise<History> {
  const runs = await ledger.runs({ job, status: ["succeeded"], limit: PAST_RUNS });
  const seconds = middle(
    runs.flatMap((r) =>
      r.startedAt === undefined || r.endedAt === undefined ? [] : [(r.endedAt - r.startedAt) / 1000],
    ),
    (a, b) => a - b,
  );
  const billed = await billedOf(ledger, runs);
  return { ...(seconds === undefined ? {} : { seconds }), ...(billed === undefined ? {} : { billed }) };
}

/**
 * What a run is expected to take and to cost, for an estimate: what the manifest says goes before what was seen, and
 * a rate before what was billed. The history is read only where it can matter.
 */
export async function expectRun(
  job: Job,
  rate: Tariff | Unpriced,
  history: () => Promise<History>,
): Promise<Pick<EstimateInput, "expectation" | "billed">> {
  const declared = job.expect.durationSeconds;
  const { seconds, billed } = declared !== undefined && rate.kind === "tariff" ? {} : await history();
  const expectation =
    declared !== undefined
      ? ({ seconds: declared, from: "manifest" } as const)
      : seconds !== undefined && ({ seconds, from: "history" } as const);
  return { ...(expectation && { expectation }), ...(billed && { billed }) };
}

async function billedOf(ledger: LedgerReader, runs: readonly Run[]): Promise<Money | undefined> {
  const costs: Money[] = [];
  for (const { run, billed, rented, createdAt, startedAt, endedAt } of runs) {
    if ((billed === undefined && rented === undefined) || endedAt === undefined) continue;
    const charges = await ledger.charges({ run, from: Math.min(createdAt, startedAt ?? createdAt), to: endedAt + 1 });
    const currency = charges[0]?.amount.currency;
    if (currency === undefined || charges.some(({ amount }) => amount.currency !== currency)) continue;
    const sum = charges.reduce((all, { amount }) => all + nanos(amount.amount), 0n);
    costs.push(money(sum, currency));
  }
  const same = costs.filter(({ currency }) => currency === costs[0]?.currency);
  return middle(same, (a, b) => (nanos(a.amount) < nanos(b.amount) ? -1 : 1));
}

function middle<T>(all: readonly T[], order: (a: T, b: T) => number): T | undefined {
  return all.toSorted(order)[all.length >> 1];
}
