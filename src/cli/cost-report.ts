import type { CostObject, GroupKey, Report, ReportRow } from "../cost/index.ts";
import { type Money, money, nanos } from "../model/index.ts";

type Group = CostObject["groups"][number];

/**
 * The report that its JSON says, so that a table and a CSV come from the same figures whether the daemon answered
 * or the ledger was read. The total of last month, which the JSON does not carry, is the sum of its groups.
 */
export function reportOf(view: CostObject, by: readonly GroupKey[]): Report {
  const previous = sumOf(view, (group) => group.previous);
  return {
    period: { id: view.period, from: Date.parse(view.from), to: Date.parse(view.to) },
    currency: view.currency,
    groupBy: by,
    rows: view.groups.map((group) => rowOf(group, by)),
    total: {
      runs: view.groups.reduce((sum, { runs }) => sum + runs, 0),
      cost: view.total,
      ...present({ previous, budget: view.budget, forecast: view.forecast, saved: view.saved }),
      unpriced: view.unpriced.runs,
    },
    top: [],
    stopped: [],
    otherCurrencies: view.otherCurrencies,
    missing: view.unpriced.missing,
    upcomingLeftOut: view.upcomingLeftOut,
  };
}

function rowOf(group: Group, by: readonly GroupKey[]): ReportRow {
  const { runs, cost, share, unpriced, previous, budget, forecast, saved } = group;
  return {
    key: by.map((key) => group.by[key] ?? ""),
    runs,
    cost,
    share,
    unpriced,
    ...present({ previous, budget, forecast, saved }),
  };
}

type Figure = "previous" | "budget" | "forecast" | "saved";

function present(figures: Readonly<Record<Figure, Money | null>>): Partial<Record<Figure, Money>> {
  return Object.fromEntries(Object.entries(figures).filter(([, amount]) => amount !== null));
}

function sumOf(view: CostObject, figure: (group: Group) => Money | null): Money | null {
  const all = view.groups.map(figure).filter((amount) => amount !== null);
  if (all.length === 0) return null;
  return money(
    all.reduce((sum, { amount }) => sum + nanos(amount), 0n),
    view.currency,
  );
}
