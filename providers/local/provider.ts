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
  type LogChunk,
  type Provider,
  type RunState,
  renderDesired,
  type StartRequest,
  throwIfAborted,
} from "../../src/provider/index.ts";
import { checkHost } from "./check.ts";
import { DeploymentStore } from "./deployments.ts";
import { unusableVariables } from "./environment.ts";
import { toProviderError } from "./failure.ts";
import { type Host, outputLimits } from "./host.ts";
import { readLogs } from "./logs.ts";
import { LocalRuns } from "./runs.ts";

/** Runs jobs as processes of this machine. See docs/local.md. */
export class LocalProvider implements Provider {
  readonly type = "local";
  readonly placement: string;
  readonly capabilities: Capabilities;
  readonly #host: Host;
  readonly #deployments: DeploymentStore;
  readonly #runs: LocalRuns;

  constructor(host: Host) {
    this.#host = host;
    this.placement = host.context.placement;
    const { namespace, environment, stateDir, clock } = host.context;
    this.#runs = new LocalRuns(host);
    this.#deployments = new DeploymentStore(stateDir, { namespace, environment }, clock);
    this.capabilities = {
      schedules: "engine",
      workloads: host.containerTool === undefined ? ["process", "http"] : ["process", "http", "container"],
      metrics: {
        cpu: host.hasProc,
        io: host.hasProc,
        network: host.ss !== undefined,
        output: true,
        intervalSeconds: host.options.intervalSeconds,
        delaySeconds: 0,
      },
      nativeTimeLimit: true,
      seesForeignRuns: false,
    };
  }

  render(desired: DesiredJob): Rendering {
    const { workload } = desired.job;
    const refuse = (reason: string, fix: string): Rendering => ({
      resources: [],
      warnings: [],
      differences: [],
      refusal: { reason, fix },
    });
    if (!this.capabilities.workloads.includes(workload.kind)) {
      return workload.kind === "container"
        ? refuse("neither podman nor docker is in PATH", "install one of them, or say process instead of container")
        : refuse(`a ${workload.kind} cannot be run on this machine`, "give the job another provider");
    }
    const names = workload.kind === "process" ? [...Object.keys(workload.env), ...Object.keys(workload.secrets)] : [];
    const unusable = unusableVariables(names);
    if (unusable.length > 0) {
      return refuse(`no shell hands on a variable named ${unusable.join(", ")}`, "use letters, digits and _ only");
    }
    return renderDesired(desired);
  }

  listDeployments(options?: CallOptions): Promise<readonly ObservedResource[]> {
    return guarded(options, () => this.#deployments.list());
  }

  apply(change: ResourceChange, options?: CallOptions): Promise<ObservedResource | undefined> {
    return guarded(options, () => this.#deployments.apply(change));
  }

  setPaused(job: string, paused: boolean, reason: string, options?: CallOptions): Promise<void> {
    return guarded(options, () => this.#deployments.setPaused(job, paused, reason));
  }

  start(request: StartRequest, options?: CallOptions): Promise<RunState> {
    return guarded(options, () => this.#runs.start(request));
  }

  find(run: string, options?: CallOptions): Promise<RunState | undefined> {
    return guarded(options, () => this.#runs.find(run));
  }

  listRuns(since: Instant, options?: CallOptions): Promise<readonly RunState[]> {
    return guarded(options, () => this.#runs.list(since));
  }

  inspect(handle: RunHandle, options?: CallOptions): Promise<RunState> {
    return guarded(options, async () => (await this.#runs.get(handle)).state);
  }

  measure(handle: RunHandle, _after: Instant, options?: CallOptions): Promise<readonly Sample[]> {
    return guarded(options, () => this.#runs.measure(handle));
  }

  stop(handle: RunHandle, mode: StopMode, options?: CallOptions): Promise<void> {
    return guarded(options, () => this.#runs.stop(handle, mode, options?.signal));
  }

  async *logs(
    handle: RunHandle,
    options: CallOptions & { readonly follow?: boolean; readonly tailLines?: number } = {},
  ): AsyncIterable<LogChunk> {
    const { target } = await guarded(options, () => this.#runs.get(handle));
    try {
      yield* readLogs(target.folder, outputLimits(this.#host), {
        follow: options.follow ?? false,
        tailLines: options.tailLines,
        signal: options.signal,
        clock: this.#host.context.clock,
        isEnded: async () => (await this.#runs.find(target.run))?.phase === "ended",
      });
    } catch (error) {
      throw toProviderError(error);
    }
  }

  prune(before: Instant, options?: CallOptions): Promise<number> {
    return guarded(options, () => this.#runs.prune(before));
  }

  check(): Promise<readonly Finding[]> {
    return checkHost(this.#host);
  }

  close(): Promise<void> {
    return this.#runs.close();
  }
}

async function guarded<T>(options: CallOptions | undefined, work: () => Promise<T>): Promise<T> {
  throwIfAborted(options?.signal);
  try {
    return await work();
  } catch (error) {
    throw toProviderError(error);
  }
}
