import type { Money } from "../model/index.ts";
import { NONE } from "./group.ts";
import type { Report } from "./report.ts";

/** RFC 4180: one line for each row of the report and no total; exact decimals, an empty cell where there is no figure. */
export function reportCsv(report: Report): string {
  const { period, currency, groupBy } = report;
  const heads = [
    ...groupBy,
    "period",
    "currency",
    "runs",
    "cost",
    "previous",
    "budget",
    "forecast",
    "saved",
    "unpriced",
  ];
  const lines = report.rows.map((row) => [
    ...row.key.map((value) => textCell(value === NONE ? "" : value)),
    period.id,
    currency,
    String(row.runs),
    ...[row.cost, row.previous, row.budget, row.forecast, row.saved].map(amountCell),
    String(row.unpriced),
  ]);
  return [heads.map(textCell), ...lines].map((cells) => `${cells.join(",")}\r\n`).join("");
}

function amountCell(amount: Money | undefined): string {
  return amount?.amount ?? "";
}

/** A text that a spreadsheet would take for a formula gets an apostrophe before it. */
export function textCell(text: string): string {
  const safe = /^[\s\uFEFF]*[=+\-@]|^[\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
