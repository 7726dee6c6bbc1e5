import { createHash } from "node:crypto";
import type { Instant, LedgerEvent } from "../model/index.ts";
import { canonical } from "../model/index.ts";

/** What stands before the first entry. */
export const GENESIS: string = "0".repeat(64);

/** One row of `entries` as it is stored: the event as canonical JSON text, `type`, `run` and `job` copied out of it. */
export interface Row {
  readonly seq: number;
  readonly at: Instant;
  readonly type: string;
  readonly run: string | null;
  readonly job: string | null;
  readonly body: string;
  readonly prev: string;
  readonly hash: string;
}

/** SHA-256 in hex over prev, seq, at and body, each ended by a line feed (none of the first three can hold one). */
export function linkHash(prev: string, seq: number, at: Instant, body: string): string {
  return createHash("sha256").update(`${prev}\n${seq}\n${at}\n${body}\n`).digest("hex");
}

/** The text at the end of a path into an event of any version, or undefined. */
function textAt(event: unknown, ...path: readonly string[]): string | undefined {
  let value = event;
  for (const key of path) {
    if (value === null || typeof value !== "object") return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return typeof value === "string" ? value : undefined;
}

/** The columns that are copied out of an event so that it can be found: the run and the job that it names. */
export function keysOf(event: LedgerEvent): Pick<Row, "type" | "run" | "job"> {
  return {
    type: event.type,
    run: textAt(event, "run") ?? textAt(event, "run", "run") ?? null,
    job: textAt(event, "job") ?? textAt(event, "run", "job") ?? textAt(event, "desired", "job", "name") ?? null,
  };
}

/** The stored form of the event that follows `prev`. */
export function link(
  prev: { readonly seq: number; readonly hash: string },
  at: Instant,
  event: LedgerEvent,
  body: string,
): Row {
  const seq = prev.seq + 1;
  return { seq, at, ...keysOf(event), body, prev: prev.hash, hash: linkHash(prev.hash, seq, at, body) };
}

/** Why this row cannot follow `prev`, or undefined when it does. */
export function faultOf(row: Row, prev: { readonly seq: number; readonly hash: string }): string | undefined {
  const expected = prev.seq + 1;
  if (row.seq !== expected) return `entry ${expected} is not there: the next one is ${row.seq}`;
  if (row.prev !== prev.hash) return "it does not follow the entry before it";
  if (row.hash !== linkHash(row.prev, row.seq, row.at, row.body)) return "its hash does not match its content";
  let event: LedgerEvent;
  try {
    event = JSON.parse(row.body) as LedgerEvent;
  } catch {
    return "its body is not JSON";
  }
  const keys = keysOf(event);
  if (row.type !== keys.type || row.run !== keys.run || row.job !== keys.job)
    return "its type, run or job column differs from its body";
  return undefined;
}

/** The text that is hashed and stored. Throws when the event is not JSON (a bigint, a circle). */
export function bodyOf(event: LedgerEvent): string {
  if (typeof event?.type !== "string") throw new TypeError("an event needs a type");
  return canonical(event);
}
