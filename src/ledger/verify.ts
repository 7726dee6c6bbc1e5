import { DatabaseSync } from "node:sqlite";
import type { LedgerEvent } from "../model/index.ts";
import { faultOf, GENESIS, type Row } from "./chain.ts";
import { toLedgerError } from "./fault.ts";
import type { VerifyReport } from "./port.ts";
import { projector } from "./project.ts";
import { PROJECTED, PROJECTIONS } from "./schema.ts";

export interface Head {
  readonly seq: number;
  readonly hash: string;
}

export interface VerifyOptions {
  readonly expect?: Head;
  readonly pause?: () => Promise<void>;
}

/** Memory for the projections that are made beside; beyond it they go to a temporary file. */
const CACHE_KIB = 65_536;
/** Rows between two pauses. */
const PAGE = 2000;

/**
 * Reads all of the ledger and finds: a changed body, hash, seq, at or column, a row that was removed, added or moved
 * (by the chain), a tail that was cut off (by the head record and by `expect`), projections that say something
 * else than the entries do (made anew beside them and compared), and damage of the file itself.
 *
 * What the file alone cannot show: somebody who rewrites the tail, all hashes after it and the head record. Only
 * `expect`, a head that was noted somewhere else, finds that.
 *
 * `pause` lets others have their turn; the caller gives it only when `db` is a snapshot nobody else writes to.
 */
export async function verifyStore(db: DatabaseSync, options: VerifyOptions = {}): Promise<VerifyReport> {
  const walk: Walk = { last: { seq: 0, hash: GENESIS } };
  let bad: Finding | undefined;
  const anew = new DatabaseSync("");
  try {
    anew.exec(`PRAGMA journal_mode = OFF; PRAGMA cache_size = -${CACHE_KIB}; ${PROJECTIONS}BEGIN`);
    bad = (await chainFault(db, anew, walk, options)) ?? (await restFault(db, anew, walk.last, options));
  } catch (error) {
    const { code, message } = toLedgerError(error, "verify");
    if (code !== "corrupt") throw error;
    bad = { seq: walk.last.seq + 1, why: message };
  } finally {
    anew.close();
  }
  const found = { entries: walk.last.seq, head: walk.last.hash };
  return bad === undefined ? { ok: true, ...found } : { ok: false, ...found, firstBad: bad };
}

type Finding = NonNullable<VerifyReport["firstBad"]>;

/** How far the chain was followed. */
interface Walk {
  last: Head;
}

/** Follows the chain, and makes the projections beside it as it goes. */
async function chainFault(
  db: DatabaseSync,
  anew: DatabaseSync,
  walk: Walk,
  { expect, pause }: VerifyOptions,
): Promise<Finding | undefined> {
  const project = projector(anew);
  const page = db.prepare(
    "SELECT seq, at, type, run, job, body, prev, hash FROM entries WHERE seq > ? ORDER BY seq LIMIT ?",
  );
  for (;;) {
    const rows = page.all(walk.last.seq, PAGE) as unknown as readonly Row[];
    for (const row of rows) {
      const why = faultOf(row, walk.last);
      if (why !== undefined) return { seq: walk.last.seq + 1, why };
      walk.last = { seq: row.seq, hash: row.hash };
      if (expect?.seq === row.seq && expect.hash !== row.hash)
        return { seq: row.seq, why: "it is not the entry that was noted: it, or one before it, was rewritten" };
      project({ seq: row.seq, at: row.at, event: JSON.parse(row.body) as LedgerEvent });
    }
    if (rows.length < PAGE) return undefined;
    await pause?.();
  }
}

/** What the chain itself does not show: the end, the projections, the file. */
async function restFault(
  db: DatabaseSync,
  anew: DatabaseSync,
  last: Head,
  { expect, pause }: VerifyOptions,
): Promise<Finding | undefined> {
  const end = endFault(db, last, expect);
  if (end !== undefined) return { seq: last.seq + 1, why: end };
  for (const table of PROJECTED) {
    const seq = difference(db, anew, table);
    if (seq !== undefined) return { seq, why: `the projection "${table}" does not agree with the entries: rebuild it` };
    await pause?.();
  }
  const damage = db.prepare("PRAGMA integrity_check(1)").get()?.integrity_check;
  return damage === "ok" ? undefined : { seq: last.seq, why: `the file is damaged: ${String(damage)}` };
}

function endFault(db: DatabaseSync, last: Head, expect: Head | undefined): string | undefined {
  const stray = db.prepare("SELECT count(*) AS n FROM entries WHERE seq < 1").get()?.["n"];
  if (stray !== 0) return "there are entries before the first";
  const head = db.prepare("SELECT seq, hash FROM head").get();
  const said = { seq: Number(head?.["seq"] ?? 0), hash: String(head?.["hash"] ?? GENESIS) };
  if (said.seq > last.seq) return `the tail is missing: the head record says ${said.seq} entries`;
  if (said.seq !== last.seq || said.hash !== last.hash) return "the head record does not match the last entry";
  if (expect !== undefined && expect.seq > last.seq) return `the tail is missing: entry ${expect.seq} was noted`;
  return undefined;
}

/** The first seq at which a table differs between the two, or undefined. */
function difference(a: DatabaseSync, b: DatabaseSync, table: string): number | undefined {
  const text = `SELECT * FROM ${table} ORDER BY seq`;
  const theirs = b.prepare(text).iterate();
  for (const row of a.prepare(text).iterate()) {
    const other = theirs.next();
    if (other.done || JSON.stringify(row) !== JSON.stringify(other.value)) return Number(row["seq"]);
  }
  const extra = theirs.next();
  return extra.done ? undefined : Number(extra.value["seq"]);
}
