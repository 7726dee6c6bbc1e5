import type { Breach } from "../model/index.ts";

/** What one limit says of a run; empty: it is kept. */
export interface Answer {
  readonly breach?: Breach;
  readonly missing?: readonly string[];
  readonly warnings?: readonly Breach[];
}

export const KEEP: Answer = {};

/** At most this many characters of a run's own output go into evidence. */
const LINE_LENGTH = 120;

export function shorten(line: string): string {
  return line.length <= LINE_LENGTH ? line : `${line.slice(0, LINE_LENGTH)}…`;
}

/** To `digits` decimals, for evidence that people read. */
export function round(value: number, digits = 3): number {
  const unit = 10 ** digits;
  return Math.round(value * unit) / unit;
}
