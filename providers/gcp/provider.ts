import type {
  DesiredJob,
  Instant,
  Job,
  ObservedResource,
  Rendering,
  ResourceChange,
  RunHandle,
  Sample,
  StopMode,
} from "../../src/model/index.ts";
import {
  type CallOptions,
  type Capabilities,
  type Finding,
  guarded,
  type LogChunk,
  type OpenContext,
  type PermissionDocument,
  type Provider,
  type ProviderError,
  type RunState,
  type StartRequest,
  throwIfAborted,
} from "../../src/provider/index.ts";
import type { Api } from "./api/index.ts";
import { measureBatch } from "./batch/measure.ts";
import { BatchRuns } from "./batch/runs.ts";
import { isBatchHandle } from "./batch/state.ts";
import { checkGcp } from "./check.ts";
import { Deployments } from "./deployments.ts";
import { classify } from "./errors.ts";
import { parseHandle } from "./execution-state.ts";
import { batchOutput, executionOutput, readLogs } from "./logs.ts";
import { measureExecution } from "./measure.ts";
import type { Owner } from "./naming.ts";
import { type GcpOptions, gcpJobOptions } from "./options.ts";
import { permissionsOf } from "./permissions.ts";
import { render } from "./render.ts";
import { isCall, UNSEEN } from "./resources/calls.ts";
import { Runs, START_KNOWN_SECONDS } from "./runs.ts";

/** Cloud Run's metrics are of each minute, and can be read up to four minutes later. */
const METRICS = { intervalSeconds: 60, delaySeconds: 240 };

/** Cloud Scheduler fires, Cloud Run or Batch runs, Cloud Monitoring and Cloud Logging tell. See docs/gcp.md. */
export class GcpProvider implements Provider {
  readonly type = "gcp";
  readonly placement: string;
  readonly scope: string;
  readonly capabilities: Capabilities = {
    schedules: "native",
    workloads: ["container", "http", "vm"],
    // Cloud Run's file system is memory: of disks there is nothing to know.
    metrics: { cpu: true, io: false, network: true, output: true, ...METRICS },
    nativeTimeLimit: true,
    startTokenSeconds: START_KNOWN_SECONDS,
    seesForeignRuns: true,
  };
  readonly #context: OpenContext;
  readonly #options: GcpOptions;
  readonly #api: Api;
  readonly #owner: Owner;
  readonly #deployments: Deployments;
  readonly #runs: Runs;
  readonly #batch: BatchRuns;

  constructor(context: OpenContext, options: GcpOptions, api: Api) {
    const { clock, namespace, environment } = context;
    this.#context = context;
    this.#options = options;
    this.#api = api;
    this.placement = context.placement;
    this.scope = `project ${options.project}, ${options.location}`;
    this.#owner = { namespace, environment };
    this.#deployments = new Deployments({ api, owner: this.#owner, options });
    this.#runs = new Runs(api, this.#owner, options, this.#deployments, clock);
    this.#batch = new BatchRuns(api, this.#owner, options);
  }

  render(desired: DesiredJob, now: Instant): Rendering {
    return render(desired, this.#owner, this.#options, now);
  }

  listDeployments(options?: CallOptions): Promise<readonly ObservedResource[]> {
    return guarded(options, as("list"), () => this.#deployments.list(options?.signal));
  }

  apply(change: ResourceChange, options?: CallOptions): Promise<ObservedResource | undefined> {
    return guarded(options, as("apply"), () => this.#deployments.apply(change, options?.signal));
  }

  setPaused(job: string, paused: boolean, _reason: string, options?: CallOptions): Promise<void> {
    return guarded(options, as("pause"), () => this.#deployments.setPaused(job, paused, options?.signal));
  }

  start(request: StartRequest, options?: CallOptions): Promise<RunState> {
    return guarded(options, as("start"), () => this.#start(request, options?.signal));
  }

  find(run: string, options?: CallOptions): Promise<RunState | undefined> {
    return guarded(options, as("find"), async () => {
      const found = await this.#runs.find(run, options?.signal);
      return found ?? (this.#options.batch ? this.#batch.find(run, options?.signal) : undefined);
    });
  }

  listRuns(since: Instant, options?: CallOptions): Promise<readonly RunState[]> {
    return guarded(options, as("list runs"), async () => {
      const batch = this.#options.batch ? this.#batch.list(since, options?.signal) : [];
      return (await Promise.all([this.#runs.list(since, options?.signal), batch])).flat();
    });
  }

  inspect(handle: RunHandle, options?: CallOptions): Promise<RunState> {
    return guarded(options, as("inspect"), () => this.#runsOf(handle).inspect(handle, options?.signal));
  }

  measure(handle: RunHandle, after: Instant, options?: CallOptions): Promise<readonly Sample[]> {
    return guarded(options, as("measure"), async () => {
      if (isBatchHandle(handle)) return this.#measureBatch(handle, after, options?.signal);
      const { execution, others } = await this.#runs.withOthers(handle, after, options?.signal);
      const now = this.#context.clock.now();
      const request = { options: this.#options, execution, others, after, now };
      return now > after ? measureExecution(this.#api, request, options?.signal) : [];
    });
  }

  stop(handle: RunHandle, _mode: StopMode, options?: CallOptions): Promise<void> {
    return guarded(options, as("stop"), () => this.#runsOf(handle).stop(handle, options?.signal));
  }

  async *logs(
    handle: RunHandle,
    options: CallOptions & { readonly follow?: boolean; readonly tailLines?: number } = {},
  ): AsyncIterable<LogChunk> {
    throwIfAborted(options.signal);
    try {
      yield* readLogs(this.#api, {
        options: this.#options,
        output: isBatchHandle(handle)
          ? batchOutput(this.#options, await this.#batch.uidOf(handle, options.signal))
          : executionOutput(this.#options, parseHandle(handle)),
        follow: options.follow ?? false,
        tailLines: options.tailLines,
        clock: this.#context.clock,
        signal: options.signal,
        look: async () => {
          const { phase, requestedAt = 0 } = await this.#runsOf(handle).inspect(handle, options.signal);
          return { isEnded: phase === "ended", since: requestedAt };
        },
      });
    } catch (error) {
      throw classify(error, "logs");
    }
  }

  unseen({ workload }: Job): string | undefined {
    return isCall(workload) ? UNSEEN : undefined;
  }

  permissions(jobs: readonly DesiredJob[]): readonly PermissionDocument[] {
    return permissionsOf(jobs, this.#options);
  }

  check(options?: CallOptions): Promise<readonly Finding[]> {
    return checkGcp(this.#api, this.#options, this.#context.clock, options?.signal);
  }

  async close(): Promise<void> {
    this.#api.close();
  }

  #runsOf(handle: RunHandle): Pick<Runs, "inspect" | "stop"> {
    return isBatchHandle(handle) ? this.#batch : this.#runs;
  }

  async #start(request: StartRequest, signal: AbortSignal | undefined): Promise<RunState> {
    const { workload, options } = request.job;
    const parsed = gcpJobOptions.safeParse(options);
    if (workload.kind !== "container" || parsed.data?.runner !== "batch") return this.#runs.start(request, signal);
    return this.#batch.start({ ...request, job: { ...request.job, workload } }, parsed.data, signal);
  }

  async #measureBatch(handle: RunHandle, after: Instant, signal: AbortSignal | undefined): Promise<readonly Sample[]> {
    const [state, uid] = [await this.#batch.inspect(handle, signal), await this.#batch.uidOf(handle, signal)];
    const now = this.#context.clock.now();
    return measureBatch(this.#api, { options: this.#options, uid, state, after, now }, signal);
  }
}

/** What went wrong, with what was being done at the time. */
function as(what: string): (error: unknown) => ProviderError {
  return (error) => classify(error, what);
}
