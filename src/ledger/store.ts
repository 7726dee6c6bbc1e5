import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { toLedgerError } from "./fault.ts";
import { LedgerError } from "./port.ts";
import { migrate, SAMPLES, versionOf } from "./schema.ts";

/** For the short moments in which a reader recovers or closes; a daemon's loop must not wait longer. */
const BUSY_MS = 1000;

export function lockPath(path: string): string {
  return `${path}-lock`;
}

export function samplesPath(path: string): string {
  return `${path}-samples`;
}

/** Makes the file for its owner alone, and its name durable, before SQLite meets it. */
export function createFile(path: string): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (existsSync(path)) return;
  closeSync(openSync(path, "a", 0o600));
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** The writer's connection: write-ahead log, and an fsync on every commit (L1). */
export function openWriter(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: BUSY_MS });
  try {
    versionOf(db);
    const mode = db.prepare("PRAGMA journal_mode = WAL").get()?.["journal_mode"];
    if (mode !== "wal" && path !== ":memory:")
      throw new LedgerError("io", `this file system cannot keep a write-ahead log (${path}): choose a local folder`);
    db.exec("PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF");
    migrate(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** The samples' own file; one that cannot be read is thrown away, since nothing durable rests on it. */
export function openSamples(path: string): DatabaseSync {
  try {
    return prepareSamples(path);
  } catch (error) {
    if (toLedgerError(error, path).code !== "corrupt") throw error;
    for (const end of ["", "-wal", "-shm"]) rmSync(`${path}${end}`, { force: true });
    return prepareSamples(path);
  }
}

function prepareSamples(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: BUSY_MS });
  try {
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${SAMPLES}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * A connection that can only read. In a folder that may not be written, SQLite cannot share memory with a writer; then
 * a store that was closed in order is read as it lies there, and one that was not is refused with words.
 */
export function openReadOnly(path: string): DatabaseSync {
  if (!existsSync(path)) throw new LedgerError("missing", `there is no ledger here yet (${path}): rota up makes it`);
  let refused: unknown;
  for (const location of [path, immutable(path)]) {
    if (location !== path && pending(path))
      throw new LedgerError(
        "readOnly",
        `the ledger was not closed in order, and its folder may not be written: read a copy of the folder (${path})`,
        refused,
      );
    const db = new DatabaseSync(location, { readOnly: true, timeout: BUSY_MS });
    try {
      db.prepare("SELECT count(*) FROM sqlite_schema").get();
      return db;
    } catch (error) {
      db.close();
      refused = error;
      if (!["io", "readOnly"].includes(toLedgerError(error, path).code)) break;
    }
  }
  throw refused;
}

function immutable(path: string): URL {
  const url = pathToFileURL(path);
  url.searchParams.set("immutable", "1");
  return url;
}

function pending(path: string): boolean {
  const wal = `${path}-wal`;
  return existsSync(wal) && statSync(wal).size > 0;
}
