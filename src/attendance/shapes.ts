import type { DesiredJob, FireReason, Instant, Job, Run } from "../model/index.ts";

/** What became of a fire, or of a stretch of consecutive fires that nobody started: the ledger's record. */
export interface FireFact {
  readonly job: string;
  readonly outcome: "started" | "skipped" | "missed";
  readonly from: Instant;
  readonly to: Instant;
  readonly count: number;
  readonly firstFire: string;
  readonly lastFire: string;
  readonly run?: string;
  readonly reason?: FireReason | (string & {});
  readonly detail?: string;
}

/** A person signed a fire off. */
export interface ExcuseFact {
  readonly fire: string;
  readonly by: string;
  readonly reason: string;
}

/** A job as it stood deployed: its fires are those after `since`, up to and with `until`. */
export interface DeploymentFact {
  readonly placement: string;
  readonly desired: DesiredJob;
  readonly since: Instant;
  readonly until?: Instant;
}

/** A time in which no daemon ran; `to` is absent while it still does not. */
export interface Downtime {
  readonly from: Instant;
  readonly to?: Instant;
}

/** What a person sees against a fire; see docs/attendance.md. */
export type FireState = "ran" | "running" | "late" | "missed" | "failed" | "killed" | "excused" | "upcoming";

export interface SheetInput {
  /** The sheet covers the fires of [from, to). */
  readonly from: Instant;
  readonly to: Instant;
  readonly now: Instant;
  /** All that were in force at some time of the range, oldest first or in any order. */
  readonly deployments: readonly DeploymentFact[];
  /** Records that touch the range. */
  readonly records: readonly FireFact[];
  /** Runs of the range's fires, all attempts, and whatever else ran then. */
  readonly runs: readonly Run[];
  readonly excuses: readonly ExcuseFact[];
  /** How long a fire may go without a record before it is missed, by placement and job. Default: two minutes. */
  readonly graceMs?: (placement: string, job: Job) => number;
  /** Known times without a daemon: they turn "no record" into a reason. */
  readonly downtimes?: readonly Downtime[];
}

export interface SheetRow {
  readonly job: string;
  /** The fire's key. */
  readonly fire: string;
  readonly at: Instant;
  /** Scheduled local time, in the job's zone. */
  readonly local: string;
  readonly timezone: string;
  readonly placement: string;
  readonly team?: string;
  readonly state: FireState;
  /** The last attempt. */
  readonly run?: string;
  /** Runs that this fire has had; 0 when nothing started. */
  readonly attempts: number;
  readonly reason?: string;
  /** For `excused`: a person signed it off, or a rule of the manifest left it out. */
  readonly by?: "person" | "rule";
  /** The state that a person's excuse covers. */
  readonly was?: FireState;
  /** A run by hand that succeeded after this fire was missed, and before the job's next fire. */
  readonly madeUpBy?: string;
  /** What DST or a calendar did to the fire. */
  readonly note?: string;
}

/** A run in the range that belongs to no expected fire, and that no person of rota's asked for. */
export interface UnexpectedRun {
  readonly run: string;
  readonly job: string;
  readonly placement: string;
  readonly at: Instant;
  readonly status: Run["status"];
  readonly why: string;
}

/** A time that a rule of the job's own schedule leaves out: it was never a fire, and is shown so that nobody looks for it. */
export interface OmittedTime {
  readonly job: string;
  readonly at: Instant;
  readonly local: string;
  readonly reason: "gap" | "holiday";
  readonly detail: string;
}

export interface Sheet {
  /** One row for each expected fire, by time, then job. */
  readonly rows: readonly SheetRow[];
  readonly counts: Readonly<Record<FireState, number>> & { readonly expected: number };
  readonly unexpected: readonly UnexpectedRun[];
  readonly omitted: readonly OmittedTime[];
}
