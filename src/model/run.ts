import type { GuardLimits, Workload } from "./job.ts";
import type { Json } from "./json.ts";
import type { Instant } from "./time.ts";

export type RunStatus = "queued" | "starting" | "running" | "succeeded" | "failed" | "killed" | "lost" | "skipped";
export const OPEN_STATUSES: readonly RunStatus[] = ["queued", "starting", "running"];

/** Why a run exists. `foreign`: seen at the provider, started by somebody else than rota and its schedules. */
export type RunCause = "fire" | "catchUp" | "retry" | "person" | "foreign";

/** A machine that the vendor rents out for a run, by itself. */
export interface RentedMachine {
  readonly id: string;
  /** The vendor's name of it: `m5.large`. */
  readonly type: string;
  /** Absent where the vendor does not say. */
  readonly vcpu?: number;
  readonly from: Instant;
  /** Absent: it is still rented, or until when is not known, and the run's end is taken. */
  readonly until?: Instant;
}

/** The provider's own identity of a run (pid + start time + boot id; a task's ARN): enough to find and stop exactly it. */
export type RunHandle = Json;

/**
 * What the vendor itself says that it bills for a run, where the job asks for nothing that could be multiplied: facts of
 * its records, never a guess. A field that is absent is not known.
 */
export interface Billed {
  /** By which billing rule, in the words of the price book: `lambda-arm`. */
  readonly service: string;
  readonly memoryBytes?: number;
  /** The time that is billed, in place of the one between start and end. */
  readonly billedMs?: number;
  /** Requests that are billed; absent: 1. */
  readonly starts?: number;
}

export interface Run {
  readonly run: string;
  readonly job: string;
  readonly environment: string;
  readonly placement: string;
  readonly cause: RunCause;
  /** The fire's key, absent when a person asked. */
  readonly fire?: string;
  /** The scheduled instant. */
  readonly fireAt?: Instant;
  /** From 1. */
  readonly attempt: number;
  readonly status: RunStatus;
  readonly createdAt: Instant;
  /** A queued run (a retry's back-off) does not start before. */
  readonly notBefore?: Instant;
  /** Confirmed by the provider; the meter starts here. */
  readonly startedAt?: Instant;
  readonly endedAt?: Instant;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly reason?: string;
  readonly handle?: RunHandle;
  /** As they were when the run was created; a later manifest does not reach it. */
  readonly limits: GuardLimits;
  readonly labels: Readonly<Record<string, string>>;
  readonly team?: string;
  readonly costCenter?: string;
  /** What the meter multiplies: kind of workload, vCPU, memory and GPUs asked for (0 where the kind has none). */
  readonly workload: Workload["kind"];
  readonly cpu: number;
  readonly memoryBytes: number;
  readonly gpu: number;
  /** Machines that are the run, as the vendor told of them: what is metered. Empty: none; absent: not known, or no such run. */
  readonly rented?: readonly RentedMachine[];
  readonly billed?: Billed;
}

/**
 * What one run used between two instants. A field that is absent is unknown, never zero; `cpuSeconds`
 * counts the whole tree of processes. Instants are the provider's; `monotonicTo` is the engine's clock
 * at the reading, for windows that a step of the wall clock must not touch.
 */
export interface Sample {
  readonly from: Instant;
  readonly to: Instant;
  readonly monotonicTo?: number;
  readonly cpuSeconds?: number;
  readonly readBytes?: number;
  readonly writtenBytes?: number;
  readonly networkBytes?: number;
  readonly memoryBytes?: number;
  /** Bytes to stdout and stderr in this interval. */
  readonly outputBytes?: number;
  /** Since the run's start, at `to`, where that is kept: what was printed while nobody looked is in it. */
  readonly outputTotalBytes?: number;
  /** The share (0–1) of this interval's output lines that repeat lines already seen. */
  readonly repeatingShare?: number;
  readonly repeatingLine?: string;
  /** Progress was reported in this interval (ROTA_PROGRESS, or a beat). */
  readonly progress?: boolean;
  /** Bytes in the run's own working directory, at `to`. */
  readonly diskBytes?: number;
}
