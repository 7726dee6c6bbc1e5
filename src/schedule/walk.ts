import { DAY, type DstRule, type Instant, MINUTE, type Schedule, type Slot } from "../model/index.ts";
import { type CalendarPattern, MOST_DAYS_MOVED, withCalendar } from "./calendar.ts";
import { type LocalTime, parseLocal } from "./civil.ts";
import { patternOf } from "./pattern.ts";
import { EARLIEST, firstInstantAt, LATEST, segmentAt, type Zone, zoneOf } from "./zone.ts";

/**
 * What DST did to a fire. `gap`: its local time does not exist, it stands at the first instant after;
 * `merged`: it is due at that instant anyway, and stands for what the gap swallowed as well.
 */
export type Shift = "none" | "gap" | "merged" | "firstPass" | "secondPass";

/** Answers true to stop the walk. */
export type Visit = (at: Instant, local: LocalTime, ordinal: 0 | 1, shift: Shift) => boolean;

/** A schedule made ready to be walked, any number of times. */
export interface Walkable {
  readonly zone: Zone;
  readonly pattern: CalendarPattern;
  readonly dst: DstRule;
  /** Fires lie in [startAt, endAt). */
  readonly startAt: Instant;
  readonly endAt: Instant;
}

/** Throws RangeError for a schedule that loading a manifest would have refused. */
export function prepare(schedule: Schedule, slot: Slot | undefined): Walkable {
  const zone = zoneOf(schedule.timezone);
  const pattern = withCalendar(patternOf(schedule, slot), schedule);
  const { first, last } = reach(pattern);
  return {
    zone,
    pattern,
    dst: schedule.dst,
    startAt: Math.max(first, schedule.start === undefined ? EARLIEST : boundary(zone, schedule.start)),
    endAt: Math.min(last, schedule.end === undefined ? LATEST : boundary(zone, schedule.end)),
  };
}

/** Instants beyond which a pattern of dates cannot fire: a calendar may move a fire, and zones are within two days of UTC. */
function reach({ extent }: CalendarPattern): { readonly first: Instant; readonly last: Instant } {
  if (!extent) return { first: EARLIEST, last: LATEST };
  if (extent.last < extent.first) return { first: EARLIEST, last: EARLIEST };
  const margin = MOST_DAYS_MOVED + 2;
  return { first: (extent.first - margin) * DAY, last: (extent.last + margin + 1) * DAY };
}

function boundary(zone: Zone, text: string): Instant {
  const local = parseLocal(text);
  if (local === undefined) throw new RangeError(`not a local date-time such as 2026-12-01T09:00: ${text}`);
  return firstInstantAt(zone, local);
}

/**
 * Visits the fires of [from, to) in ascending order, segment of constant offset by segment: inside one,
 * local and absolute time run in step, so a fire is an addition, and only the edges need thought.
 */
export function walk(walkable: Walkable, from: Instant, to: Instant, visit: Visit): void {
  const { zone } = walkable;
  const low = Math.max(from, walkable.startAt, EARLIEST);
  const high = Math.min(to, walkable.endAt, LATEST);
  for (let i = segmentAt(zone, low); i < zone.starts.length; i++) {
    if (!(Math.max(low, zone.starts[i] ?? 0) < high)) return;
    if (walkSegment(walkable, i, low, high, visit)) return;
  }
}

/** How many fires lie in [from, to): whole days are counted by their length, so a year of minutes is 365 steps. */
export function count(walkable: Walkable, from: Instant, to: Instant): number {
  const { zone, pattern } = walkable;
  const low = Math.max(from, walkable.startAt, EARLIEST);
  const high = Math.min(to, walkable.endAt, LATEST);
  let total = 0;
  for (let i = segmentAt(zone, low); i < zone.starts.length; i++) {
    const { start, end, offset, repeatedUntil, repeatsFrom } = segmentOf(zone, i);
    const [first, last] = [Math.max(low, start), Math.min(high, end)];
    if (!(first < last)) break;
    // The first date is never taken as a whole: what a gap shifts stands at its first instant.
    const firstDay = Math.floor(Math.max(first + offset, repeatedUntil) / DAY) + 1;
    const endDay = Math.floor(Math.min(last + offset, repeatsFrom) / DAY);
    if (firstDay >= endDay) {
      total += visitCount(walkable, first, last);
      continue;
    }
    total += visitCount(walkable, first, firstDay * DAY - offset);
    for (let day = firstDay; day < endDay; day++) total += pattern.minutesOn(day).length;
    total += visitCount(walkable, endDay * DAY - offset, last);
  }
  return total;
}

/** A local time that a gap leaves out although the pattern asks for it (`gap: skip`); `at` is the end of the gap. */
export function eachInGaps(
  walkable: Walkable,
  from: Instant,
  to: Instant,
  visit: (at: Instant, local: LocalTime) => void,
): void {
  const { zone } = walkable;
  const low = Math.max(from, walkable.startAt, EARLIEST);
  const high = Math.min(to, walkable.endAt, LATEST);
  for (let i = segmentAt(zone, low); i < zone.starts.length && (zone.starts[i] ?? 0) < high; i++) {
    const { start, offset, gapFrom } = segmentOf(zone, i);
    if (start < low) continue;
    eachLocal(walkable.pattern, gapFrom, start + offset, (local) => {
      visit(start, local);
      return false;
    });
  }
}

function visitCount(walkable: Walkable, from: Instant, to: Instant): number {
  let total = 0;
  walk(walkable, from, to, () => {
    total++;
    return false;
  });
  return total;
}

/** A stretch of constant offset, and which part of its local time its neighbours repeat. */
interface Segment {
  readonly start: Instant;
  readonly end: Instant;
  readonly offset: number;
  /** Local times from here to `start + offset` do not exist. */
  readonly gapFrom: LocalTime;
  /** Local times before this one are a second pass. */
  readonly repeatedUntil: LocalTime;
  /** For local times from this one on, a second pass is to come. */
  readonly repeatsFrom: LocalTime;
}

function segmentOf(zone: Zone, index: number): Segment {
  const start = zone.starts[index] ?? 0;
  const end = zone.starts[index + 1] ?? Number.POSITIVE_INFINITY;
  const offset = zone.offsets[index] ?? 0;
  const before = zone.offsets[index - 1] ?? offset;
  const after = zone.offsets[index + 1] ?? offset;
  return {
    start,
    end,
    offset,
    gapFrom: start + Math.min(before, offset),
    repeatedUntil: start + Math.max(before, offset),
    repeatsFrom: end + Math.min(after, offset),
  };
}

function walkSegment(walkable: Walkable, index: number, low: Instant, high: Instant, visit: Visit): boolean {
  const { zone, pattern, dst } = walkable;
  const segment = segmentOf(zone, index);
  const { start, offset, gapFrom, repeatedUntil, repeatsFrom } = segment;
  const first = pattern.countsTime || dst.overlap !== "second";
  const second = pattern.countsTime || dst.overlap !== "first";
  const shifted = start >= low && dst.gap === "shift" ? firstLocal(pattern, gapFrom, start + offset) : undefined;
  const merges = shifted !== undefined && firstLocal(pattern, start + offset, start + offset + 1) !== undefined;
  if (shifted !== undefined && !merges && visit(start, shifted, 0, "gap")) return true;

  return eachLocal(pattern, Math.max(low, start) + offset, Math.min(high, segment.end) + offset, (local) => {
    if (local < repeatedUntil) return second && visit(local - offset, local, 1, "secondPass");
    if (local >= repeatsFrom) return first && visit(local - offset, local, 0, "firstPass");
    return visit(local - offset, local, 0, merges && local - offset === start ? "merged" : "none");
  });
}

/** The first local time of the pattern in [from, to). */
function firstLocal(pattern: CalendarPattern, from: LocalTime, to: LocalTime): LocalTime | undefined {
  let first: LocalTime | undefined;
  eachLocal(pattern, from, to, (local) => {
    first = local;
    return true;
  });
  return first;
}

/** The pattern's local times in [from, to), until `visit` answers true; then the answer is true. */
function eachLocal(
  pattern: CalendarPattern,
  from: LocalTime,
  to: LocalTime,
  visit: (local: LocalTime) => boolean,
): boolean {
  for (let day = Math.floor(from / DAY); day * DAY < to; day++) {
    for (const minute of pattern.minutesOn(day)) {
      const local = day * DAY + minute * MINUTE;
      if (local < from) continue;
      if (local >= to) return false;
      if (visit(local)) return true;
    }
  }
  return false;
}
