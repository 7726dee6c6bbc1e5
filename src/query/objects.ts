import type { Breach, Json, Money, RunCause, RunStatus } from "../model/index.ts";

/** Money with where the figure comes from; see docs/money.md. */
export interface RunCostObject extends Money {
  readonly basis: "metered" | "invoiced";
  /** True while the run goes on and the figure grows. */
  readonly live?: true;
}

export interface VerdictObject {
  readonly at: string;
  readonly action: "stop" | "notify" | "observe" | "protected" | "impossible";
  readonly breaches: readonly Breach[];
}

/** One run as the CLI, the API and the page show it. Instants are RFC 3339 in UTC; null is "not known" or "not yet". */
export interface RunObject {
  readonly run: string;
  readonly job: string;
  readonly environment: string;
  readonly provider: string;
  readonly cause: RunCause;
  readonly fire: string | null;
  readonly fireAt: string | null;
  readonly attempt: number;
  readonly status: RunStatus;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly exitCode: number | null;
  readonly signal?: string;
  readonly reason?: string;
  readonly team?: string;
  readonly costCenter?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Null until something is known of it: never zero for unknown. */
  readonly cost: RunCostObject | null;
  /** What is missing to price (a part of) it. */
  readonly unpriced?: string;
  /** The last judgement of the guard that was more than "keep". */
  readonly verdict?: VerdictObject;
}

export interface RunsObject {
  readonly schema: "rota.runs/1";
  readonly runs: readonly RunObject[];
}

export interface RunDetailObject extends RunObject {
  readonly schema: "rota.run.detail/1";
  readonly limits: Json;
  readonly workload: {
    readonly kind: string;
    readonly cpu: number;
    readonly memoryBytes: number;
    readonly gpu: number;
  };
}
