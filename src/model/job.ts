import type { JsonObject } from "./json.ts";
import type { Money } from "./money.ts";
import type { Schedule, Slot } from "./schedule.ts";

interface Compute {
  /** vCPU asked for. */
  readonly cpu: number;
  readonly memoryBytes: number;
  readonly env: Readonly<Record<string, string>>;
  /** Variable → reference into the provider's secret store; never a value. */
  readonly secrets: Readonly<Record<string, string>>;
}

export interface ProcessWorkload extends Compute {
  readonly kind: "process";
  /** argv; no shell unless `shell` is true, and then exactly one element. */
  readonly command: readonly string[];
  readonly shell: boolean;
  /** Relative to the manifest's folder. */
  readonly cwd?: string;
}

export interface ContainerWorkload extends Compute {
  readonly kind: "container";
  readonly image: string;
  readonly command: readonly string[];
  readonly gpu?: number;
}

export interface HttpWorkload {
  readonly kind: "http";
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Header → reference into the secret store. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  /** Status codes that mean success; default 200–299. */
  readonly expectStatus: readonly number[];
}

/** Start (and stop) machines that exist already. */
export interface VmWorkload {
  readonly kind: "vm";
  readonly instances: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly action: "start" | "stop";
}

/** Something that exists at the vendor already; the option `target` under the provider type's key says what, and the adapter reads it. */
export interface TargetWorkload {
  readonly kind: "target";
}

export type Workload = ProcessWorkload | ContainerWorkload | HttpWorkload | VmWorkload | TargetWorkload;

/** The limits of a run; a missing one is no limit. See docs/guard.md. */
export interface GuardLimits {
  readonly mode: "enforce" | "observe";
  readonly onBreach: "stop" | "notify";
  readonly protect: boolean;
  readonly graceSeconds: number;
  readonly idleSeconds?: number;
  /** Share of the CPU asked for, at or under which it counts as none. Default 0.02. */
  readonly idleCpu: number;
  readonly heartbeatSeconds?: number;
  readonly durationSeconds?: number;
  readonly cost?: Money;
  /** Share of `cost` at which a warning goes out. Default 0.8. */
  readonly costWarn: number;
  readonly outputBytes?: number;
  readonly diskBytes?: number;
}

export interface RetryPolicy {
  /** Starts in all, the first included. 1: no retry. */
  readonly attempts: number;
  /** Before attempt n: backoffSeconds × 2^(n-2), at most maxBackoffSeconds. */
  readonly backoffSeconds: number;
  readonly maxBackoffSeconds: number;
}

/** One job as it holds in one environment: defaults, overlays and units are resolved. JSON-serialisable as it is. */
export interface Job {
  readonly name: string;
  readonly namespace: string;
  readonly environment: string;
  /** The placement's name in the manifest's `providers`. */
  readonly placement: string;
  readonly description?: string;
  readonly team?: string;
  readonly owner?: string;
  readonly costCenter?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly workload: Workload;
  readonly schedule: Schedule;
  readonly guard: GuardLimits;
  readonly retry: RetryPolicy;
  readonly expect: { readonly durationSeconds?: number };
  readonly pool?: string;
  /** In the pool's unit; the workload's vCPU when absent. */
  readonly load?: number;
  /** Names of `notify` channels; absent: all of them. */
  readonly notify?: readonly string[];
  /** What is said under the provider type's own key (`aws: { runner: batch }`), checked by the adapter. */
  readonly options: JsonObject;
}

/** A job with the slot that makes its flexible schedule exact: what plan, providers and engine work on. */
export interface DesiredJob {
  readonly job: Job;
  /** Present exactly when the schedule is `interval` or `flexible`. */
  readonly slot?: Slot;
}
