import type { Slot, SlotStart, Weekday } from "../model/index.ts";
import { hashBelow } from "./hash.ts";
import { contains, intersect, measure, nth } from "./interval.ts";
import { DAY_MINUTES, type Shape, WEEK_MINUTES } from "./shape.ts";
import { packEarliest, packLatest } from "./spacing.ts";

/** The slot's starts in the shape's minutes, ascending; undefined when the shape does not allow the slot. */
export function startsOf(shape: Shape, slot: Slot): number[] | undefined {
  if (slot.kind === "phase") {
    return shape.kind === "phase" && contains(shape.allowed, slot.offsetMinutes) ? [slot.offsetMinutes] : undefined;
  }
  if (shape.kind === "phase" || slot.starts.length !== shape.times) return undefined;
  const starts: number[] = [];
  for (const start of slot.starts) {
    const minute = minuteOf(shape, start);
    if (minute === undefined || !contains(shape.allowed, minute)) return undefined;
    starts.push(minute);
  }
  starts.sort((a, b) => a - b);
  const near = starts.some((start, k) => k > 0 && start - (starts[k - 1] ?? 0) < shape.apartMinutes);
  return near ? undefined : starts;
}

/** The slot for starts in the shape's minutes. */
export function slotOf(shape: Shape, starts: readonly number[]): Slot {
  if (shape.kind === "phase") return { kind: "phase", offsetMinutes: starts[0] ?? 0 };
  const ascending = [...starts].sort((a, b) => a - b);
  return { kind: "starts", starts: ascending.map((start) => slotStartOf(shape, start)) };
}

/**
 * A slot that the name determines: a stable hash into the allowed starts, as Jenkins' `H` does it. Several
 * starts take one share of the allowed time each, as far as their distance allows.
 */
export function hashSlot(shape: Shape, name: string): Slot {
  const { allowed, times, apartMinutes } = shape;
  if (times === 1) return slotOf(shape, [nth(allowed, hashBelow(name, measure(allowed)))]);
  const first = hashedStarts(shape, name, undefined);
  if (!shape.circular || closesAround(shape, first)) return slotOf(shape, first);
  // The first start is put where the others still fit before it comes round again.
  for (const { from, to } of allowed) {
    for (let start = from; start < to; start++) {
      const packed = packEarliest(allowed, times, apartMinutes, start);
      if (packed && closesAround(shape, packed)) return slotOf(shape, hashedStarts(shape, name, packed[0]));
    }
  }
  return slotOf(shape, first);
}

function closesAround(shape: Shape, starts: readonly number[]): boolean {
  const [first = 0] = starts;
  return (starts.at(-1) ?? 0) - first <= shape.periodMinutes - shape.apartMinutes;
}

function hashedStarts(shape: Shape, name: string, first: number | undefined): number[] {
  const { allowed, times, apartMinutes, periodMinutes } = shape;
  const limit = first === undefined ? undefined : first + periodMinutes - apartMinutes;
  const latest = packLatest(allowed, times, apartMinutes, limit) ?? [];
  const starts: number[] = first === undefined ? [] : [first];
  for (let k = starts.length; k < times; k++) {
    const earliest = packEarliest(allowed, 1, 1, k === 0 ? 0 : (starts[k - 1] ?? 0) + apartMinutes)?.[0] ?? 0;
    const room = intersect(allowed, [{ from: earliest, to: (latest[k] ?? earliest) + 1 }]);
    const share = intersect(room, [shareOf(shape, k)]);
    const among = share.length > 0 ? share : room;
    starts.push(nth(among, hashBelow(name, measure(among), k)));
  }
  return starts;
}

/** The kth of `times` equal parts of the allowed time. */
function shareOf(shape: Shape, k: number): { from: number; to: number } {
  const total = measure(shape.allowed);
  const from = nth(shape.allowed, Math.floor((k * total) / shape.times));
  const to = nth(shape.allowed, Math.max(0, Math.floor(((k + 1) * total) / shape.times) - 1)) + 1;
  return { from, to: Math.max(to, from + 1) };
}

function minuteOf(shape: Shape, start: SlotStart): number | undefined {
  const { week, weekday, day, minute } = start;
  if (!Number.isInteger(minute) || minute < 0 || minute >= DAY_MINUTES) return undefined;
  if (shape.kind === "day") {
    if (week !== undefined || weekday !== undefined || day !== undefined) return undefined;
    return contains(shape.allowed, minute) ? minute : minute + DAY_MINUTES;
  }
  if (shape.kind === "month") {
    if (week !== undefined || weekday !== undefined || day === undefined) return undefined;
    return (day - 1) * DAY_MINUTES + minute;
  }
  if (weekday === undefined || day !== undefined) return undefined;
  const everyWeek = shape.periodMinutes === WEEK_MINUTES;
  if (everyWeek !== (week === undefined)) return undefined;
  return (week ?? 0) * WEEK_MINUTES + (weekday - 1) * DAY_MINUTES + minute;
}

function slotStartOf(shape: Shape, start: number): SlotStart {
  const minute = start % DAY_MINUTES;
  const day = Math.floor(start / DAY_MINUTES);
  if (shape.kind === "day") return { minute };
  if (shape.kind === "month") return { day: day + 1, minute };
  const weekday = ((day % 7) + 1) as Weekday;
  if (shape.periodMinutes === WEEK_MINUTES) return { weekday, minute };
  return { week: Math.floor(start / WEEK_MINUTES), weekday, minute };
}
