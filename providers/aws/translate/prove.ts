import { DAY, type FireDifference, type Instant, type Schedule, type Slot } from "../../../src/model/index.ts";
import { fires, localAt } from "../../../src/schedule/index.ts";
import { expandNative, type NativeSchedule } from "./model.ts";

/** How far ahead a translation is proved. */
export const PROOF_DAYS = 400;
/** Expanded so many days at a time, so that a job of every minute needs little memory. */
const CHUNK_DAYS = 50;

export interface Comparison {
  /** Fires of the manifest that EventBridge does not make. */
  readonly missing: readonly { readonly at: Instant; readonly local: string }[];
  /** Invocations that the manifest does not ask for. */
  readonly extra: readonly Instant[];
}

/** At most so many of each are kept: one more than that is refused anyway, and listed no further. */
const MOST_KEPT = 500;

/**
 * Both sides over [from, from + 400 days), fire by fire. Two schedules of one job that fall on the same instant are one
 * start: the token of the start is the scheduled time.
 */
export function compareFires(
  schedule: Schedule,
  slot: Slot | undefined,
  natives: readonly NativeSchedule[],
  from: Instant,
): Comparison {
  const missing: { at: Instant; local: string }[] = [];
  const extra: Instant[] = [];
  const end = from + PROOF_DAYS * DAY;
  for (let start = from; start < end; start += CHUNK_DAYS * DAY) {
    const stop = Math.min(end, start + CHUNK_DAYS * DAY);
    const native = new Set(natives.flatMap((each) => expandNative(each, start, stop)));
    for (const { at, local } of fires(schedule, slot, start, stop)) {
      if (!native.delete(at) && missing.length < MOST_KEPT) missing.push({ at, local });
    }
    for (const at of [...native].sort((a, b) => a - b)) if (extra.length < MOST_KEPT) extra.push(at);
  }
  return { missing, extra };
}

/** For the plan: what differs, by local time; a fire that only comes at another instant of the same local time moved. */
export function differencesOf(job: string, timezone: string, { missing, extra }: Comparison): FireDifference[] {
  const left = new Map(extra.map((at) => [at, localAt(timezone, at)]));
  const found: { readonly at: Instant; readonly difference: FireDifference }[] = [];
  for (const { at, local } of missing) {
    const twin = [...left].find(([, text]) => text === local)?.[0];
    if (twin !== undefined) left.delete(twin);
    const detail =
      twin === undefined
        ? `EventBridge does not start it at ${local} (${utc(at)})`
        : `EventBridge starts it at ${utc(twin)}, the manifest at ${utc(at)}`;
    found.push({ at, difference: { job, local, kind: twin === undefined ? "missing" : "moved", detail } });
  }
  for (const [at, local] of left) {
    const detail = `EventBridge starts it at ${local} (${utc(at)}), and the manifest does not`;
    found.push({ at, difference: { job, local, kind: "extra", detail } });
  }
  return found.sort((a, b) => a.at - b.at).map(({ difference }) => difference);
}

/** `2026-12-01T09:00:00Z`. */
export function utc(at: Instant): string {
  return Temporal.Instant.fromEpochMilliseconds(at).toString({ smallestUnit: "second" });
}
