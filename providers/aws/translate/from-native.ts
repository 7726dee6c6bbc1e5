import { type AwsCron, readExpression, toCronWeekday } from "./expression.ts";

/** What a manifest would say for a schedule that is found in an account. */
export type Reading =
  | { readonly ok: true; readonly schedule: { readonly cron: string } | { readonly at: string } }
  | { readonly ok: false; readonly reason: string };

/**
 * An expression of EventBridge in the manifest's own words: five fields, Sunday 0. Refused where a manifest has none:
 * `L`, `W`, `#`, years, seconds, and rates, whose phase is the schedule's start.
 */
export function fromNative(expression: string): Reading {
  const read = readExpression(expression);
  if (!read.ok) return read;
  if (read.expression.kind === "at") {
    const { local } = read.expression;
    if (!local.endsWith(":00")) return { ok: false, reason: `${expression} names seconds` };
    return { ok: true, schedule: { at: local.slice(0, 16) } };
  }
  if (read.expression.kind === "rate") {
    return { ok: false, reason: `${expression} counts from its start date: every: … lets rota choose the phase` };
  }
  if (read.expression.years) return { ok: false, reason: `${expression} names years: use start and end` };
  return { ok: true, schedule: { cron: toFiveFields(read.expression) } };
}

function toFiveFields({ minutes, hours, daysOfMonth, months, daysOfWeek }: AwsCron): string {
  return [
    list(minutes, 60),
    list(hours, 24),
    daysOfMonth === undefined ? "*" : list(daysOfMonth, 31),
    list(months, 12),
    daysOfWeek === undefined ? "*" : list(daysOfWeek.map(toCronWeekday), 7),
  ].join(" ");
}

function list(values: readonly number[], size: number): string {
  return values.length === size ? "*" : values.join(",");
}
