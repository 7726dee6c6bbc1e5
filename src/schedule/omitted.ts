import { DAY, type Instant, type Schedule, type Slot } from "../model/index.ts";
import { daysOff } from "./calendar.ts";
import { localText } from "./civil.ts";
import { patternOf } from "./pattern.ts";
import { eachInGaps, prepare, walk } from "./walk.ts";

/** A time that the expression names and that nevertheless is no fire. */
export interface Omission {
  /** When it would have fired; in a gap, the first instant after it. */
  readonly at: Instant;
  readonly local: string;
  readonly reason: "gap" | "holiday";
  /** For people. */
  readonly detail: string;
}

/**
 * What `fires` leaves out of [from, to) by the job's own rules: times in a gap under `gap: skip`, and days
 * off under `onHoliday: skip`. Ascending. Moved and merged fires are not here: they happen.
 */
export function omitted(schedule: Schedule, slot: Slot | undefined, from: Instant, to: Instant): Omission[] {
  const walkable = prepare(schedule, slot);
  const found: Omission[] = [];
  if (schedule.dst.gap === "skip") {
    eachInGaps(walkable, from, to, (at, time) => {
      const local = localText(time);
      found.push({ at, local, reason: "gap", detail: `${local} does not exist in ${schedule.timezone}` });
    });
  }
  if (schedule.calendar && schedule.onHoliday === "skip") {
    const off = daysOff(schedule.calendar);
    walk({ ...walkable, pattern: patternOf(schedule, slot) }, from, to, (at, time) => {
      const detail = off(Math.floor(time / DAY));
      if (detail !== undefined) found.push({ at, local: localText(time), reason: "holiday", detail });
      return false;
    });
  }
  return found.sort((a, b) => a.at - b.at);
}
