import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { DesiredJob, Entry, Instant, LedgerEvent, Run, Sample } from "../model/index.ts";
import type { Charge, DeployedJob, DeploymentRange, EntryQuery, Excuse, FireRecord, RunQuery } from "./port.ts";

type Cells = Readonly<Record<string, unknown>>;

/** A condition with its values; absent ones are left out of the WHERE. */
type Condition = readonly [sql: string, ...values: SQLInputValue[]];

function where(...conditions: readonly (Condition | undefined)[]): { sql: string; values: SQLInputValue[] } {
  const present = conditions.filter((c) => c !== undefined);
  return {
    sql: present.length === 0 ? "" : `WHERE ${present.map(([sql]) => `(${sql})`).join(" AND ")}`,
    values: present.flatMap(([, ...values]) => values),
  };
}

function when<T>(value: T | undefined, condition: (value: T) => Condition): Condition | undefined {
  return value === undefined ? undefined : condition(value);
}

/** Entries per page of `readEntries`: a page is read in one go, between pages others get their turn. */
const PAGE = 500;
const DEFAULT_RUNS = 100;

export function readRun(db: DatabaseSync, id: string): Run | undefined {
  const row = db.prepare("SELECT body FROM runs WHERE run = ?").get(id);
  return row === undefined ? undefined : (JSON.parse(String(row["body"])) as Run);
}

/** Newest first. One indexed look-up for each status asked for, merged: SQLite would sort all rows of several. */
export function readRuns(db: DatabaseSync, query: RunQuery): readonly Run[] {
  const limit = query.limit ?? DEFAULT_RUNS;
  const statuses: readonly (string | undefined)[] =
    query.status === undefined ? [undefined] : [...new Set(query.status)];
  const rows = statuses.flatMap((status): Cells[] => {
    const { sql, values } = where(
      when(query.job, (job) => ["job = ?", job]),
      when(status, (s) => ["status = ?", s]),
      when(query.environment, (environment) => ["environment = ?", environment]),
      when(query.since, (since) => ["created_at >= ?", since]),
      when(query.until, (until) => ["created_at < ?", until]),
    );
    const text = `SELECT seq, created_at, body FROM runs ${sql} ORDER BY created_at DESC, seq DESC LIMIT ?`;
    return db.prepare(text).all(...values, limit);
  });
  if (statuses.length > 1) {
    rows.sort((a, b) => Number(b["created_at"]) - Number(a["created_at"]) || Number(b["seq"]) - Number(a["seq"]));
  }
  return rows.slice(0, limit).map((row) => JSON.parse(String(row["body"])) as Run);
}

/**
 * One page, oldest first, after `afterSeq`. Several types are looked up one by one and merged, since SQLite would sort
 * all that is left of them for each page; the entries of one run are few enough to be filtered.
 */
function entryPage(db: DatabaseSync, query: EntryQuery, afterSeq: number, limit: number): readonly Entry[] {
  const { types, run } = query;
  const groups =
    types === undefined ? [undefined] : run === undefined ? [...new Set(types)].map((type) => [type]) : [types];
  const rows = groups.flatMap((group): Cells[] => {
    const { sql, values } = where(
      ["seq > ?", afterSeq],
      when(group, (some) => [`type IN (${some.map(() => "?").join(", ")})`, ...some]),
      when(run, (id) => ["run = ?", id]),
      when(query.job, (job) => ["job = ?", job]),
      when(query.since, (since) => ["at >= ?", since]),
    );
    const text = `SELECT seq, at, body, prev, hash FROM entries ${sql} ORDER BY seq LIMIT ?`;
    return db.prepare(text).all(...values, limit);
  });
  if (groups.length > 1) rows.sort((a, b) => Number(a.seq) - Number(b.seq));
  return rows.slice(0, limit).map(entryOf);
}

function entryOf(row: Cells): Entry {
  return {
    seq: Number(row["seq"]),
    at: Number(row["at"]),
    event: JSON.parse(String(row["body"])) as LedgerEvent,
    prev: String(row["prev"]),
    hash: String(row["hash"]),
  };
}

export function readLastEntry(db: DatabaseSync): Entry | undefined {
  const row = db.prepare("SELECT seq, at, body, prev, hash FROM entries ORDER BY seq DESC LIMIT 1").get();
  return row === undefined ? undefined : entryOf(row);
}

/** Instants may step back, so `since` is a filter; the first entry that passes it is where reading starts. */
export function* readEntryPages(db: DatabaseSync, query: EntryQuery): Generator<readonly Entry[]> {
  let after = query.afterSeq ?? 0;
  let left = query.limit ?? Number.POSITIVE_INFINITY;
  if (query.since !== undefined) {
    const first = db.prepare("SELECT min(seq) AS seq FROM entries WHERE at >= ?").get(query.since)?.["seq"];
    if (first === null || first === undefined) return;
    after = Math.max(after, Number(first) - 1);
  }
  while (left > 0) {
    const page = entryPage(db, query, after, Math.min(PAGE, left));
    if (page.length > 0) yield page;
    if (page.length < Math.min(PAGE, left)) return;
    left -= page.length;
    after = page.at(-1)?.seq ?? after;
  }
}

interface FireQuery {
  readonly job?: string;
  readonly from: Instant;
  readonly to: Instant;
}

/** Those that begin in the range, and the stretches that began before it and reach into it. */
export function readFires(db: DatabaseSync, query: FireQuery): readonly FireRecord[] {
  const job = when(query.job, (name): Condition => ["job = ?", name]);
  const begin = where(job, ["from_at >= ? AND from_at < ?", query.from, query.to]);
  const reach = where(job, ["to_at > from_at AND to_at >= ? AND from_at < ?", query.from, query.from]);
  // Stretches are few and have an index of their own; left alone, SQLite goes through all the past instead.
  return db
    .prepare(
      `SELECT * FROM fires ${begin.sql}
       UNION ALL SELECT * FROM fires INDEXED BY fires_stretch ${reach.sql} ORDER BY from_at, seq`,
    )
    .all(...begin.values, ...reach.values)
    .map((row) => ({
      job: String(row["job"]),
      outcome: row["outcome"] as FireRecord["outcome"],
      from: Number(row["from_at"]),
      to: Number(row["to_at"]),
      count: Number(row["count"]),
      firstFire: String(row["first_fire"]),
      lastFire: String(row["last_fire"]),
      ...optional(row, "run", "reason", "detail"),
    }));
}

function optional<K extends string>(row: Cells, ...keys: readonly K[]): { readonly [P in K]?: string } {
  return Object.fromEntries(keys.filter((k) => row[k] !== null).map((k) => [k, String(row[k])])) as {
    [P in K]?: string;
  };
}

export function readLastAccounted(db: DatabaseSync, job: string): Instant | undefined {
  const last = db.prepare("SELECT max(to_at) AS last FROM fires WHERE job = ?").get(job)?.["last"];
  return last === null || last === undefined ? undefined : Number(last);
}

export function readExcuses(db: DatabaseSync, from: Instant, to: Instant): readonly Excuse[] {
  return db
    .prepare("SELECT * FROM excuses WHERE fire_at >= ? AND fire_at < ? ORDER BY fire_at, seq")
    .all(from, to)
    .map((row) => ({
      job: String(row["job"]),
      fire: String(row["fire"]),
      fireAt: Number(row["fire_at"]),
      by: String(row["by"]),
      reason: String(row["reason"]),
      at: Number(row["at"]),
    }));
}

export function readDeployments(db: DatabaseSync, range: DeploymentRange | undefined): readonly DeployedJob[] {
  const { sql, values } =
    range === undefined
      ? where(["until IS NULL"])
      : where(
          ["since < ? AND (until IS NULL OR until > ?)", range.to, range.from],
          when(range.job, (job) => ["job = ?", job]),
        );
  const rows: Cells[] = db.prepare(`SELECT * FROM deployments ${sql} ORDER BY seq`).all(...values);
  return rows.map((row) => ({
    placement: String(row["placement"]),
    desired: JSON.parse(String(row["desired"])) as DesiredJob,
    fingerprint: String(row["fingerprint"]),
    since: Number(row["since"]),
    ...(row["until"] === null ? {} : { until: Number(row["until"]) }),
  }));
}

interface ChargeQuery {
  readonly from: Instant;
  readonly to: Instant;
  readonly run?: string;
}

export function readCharges(db: DatabaseSync, query: ChargeQuery): readonly Charge[] {
  const { sql, values } = where(
    ["from_at >= ? AND from_at < ?", query.from, query.to],
    ["reversed_by IS NULL"],
    when(query.run, (run) => ["run = ?", run]),
  );
  return db
    .prepare(`SELECT * FROM charges ${sql} ORDER BY seq`)
    .all(...values)
    .map((row) => ({
      seq: Number(row["seq"]),
      run: String(row["run"]),
      job: String(row["job"]),
      amount: { amount: String(row["amount"]), currency: String(row["currency"]) },
      basis: row["basis"] as Charge["basis"],
      from: Number(row["from_at"]),
      to: Number(row["to_at"]),
      how: String(row["how"]),
    }));
}

export function readLastEpoch(db: DatabaseSync): number {
  const row = db.prepare("SELECT body FROM entries WHERE type = 'daemon.started' ORDER BY seq DESC LIMIT 1").get();
  return row === undefined ? 0 : (JSON.parse(String(row["body"])) as { readonly epoch: number }).epoch;
}

/** Those that end after `since`, oldest first. */
export function readSamples(db: DatabaseSync, run: string, since: Instant | undefined): readonly Sample[] {
  return db
    .prepare("SELECT body FROM samples WHERE run = ? AND to_at > ? ORDER BY to_at, from_at")
    .all(run, since ?? Number.MIN_SAFE_INTEGER)
    .map((row) => JSON.parse(String(row["body"])) as Sample);
}
