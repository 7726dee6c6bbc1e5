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
  type ListOptions,
  type LogChunk,
  type Metrics,
  type OpenContext,
  type PermissionDocument,
  type Provider,
  type ProviderError,
  type RunState,
  type StartRequest,
  throwIfAborted,
} from "../../src/provider/index.ts";
import type { Api } from "./api/index.ts";
import { Deployments } from "./deployments.ts";
import { checkAws } from "./doctor/check.ts";
import { classify } from "./errors.ts";
import { eventQueueArn, type Owner } from "./naming.ts";
import type { AwsOptions } from "./options.ts";
import { documentsOf } from "./permissions/index.ts";
import { render } from "./render.ts";
import { Readings } from "./resources/readings.ts";
import type { World } from "./resources/world.ts";
import { readEvents } from "./runs/events.ts";
import { readLogs } from "./runs/logs.ts";
import { Runs } from "./runs/runs.ts";
import { jobOptionsOf, REQUEST_DELAY_SECONDS, type Setting, unseenByRule, unseenTarget } from "./work/index.ts";

/** ECS remembers a client token for a day. */
const TOKEN_SECONDS = 86_400;
/** Container Insights writes each minute, and it can be read a few minutes later. */
const METRICS = { intervalSeconds: 60, delaySeconds: 180 };

/**
 * EC2 tells CloudWatch of a machine each five minutes (each minute with detailed monitoring, which is sooner), some minutes
 * later. At rest one uses a percent or two of a CPU for its own housekeeping, and now and then says a word to its clock,
 * its network and Systems Manager: these are well above that, and not measured by AWS or us.
 */
const MACHINE_METRICS: Metrics = {
  cpu: true,
  io: true,
  network: true,
  output: false,
  intervalSeconds: 300,
  delaySeconds: 300,
  background: { cpu: 0.25, diskBytes: 8_192, networkBytes: 2_048 },
};

/** EventBridge Scheduler fires, ECS Fargate runs, CloudWatch tells. See docs/aws.md. */
export class AwsProvider implements Provider {
  readonly type = "aws";
  readonly placement: string;
  readonly scope: string;
  readonly capabilities: Capabilities;
  readonly changes?: NonNullable<Provider["changes"]>;
  readonly #context: OpenContext;
  readonly #options: AwsOptions;
  readonly #api: Api;
  readonly #owner: Owner;
  readonly #setting: Setting;
  readonly #deployments: Deployments;
  readonly #runs: Runs;

  constructor(context: OpenContext, options: AwsOptions, api: Api) {
    this.#context = context;
    this.#options = options;
    this.#api = api;
    this.placement = context.placement;
    this.scope = `account ${options.account}, ${options.region}`;
    this.#owner = { namespace: context.namespace, environment: context.environment };
    this.#setting = { owner: this.#owner, options, hourlyNanos: context.hourlyNanos ?? (() => undefined) };
    const { clock, random } = context;
    const readings = new Readings(context.stateDir, clock);
    const world: World = { api, owner: this.#owner, options, clock, random, readings };
    this.#deployments = new Deployments(world);
    this.#runs = new Runs(world, this.#setting, this.#deployments, context.stateDir);
    const queue = eventQueueArn(options, this.#owner);
    if (queue !== undefined) {
      const source = { queue, options, owner: this.#owner, clock, log: context.log };
      this.changes = ({ signal } = {}) => readEvents(api, source, signal);
    }
    const known = options.containerInsights;
    this.capabilities = {
      schedules: "native",
      workloads: ["container", "http", "vm", "target"],
      metrics: { cpu: known, io: known, network: known, output: known, ...METRICS },
      nativeTimeLimit: false,
      startTokenSeconds: TOKEN_SECONDS,
      seesForeignRuns: true,
    };
  }

  render(desired: DesiredJob, now: Instant): Rendering {
    return render(desired, this.#setting, now);
  }

  listDeployments(options?: ListOptions): Promise<readonly ObservedResource[]> {
    return guarded(options, as("list"), () => this.#deployments.list(options?.signal, options?.fresh));
  }

  apply(change: ResourceChange, options?: CallOptions): Promise<ObservedResource | undefined> {
    return guarded(options, as("apply"), async () => {
      await this.#runs.beforeChange(change);
      return this.#deployments.apply(change, options?.signal);
    });
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
    return guarded(options, as("measure"), () => this.#runs.measure(handle, after, options?.signal));
  }

  stop(handle: RunHandle, mode: StopMode, options?: CallOptions): Promise<void> {
    return guarded(options, as("stop"), () => this.#runs.stop(handle, mode, options?.signal));
  }

  async *logs(
    handle: RunHandle,
    options: CallOptions & { readonly follow?: boolean; readonly tailLines?: number } = {},
  ): AsyncIterable<LogChunk> {
    throwIfAborted(options.signal);
    try {
      yield* readLogs(this.#api, {
        stream: () => this.#runs.output(handle, options.signal),
        follow: options.follow ?? false,
        tailLines: options.tailLines,
        clock: this.#context.clock,
        signal: options.signal,
        isEnded: async () => (await this.#runs.inspect(handle, options.signal)).phase === "ended",
      });
    } catch (error) {
      throw classify(error, "logs");
    }
  }

  prune(before: Instant): Promise<number> {
    return guarded(undefined, as("prune"), () => this.#runs.prune(before));
  }

  /** Of machines EC2 tells by itself, whatever Container Insights says of tasks. */
  metrics(job: Job): Metrics | undefined {
    return job.workload.kind === "vm" ? MACHINE_METRICS : undefined;
  }

  unseen(job: Job): string | undefined {
    if (job.workload.kind === "http") return this.#runs.unseen(job.name);
    const own = jobOptionsOf(job, this.#options);
    if (!own.ok || !own.target || job.workload.kind !== "target") return undefined;
    const unseen = own.scheduler === "rules" ? unseenByRule(own.target) : unseenTarget(own.target);
    return unseen ?? this.#runs.unseen(job.name);
  }

  unread(): readonly string[] {
    return this.#runs.unread();
  }

  unstoppable(handle: RunHandle): string | undefined {
    return this.#runs.unstoppable(handle);
  }

  listingDelaySeconds({ workload }: Job): number {
    return workload.kind === "http" ? REQUEST_DELAY_SECONDS : 0;
  }

  permissions(jobs: readonly DesiredJob[]): readonly PermissionDocument[] {
    return documentsOf(jobs, this.#options, this.#owner);
  }

  check(options?: CallOptions): Promise<readonly Finding[]> {
    const signal = options?.signal;
    const scheduled = () => this.#deployments.targets(signal);
    return checkAws(this.#api, this.#owner, this.#options, this.#context.clock.now(), scheduled, signal);
  }

  async close(): Promise<void> {
    this.#api.close();
  }
}

/** What went wrong, with what was being done at the time. */
function as(what: string): (error: unknown) => ProviderError {
  return (error) => classify(error, what);
}
