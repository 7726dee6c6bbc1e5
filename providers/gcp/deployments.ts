import type { ObservedResource, Resource, ResourceChange } from "../../src/model/index.ts";
import { ProviderError } from "../../src/provider/index.ts";
import { RunJobs } from "./resources/run-jobs.ts";
import { Schedules } from "./resources/schedules.ts";
import type { Signal, World } from "./resources/world.ts";

/** What rota holds in a project: Cloud Run jobs and Cloud Scheduler jobs, read whole or not at all, written only over what was read. */
export class Deployments {
  readonly #runJobs: RunJobs;
  readonly #schedules: Schedules;

  constructor(world: World) {
    this.#runJobs = new RunJobs(world);
    this.#schedules = new Schedules(world);
  }

  async list(signal: Signal): Promise<readonly ObservedResource[]> {
    const [runJobs, schedules] = await Promise.all([this.#runJobs.list(signal), this.#schedules.list(signal)]);
    return [...runJobs, ...schedules];
  }

  async apply(change: ResourceChange, signal: Signal): Promise<ObservedResource | undefined> {
    if (change.action === "keep") return change.actual;
    const subject = change.action === "delete" ? change.actual : change.desired;
    if (subject.kind === "runJob") return this.#runJobs.apply(change, signal);
    if (subject.kind === "schedule") return this.#schedules.apply(change, signal);
    throw new ProviderError("invalid", `Google Cloud has no ${subject.kind} of rota's`);
  }

  setPaused(job: string, paused: boolean, signal: Signal): Promise<void> {
    return this.#schedules.setPaused(job, paused, signal);
  }

  ensureRunJob(desired: Resource, signal: Signal): Promise<void> {
    return this.#runJobs.ensure(desired, signal);
  }
}
