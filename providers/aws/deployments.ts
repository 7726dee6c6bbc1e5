import type { ObservedResource, Resource, ResourceChange } from "../../src/model/index.ts";
import { ProviderError } from "../../src/provider/index.ts";
import { Definitions } from "./resources/definitions.ts";
import { Schedules } from "./resources/schedules.ts";
import type { Signal, World } from "./resources/world.ts";

/** What rota holds in an account: task definitions and schedules, read whole or not at all, written only over what was read. */
export class Deployments {
  readonly #definitions: Definitions;
  readonly #schedules: Schedules;

  constructor(world: World) {
    this.#definitions = new Definitions(world);
    this.#schedules = new Schedules(world);
  }

  async list(signal: Signal): Promise<readonly ObservedResource[]> {
    const [definitions, schedules] = await Promise.all([this.#definitions.list(signal), this.#schedules.list(signal)]);
    return [...definitions, ...schedules];
  }

  async apply(change: ResourceChange, signal: Signal): Promise<ObservedResource | undefined> {
    if (change.action === "keep") return change.actual;
    const subject = change.action === "delete" ? change.actual : change.desired;
    if (subject.kind === "taskDefinition") return this.#definitions.apply(change, signal);
    if (subject.kind === "schedule") return this.#schedules.apply(change, signal);
    throw new ProviderError("invalid", `AWS has no ${subject.kind}`);
  }

  setPaused(job: string, paused: boolean, signal: Signal): Promise<void> {
    return this.#schedules.setPaused(job, paused, signal);
  }

  ensureDefinition(desired: Resource, signal: Signal): Promise<void> {
    return this.#definitions.ensure(desired, signal);
  }
}
