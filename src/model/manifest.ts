import type { DesiredJob, Job } from "./job.ts";
import type { JsonObject } from "./json.ts";
import type { Money } from "./money.ts";
import type { Calendar, Window } from "./schedule.ts";

export type NoticeKind = "stopped" | "failed" | "missed" | "budget" | "recovered" | "problem";

export interface NotifyChannel {
  readonly name: string;
  readonly webhook?: string;
  /** argv; the notice is JSON on its standard input. */
  readonly command?: readonly string[];
  readonly on: readonly NoticeKind[];
  /** Private and loopback addresses are refused unless this says otherwise. */
  readonly allowPrivate: boolean;
}

export interface Placement {
  readonly name: string;
  readonly type: string;
  /** Everything else said under it, checked by the adapter. */
  readonly options: JsonObject;
}

export interface Environment {
  readonly name: string;
  readonly placement: string;
  /** When `apply` may change it; empty: always. In the manifest's zone. */
  readonly deployWindows: readonly Window[];
}

export interface Safety {
  readonly maxStops: number;
  /** Share of the runs in flight, 0–1. The larger of the two limits counts. */
  readonly share: number;
  readonly perSeconds: number;
  /** Share of the deployed resources that one apply may delete, 0–1. */
  readonly maxDeletes: number;
}

export interface Budget {
  readonly name: string;
  readonly match: {
    readonly team?: string;
    readonly job?: string;
    readonly provider?: string;
    readonly environment?: string;
    readonly costCenter?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  /** A calendar period in UTC, or a rolling window. */
  readonly per: "day" | "week" | "month" | { readonly rollingSeconds: number };
  readonly limit: Money;
  /** Shares of the limit, 0–1, ascending. */
  readonly warnAt: readonly number[];
  readonly atLimit: "notify" | "hold" | "stop";
}

export interface Pool {
  readonly name: string;
  readonly capacity?: number;
}

/** A manifest resolved for one environment. */
export interface Manifest {
  readonly namespace: string;
  readonly timezone: string;
  readonly currency: string;
  readonly environment: Environment;
  readonly environments: readonly Environment[];
  readonly windows: Readonly<Record<string, readonly Window[]>>;
  readonly calendars: Readonly<Record<string, Calendar>>;
  readonly placements: readonly Placement[];
  readonly pools: readonly Pool[];
  readonly budgets: readonly Budget[];
  readonly notify: readonly NotifyChannel[];
  readonly safety: Safety;
  /** Sorted by name. */
  readonly jobs: readonly Job[];
}

/** A manifest whose flexible jobs have their slots: what is planned and deployed. */
export interface DesiredState {
  readonly manifest: Manifest;
  readonly jobs: readonly DesiredJob[];
}
