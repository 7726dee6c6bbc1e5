import type { Instant } from "./time.ts";

/** One instant at which a schedule starts its job. */
export interface FireTime {
  readonly at: Instant;
  /** The scheduled local time, `2026-11-23T06:00`, also when a gap shifted the instant. */
  readonly local: string;
  /** 1 in the second pass of a repeated hour, else 0. */
  readonly ordinal: 0 | 1;
  /** What DST or a calendar did to it, for people. */
  readonly note?: string;
}

/** `job/2026-11-23T06:00/0`. The name is the lock: the same fire has the same key on every machine, for ever. */
export function fireKey(job: string, local: string, ordinal: 0 | 1): string {
  return `${job}/${local}/${ordinal}`;
}

/** The parts of a fire's key, or undefined when the text is not one. */
export function parseFireKey(key: string): { job: string; local: string; ordinal: 0 | 1 } | undefined {
  const match = /^(.+)\/(\d{4}-\d\d-\d\dT\d\d:\d\d)\/([01])$/.exec(key);
  if (!match) return undefined;
  return { job: match[1] ?? "", local: match[2] ?? "", ordinal: match[3] === "1" ? 1 : 0 };
}
