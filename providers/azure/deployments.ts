import type { ObservedResource, ResourceChange } from "../../src/model/index.ts";
import { ProviderError } from "../../src/provider/index.ts";
import { Jobs } from "./resources/jobs.ts";
import { Workflows } from "./resources/workflows.ts";
import type { Signal, World } from "./resources/world.ts";

/** What rota holds in a resource group: Container Apps jobs and Logic Apps, read whole or not at all. */
export class Deployments {
  readonly jobs: Jobs;
  readonly workflows: Workflows;

  constructor(world: World) {
    this.jobs = new Jobs(world);
    this.workflows = new Workflows(world);
  }

  async list(signal: Signal): Promise<readonly ObservedResource[]> {
    const [jobs, workflows] = await Promise.all([this.jobs.list(signal), this.workflows.list(signal)]);
    return [...jobs, ...workflows];
  }

  async apply(change: ResourceChange, signal: Signal): Promise<ObservedResource | undefined> {
    if (change.action === "keep") return change.actual;
    const subject = change.action === "delete" ? change.actual : change.desired;
    if (subject.kind === "job") return this.jobs.apply(change, signal);
    if (subject.kind === "workflow") return this.workflows.apply(change, signal);
    throw new ProviderError("invalid", `Azure has no ${subject.kind}`);
  }

  async setPaused(job: string, paused: boolean, signal: Signal): Promise<void> {
    await this.jobs.setPaused(job, paused, signal);
    await this.workflows.setPaused(job, paused, signal);
  }
}
