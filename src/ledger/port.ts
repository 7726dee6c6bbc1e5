import type {
  DesiredJob,
  Entry,
  EventType,
  Instant,
  LedgerEvent,
  Money,
  Run,
  RunStatus,
  Sample,
} from "../model/index.ts";

export type LedgerErrorCode =
  | "full"
  | "readOnly"
  | "busy"
  | "locked"
  | "corrupt"
  | "newer"
  | "missing"
  | "invalid"
  | "closed"
  | "io";

/**
 * full: no room; it works again by itself when there is · readOnly: the file or its folder may not be written ·
 * busy: SQLite's own lock was not free in time · locked: another daemon holds the store · corrupt: not a ledger,
 * or a damaged one · newer: written by a later version · missing: there is no ledger yet · invalid: an event that
 * is not JSON or lacks a field (a defect of the caller) · closed: used after close · io: any other failure.
 */
export class LedgerError extends Error {
  override readonly name = "LedgerError";
  readonly code: LedgerErrorCode;
  constructor(code: LedgerErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

export interface RunQuery {
  readonly job?: string;
  readonly environment?: string;
  readonly status?: readonly RunStatus[];
  /** Created at or after / before. */
  readonly since?: Instant;
  readonly until?: Instant;
  /** Newest first; default 100. */
  readonly limit?: number;
}

/** What became of a fire, or of a stretch of fires nobody started. */
export interface FireRecord {
  readonly job: string;
  readonly outcome: "started" | "skipped" | "missed";
  readonly from: Instant;
  readonly to: Instant;
  readonly count: number;
  readonly firstFire: string;
  readonly lastFire: string;
  readonly run?: string;
  readonly reason?: string;
  readonly detail?: string;
}

export interface Excuse {
  readonly job: string;
  readonly fire: string;
  readonly fireAt: Instant;
  readonly by: string;
  readonly reason: string;
  readonly at: Instant;
}

/** A job as it stood deployed between two instants; `until` is absent while it stands. */
export interface DeployedJob {
  readonly placement: string;
  readonly desired: DesiredJob;
  readonly fingerprint: string;
  readonly since: Instant;
  readonly until?: Instant;
}

/** Reversed charges are netted out; `seq` is the charge's own entry. */
export interface Charge {
  readonly seq: number;
  readonly run: string;
  readonly job: string;
  readonly amount: Money;
  readonly basis: "metered" | "invoiced";
  readonly from: Instant;
  readonly to: Instant;
  readonly how: string;
}

export interface VerifyReport {
  readonly ok: boolean;
  readonly entries: number;
  readonly head: string;
  /** The first entry that does not hold, and why. */
  readonly firstBad?: { readonly seq: number; readonly why: string };
}

export interface EntryQuery {
  readonly afterSeq?: number;
  readonly types?: readonly EventType[];
  readonly run?: string;
  readonly job?: string;
  readonly since?: Instant;
  readonly limit?: number;
}

/** Reading works while a daemon writes, and without one. */
export interface DeploymentRange {
  readonly from: Instant;
  readonly to: Instant;
  readonly job?: string;
}

export interface LedgerReader {
  run(id: string): Promise<Run | undefined>;
  runs(query: RunQuery): Promise<readonly Run[]>;
  /** Oldest first, in pages of the implementation's choosing. */
  entries(query: EntryQuery): AsyncIterable<Entry>;
  /** The newest entry; undefined in an empty ledger. */
  lastEntry(): Promise<Entry | undefined>;
  /** Records that touch [from, to). */
  fires(query: { readonly job?: string; readonly from: Instant; readonly to: Instant }): Promise<readonly FireRecord[]>;
  /** The last instant of the job's fires that has a record. */
  lastAccounted(job: string): Promise<Instant | undefined>;
  excuses(query: { readonly from: Instant; readonly to: Instant }): Promise<readonly Excuse[]>;
  /** In force at some time of [from, to), of one job or of all; without a range, those in force now. */
  deployments(range?: DeploymentRange): Promise<readonly DeployedJob[]>;
  /**
   * Charges whose `from` lies in [from, to), reversals taken out. The engine cuts a charge at the days of UTC, so that
   * each lies whole in its day: one that ends at midnight belongs to the day before.
   */
  charges(query: { readonly from: Instant; readonly to: Instant; readonly run?: string }): Promise<readonly Charge[]>;
  samples(run: string, since?: Instant): Promise<readonly Sample[]>;
  /** Reads everything; with `expect`, a head noted elsewhere, it also finds a tail that was cut off or rewritten. */
  verify(options?: { readonly expect?: { readonly seq: number; readonly hash: string } }): Promise<VerifyReport>;
  close(): Promise<void>;
}

/**
 * The writer; one at a time on a store. When `append` resolves, its events are on disk (fsync) and will be
 * there after a power cut; when it rejects with a LedgerError, none of them is. Events of concurrent calls
 * may share one commit.
 */
export interface Ledger extends LedgerReader {
  append(events: readonly LedgerEvent[]): Promise<readonly Entry[]>;
  /** The epoch for this daemon's `daemon.started`: one more than the last one recorded. */
  nextEpoch(): Promise<number>;
  /** Makes the projections anew from the entries, in one transaction. */
  rebuild(): Promise<void>;
  /** Kept for `retention` only, outside the chain: what a verdict rests on goes into its own entry. */
  saveSamples(run: string, samples: readonly Sample[]): Promise<void>;
  /** Removes samples older than this. */
  pruneSamples(before: Instant): Promise<void>;
}
