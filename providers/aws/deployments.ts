import type { ObservedResource, Resource, ResourceChange } from "../../src/model/index.ts";
import { ProviderError } from "../../src/provider/index.ts";
import { Definitions } from "./resources/definitions.ts";
import { Destinations } from "./resources/destinations.ts";
import { JobDefinitions } from "./resources/job-definitions.ts";
import { LogGroup } from "./resources/log-group.ts";
import { Queues } from "./resources/queues.ts";
import { Rules } from "./resources/rules.ts";
import { Schedules } from "./resources/schedules.ts";
import type { Signal, World } from "./resources/world.ts";
import type { Scheduled } from "./runs/targets.ts";

/** One kind of resource: read whole or not at all, written only over what was read. */
interface Kind {
  /** `fresh`: also what an unchanged version stands for is read again. */
  list(signal: Signal, fresh?: boolean): Promise<readonly ObservedResource[]>;
  apply(change: Exclude<ResourceChange, { action: "keep" }>, signal: Signal): Promise<ObservedResource | undefined>;
}

/** What rota holds in an account. */
export class Deployments {
  readonly #kinds: ReadonlyMap<string, Kind>;
  readonly #schedules: Schedules;
  readonly #rules: Rules;
  readonly #definitions: Readonly<Record<string, Definitions | JobDefinitions>>;

  constructor(world: World) {
    const logGroup = new LogGroup(world);
    const definitions = {
      taskDefinition: new Definitions(world, logGroup),
      jobDefinition: new JobDefinitions(world, logGroup),
    };
    this.#definitions = definitions;
    this.#schedules = new Schedules(world);
    this.#rules = new Rules(world);
    this.#kinds = new Map<string, Kind>(
      Object.entries({
        ...definitions,
        apiDestination: new Destinations(world),
        queue: new Queues(world),
        rule: this.#rules,
        schedule: this.#schedules,
      }),
    );
  }

  async list(signal: Signal, fresh?: boolean): Promise<readonly ObservedResource[]> {
    return (await Promise.all([...this.#kinds.values()].map((kind) => kind.list(signal, fresh)))).flat();
  }

  async apply(change: ResourceChange, signal: Signal): Promise<ObservedResource | undefined> {
    if (change.action === "keep") return change.actual;
    const subject = change.action === "delete" ? change.actual : change.desired;
    const kind = this.#kinds.get(subject.kind);
    if (!kind) throw new ProviderError("invalid", `AWS has no ${subject.kind}`);
    return kind.apply(change, signal);
  }

  async setPaused(job: string, paused: boolean, signal: Signal): Promise<void> {
    await this.#schedules.setPaused(job, paused, signal);
    await this.#rules.setPaused(job, paused, signal);
  }

  /** What exists already and is started by schedules or scheduled rules of ours. */
  async targets(signal: Signal): Promise<Scheduled> {
    const [scheduled, ruled] = await Promise.all([this.#schedules.targets(signal), this.#rules.targets(signal)]);
    const machines = ruled.filter((arn) => arn.includes(":stateMachine:"));
    const pipelines = ruled.flatMap((arn) => /:pipeline\/(.+)$/.exec(arn)?.[1] ?? []);
    return {
      ...scheduled,
      stateMachine: [...new Set([...scheduled.stateMachine, ...machines])],
      pipeline: [...new Set([...scheduled.pipeline, ...pipelines])],
    };
  }

  /** For a run whose definition is not there. */
  async ensure(desired: Resource, signal: Signal): Promise<void> {
    await this.#definitions[desired.kind]?.ensure(desired, signal);
  }
}
