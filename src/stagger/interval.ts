/** Minutes from `from` up to, and without, `to`. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** Sorted, disjoint, none empty, neighbours joined. */
export function union(intervals: readonly Interval[]): Interval[] {
  const sorted = intervals.filter((i) => i.to > i.from).sort((a, b) => a.from - b.from);
  const merged: Interval[] = [];
  for (const next of sorted) {
    const last = merged.at(-1);
    if (last && next.from <= last.to) merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, next.to) };
    else merged.push(next);
  }
  return merged;
}

/** What lies in both of two sorted, disjoint lists. */
export function intersect(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const both: Interval[] = [];
  let i = 0;
  let j = 0;
  for (let x = a[i], y = b[j]; x && y; x = a[i], y = b[j]) {
    const from = Math.max(x.from, y.from);
    const to = Math.min(x.to, y.to);
    if (to > from) both.push({ from, to });
    if (x.to <= y.to) i++;
    else j++;
  }
  return both;
}

/** The intervals laid on a circle of `length` minutes: what passes the end comes in again at 0. */
export function wrap(intervals: readonly Interval[], length: number): Interval[] {
  const wrapped: Interval[] = [];
  for (const { from, to } of intervals) {
    if (to - from >= length) return [{ from: 0, to: length }];
    const start = ((from % length) + length) % length;
    const end = start + (to - from);
    wrapped.push({ from: start, to: Math.min(end, length) });
    if (end > length) wrapped.push({ from: 0, to: end - length });
  }
  return union(wrapped);
}

/** How many minutes a sorted, disjoint list holds. */
export function measure(intervals: readonly Interval[]): number {
  return intervals.reduce((sum, i) => sum + i.to - i.from, 0);
}

/** The nth minute of the list, counted from 0. */
export function nth(intervals: readonly Interval[], index: number): number {
  let left = index;
  for (const { from, to } of intervals) {
    if (left < to - from) return from + left;
    left -= to - from;
  }
  throw new RangeError(`the list has no minute number ${index}`);
}

export function contains(intervals: readonly Interval[], minute: number): boolean {
  return intervals.some((i) => minute >= i.from && minute < i.to);
}

/** The first minute of the list at or after `minute`. */
export function atOrAfter(intervals: readonly Interval[], minute: number): number | undefined {
  for (const { from, to } of intervals) if (to > minute) return Math.max(from, minute);
  return undefined;
}

/** The last minute of the list at or before `minute`. */
export function atOrBefore(intervals: readonly Interval[], minute: number): number | undefined {
  for (let k = intervals.length - 1; k >= 0; k--) {
    const interval = intervals[k];
    if (interval && interval.from <= minute) return Math.min(interval.to - 1, minute);
  }
  return undefined;
}
