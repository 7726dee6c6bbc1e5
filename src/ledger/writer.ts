import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Clock, Entry, Instant, LedgerEvent, Sample } from "../model/index.ts";
import { canonical } from "../model/index.ts";
import { bodyOf, GENESIS, link } from "./chain.ts";
import { isStoreFailure, toLedgerError } from "./fault.ts";
import type { WriterLock } from "./lock.ts";
import { type Ledger, LedgerError } from "./port.ts";
import { type Project, projector, reproject } from "./project.ts";
import { readLastEpoch } from "./read.ts";
import { SqliteReader, type Stores } from "./reader.ts";
import { Gathering, pass, type Turn } from "./turn.ts";
import type { Head } from "./verify.ts";

interface Append {
  readonly at: Instant;
  readonly bodies: readonly string[];
  readonly resolve: (entries: readonly Entry[]) => void;
  readonly reject: (error: LedgerError) => void;
}

interface Save {
  readonly run: string;
  readonly samples: readonly Sample[];
  readonly resolve: () => void;
  readonly reject: (error: LedgerError) => void;
}

/** Samples removed between two pauses. */
const PRUNE = 5000;

export interface WriterOptions {
  readonly stores: Stores & { readonly samples: DatabaseSync };
  readonly clock: Pick<Clock, "now">;
  readonly turn: Turn;
  readonly lock?: WriterLock;
}

/** The one writer of a store. Calls of the same turn share a commit, which is one fsync. */
export class SqliteLedger extends SqliteReader implements Ledger {
  readonly #clock: Pick<Clock, "now">;
  readonly #lock: WriterLock | undefined;
  readonly #samples: DatabaseSync;
  readonly #appends: Gathering<Append>;
  readonly #saves: Gathering<Save>;
  readonly #insert: StatementSync;
  readonly #getHead: StatementSync;
  readonly #setHead: StatementSync;
  readonly #saveSample: StatementSync;
  readonly #project: Project;

  constructor({ stores, clock, turn, lock }: WriterOptions) {
    super(stores, turn);
    this.#clock = clock;
    this.#lock = lock;
    this.#samples = stores.samples;
    const db = stores.entries;
    this.#insert = db.prepare(
      "INSERT INTO entries (seq, at, type, run, job, body, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#getHead = db.prepare("SELECT seq, hash FROM head");
    this.#setHead = db.prepare("INSERT OR REPLACE INTO head (id, seq, hash) VALUES (1, ?, ?)");
    this.#saveSample = stores.samples.prepare(
      "INSERT OR REPLACE INTO samples (run, to_at, from_at, body) VALUES (?, ?, ?, ?)",
    );
    this.#project = projector(db);
    this.#appends = new Gathering(turn, (calls) => this.#flush(calls));
    this.#saves = new Gathering(turn, (calls) => this.#flushSamples(calls));
  }

  async append(events: readonly LedgerEvent[]): Promise<readonly Entry[]> {
    const { path } = this.stores;
    const bodies = this.ask(() => {
      try {
        return events.map(bodyOf);
      } catch (error) {
        throw invalid(error, path);
      }
    });
    if (bodies.length === 0) return [];
    const at = Math.round(this.#clock.now());
    return new Promise((resolve, reject) => this.#appends.add({ at, bodies, resolve, reject }));
  }

  async nextEpoch(): Promise<number> {
    return this.ask(readLastEpoch) + 1;
  }

  async rebuild(): Promise<void> {
    this.ask((db) => transact(db, () => reproject(db)));
  }

  async saveSamples(run: string, samples: readonly Sample[]): Promise<void> {
    this.ask(() => undefined);
    if (samples.length === 0) return;
    return new Promise((resolve, reject) => this.#saves.add({ run, samples, resolve, reject }));
  }

  async pruneSamples(before: Instant): Promise<void> {
    const text =
      "DELETE FROM samples WHERE (run, to_at, from_at) IN (SELECT run, to_at, from_at FROM samples WHERE to_at < ? LIMIT ?)";
    for (let gone: number | bigint = PRUNE; Number(gone) === PRUNE; ) {
      if (this.closed) return;
      gone = this.ask(() => this.#samples.prepare(text).run(before, PRUNE).changes);
      if (Number(gone) === PRUNE) await pass(this.turn);
    }
  }

  override async close(): Promise<void> {
    if (this.closed) return;
    this.#appends.now();
    this.#saves.now();
    await super.close();
    this.#lock?.release();
  }

  #flush(calls: readonly Append[]): void {
    let done: readonly (readonly Entry[])[];
    try {
      done = this.#commit(calls);
    } catch (error) {
      if (calls.length > 1 && !isStoreFailure(error)) {
        // One call's event is at fault: the others must not suffer for it.
        for (const call of calls) this.#flush([call]);
        return;
      }
      const said = isStoreFailure(error) ? toLedgerError(error, this.stores.path) : invalid(error, this.stores.path);
      for (const call of calls) call.reject(said);
      return;
    }
    calls.forEach((call, index) => void call.resolve(done[index] ?? []));
  }

  #commit(calls: readonly Append[]): readonly (readonly Entry[])[] {
    const db = this.stores.entries;
    return transact(db, () => {
      const row = this.#getHead.get();
      let head: Head = row === undefined ? { seq: 0, hash: GENESIS } : { seq: Number(row.seq), hash: String(row.hash) };
      const entries = calls.map(({ at, bodies }) =>
        bodies.map((body) => {
          // Read back from what is stored, so that the projections can only ever be made of that.
          const event = JSON.parse(body) as LedgerEvent;
          const { seq, type, run, job, prev, hash } = link(head, at, event, body);
          this.#insert.run(seq, at, type, run, job, body, prev, hash);
          this.#project({ seq, at, event });
          head = { seq, hash };
          return { seq, at, event, prev, hash };
        }),
      );
      this.#setHead.run(head.seq, head.hash);
      return entries;
    });
  }

  #flushSamples(calls: readonly Save[]): void {
    try {
      transact(this.#samples, () => {
        for (const { run, samples } of calls) {
          for (const sample of samples) this.#saveSample.run(run, sample.to, sample.from, canonical(sample));
        }
      });
      for (const call of calls) call.resolve();
    } catch (error) {
      const said = toLedgerError(error, this.stores.path);
      for (const call of calls) call.reject(said);
    }
  }
}

function invalid(error: unknown, path: string): LedgerError {
  const said = error instanceof Error ? error.message : String(error);
  return new LedgerError("invalid", `the event cannot be recorded as it is (${path}: ${said})`, error);
}

/** All of it or nothing: when anything throws, COMMIT included, the store is as it was. */
function transact<T>(db: DatabaseSync, work: () => T): T {
  // A rollback that failed with the disk is made up for before anything new begins.
  if (db.isTransaction) db.exec("ROLLBACK");
  db.exec("BEGIN IMMEDIATE");
  try {
    const value = work();
    db.exec("COMMIT");
    return value;
  } catch (error) {
    // A full disk may have ended the transaction already.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}
