import type { Instant, Job, RunHandle, Sample, StopMode } from "../../../src/model/index.ts";
import { ProviderError, type RunState, type StartRequest } from "../../../src/provider/index.ts";
import type { Deployments } from "../deployments.ts";
import type { Signal, World } from "../resources/world.ts";
import { type Setting, workOf } from "../work/index.ts";
import { BatchJobs } from "./batch-jobs.ts";
import type { RunKind } from "./kind.ts";
import type { OutputOf } from "./output.ts";
import { Tasks } from "./tasks.ts";

/** Runs of every kind: a start goes by the job, everything else by the handle. */
export class Runs {
  readonly #setting: Setting;
  readonly #tasks: Tasks;
  readonly #batch: BatchJobs | undefined;
  readonly #kinds: readonly RunKind[];

  constructor(world: World, setting: Setting, deployments: Deployments) {
    this.#setting = setting;
    this.#tasks = new Tasks(world, setting, deployments);
    const { jobQueue } = world.options;
    this.#batch = jobQueue === undefined ? undefined : new BatchJobs(world, jobQueue, setting, deployments);
    this.#kinds = [this.#tasks, ...(this.#batch ? [this.#batch] : [])];
  }

  async start(request: StartRequest, signal: Signal): Promise<RunState> {
    return this.#kindOf(request.job).start(request, signal);
  }

  async find(run: string, signal: Signal): Promise<RunState | undefined> {
    for (const kind of this.#kinds) {
      const found = await kind.find(run, signal);
      if (found) return found;
    }
    return undefined;
  }

  async list(since: Instant, signal: Signal): Promise<readonly RunState[]> {
    return (await Promise.all(this.#kinds.map((kind) => kind.list(since, signal)))).flat();
  }

  async inspect(handle: RunHandle, signal: Signal): Promise<RunState> {
    return this.#by(handle).inspect(handle, signal);
  }

  async stop(handle: RunHandle, mode: StopMode, signal: Signal): Promise<void> {
    return this.#by(handle).stop(handle, mode, signal);
  }

  async measure(handle: RunHandle, after: Instant, signal: Signal): Promise<readonly Sample[]> {
    return this.#by(handle).measure(handle, after, signal);
  }

  async output(handle: RunHandle, signal: Signal): Promise<OutputOf | undefined> {
    return this.#by(handle).output(handle, signal);
  }

  #by(handle: RunHandle): RunKind {
    const kind = this.#kinds.find((each) => each.owns(handle));
    if (!kind) throw new ProviderError("invalid", "this is no handle of a run at AWS");
    return kind;
  }

  #kindOf(job: Job): RunKind {
    const work = workOf(job, this.#setting);
    if (!work.ok) throw new ProviderError("unsupported", work.reason, { fix: work.fix });
    return work.start.action === "batch:submitJob" && this.#batch ? this.#batch : this.#tasks;
  }
}
