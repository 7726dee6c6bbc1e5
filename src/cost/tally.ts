import { type Budget, canonical, type Instant, nanos } from "../model/index.ts";
import type { Spending } from "./budget.ts";
import { type Period, periodOf } from "./period.ts";
import { matches } from "./subject.ts";

/** What was charged, in nanos by currency. */
export type Charged = ReadonlyMap<string, bigint>;

type Scope = Pick<Budget, "match" | "per">;

/** What the charges of the budget's period add up to, at an instant of it. */
export function chargedIn(scope: Scope, at: Instant, charges: readonly Spending[]): Charged {
  return add(new Map(), scope, periodOf(scope.per, at), charges, 0);
}

/**
 * The same of a list that is kept up: a month may have hundreds of thousands of charges, and each is added once. The list
 * may grow, and what is in it stays as it is; one that was corrected is another list, and is added up anew. So is
 * everything in a new period, and each time in a rolling window, which charges leave.
 */
export class Tally {
  private known:
    | { readonly key: string; readonly charges: readonly Spending[]; readonly upTo: number; readonly sums: Charged }
    | undefined;

  of({ match, per }: Scope, at: Instant, charges: readonly Spending[]): Charged {
    const scope = { match, per };
    if (typeof per !== "string") return chargedIn(scope, at, charges);
    const period = periodOf(per, at);
    const key = canonical({ ...scope, from: period.from });
    const known = this.known?.key === key && this.known.charges === charges ? this.known : undefined;
    const sums = add(new Map(known?.sums), scope, period, charges, known?.upTo ?? 0);
    this.known = { key, charges, upTo: charges.length, sums };
    return sums;
  }
}

function add(
  sums: Map<string, bigint>,
  { match, per }: Scope,
  period: Period,
  charges: readonly Spending[],
  first: number,
): Map<string, bigint> {
  for (let i = first; i < charges.length; i += 1) {
    const charge = charges[i];
    if (!charge || !isWithin(per, period, charge.from) || !matches(match, charge.subject)) continue;
    const { amount, currency } = charge.amount;
    sums.set(currency, (sums.get(currency) ?? 0n) + nanos(amount));
  }
  return sums;
}

/** A rolling window ends with the instant itself, which belongs to it. */
function isWithin(per: Budget["per"], period: Period, at: Instant): boolean {
  return typeof per === "string" ? at >= period.from && at < period.to : at > period.from && at <= period.to;
}
