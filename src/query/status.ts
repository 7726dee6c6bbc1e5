import type { LedgerReader } from "../ledger/index.ts";
import type { Instant, Money, RunStatus } from "../model/index.ts";
import { rfc3339 } from "./instant.ts";
import { describeRuns, type LiveCost } from "./runs.ts";

/** What a running daemon says of itself: the engine's status, as far as it is shown. */
export interface LiveStatus {
  readonly environment: string;
  readonly namespace: string;
  readonly epoch: number;
  readonly startedAt: Instant;
  readonly now: Instant;
  readonly ready: boolean;
  readonly problems: readonly string[];
  /** What listings could not read: shown among the problems. */
  readonly unread: readonly string[];
  readonly placements: readonly (Omit<PlacementObject, "failingSince"> & { readonly failingSince?: Instant })[];
  readonly running: readonly {
    readonly run: string;
    readonly job: string;
    readonly status: RunStatus;
    readonly startedAt?: Instant;
    readonly cost?: Money;
  }[];
  readonly budgets: readonly BudgetObject[];
  readonly guardHeld?: string;
  readonly nextFires: readonly { readonly job: string; readonly at: Instant }[];
}

export interface PlacementObject {
  readonly placement: string;
  readonly type: string;
  readonly ok: boolean;
  readonly jobs: number;
  /** Resources that are not as they were applied; absent where there are none. */
  readonly drifted?: number;
  /** Why it cannot be listed, in the provider's words. */
  readonly problem?: string;
  readonly failingSince?: string;
}

export interface BudgetObject {
  readonly budget: string;
  readonly period: string;
  readonly spent: Money;
  readonly limit: Money;
  readonly forecast?: Money;
  /** Fires to come in the period that are not in the forecast, since nothing is known of their cost; absent without a forecast. */
  readonly upcomingLeftOut?: number;
  readonly state: "ok" | "warned" | "reached" | "held";
}

export type DaemonObject =
  | {
      readonly up: true;
      readonly pid: number;
      readonly version: string;
      readonly uptimeSeconds: number;
      readonly startedAt: string;
      readonly now: string;
      readonly ready: boolean;
      readonly epoch: number;
    }
  | { readonly up: false };

export interface RunningObject {
  readonly run: string;
  readonly job: string;
  readonly status: RunStatus;
  readonly startedAt: string | null;
  readonly cost: Money | null;
}

export interface StatusObject {
  readonly schema: "rota.status/1";
  readonly namespace: string;
  readonly environment: string;
  /** The manifest's; the zone of the sheet. */
  readonly timezone: string;
  readonly daemon: DaemonObject;
  readonly placements: readonly PlacementObject[];
  readonly running: readonly RunningObject[];
  /** Counts of today's fires by state; see `rota.today/1`. */
  readonly today: Readonly<Record<string, number>>;
  readonly budgets: readonly BudgetObject[];
  /** What a person should know or do, in words. */
  readonly problems: readonly string[];
  /** Why the guard stops nothing until a person releases it. */
  readonly guardHeld?: string;
  readonly nextFires: readonly { readonly job: string; readonly at: string }[];
}

/** The status of a running daemon. */
export function statusView(
  live: LiveStatus,
  about: { readonly pid: number; readonly version: string; readonly timezone: string },
  today: Readonly<Record<string, number>>,
): StatusObject {
  return {
    schema: "rota.status/1",
    namespace: live.namespace,
    environment: live.environment,
    timezone: about.timezone,
    daemon: {
      up: true,
      pid: about.pid,
      version: about.version,
      uptimeSeconds: Math.max(0, Math.floor((live.now - live.startedAt) / 1000)),
      startedAt: rfc3339(live.startedAt),
      now: rfc3339(live.now),
      ready: live.ready,
      epoch: live.epoch,
    },
    placements: live.placements.map(({ failingSince, ...each }) => ({
      ...each,
      ...(failingSince === undefined ? {} : { failingSince: rfc3339(failingSince) }),
    })),
    running: live.running.map((run) => ({
      run: run.run,
      job: run.job,
      status: run.status,
      startedAt: run.startedAt === undefined ? null : rfc3339(run.startedAt),
      cost: run.cost ?? null,
    })),
    today,
    budgets: live.budgets,
    problems: [...live.problems, ...live.placements.flatMap(({ problem }) => problem ?? []), ...live.unread],
    ...(live.guardHeld === undefined ? {} : { guardHeld: live.guardHeld }),
    nextFires: live.nextFires.map(({ job, at }) => ({ job, at: rfc3339(at) })),
  };
}

/**
 * The status as the ledger alone tells it, while no daemon answers: what was in flight when it was last
 * seen. Budgets come from the caller, who has the manifest.
 */
export async function offlineStatusView(
  ledger: LedgerReader,
  about: {
    readonly namespace: string;
    readonly environment: string;
    readonly timezone: string;
    readonly today: Readonly<Record<string, number>>;
    readonly budgets: readonly BudgetObject[];
    readonly liveCost?: LiveCost;
  },
): Promise<StatusObject> {
  const open = await ledger.runs({ environment: about.environment, status: ["queued", "starting", "running"] });
  const running = await describeRuns(ledger, open, about.liveCost ? { liveCost: about.liveCost } : {});
  const problems = ["the daemon does not run: nothing is started, guarded or counted; start it with `rota up`"];
  return {
    schema: "rota.status/1",
    namespace: about.namespace,
    environment: about.environment,
    timezone: about.timezone,
    daemon: { up: false },
    placements: [],
    running: running.map(({ run, job, status, startedAt, cost }) => ({ run, job, status, startedAt, cost })),
    today: about.today,
    budgets: about.budgets,
    problems,
    nextFires: [],
  };
}
