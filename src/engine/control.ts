import type { FireState } from "../attendance/index.ts";
import type { DesiredState, Entry, Instant, Money, Run } from "../model/index.ts";
import type { Plan } from "../plan/index.ts";
import type { ApplyOutcome } from "./deploy/deployer.ts";

/** Who asks for a change: recorded in the ledger. */
export interface Actor {
  readonly name: string;
  readonly via: "cli" | "api" | "dashboard";
}

export interface RunningSummary {
  readonly run: string;
  readonly job: string;
  readonly status: Run["status"];
  readonly startedAt?: Instant;
  readonly cost?: Money;
}

export interface PlacementStatus {
  readonly placement: string;
  readonly type: string;
  readonly ok: boolean;
  readonly jobs: number;
  /** Resources that are not as they were applied, as far as was looked; absent where there are none. */
  readonly drifted?: number;
  /** Why it cannot be listed, in the provider's words: they may name an account. */
  readonly problem?: string;
  readonly failingSince?: Instant;
}

export interface BudgetStatus {
  readonly budget: string;
  readonly period: string;
  readonly spent: Money;
  readonly limit: Money;
  readonly forecast?: Money;
  /** Fires to come in the period that are not in the forecast, since nothing is known of their cost; absent without a forecast. */
  readonly upcomingLeftOut?: number;
  readonly state: "ok" | "warned" | "reached" | "held";
}

export interface EngineStatus {
  readonly environment: string;
  readonly namespace: string;
  readonly epoch: number;
  readonly startedAt: Instant;
  readonly now: Instant;
  readonly ready: boolean;
  /**
   * Why not ready, or what a person should know: a held guard, a stepped clock, a full disk. It is told to whoever asks:
   * what placements say stands with them.
   */
  readonly problems: readonly string[];
  /** What complete listings could not read, though it keeps nothing else from working; it names jobs and what they use. */
  readonly unread: readonly string[];
  readonly placements: readonly PlacementStatus[];
  readonly running: readonly RunningSummary[];
  readonly budgets: readonly BudgetStatus[];
  readonly guardHeld?: string;
  readonly nextFires: readonly { readonly job: string; readonly at: Instant }[];
}

export interface ApplyRequest {
  readonly desired: DesiredState;
  /** The plan that a person saw and approved; absent: whatever the world needs now. */
  readonly plan?: Plan;
  readonly purpose?: "apply" | "destroy";
  readonly override?: string;
}

/** What a fire was when it was signed off; `running` and `upcoming` ones in advance, should they come to nothing. */
export interface Excused {
  readonly was: FireState;
  /** Its last attempt. */
  readonly run?: string;
}

/** What the server offers to people; every change lands in the ledger before it is answered. */
export interface Control {
  status(): Promise<EngineStatus>;
  startRun(job: string, actor: Actor): Promise<Run>;
  /** Through the guard's choke point; answers when the polite stop is on its way. */
  kill(run: string, reason: string, actor: Actor, options?: { readonly force?: boolean }): Promise<Run>;
  /** Refused for a fire that ran. */
  excuse(fire: string, reason: string, actor: Actor): Promise<Excused>;
  /** Progress reported over HTTP for a running run. */
  beat(run: string): Promise<void>;
  releaseGuard(reason: string, actor: Actor): Promise<void>;
  releaseBudget(budget: string, reason: string, actor: Actor): Promise<void>;
  /** Plans from what is there now, checks against the approved plan and the limits, and carries it out. */
  apply(request: ApplyRequest, actor: Actor): Promise<ApplyOutcome>;
  /** New ledger entries as they are committed, until the signal aborts. */
  subscribe(listener: (entry: Entry) => void, signal: AbortSignal): void;
}

export { ControlError } from "./fault.ts";
