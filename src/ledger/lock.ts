import { DatabaseSync } from "node:sqlite";
import type { Instant } from "../model/index.ts";
import { LedgerError } from "./port.ts";

export interface WriterLock {
  release(): void;
}

/** How long a daemon that is just closing gets to do so. */
const WAIT_MS = 500;

/**
 * The right to write, held as a write transaction on a database of its own: the operating system ends it with the
 * process, however that ends, and a reader can still see who holds it. The file stays behind, and means nothing by itself.
 */
export function acquireLock(path: string, holder: { readonly pid: number; readonly since: Instant }): WriterLock {
  const db = new DatabaseSync(path, { timeout: WAIT_MS });
  try {
    db.exec("BEGIN IMMEDIATE");
    db.exec("CREATE TABLE IF NOT EXISTS holder (id INTEGER PRIMARY KEY CHECK (id = 1), pid INTEGER, since INTEGER)");
    db.prepare("INSERT OR REPLACE INTO holder VALUES (1, ?, ?)").run(holder.pid, holder.since);
    db.exec("COMMIT");
    // Between the two a rival may step in; then this one is refused, and names the rival.
    db.exec("BEGIN IMMEDIATE");
    return { release: () => db.close() };
  } catch (error) {
    const refused = isBusy(error) ? new LedgerError("locked", refusal(path, holderOf(db)), error) : error;
    db.close();
    throw refused;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === 5;
}

function holderOf(db: DatabaseSync): number | undefined {
  try {
    return Number(db.prepare("SELECT pid FROM holder").get()?.["pid"]);
  } catch {
    // The other one is just writing its name: that it holds the lock is known, who it is is not.
    return undefined;
  }
}

function refusal(path: string, pid: number | undefined): string {
  const who = pid === undefined || Number.isNaN(pid) ? "another daemon" : `another daemon (pid ${pid})`;
  return `${who} holds this ledger (${path}): stop it first, or give this one a state folder of its own`;
}
