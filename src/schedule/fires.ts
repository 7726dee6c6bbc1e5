import { DAY, type FireTime, type Instant, MINUTE, type Schedule, type Slot } from "../model/index.ts";
import { clockText, dateText, type LocalTime, localText } from "./civil.ts";
import { count, prepare, type Shift, type Walkable, walk } from "./walk.ts";

/** The longest pause a schedule can make and still be found by `nextFire`: 29 February on a Sunday comes after at most 40 years. */
const HORIZON = 50 * 366 * DAY;

/** What `due` found: the newest fires, and how many older ones it left out. */
export interface DueFires {
  readonly fires: FireTime[];
  readonly leftOut?: { readonly count: number; readonly first: FireTime; readonly last: FireTime };
}

/**
 * All fires in [from, to), ascending, one an instant. Pure; the size is that of the answer. Throws
 * RangeError for a schedule that loading a manifest would have refused (zone, expression, missing slot).
 */
export function fires(schedule: Schedule, slot: Slot | undefined, from: Instant, to: Instant): FireTime[] {
  return collect(prepare(schedule, slot), from, to);
}

function collect(walkable: Walkable, from: Instant, to: Instant): FireTime[] {
  const found: FireTime[] = [];
  const text = localWriter();
  walk(walkable, from, to, (at, local, ordinal, shift) => {
    found.push(fireTime(walkable, text(local), at, local, ordinal, shift));
    return false;
  });
  return found;
}

/** Fires in (after, upTo]: the newest `cap` of them, ascending; older ones are only counted. */
export function due(schedule: Schedule, slot: Slot | undefined, after: Instant, upTo: Instant, cap: number): DueFires {
  const walkable = prepare(schedule, slot);
  const [from, to] = [Math.floor(after) + 1, Math.floor(upTo) + 1];
  const most = Math.max(0, Math.floor(cap));
  const left = count(walkable, from, to) - most;
  if (left <= 0) return { fires: collect(walkable, from, to) };
  // The newest are near the end: look back twice as far until the window holds them and the last one left out.
  let start = to - DAY;
  for (let span = DAY; start > from && count(walkable, start, to) <= most; span *= 2) start = to - span;
  const newest = collect(walkable, Math.max(start, from), to);
  const kept = most === 0 ? [] : newest.slice(-most);
  const last = newest[newest.length - kept.length - 1];
  const first = firstIn(walkable, from, to);
  return first && last ? { fires: kept, leftOut: { count: left, first, last } } : { fires: kept };
}

/** How many fires lie in [from, to); counts whole days at once, and lists none. */
export function countFires(schedule: Schedule, slot: Slot | undefined, from: Instant, to: Instant): number {
  return count(prepare(schedule, slot), from, to);
}

/** The first fire strictly after an instant; undefined when none comes within 50 years. */
export function nextFire(schedule: Schedule, slot: Slot | undefined, after: Instant): FireTime | undefined {
  const walkable = prepare(schedule, slot);
  return firstIn(walkable, Math.floor(after) + 1, Math.max(after, walkable.startAt) + HORIZON);
}

function firstIn(walkable: Walkable, from: Instant, to: Instant): FireTime | undefined {
  let found: FireTime | undefined;
  walk(walkable, from, to, (at, local, ordinal, shift) => {
    found = fireTime(walkable, localText(local), at, local, ordinal, shift);
    return true;
  });
  return found;
}

function fireTime(
  { pattern, zone }: Walkable,
  text: string,
  at: Instant,
  local: LocalTime,
  ordinal: 0 | 1,
  shift: Shift,
): FireTime {
  if (shift === "none" && pattern.movedNote === undefined) return { at, local: text, ordinal };
  const day = Math.floor(local / DAY);
  const moved = pattern.movedNote?.(day, (local - day * DAY) / MINUTE);
  const notes = [moved, dstNote(shift, text)].filter((note) => note !== undefined);
  return notes.length === 0 ? { at, local: text, ordinal } : { at, local: text, ordinal, note: notes.join("; ") };

  function dstNote(kind: Shift, scheduled: string): string | undefined {
    if (kind === "none") return undefined;
    if (kind === "gap") return `${scheduled} does not exist in ${zone.name}: fires at the first instant after the gap`;
    if (kind === "merged") return `clocks jump to ${scheduled} in ${zone.name}: also for what was due in the gap`;
    return `${scheduled} comes twice in ${zone.name}: the ${kind === "firstPass" ? "first" : "second"} pass`;
  }
}

/** Local times as text, with the date of the last one at hand: neighbours share it. */
function localWriter(): (local: LocalTime) => string {
  let day = Number.NaN;
  let date = "";
  return (local) => {
    const own = Math.floor(local / DAY);
    if (own !== day) {
      day = own;
      date = `${dateText(day)}T`;
    }
    return date + (CLOCKS[(local - day * DAY) / MINUTE] ?? "");
  };
}

const CLOCKS: readonly string[] = Array.from({ length: 1440 }, (_, minute) => clockText(minute));
