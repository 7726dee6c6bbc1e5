import type { DriftKind } from "./deployment.ts";
import type { DesiredJob } from "./job.ts";
import type { Money } from "./money.ts";
import type { Billed, RentedMachine, Run, RunHandle, RunStatus } from "./run.ts";
import type { Instant } from "./time.ts";
import type { Breach } from "./verdict.ts";

/** Who is to answer for what happened; `explain` names one of these. */
export type Component =
  | "schedule"
  | "daemon"
  | "start"
  | "workload"
  | "signal"
  | "guard"
  | "provider"
  | "person"
  | "budget";

/** Why a fire started nothing. */
export type FireReason =
  | "daemonDown"
  | "catchUpCap"
  | "catchUpPolicy"
  | "overlap"
  | "dependency"
  | "held"
  | "paused"
  | "clock"
  | "notSeen"
  | "unseen"
  | "startFailed"
  | "undeployed";

export type StopMode = "polite" | "hard";
/** `duplicate`: a vendor's second start of one fire. */
export type StopCause = "guard" | "person" | "budget" | "overlap" | "duplicate" | "shutdown";

export interface FiresPassed {
  readonly job: string;
  /** First and last scheduled instant of a stretch of consecutive fires; equal for one fire. */
  readonly from: Instant;
  readonly to: Instant;
  readonly count: number;
  /** Key of the first and of the last. */
  readonly firstFire: string;
  readonly lastFire: string;
  readonly reason: FireReason;
  readonly detail: string;
}

/** Everything the ledger records. Instants are the engine's clock; nothing is ever changed, only added. */
export type LedgerEvent =
  | {
      readonly type: "daemon.started";
      readonly epoch: number;
      readonly version: string;
      readonly pid: number;
      readonly bootId: string;
    }
  | { readonly type: "daemon.stopped"; readonly epoch: number; readonly reason: string }
  /** The ledger refused to record from `since` on (disk full, read-only), and this is the first that it took again. */
  | { readonly type: "ledger.recovered"; readonly since: Instant; readonly code: string }
  | { readonly type: "clock.stepped"; readonly byMs: number; readonly detail: string }
  | {
      readonly type: "job.deployed";
      readonly placement: string;
      readonly desired: DesiredJob;
      readonly fingerprint: string;
    }
  | { readonly type: "job.undeployed"; readonly job: string; readonly placement: string }
  /** What was applied and what is there have parted (docs/plan.md). Said once, until it is restored. */
  | {
      readonly type: "deployment.drifted";
      readonly placement: string;
      readonly job: string;
      /** `schedule/churn.1` */
      readonly resource: string;
      readonly kind: DriftKind;
      readonly detail: string;
    }
  /** It is as it was applied again, or the daemon put it there. */
  | {
      readonly type: "deployment.restored";
      readonly placement: string;
      readonly job: string;
      readonly resource: string;
      readonly by: "rota" | "elsewhere";
      readonly detail: string;
    }
  | {
      readonly type: "apply.recorded";
      readonly environment: string;
      readonly fingerprint: string;
      readonly by: string;
      readonly created: number;
      readonly updated: number;
      readonly deleted: number;
      readonly override?: string;
    }
  | {
      readonly type: "fire.started";
      readonly job: string;
      readonly fire: string;
      readonly fireAt: Instant;
      readonly run: string;
      readonly catchUp: boolean;
    }
  | ({ readonly type: "fire.skipped" } & FiresPassed)
  | ({ readonly type: "fire.missed" } & FiresPassed)
  | {
      readonly type: "fire.excused";
      readonly job: string;
      readonly fire: string;
      readonly fireAt: Instant;
      readonly by: string;
      readonly reason: string;
    }
  | { readonly type: "run.created"; readonly run: Run }
  /** Written before the request leaves: after it the outcome is unknown until looked up. */
  | { readonly type: "run.sent"; readonly run: string; readonly tokenUntil?: Instant }
  | {
      readonly type: "run.started";
      readonly run: string;
      readonly handle: RunHandle;
      readonly startedAt: Instant;
      readonly billed?: Billed;
    }
  /** All that is known of them so far, those that have gone too. */
  | { readonly type: "run.rented"; readonly run: string; readonly rented: readonly RentedMachine[] }
  | {
      readonly type: "run.ended";
      readonly run: string;
      readonly status: Exclude<RunStatus, "queued" | "starting" | "running">;
      readonly endedAt: Instant;
      readonly exitCode?: number;
      readonly signal?: string;
      readonly reason: string;
      readonly component: Component;
      /** What is known of it now, in place of what was at the start. */
      readonly billed?: Billed;
    }
  | { readonly type: "run.note"; readonly run: string; readonly component: Component; readonly text: string }
  | {
      readonly type: "run.judged";
      readonly run: string;
      /** `impossible`: it would be stopped, and its provider has no stop for it. */
      readonly action: "stop" | "notify" | "observe" | "protected" | "impossible";
      readonly breaches: readonly Breach[];
      readonly epoch: number;
    }
  | {
      readonly type: "run.stopping";
      readonly run: string;
      readonly mode: StopMode;
      readonly cause: StopCause;
      readonly by: string;
      readonly reason: string;
      readonly epoch: number;
    }
  /** The provider answered a stop that it has none for this run: nothing was stopped. `reason`: its words. */
  | {
      readonly type: "run.unstoppable";
      readonly run: string;
      readonly cause: StopCause;
      readonly reason: string;
      readonly epoch: number;
    }
  /** After all it took one that was sent again. */
  | { readonly type: "run.stoppable"; readonly run: string; readonly cause: StopCause; readonly epoch: number }
  | {
      readonly type: "charge";
      readonly run: string;
      readonly job: string;
      readonly amount: Money;
      readonly basis: "metered" | "invoiced";
      readonly from: Instant;
      readonly to: Instant;
      /** How the figure came about: price row ids, quantities, rounding rule. */
      readonly how: string;
    }
  | {
      readonly type: "charge.unpriced";
      readonly run: string;
      readonly job: string;
      readonly from: Instant;
      readonly to: Instant;
      readonly missing: string;
    }
  | { readonly type: "charge.reversed"; readonly seq: number; readonly run: string; readonly reason: string }
  | {
      readonly type: "saved";
      readonly run: string;
      readonly job: string;
      readonly amount: Money;
      readonly rule: string;
    }
  | {
      readonly type: "budget.warned";
      readonly budget: string;
      readonly period: string;
      readonly share: number;
      readonly spent: Money;
      readonly limit: Money;
    }
  | {
      readonly type: "budget.reached";
      readonly budget: string;
      readonly period: string;
      readonly action: "notify" | "hold" | "stop";
      readonly spent: Money;
      readonly limit: Money;
    }
  | {
      readonly type: "budget.released";
      readonly budget: string;
      readonly period: string;
      readonly by: string;
      readonly reason: string;
    }
  | { readonly type: "guard.held"; readonly reason: string; readonly stops: number; readonly windowSeconds: number }
  | { readonly type: "guard.released"; readonly by: string; readonly reason: string }
  | {
      readonly type: "notice.sent";
      readonly channel: string;
      readonly kind: string;
      readonly subject: string;
      readonly ok: boolean;
      readonly attempts: number;
      readonly detail?: string;
    }
  | { readonly type: "provider.problem"; readonly placement: string; readonly code: string; readonly message: string }
  | { readonly type: "provider.recovered"; readonly placement: string };

export type EventType = LedgerEvent["type"];
export type EventOf<T extends EventType> = Extract<LedgerEvent, { type: T }>;

/** One row of the ledger: `hash` covers `prev`, `seq`, `at` and the canonical event. */
export interface Entry {
  readonly seq: number;
  readonly at: Instant;
  readonly event: LedgerEvent;
  readonly prev: string;
  readonly hash: string;
}
