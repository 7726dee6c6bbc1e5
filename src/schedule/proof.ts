import { DAY, type FireDifference, type Instant, type Schedule, type Slot } from "../model/index.ts";
import { fires } from "./fires.ts";
import { localAt } from "./zone.ts";

/** How far ahead a translation into a vendor's schedules is proved. */
export const PROOF_DAYS = 400;
/** Expanded so many days at a time, so that a job of every minute needs little memory. */
const CHUNK_DAYS = 50;
/** At most so many of each are kept: one more than that is refused anyway, and listed no further. */
const MOST_KEPT = 500;

export interface Comparison {
  /** Fires of the manifest that the vendor does not make. */
  readonly missing: readonly { readonly at: Instant; readonly local: string }[];
  /** Starts of the vendor's that the manifest does not ask for. */
  readonly extra: readonly Instant[];
}

/**
 * Both sides over [from, from + 400 days), or fewer, fire by fire. `native` gives the instants in a range at which the vendor
 * starts the job, by a model of the vendor's own rules; an instant that it gives twice is one start.
 */
export function compareFires(
  schedule: Schedule,
  slot: Slot | undefined,
  native: (from: Instant, to: Instant) => readonly Instant[],
  from: Instant,
  days: number = PROOF_DAYS,
): Comparison {
  const missing: { at: Instant; local: string }[] = [];
  const extra: Instant[] = [];
  const end = from + days * DAY;
  for (let start = from; start < end; start += CHUNK_DAYS * DAY) {
    const stop = Math.min(end, start + CHUNK_DAYS * DAY);
    const left = new Set(native(start, stop));
    for (const { at, local } of fires(schedule, slot, start, stop)) {
      if (!left.delete(at) && missing.length < MOST_KEPT) missing.push({ at, local });
    }
    for (const at of [...left].sort((a, b) => a - b)) if (extra.length < MOST_KEPT) extra.push(at);
  }
  return { missing, extra };
}

export function isEqual({ missing, extra }: Comparison): boolean {
  return missing.length === 0 && extra.length === 0;
}

export interface DifferenceSubject {
  readonly job: string;
  readonly timezone: string;
  /** The vendor's scheduler, in people's words: `EventBridge`. */
  readonly vendor: string;
}

/** For the plan: what differs, by local time; a fire that only comes at another instant of the same local time moved. */
export function differencesOf(
  { job, timezone, vendor }: DifferenceSubject,
  { missing, extra }: Comparison,
): FireDifference[] {
  const left = new Map(extra.map((at) => [at, localAt(timezone, at)]));
  const found: { readonly at: Instant; readonly difference: FireDifference }[] = [];
  for (const { at, local } of missing) {
    const twin = [...left].find(([, text]) => text === local)?.[0];
    if (twin !== undefined) left.delete(twin);
    const detail =
      twin === undefined
        ? `${vendor} does not start it at ${local} (${instantText(at)})`
        : `${vendor} starts it at ${instantText(twin)}, the manifest at ${instantText(at)}`;
    found.push({ at, difference: { job, local, kind: twin === undefined ? "missing" : "moved", detail } });
  }
  for (const [at, local] of left) {
    const detail = `${vendor} starts it at ${local} (${instantText(at)}), and the manifest does not`;
    found.push({ at, difference: { job, local, kind: "extra", detail } });
  }
  return found.sort((a, b) => a.at - b.at).map(({ difference }) => difference);
}

/** `2026-12-01T09:00:00Z`. */
export function instantText(at: Instant): string {
  return Temporal.Instant.fromEpochMilliseconds(at).toString({ smallestUnit: "second" });
}
