import { type Breach, elapsedText, money, nanos, percentText, rounded } from "../model/index.ts";
import { type Answer, KEEP, round } from "./answer.ts";
import type { RunFacts } from "./facts.ts";

const NANOS_PER_SHARE = 1_000_000_000;

/** Metered cost against the limit, exactly. What has no price never breaches, and is never taken for nothing. */
export function judgeCost(facts: RunFacts): Answer {
  const limit = facts.limits.cost;
  if (limit === undefined) return KEEP;
  const { cost } = facts;
  if (cost === undefined) return { missing: ["cost: it was not metered"] };
  if (cost.kind === "unpriced") return { missing: [`cost: unpriced (${cost.missing})`] };
  if (cost.amount.currency !== limit.currency) {
    return { missing: [`cost: metered in ${cost.amount.currency}, the limit is in ${limit.currency}`] };
  }
  const spent = nanos(cost.amount.amount);
  const most = nanos(limit.amount);
  const rate = cost.perHour?.currency === limit.currency ? nanos(cost.perHour.amount) : undefined;
  const words = { spent, most, rate, currency: limit.currency };
  if (spent > most) return { breach: describe(words, "limit", `${text(words, spent)} metered so far`, {}) };
  const warnings = [...warnShare(facts, words), ...warnProjection(facts, words)];
  return warnings.length > 0 ? { warnings } : KEEP;
}

interface Figures {
  readonly spent: bigint;
  readonly most: bigint;
  readonly rate: bigint | undefined;
  readonly currency: string;
}

function warnShare(facts: RunFacts, figures: Figures): Breach[] {
  const { spent, most, rate } = figures;
  const share = facts.limits.costWarn;
  const warnFrom = (most * BigInt(Math.round(share * NANOS_PER_SHARE))) / BigInt(NANOS_PER_SHARE);
  if (spent < warnFrom || most === 0n) return [];
  const secondsLeft = rate !== undefined && rate > 0n ? Number(((most - spent) * 3600n) / rate) : undefined;
  const when = secondsLeft === undefined ? "" : `; at this rate the limit is reached in ${elapsedText(secondsLeft)}`;
  const observed = `${text(figures, spent)} metered, ${percentText(Number((spent * 10_000n) / most) / 10_000)} of the limit${when}`;
  return [
    describe(figures, "share", observed, {
      warnAtPercent: round(share * 100, 2),
      ...(secondsLeft === undefined ? {} : { secondsToLimit: secondsLeft }),
    }),
  ];
}

function warnProjection(facts: RunFacts, figures: Figures): Breach[] {
  const { spent, most, rate } = figures;
  const { expectedSeconds, elapsedSeconds } = facts;
  if (rate === undefined || expectedSeconds === undefined || elapsedSeconds === undefined) return [];
  const left = Math.ceil(expectedSeconds - elapsedSeconds);
  if (!(left > 0)) return [];
  const projected = spent + (rate * BigInt(left)) / 3600n;
  if (projected <= most) return [];
  const observed = `${text(figures, projected)} projected when it ends as expected, after ${elapsedText(expectedSeconds)}`;
  return [describe(figures, "projection", observed, { projected: money(projected, figures.currency).amount })];
}

function describe(figures: Figures, kind: string, observed: string, more: Breach["evidence"]): Breach {
  const { spent, most, rate, currency } = figures;
  return {
    limit: "cost",
    declared: `${money(most, currency).amount} ${currency}`,
    observed,
    evidence: {
      kind,
      spent: money(spent, currency).amount,
      limit: money(most, currency).amount,
      currency,
      ...(rate === undefined ? {} : { perHour: money(rate, currency).amount }),
      ...more,
    },
    advice:
      "If it is worth it, raise guard.cost for this job; if not, ask for less CPU and memory or do less in one run.",
  };
}

function text(figures: Figures, value: bigint): string {
  return `${rounded(value)} ${figures.currency}`;
}
