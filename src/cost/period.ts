import { type Budget, DAY, durationText, type Instant } from "../model/index.ts";

/** Half-open, in UTC. `id` names it in the ledger: `2026-11-23`, `2026-W48`, `2026-11`, `last 7d`. */
export interface Period {
  readonly id: string;
  readonly from: Instant;
  readonly to: Instant;
}

/** The calendar period in which the instant lies, or the rolling window that ends with it. */
export function periodOf(per: Budget["per"], at: Instant): Period {
  if (per === "day") return dayOf(at);
  if (per === "week") return weekOf(at);
  if (per === "month") return monthOf(at);
  return { id: `last ${durationText(per.rollingSeconds)}`, from: at - per.rollingSeconds * 1000, to: at };
}

function dayOf(at: Instant): Period {
  const from = Math.floor(at / DAY) * DAY;
  return { id: dateText(from), from, to: from + DAY };
}

/** An ISO week: Monday to Sunday, numbered by the year of its Thursday. */
function weekOf(at: Instant): Period {
  const day = Math.floor(at / DAY);
  // 1970-01-01 was a Thursday: day -3 is a Monday.
  const monday = day - ((((day + 3) % 7) + 7) % 7);
  const thursday = (monday + 3) * DAY;
  const year = yearOf(thursday);
  const week = Math.floor((monday + 3 - Date.UTC(year, 0, 1) / DAY) / 7) + 1;
  return { id: `${year}-W${String(week).padStart(2, "0")}`, from: monday * DAY, to: (monday + 7) * DAY };
}

export function monthOf(at: Instant): Period {
  const [year = 1970, month = 1] = dateText(at).split("-").map(Number);
  return { id: dateText(at).slice(0, -3), from: Date.UTC(year, month - 1), to: Date.UTC(year, month) };
}

/** The calendar period of the same kind before this one; a rolling window's is the one that it follows. */
export function previousPeriod(per: Budget["per"], period: Period): Period {
  return typeof per === "string" ? periodOf(per, period.from - 1) : periodOf(per, period.from);
}

function dateText(at: Instant): string {
  return new Date(at).toISOString().slice(0, 10);
}

function yearOf(at: Instant): number {
  return Number(dateText(at).split("-")[0]);
}
