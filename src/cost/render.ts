import { type Instant, type Money, nanos, rounded } from "../model/index.ts";
import { NONE } from "./group.ts";
import type { Report, ReportRow, ReportRun } from "./report.ts";
import { SAVED_RULE } from "./saved.ts";

/** Cells for a terminal's table, the first row its heads, and what stands under it. */
export interface ReportTable {
  readonly cells: readonly (readonly string[])[];
  /** Columns of numbers. */
  readonly right: ReadonlySet<number>;
  readonly notes: readonly string[];
}

/** Amounts of the report rounded once, half to even; the notes say to how many decimals, and what is left out. */
export function reportTable(report: Report): ReportTable {
  const digits = nanos(report.total.cost.amount) >= 100_000_000_000n ? 2 : 4;
  const show = (amount: Money | undefined): string =>
    amount === undefined ? "" : rounded(nanos(amount.amount), digits);
  const columns = columnsOf(report);
  const figures = (row: Omit<ReportRow, "key" | "share">, share: number): readonly string[] =>
    columns.map((column) => {
      if (column === "runs" || column === "unpriced") return String(row[column]);
      return column === "share" ? percent(share) : show(row[column]);
    });
  const heads = [...report.groupBy, ...columns];
  const rows = report.rows.map((row) => [...row.key, ...figures(row, row.share)]);
  const total = [...report.groupBy.map((_, i) => (i === 0 ? "total" : "")), ...figures(report.total, 1)];
  return {
    cells: [heads, ...rows, total],
    right: new Set(columns.map((_, i) => report.groupBy.length + i)),
    notes: notesOf(report, digits),
  };
}

type Column = "runs" | "cost" | "share" | "previous" | "budget" | "forecast" | "saved" | "unpriced";

/** Columns that say nothing in this report are left out of the table. */
function columnsOf({ rows, total }: Report): readonly Column[] {
  const has = (key: "previous" | "budget" | "forecast" | "saved"): boolean =>
    total[key] !== undefined || rows.some((row) => row[key] !== undefined);
  const optional = (["previous", "budget", "forecast", "saved"] as const).filter(has);
  return ["runs", "cost", "share", ...optional, ...(total.unpriced > 0 ? (["unpriced"] as const) : [])];
}

function notesOf(report: Report, digits: number): readonly string[] {
  const { period, currency, total, otherCurrencies, missing, upcomingLeftOut } = report;
  return [
    `${period.id} in UTC; ${currency}, metered, rounded half to even to ${digits} decimals`,
    ...missing.map((m) => `unpriced, and in no figure: ${m.runs} runs (${m.missing})`),
    ...otherCurrencies.map((m) => `in no figure: ${m.amount} ${m.currency}`),
    ...(upcomingLeftOut > 0 ? [`not in the forecast: ${upcomingLeftOut} fires whose cost is not known`] : []),
    ...(total.saved === undefined ? [] : [SAVED_RULE]),
  ];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}

export interface CostObject {
  readonly schema: "rota.cost/1";
  readonly period: string;
  readonly from: string;
  readonly to: string;
  readonly currency: string;
  readonly basis: "metered";
  readonly total: Money;
  readonly budget: Money | null;
  readonly forecast: Money | null;
  readonly saved: Money | null;
  readonly savedRule: string;
  readonly groups: readonly {
    /** The values of `by`, joined by " / ". */
    readonly key: string;
    readonly by: Readonly<Record<string, string>>;
    readonly runs: number;
    readonly cost: Money;
    readonly share: number;
    readonly previous: Money | null;
    readonly budget: Money | null;
    readonly forecast: Money | null;
    readonly saved: Money | null;
    readonly unpriced: number;
  }[];
  readonly top: readonly RunObject[];
  readonly stopped: readonly RunObject[];
  readonly unpriced: { readonly runs: number; readonly missing: Report["missing"] };
  readonly otherCurrencies: readonly Money[];
  readonly upcomingLeftOut: number;
}

type RunObject = Omit<ReportRun, "startedAt" | "endedAt"> & {
  readonly startedAt: string | null;
  readonly endedAt: string | null;
};

/** `rota cost --json`: amounts as exact decimal strings, null where there is no figure. */
export function reportJson(report: Report): CostObject {
  const { period, total, groupBy } = report;
  return {
    schema: "rota.cost/1",
    period: period.id,
    from: instantText(period.from),
    to: instantText(period.to),
    currency: report.currency,
    basis: "metered",
    total: total.cost,
    budget: total.budget ?? null,
    forecast: total.forecast ?? null,
    saved: total.saved ?? null,
    savedRule: SAVED_RULE,
    groups: report.rows.map((row) => ({
      key: row.key.join(" / "),
      by: Object.fromEntries(groupBy.map((by, i) => [by, row.key[i] ?? NONE])),
      runs: row.runs,
      cost: row.cost,
      share: row.share,
      previous: row.previous ?? null,
      budget: row.budget ?? null,
      forecast: row.forecast ?? null,
      saved: row.saved ?? null,
      unpriced: row.unpriced,
    })),
    top: report.top.map(runObject),
    stopped: report.stopped.map(runObject),
    unpriced: { runs: total.unpriced, missing: report.missing },
    otherCurrencies: report.otherCurrencies,
    upcomingLeftOut: report.upcomingLeftOut,
  };
}

function runObject(run: ReportRun): RunObject {
  const { startedAt, endedAt } = run;
  return {
    ...run,
    startedAt: startedAt === undefined ? null : instantText(startedAt),
    endedAt: endedAt === undefined ? null : instantText(endedAt),
  };
}

function instantText(at: Instant): string {
  return new Date(at).toISOString();
}
