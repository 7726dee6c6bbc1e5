import type { DatabaseSync } from "node:sqlite";
import type { Entry, Instant, Run, Sample } from "../model/index.ts";
import { toLedgerError } from "./fault.ts";
import {
  type Charge,
  type DeployedJob,
  type DeploymentRange,
  type EntryQuery,
  type Excuse,
  type FireRecord,
  LedgerError,
  type LedgerReader,
  type RunQuery,
  type VerifyReport,
} from "./port.ts";
import * as read from "./read.ts";
import { openReadOnly } from "./store.ts";
import { pass, type Turn } from "./turn.ts";
import { type Head, verifyStore } from "./verify.ts";

export interface Stores {
  readonly path: string;
  readonly entries: DatabaseSync;
  /** Absent where no daemon has kept any yet. */
  readonly samples: DatabaseSync | undefined;
}

/** The queries over open databases; every failure is a LedgerError. */
export class SqliteReader implements LedgerReader {
  protected readonly stores: Stores;
  protected readonly turn: Turn;
  #closed = false;

  constructor(stores: Stores, turn: Turn) {
    this.stores = stores;
    this.turn = turn;
  }

  async run(id: string): Promise<Run | undefined> {
    return this.ask((db) => read.readRun(db, id));
  }

  async runs(query: RunQuery): Promise<readonly Run[]> {
    return this.ask((db) => read.readRuns(db, query));
  }

  async *entries(query: EntryQuery): AsyncGenerator<Entry> {
    const pages = this.ask((db) => read.readEntryPages(db, query));
    for (;;) {
      const page = this.ask(() => pages.next());
      if (page.done) return;
      yield* page.value;
    }
  }

  async fires(query: {
    readonly job?: string;
    readonly from: Instant;
    readonly to: Instant;
  }): Promise<readonly FireRecord[]> {
    return this.ask((db) => read.readFires(db, query));
  }

  async lastEntry(): Promise<Entry | undefined> {
    return this.ask((db) => read.readLastEntry(db));
  }

  async lastAccounted(job: string): Promise<Instant | undefined> {
    return this.ask((db) => read.readLastAccounted(db, job));
  }

  async excuses(query: { readonly from: Instant; readonly to: Instant }): Promise<readonly Excuse[]> {
    return this.ask((db) => read.readExcuses(db, query.from, query.to));
  }

  async deployments(range?: DeploymentRange): Promise<readonly DeployedJob[]> {
    return this.ask((db) => read.readDeployments(db, range));
  }

  async charges(query: {
    readonly from: Instant;
    readonly to: Instant;
    readonly run?: string;
  }): Promise<readonly Charge[]> {
    return this.ask((db) => read.readCharges(db, query));
  }

  async samples(run: string, since?: Instant): Promise<readonly Sample[]> {
    const { samples } = this.stores;
    return samples === undefined ? [] : this.ask(() => read.readSamples(samples, run, since));
  }

  async verify(options: { readonly expect?: Head } = {}): Promise<VerifyReport> {
    this.ask(() => undefined);
    const { path, entries } = this.stores;
    if (path === ":memory:") return verifyStore(entries, options);
    let snapshot: DatabaseSync | undefined;
    try {
      snapshot = openReadOnly(path);
      snapshot.exec("BEGIN");
      return await verifyStore(snapshot, { ...options, pause: () => pass(this.turn) });
    } catch (error) {
      throw toLedgerError(error, path);
    } finally {
      snapshot?.close();
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.stores.samples?.close();
    this.stores.entries.close();
  }

  protected get closed(): boolean {
    return this.#closed;
  }

  protected ask<T>(question: (db: DatabaseSync) => T): T {
    if (this.#closed) throw new LedgerError("closed", `the ledger is closed (${this.stores.path})`);
    try {
      return question(this.stores.entries);
    } catch (error) {
      throw toLedgerError(error, this.stores.path);
    }
  }
}
