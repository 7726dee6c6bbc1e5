import { DAY, type Instant, type Schedule, SECOND, type Slot } from "../../../src/model/index.ts";
import { fires, instantText, PROOF_DAYS } from "../../../src/schedule/index.ts";
import { expandNative, type NativeSchedule } from "./model.ts";

/** Starts in a row that the manifest does not ask for, with none that it asks for between them. */
interface Gap {
  readonly first: Instant;
  readonly last: Instant;
}

/** Schedules that one job may become when dates are cut out of it. */
const MOST_PARTS = 100;
/** Looked through at a time, so that a job of every minute needs little memory. */
const CHUNK_DAYS = 50;
/** How far behind the proof the end of the last part is looked for. */
const BEYOND_DAYS = 400;

export interface Cut {
  readonly natives: readonly NativeSchedule[];
  /** After it nothing fires until the next rendering; absent where the last part has no end. */
  readonly until?: Instant;
}

/**
 * Recurring schedules without the starts that the manifest does not ask for: each becomes several, one after the other,
 * that end before such a start and begin again after it. Once made a part never changes (its name is its end), so that
 * as time goes on parts are only added. Undefined where that takes too many.
 */
export function cutOut(
  schedule: Schedule,
  slot: Slot | undefined,
  recurrent: readonly NativeSchedule[],
  now: Instant,
): Cut | undefined {
  const gaps = gapsOf(schedule, slot, recurrent, now);
  if (gaps === undefined || gaps.length === 0 || gaps.length * recurrent.length > MOST_PARTS) return undefined;
  const natives = recurrent.flatMap((native) => partsOf(native, gaps, now));
  const until = gaps.at(-1)?.first ?? now;
  return until > now + PROOF_DAYS * DAY ? { natives, until } : { natives };
}

/** Those that begin within the proof, and the one after, at which the last part ends. */
function gapsOf(
  schedule: Schedule,
  slot: Slot | undefined,
  natives: readonly NativeSchedule[],
  now: Instant,
): readonly Gap[] | undefined {
  const gaps: Gap[] = [];
  const proved = now + PROOF_DAYS * DAY;
  let isOpen = false;
  for (let from = now; from < proved + BEYOND_DAYS * DAY; from += CHUNK_DAYS * DAY) {
    const to = from + CHUNK_DAYS * DAY;
    const wanted = new Set(fires(schedule, slot, from, to).map(({ at }) => at));
    const starts = new Set(natives.flatMap((each) => expandNative(each, from, to)));
    for (const at of [...starts].sort((a, b) => a - b)) {
      const last = gaps.at(-1);
      if (wanted.has(at)) {
        isOpen = false;
        if (last && last.first > proved) return gaps;
      } else if (isOpen && last) gaps[gaps.length - 1] = { first: last.first, last: at };
      else {
        gaps.push({ first: at, last: at });
        isOpen = true;
      }
    }
    if (gaps.length > MOST_PARTS) return undefined;
  }
  // What goes on for ever is no date to be cut out.
  return isOpen ? undefined : gaps;
}

function partsOf(native: NativeSchedule, gaps: readonly Gap[], now: Instant): readonly NativeSchedule[] {
  const { startAt: begin, endAt: end, ...bare } = native;
  const parts: NativeSchedule[] = [];
  let startAt = begin;
  for (const { first, last } of gaps) {
    const endAt = first - SECOND;
    if (end !== undefined && endAt >= end) break;
    const suffix = `${native.suffix}.to-${instantText(first).slice(0, 16).replaceAll(/[-:]/g, "")}`;
    parts.push({ ...bare, suffix, ...ahead(startAt, now), endAt, passes: true });
    startAt = Math.max(last + SECOND, begin ?? 0);
  }
  const isLast = (gaps.at(-1)?.first ?? 0) > now + PROOF_DAYS * DAY && end === undefined;
  if (!isLast) parts.push({ ...bare, ...ahead(startAt, now), ...(end === undefined ? {} : { endAt: end }) });
  // EventBridge refuses a schedule that never fires.
  return parts.filter((part) => firesAtAll(part, now));
}

/** A start that is past is left out: EventBridge refuses one older than five minutes. */
function ahead(startAt: Instant | undefined, now: Instant): Pick<NativeSchedule, "startAt"> {
  return startAt === undefined || startAt <= now ? {} : { startAt };
}

function firesAtAll(part: NativeSchedule, now: Instant): boolean {
  const from = part.startAt ?? now;
  const to = part.endAt === undefined ? from + BEYOND_DAYS * DAY : part.endAt + 1;
  for (let low = from; low < to; low += CHUNK_DAYS * DAY)
    if (expandNative(part, low, Math.min(to, low + CHUNK_DAYS * DAY)).length > 0) return true;
  return false;
}
