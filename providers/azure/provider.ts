import type {
  DesiredJob,
  Instant,
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
import { checkAzure } from "./check.ts";
import { Deployments } from "./deployments.ts";
import { classify } from "./errors.ts";
import { readLogs } from "./logs.ts";
import { LOGS_LATE_MS, METRICS_LATE_MS, measureExecution } from "./measure.ts";
import { resourceId } from "./naming.ts";
import type { AzureOptions } from "./options.ts";
import { permissionsOf } from "./permissions.ts";
import type { Place } from "./place.ts";
import { render } from "./render.ts";
import { JOBS } from "./resources/world.ts";
import { parseHandle } from "./runs/handle.ts";
import { Runs } from "./runs/runs.ts";

/** Container Apps jobs run, their own trigger or a Logic App fires, Azure Monitor and Log Analytics tell. See docs/azure.md. */
export class AzureProvider implements Provider {
  readonly type = "azure";
  readonly placement: string;
  readonly scope: string;
  readonly capabilities: Capabilities;
  readonly #context: OpenContext;
  readonly #options: AzureOptions;
  readonly #api: Api;
  readonly #place: Place;
  readonly #deployments: Deployments;
  readonly #runs: Runs;

  constructor(context: OpenContext, options: AzureOptions, api: Api) {
    this.#context = context;
    this.#options = options;
    this.#api = api;
    this.placement = context.placement;
    this.scope = `resource group ${options.resourceGroup} of ${options.subscription}`;
    const owner = { namespace: context.namespace, environment: context.environment };
    this.#place = { owner, options, hourlyNanos: context.hourlyNanos };
    this.#deployments = new Deployments({ api, owner, options, clock: context.clock });
    this.#runs = new Runs(api, this.#place, this.#deployments, context.clock);
    const output = options.logAnalyticsWorkspace !== undefined;
    const delaySeconds = (output ? LOGS_LATE_MS : METRICS_LATE_MS) / 1000;
    this.capabilities = {
      schedules: "native",
      workloads: ["container", "http", "vm"],
      metrics: { cpu: true, io: false, network: true, output, intervalSeconds: 60, delaySeconds },
      nativeTimeLimit: true,
      seesForeignRuns: true,
    };
  }

  render(desired: DesiredJob, now: Instant): Rendering {
    return render(desired, this.#place, now);
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
    return guarded(options, as("start"), () => this.#runs.start(request, options?.signal));
  }

  find(run: string, options?: CallOptions): Promise<RunState | undefined> {
    return guarded(options, as("find"), () => this.#runs.find(run, options?.signal));
  }

  listRuns(since: Instant, options?: CallOptions): Promise<readonly RunState[]> {
    return guarded(options, as("list runs"), () => this.#runs.list(since, options?.signal));
  }

  inspect(handle: RunHandle, options?: CallOptions): Promise<RunState> {
    return guarded(options, as("inspect"), () => this.#runs.inspect(handle, options?.signal));
  }

  measure(handle: RunHandle, after: Instant, options?: CallOptions): Promise<readonly Sample[]> {
    return guarded(options, as("measure"), async () => {
      const parsed = parseHandle(handle);
      await this.#runs.requireSeen(handle, options?.signal);
      // A workflow uses nothing of its own.
      if (!("execution" in parsed)) return [];
      return measureExecution(
        this.#api,
        {
          job: resourceId(this.#options, JOBS.type, parsed.job),
          execution: parsed.execution,
          workspace: this.#options.logAnalyticsWorkspace,
          after,
          now: this.#context.clock.now(),
        },
        options?.signal,
      );
    });
  }

  stop(handle: RunHandle, _mode: StopMode, options?: CallOptions): Promise<void> {
    return guarded(options, as("stop"), () => this.#runs.stop(handle, options?.signal));
  }

  async *logs(
    handle: RunHandle,
    options: CallOptions & { readonly follow?: boolean; readonly tailLines?: number } = {},
  ): AsyncIterable<LogChunk> {
    const { signal, follow = false, tailLines } = options;
    throwIfAborted(signal);
    try {
      const parsed = parseHandle(handle);
      await this.#runs.inspect(handle, signal);
      if (!("execution" in parsed)) return yield* this.#runs.steps(parsed.workflow, parsed.run, signal);
      const workspace = this.#options.logAnalyticsWorkspace;
      if (workspace === undefined) {
        yield {
          stream: "system",
          text: "no Log Analytics workspace is named for this placement (logAnalyticsWorkspace)\n",
        };
        return;
      }
      const { execution } = parsed;
      const isEnded = async (): Promise<boolean> => (await this.#runs.inspect(handle, signal)).phase === "ended";
      yield* readLogs(this.#api, {
        workspace,
        execution,
        follow,
        tailLines,
        clock: this.#context.clock,
        signal,
        isEnded,
      });
    } catch (error) {
      throw classify(error, "logs");
    }
  }

  permissions(jobs: readonly DesiredJob[]): readonly PermissionDocument[] {
    return permissionsOf(jobs, this.#place);
  }

  check(options?: CallOptions): Promise<readonly Finding[]> {
    return checkAzure(this.#api, this.#options, options?.signal);
  }

  async close(): Promise<void> {
    this.#api.close();
  }
}

/** What went wrong, with what was being done at the time. */
function as(what: string): (error: unknown) => ProviderError {
  return (error) => classify(error, what);
}
