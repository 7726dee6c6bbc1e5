import { join } from "node:path";
import type { Instant, Job, ResourceChange, RunHandle, Sample, StopMode } from "../../../src/model/index.ts";
import { ProviderError, type RunState, type StartRequest } from "../../../src/provider/index.ts";
import type { Deployments } from "../deployments.ts";
import { scheduledOf } from "../resources/scheduled.ts";
import type { Signal, World } from "../resources/world.ts";
import { type Setting, type WorkKind, workOf } from "../work/index.ts";
import { BatchJobs } from "./batch-jobs.ts";
import { ExistingRuns } from "./existing-runs.ts";
import { Functions } from "./functions/index.ts";
import { GlueJobs } from "./glue-jobs.ts";
import { HandedOver, invoker, requester } from "./handed-over.ts";
import { Journal } from "./journal.ts";
import type { RunKind } from "./kind.ts";
import { Machines } from "./machines.ts";
import type { OutputOf } from "./output.ts";
import { Pipelines } from "./pipelines.ts";
import { Requests } from "./requests.ts";
import type { Service } from "./service.ts";
import { Standing } from "./standing.ts";
import { StateMachines } from "./state-machines.ts";
import { Targets } from "./targets.ts";
import { Tasks } from "./tasks.ts";

/** Runs of every kind: a start goes by the job, everything else by the handle. */
export class Runs {
  readonly #setting: Setting;
  readonly #journal: Journal;
  readonly #functions: Functions;
  readonly #requests: Requests;
  readonly #kinds: Readonly<Partial<Record<WorkKind, RunKind>>>;

  constructor(world: World, setting: Setting, deployments: Deployments, stateDir: string) {
    this.#setting = setting;
    this.#journal = new Journal(stateDir);
    const { api, options } = world;
    const targets = new Targets(deployments, world.clock);
    const existing = (service: Service): RunKind =>
      new ExistingRuns(world, service, this.#journal, (signal) => targets.of(service.kind, signal));
    const sent = new HandedOver(world, this.#journal, requester(world));
    const invoked = new HandedOver(world, this.#journal, invoker(world));
    this.#functions = new Functions(
      world,
      invoked,
      this.#journal,
      (signal) => targets.of("function", signal),
      new Standing(join(stateDir, "functions.json")),
    );
    this.#requests = new Requests(
      world,
      sent,
      this.#journal,
      (signal) => targets.of("request", signal),
      new Standing(join(stateDir, "requests.json")),
    );
    this.#kinds = {
      task: new Tasks(world, setting, deployments),
      ...(options.jobQueue === undefined
        ? {}
        : { batchJob: new BatchJobs(world, options.jobQueue, setting, deployments) }),
      function: this.#functions,
      request: this.#requests,
      stateMachine: existing(new StateMachines(api)),
      pipeline: existing(new Pipelines(api)),
      machines: new Machines(world, setting, this.#journal, (signal) => targets.of("runbook", signal)),
      glueJob: existing(new GlueJobs(api)),
    };
  }

  /** A resource is about to be changed: what its schedule started last may be told of later. */
  async beforeChange(change: ResourceChange): Promise<void> {
    if ((change.action !== "update" && change.action !== "delete") || change.actual.kind !== "schedule") return;
    const { function: functions, request } = scheduledOf([change.actual], []);
    await this.#functions.ends(functions);
    await this.#requests.ends(request);
  }

  async start(request: StartRequest, signal: Signal): Promise<RunState> {
    return this.#kindOf(request.job).start(request, signal);
  }

  async find(run: string, signal: Signal): Promise<RunState | undefined> {
    for (const kind of Object.values(this.#kinds)) {
      const found = await kind.find(run, signal);
      if (found) return found;
    }
    return undefined;
  }

  async list(since: Instant, signal: Signal): Promise<readonly RunState[]> {
    return (await Promise.all(Object.values(this.#kinds).map((kind) => kind.list(since, signal)))).flat();
  }

  /** Why the last listing could not have a run of this job. */
  unseen(job: string): string | undefined {
    return this.#functions.silent(job) ?? this.#requests.silent(job);
  }

  /** What the last listing went on without, each thing once. */
  unread(): readonly string[] {
    return [...new Set([...this.#functions.unread, ...this.#requests.unread])];
  }

  async inspect(handle: RunHandle, signal: Signal): Promise<RunState> {
    return this.#by(handle).inspect(handle, signal);
  }

  async stop(handle: RunHandle, mode: StopMode, signal: Signal): Promise<void> {
    return this.#by(handle).stop(handle, mode, signal);
  }

  unstoppable(handle: RunHandle): string | undefined {
    return Object.values(this.#kinds).find((each) => each.owns(handle))?.unstoppable;
  }

  async measure(handle: RunHandle, after: Instant, signal: Signal): Promise<readonly Sample[]> {
    return this.#by(handle).measure(handle, after, signal);
  }

  async output(handle: RunHandle, signal: Signal): Promise<OutputOf | undefined> {
    return this.#by(handle).output(handle, signal);
  }

  #by(handle: RunHandle): RunKind {
    const kind = Object.values(this.#kinds).find((each) => each.owns(handle));
    if (!kind) throw new ProviderError("invalid", "this is no handle of a run at AWS");
    return kind;
  }

  /** Notes of starts that nobody asks about any more. */
  prune(before: Instant): Promise<number> {
    return this.#journal.prune(before);
  }

  #kindOf(job: Job): RunKind {
    const work = workOf(job, this.#setting);
    if (!work.ok) throw new ProviderError("unsupported", work.reason, { fix: work.fix });
    const kind = this.#kinds[work.kind];
    if (!kind) throw new ProviderError("unsupported", `no ${work.kind} is run here`);
    return kind;
  }
}
