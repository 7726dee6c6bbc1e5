import type { DatabaseSync } from "node:sqlite";
import { LedgerError } from "./port.ts";

/** "rota" in ASCII, in the file's header: tells a ledger from any other SQLite file. */
const APPLICATION_ID = 0x726f7461;

/** The entries: the truth. Nothing is ever changed or removed; the triggers hold against a slip, the chain against intent. */
const ENTRIES = `
CREATE TABLE entries (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  type TEXT NOT NULL,
  run TEXT,
  job TEXT,
  body TEXT NOT NULL,
  prev TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE INDEX entries_at ON entries (at);
CREATE INDEX entries_type ON entries (type);
CREATE INDEX entries_run ON entries (run) WHERE run IS NOT NULL;
CREATE INDEX entries_job ON entries (job) WHERE job IS NOT NULL;
CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TABLE head (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  seq INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT;
`;

/** What queries read. Made of the entries alone, in the same transaction; can be thrown away and made anew. */
export const PROJECTIONS: string = `
CREATE TABLE runs (
  seq INTEGER PRIMARY KEY,
  run TEXT NOT NULL UNIQUE,
  job TEXT NOT NULL,
  environment TEXT NOT NULL,
  status TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  body TEXT NOT NULL
);
CREATE TABLE fires (
  seq INTEGER PRIMARY KEY,
  job TEXT NOT NULL,
  outcome TEXT NOT NULL,
  from_at INTEGER NOT NULL,
  to_at INTEGER NOT NULL,
  count INTEGER NOT NULL,
  first_fire TEXT NOT NULL,
  last_fire TEXT NOT NULL,
  run TEXT,
  reason TEXT,
  detail TEXT
);
CREATE TABLE excuses (
  seq INTEGER PRIMARY KEY,
  job TEXT NOT NULL,
  fire TEXT NOT NULL,
  fire_at INTEGER NOT NULL,
  by TEXT NOT NULL,
  reason TEXT NOT NULL,
  at INTEGER NOT NULL
);
CREATE TABLE deployments (
  seq INTEGER PRIMARY KEY,
  job TEXT NOT NULL,
  placement TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  desired TEXT NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER
);
CREATE UNIQUE INDEX deployments_open ON deployments (job, placement) WHERE until IS NULL;
CREATE TABLE charges (
  seq INTEGER PRIMARY KEY,
  run TEXT NOT NULL,
  job TEXT NOT NULL,
  amount TEXT NOT NULL,
  currency TEXT NOT NULL,
  basis TEXT NOT NULL,
  from_at INTEGER NOT NULL,
  to_at INTEGER NOT NULL,
  how TEXT NOT NULL,
  reversed_by INTEGER
);
`;

/** For the queries alone: what only makes projections and compares them does without. */
const INDEXES = `
CREATE INDEX runs_created ON runs (created_at);
CREATE INDEX runs_job ON runs (job, created_at);
CREATE INDEX runs_status ON runs (status, created_at);
CREATE INDEX runs_job_status ON runs (job, status, created_at);
CREATE INDEX fires_from ON fires (from_at);
CREATE INDEX fires_job ON fires (job, from_at);
CREATE INDEX fires_last ON fires (job, to_at);
CREATE INDEX fires_stretch ON fires (to_at) WHERE to_at > from_at;
CREATE INDEX excuses_at ON excuses (fire_at);
CREATE INDEX deployments_until ON deployments (until);
CREATE INDEX charges_from ON charges (from_at);
CREATE INDEX charges_run ON charges (run);
`;

/** Their names, in the order in which they are compared and emptied. */
export const PROJECTED: readonly string[] = ["runs", "fires", "excuses", "deployments", "charges"];

/** Samples live in a file of their own: they are not chained, need no fsync, and come and go. */
export const SAMPLES: string = `
CREATE TABLE IF NOT EXISTS samples (
  run TEXT NOT NULL,
  to_at INTEGER NOT NULL,
  from_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (run, to_at, from_at)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS samples_to ON samples (to_at);
`;

/** Step n takes a store from version n to n + 1; never edited once released. The first makes it. */
export const STEPS: readonly string[] = [
  `${ENTRIES}${PROJECTIONS}${INDEXES}PRAGMA application_id = ${APPLICATION_ID};`,
];

function pragma(db: DatabaseSync, name: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}

/** The store's version, 0 when it is empty. Throws `corrupt` for another program's file, `newer` for a later rota's. */
export function versionOf(db: DatabaseSync, steps: readonly string[] = STEPS): number {
  const version = pragma(db, "user_version");
  const id = pragma(db, "application_id");
  const empty = version === 0 && pragma(db, "schema_version") === 0;
  if (!empty && id !== APPLICATION_ID)
    throw new LedgerError("corrupt", "this file is a SQLite database, but not a ledger of rota's: it is left as it is");
  if (version > steps.length)
    throw new LedgerError(
      "newer",
      `the ledger is of version ${version}, and this rota knows up to ${steps.length}: ` +
        "use the rota that wrote it, or a later one. Nothing was changed",
    );
  return version;
}

/** Brings the store to the newest version, one transaction a step: it is never between two. */
export function migrate(db: DatabaseSync, steps: readonly string[] = STEPS): void {
  for (let version = versionOf(db, steps); version < steps.length; version++) {
    db.exec("BEGIN IMMEDIATE");
    try {
      db.exec(steps[version] ?? "");
      db.exec(`PRAGMA user_version = ${version + 1}`);
      db.exec("COMMIT");
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  }
}
