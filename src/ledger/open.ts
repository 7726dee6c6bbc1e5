import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../model/index.ts";
import { toLedgerError } from "./fault.ts";
import { acquireLock } from "./lock.ts";
import { type Ledger, LedgerError, type LedgerReader } from "./port.ts";
import { SqliteReader } from "./reader.ts";
import { SAMPLES, versionOf } from "./schema.ts";
import { createFile, lockPath, openReadOnly, openSamples, openWriter, samplesPath } from "./store.ts";
import type { Turn } from "./turn.ts";
import { SqliteLedger } from "./writer.ts";

export interface LedgerOptions {
  /** The ledger's file; it is made, with its folder, when there is none. Beside it: `-wal`, `-shm`, `-lock`, `-samples`. */
  readonly path: string;
  readonly clock: Pick<Clock, "now">;
  /**
   * When a commit is due after the first `append` of a turn; default: when the microtasks that are queued now are
   * done. A daemon gives `setImmediate`, so that all appends of one turn of its loop share one fsync.
   */
  readonly turn?: Turn;
}

/** Opens the store to write. Refused with `locked` within two seconds when another process has it. */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { path, clock, turn = queueMicrotask } = options;
  const opened: { close(): void }[] = [];
  try {
    for (const file of [path, lockPath(path), samplesPath(path)]) createFile(file);
    const lock = acquireLock(lockPath(path), { pid: process.pid, since: clock.now() });
    opened.push({ close: () => lock.release() });
    const entries = openWriter(path);
    opened.push(entries);
    const samples = openSamples(samplesPath(path));
    opened.push(samples);
    return new SqliteLedger({ stores: { path, entries, samples }, clock, turn, lock });
  } catch (error) {
    for (const one of opened.reverse()) one.close();
    throw toLedgerError(error, path);
  }
}

/** Opens the store to read, with or without a daemon on it; never writes to it, never holds the daemon up. */
export async function openLedgerReader(path: string, turn: Turn = queueMicrotask): Promise<LedgerReader> {
  try {
    const entries = openReadOnly(path);
    try {
      if (versionOf(entries) === 0) throw new LedgerError("missing", `the ledger is still empty (${path})`);
      const samples = existsSync(samplesPath(path)) ? openReadOnly(samplesPath(path)) : undefined;
      return new SqliteReader({ path, entries, samples }, turn);
    } catch (error) {
      entries.close();
      throw error;
    }
  } catch (error) {
    throw toLedgerError(error, path);
  }
}

/** A ledger in memory, for tests and the simulator: all the same rules, no file, no fsync; commits in a microtask. */
export async function openMemoryLedger(clock: Pick<Clock, "now">): Promise<Ledger> {
  const samples = new DatabaseSync(":memory:");
  samples.exec(SAMPLES);
  return new SqliteLedger({
    stores: { path: ":memory:", entries: openWriter(":memory:"), samples },
    clock,
    turn: queueMicrotask,
  });
}
