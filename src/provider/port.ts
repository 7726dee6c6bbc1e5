import type { z } from "zod";
import type {
  Billed,
  Clock,
  DesiredJob,
  Instant,
  Job,
  JsonObject,
  ObservedResource,
  Random,
  Rendering,
  RentedMachine,
  ResourceChange,
  RunHandle,
  Sample,
  StopMode,
  Workload,
} from "../model/index.ts";

/** What a placement can do; the engine asks here, never by the type's name. */
export interface Capabilities {
  /** `native`: the vendor fires without us. `engine`: the daemon fires by calling `start`. */
  readonly schedules: "native" | "engine";
  readonly workloads: readonly Workload["kind"][];
  /** Which signals `measure` can know, how often, and how late they come. */
  readonly metrics: Metrics;
  /** The platform ends a run at its `duration` by itself, also while rota is down. */
  readonly nativeTimeLimit: boolean;
  /** A start key is remembered this long; absent: for ever. After it an unknown start is never sent again (F4). */
  readonly startTokenSeconds?: number;
  /** Runs of foreign origin (the native schedule, a person in the console) are found by `listRuns`. */
  readonly seesForeignRuns: boolean;
}

export interface Metrics {
  readonly cpu: boolean;
  readonly io: boolean;
  readonly network: boolean;
  readonly output: boolean;
  readonly intervalSeconds: number;
  readonly delaySeconds: number;
  /**
   * Where whole machines are measured: what is there all the time though nothing is asked of them, of a run's machines
   * together. In vCPU, and in bytes a second. A sample at or under it shows nothing.
   */
  readonly background?: { readonly cpu: number; readonly diskBytes: number; readonly networkBytes: number };
}

export interface StartRequest {
  /** Idempotency key: the run's id. The same key sent twice starts one run. */
  readonly run: string;
  readonly job: Job;
  readonly attempt: number;
  /** The fire's key, when a fire caused it. */
  readonly fire?: string;
  /** The scheduled instant, or when a person asked; becomes ROTA_FIRE. */
  readonly fireAt: Instant;
  /** ROTA_* variables; the adapter adds the job's own. */
  readonly env: Readonly<Record<string, string>>;
}

/** What the provider says of one run now. */
export interface RunState {
  readonly handle: RunHandle;
  /** Ours, when rota started it; absent for a foreign start. */
  readonly run?: string;
  /** From the ownership mark. */
  readonly job: string;
  readonly phase: "starting" | "running" | "ended";
  /** Present exactly when ended. `stopped`: ended by a stop request; `lost`: it is gone and how is not known. */
  readonly outcome?: "succeeded" | "failed" | "stopped" | "lost";
  readonly startedAt?: Instant;
  readonly endedAt?: Instant;
  /** Time it has really run, by a clock that wall-clock steps do not touch; absent where the platform has none. */
  readonly elapsedSeconds?: number;
  readonly exitCode?: number;
  readonly signal?: string;
  /** The vendor's words. */
  readonly reason?: string;
  /** `unknown`: the vendor does not say. The first that follows a fire is taken for the fire's own, every other is foreign. */
  readonly startedBy: "rota" | "schedule" | "person" | "unknown";
  /** For a native fire: the scheduled instant, when the vendor passes it on. */
  readonly fireAt?: Instant;
  /** By the vendor's clock, when it took the start request: what a fire that it does not pass on is told by. */
  readonly requestedAt?: Instant;
  /** Where the run is machines: those that the vendor rents out for it. Empty: it rents none; absent: not known. */
  readonly rented?: readonly RentedMachine[];
  /** Machines that it may have rented and rents no more, which `rented` lacks: `by` when at the latest, or by now. */
  readonly returned?: readonly { readonly id: string; readonly by?: Instant }[];
  /** What the vendor says that it bills: the run is priced by that and not by what the job asks for. */
  readonly billed?: Billed;
}

export interface LogChunk {
  readonly at?: Instant;
  readonly stream: "stdout" | "stderr" | "system";
  readonly text: string;
}

export interface Finding {
  readonly check: string;
  readonly ok: boolean | "warning";
  readonly detail: string;
  readonly fix?: string;
}

/** One thing for a person to set up at the vendor, ready to paste: a policy, a role definition, who may take a role on. */
export interface PermissionDocument {
  /** Lower-case words and hyphens: `rota-policy`. */
  readonly name: string;
  /** For whom, and what it lets them do. */
  readonly purpose: string;
  readonly document: JsonObject;
  /** How the vendor's own command line makes it of the file NAME.json. */
  readonly command?: string;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface ListOptions extends CallOptions {
  /** What stands from an earlier listing, because the vendor tells when it changes, is read again all the same. */
  readonly fresh?: boolean;
}

/**
 * One configured provider. The contract, held by test/conformance:
 *
 * - Every failure is a ProviderError with a closed code; nothing else is thrown.
 * - `listDeployments` and `listRuns` are complete or throw; a partial page never returns.
 * - Nothing without this namespace's and environment's mark is ever changed, stopped or deleted.
 * - `apply` is a conditional write: it throws `conflict` when the resource is not at `actual.revision`.
 * - `start` is idempotent by `request.run`; after `unavailable` the outcome is unknown, and `find` tells.
 * - `stop` returns when the request was accepted, not when the run is gone; stopping an ended run is no error.
 *   Identity is re-checked by the adapter at the moment of the stop (never a bare pid).
 * - Every method observes `signal` and has a bound in time of its own.
 */
export interface Provider {
  readonly type: string;
  readonly placement: string;
  readonly capabilities: Capabilities;
  /**
   * What its listing covers, in words: `account 123456789012, us-east-1`. No two placements of one environment may cover
   * the same, for each would take what the other holds for its own. Absent where nothing is shared.
   */
  readonly scope?: string;

  /** Pure: what the job becomes here. `now`: times before it are past, and proofs and horizons begin with it. */
  render(desired: DesiredJob, now: Instant): Rendering;
  /** Everything that carries this namespace and environment. */
  listDeployments(options?: ListOptions): Promise<readonly ObservedResource[]>;
  /** Carries out one create, update or delete (`keep` is a no-op); answers what is there afterwards. */
  apply(change: ResourceChange, options?: CallOptions): Promise<ObservedResource | undefined>;
  /** Native schedules of a job stop or go on firing; a no-op where the engine fires. */
  setPaused(job: string, paused: boolean, reason: string, options?: CallOptions): Promise<void>;

  start(request: StartRequest, options?: CallOptions): Promise<RunState>;
  /** The run started under this key, or undefined when it surely was not. */
  find(run: string, options?: CallOptions): Promise<RunState | undefined>;
  /** Runs that carry our mark and were not ended before `since`, whoever started them. */
  listRuns(since: Instant, options?: CallOptions): Promise<readonly RunState[]>;
  /** `missing` is thrown when the provider no longer knows the run. */
  inspect(handle: RunHandle, options?: CallOptions): Promise<RunState>;
  /** Samples that end after `after`, oldest first; a gap in them is a gap in knowledge. */
  measure(handle: RunHandle, after: Instant, options?: CallOptions): Promise<readonly Sample[]>;
  stop(handle: RunHandle, mode: StopMode, options?: CallOptions): Promise<void>;
  /** The kept output; with `follow` it goes on until the run has ended or the signal aborts. */
  logs(
    handle: RunHandle,
    options?: CallOptions & { readonly follow?: boolean; readonly tailLines?: number },
  ): AsyncIterable<LogChunk>;

  /**
   * Present where the provider itself keeps something of ended runs (files, output): removes it for those that
   * ended before and whose end has been read, and answers how many. Never of a run that is still to be read.
   */
  prune?(before: Instant, options?: CallOptions): Promise<number>;
  /** Pure: what `measure` knows of this job's runs, where that is not what it knows of all; undefined: it is. */
  metrics?(job: Job): Metrics | undefined;
  /**
   * Why nobody hears of the runs that the vendor's own schedule starts of this job; undefined: `listRuns` shows them.
   * Asks nobody. What the latest listing could not read of one job, and of that job alone, is said here, and the listing
   * is complete without it.
   */
  unseen?(job: Job): string | undefined;
  /**
   * What the latest `listRuns` could not read and is complete without, each thing in words; empty where it read all. It
   * is shown to people until it is gone, and no fire is missed for it (`unseen`). Asks nobody.
   */
  unread?(): readonly string[];
  /**
   * Pure: how many seconds later than other listings `listRuns` may first show a run that the vendor's own schedule
   * started of this job. No fire is missed before it. Absent: 0.
   */
  listingDelaySeconds?(job: Job): number;
  /**
   * Pure: why nothing can stop the run of this handle; undefined: `stop` is sent. By the handle and not by the job, which
   * may have been edited since. Say so only where `stop` never does more than throw `unsupported`: none is sent then.
   */
  unstoppable?(handle: RunHandle): string | undefined;
  /** Pure: the least that these jobs ask of the vendor. Absent where there is nothing to grant. */
  permissions?(jobs: readonly DesiredJob[]): readonly PermissionDocument[];
  /**
   * Present where the vendor tells of changes as they happen. What comes is a reason to look and no more: it may be late,
   * doubled, out of order or never come, so listings go on. It lasts until the signal aborts; after an error it is asked
   * for again. One reader at a time.
   */
  changes?(options?: CallOptions): AsyncIterable<RunHandle>;
  /** For `doctor`: credentials, permissions, quotas, reachability. Never throws. */
  check(options?: CallOptions): Promise<readonly Finding[]>;
  close(): Promise<void>;
}

/** What a provider is opened with. Adapters read no environment variable, clock or chance but these. */
export interface OpenContext {
  readonly placement: string;
  /** What the manifest says under `providers.NAME`, `type` excluded. */
  readonly options: JsonObject;
  readonly namespace: string;
  readonly environment: string;
  /** A folder of the adapter's own for what it must keep (absolute). */
  readonly stateDir: string;
  /** The manifest's folder; what relative paths are relative to. */
  readonly baseDir: string;
  readonly clock: Clock;
  readonly random: Random;
  /** The environment that child processes and credential chains may see. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By the price book, what an hour of the job's run costs here: 10^-9 of its cost limit's currency. Undefined: not known. */
  readonly hourlyNanos?: (job: Job) => bigint | undefined;
  readonly log: (level: "debug" | "info" | "warn" | "error", message: string, fields?: JsonObject) => void;
}

/** What `providers/TYPE/index.ts` exports under the type's name (`export const local: ProviderModule`). */
export interface ProviderModule {
  readonly type: string;
  /** Checks `options` and opens; throws ProviderError `invalid` with the place when they are wrong. Makes no request. */
  open(context: OpenContext): Promise<Provider>;
}

/** Type of provider → the schema of what the manifest says under a placement of it, common keys aside. */
export type PlacementSchemas = Readonly<Record<string, z.ZodType>>;

export type Registry = Readonly<Record<string, () => Promise<ProviderModule>>>;
