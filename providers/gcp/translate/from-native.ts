import { readExpression } from "./expression.ts";

/** What a manifest would say for a schedule that is found in a project. */
export type Reading =
  | { readonly ok: true; readonly schedule: { readonly cron: string } }
  | { readonly ok: false; readonly reason: string };

/** A schedule of Cloud Scheduler in the manifest's own words; refused where a manifest has none (the English form). */
export function fromNative(expression: string): Reading {
  const read = readExpression(expression);
  if (!read.ok) return read;
  return { ok: true, schedule: { cron: expression.trim().split(/\s+/).join(" ") } };
}
