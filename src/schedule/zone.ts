import type { Instant } from "../model/index.ts";
import { type LocalTime, localText, parseLocal } from "./civil.ts";

/** Fires outside these instants (1970-01-01 to 2200-01-01 UTC) do not exist for rota. */
export const EARLIEST: Instant = 0;
export const LATEST: Instant = 7_258_118_400_000;

/**
 * A zone as a table: offset `offsets[i]` (ms, east positive) holds in [starts[i], starts[i+1]).
 * Neighbouring offsets differ, and since 1970 no two changes of a zone are nearer than a week (tzdata 2026c),
 * so a local time occurs at most twice.
 */
export interface Zone {
  readonly name: string;
  readonly starts: readonly Instant[];
  readonly offsets: readonly number[];
}

const zones = new Map<string, Zone>();
const MOST_ZONES = 1024;

/** The table of an IANA zone, built once (0.3 ms) and remembered. Throws RangeError when there is no such zone. */
export function zoneOf(name: string): Zone {
  const known = zones.get(name);
  if (known) return known;
  const zone = buildZone(name);
  if (zones.size >= MOST_ZONES) zones.clear();
  zones.set(name, zone);
  return zone;
}

/** True for a name of the tz database in its own spelling; offsets (`+05:00`) and misspelt case are none. */
export function isTimezone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId === name;
  } catch {
    return false;
  }
}

/** Index of the segment that holds at an instant; before the table, the first. */
export function segmentAt(zone: Zone, at: Instant): number {
  let low = 0;
  let high = zone.starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((zone.starts[middle] ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Local minus UTC at an instant, in milliseconds. */
export function offsetAt(zone: Zone, at: Instant): number {
  return zone.offsets[segmentAt(zone, at)] ?? 0;
}

/** The local date-time, to the minute, that clocks show at an instant. */
export function localAt(timezone: string, at: Instant): string {
  return localText(at + offsetAt(zoneOf(timezone), at));
}

/**
 * The first instant at which clocks show a local time (`2026-12-01T09:00`) or, when a change leaves it out,
 * the first instant after the gap. Throws RangeError for text that is no local time, or an unknown zone.
 */
export function resolveLocal(timezone: string, local: string): Instant {
  const time = parseLocal(local);
  if (time === undefined) throw new RangeError(`not a local date-time such as 2026-12-01T09:00: ${local}`);
  return firstInstantAt(zoneOf(timezone), time);
}

/** The first instant whose local time is at or after `local`. */
export function firstInstantAt(zone: Zone, local: LocalTime): Instant {
  for (let i = Math.max(0, segmentAt(zone, local) - 2); i < zone.starts.length; i++) {
    const start = zone.starts[i] ?? 0;
    const end = zone.starts[i + 1] ?? Number.POSITIVE_INFINITY;
    const at = local - (zone.offsets[i] ?? 0);
    if (i > 0 && at < start) return start;
    if (at < end) return at;
  }
  return local;
}

function buildZone(name: string): Zone {
  let at: Temporal.ZonedDateTime;
  try {
    at = Temporal.Instant.fromEpochMilliseconds(EARLIEST).toZonedDateTimeISO(name);
  } catch (cause) {
    throw new RangeError(`unknown timezone "${name}": use a name of the IANA tz database, e.g. America/Toronto`, {
      cause,
    });
  }
  const starts = [EARLIEST];
  const offsets = [at.offsetNanoseconds / 1e6];
  for (;;) {
    const next = at.getTimeZoneTransition("next");
    if (next === null || next.epochMilliseconds >= LATEST) return { name, starts, offsets };
    const offset = next.offsetNanoseconds / 1e6;
    if (offset !== offsets.at(-1)) {
      starts.push(next.epochMilliseconds);
      offsets.push(offset);
    }
    at = next;
  }
}
