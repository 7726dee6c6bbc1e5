import type { JobDefinition } from "@aws-sdk/client-batch";
import {
  canonical,
  fingerprint,
  type JsonObject,
  type ObservedResource,
  type Resource,
  type ResourceChange,
} from "../../../src/model/index.ts";
import { next, ProviderError, pages, plain, unchanged } from "../../../src/provider/index.ts";
import { familyPrefix, isOwnedBy, tagList, tagsOf, tagValue } from "../naming.ts";
import { type JobDefinitionFields, readJobDefinition, registerJobRequest } from "./job-definition.ts";
import type { LogGroup } from "./log-group.ts";
import { PAGE, type Signal, type World } from "./world.ts";

/** The job definitions of AWS Batch of a namespace and environment. A revision is never changed: an update registers the next and retires the last. */
export class JobDefinitions {
  readonly #world: World;
  readonly #logGroup: LogGroup;

  constructor(world: World, logGroup: LogGroup) {
    this.#world = world;
    this.#logGroup = logGroup;
  }

  /** Nothing is asked where the placement names no job queue: then there can be none. */
  async list(signal: Signal): Promise<readonly ObservedResource[]> {
    if (this.#world.options.jobQueue === undefined) return [];
    const prefix = familyPrefix(this.#world.owner);
    const named = (await this.#active({}, signal)).filter((each) => each.jobDefinitionName?.startsWith(prefix));
    const byName = Map.groupBy(named, (each) => each.jobDefinitionName ?? "");
    return [...byName.values()].flatMap((revisions) => this.#observe(latestOf(revisions)) ?? []);
  }

  #active(which: { readonly jobDefinitionName?: string }, signal: Signal): Promise<readonly JobDefinition[]> {
    return pages((nextToken) =>
      this.#world.api
        .send(
          "batch:DescribeJobDefinitions",
          { ...which, status: "ACTIVE", maxResults: PAGE, ...next("nextToken", nextToken) },
          signal,
        )
        .then((page) => ({ items: page.jobDefinitions ?? [], next: page.nextToken })),
    );
  }

  async #held(name: string, signal: Signal): Promise<JobDefinition | undefined> {
    return latestOf(await this.#active({ jobDefinitionName: name }, signal));
  }

  /** Undefined when it is not ours. */
  #observe(definition: JobDefinition | undefined): ObservedResource | undefined {
    const { owner } = this.#world;
    const tags = tagList(definition?.tags);
    const job = tagValue(tags, "job");
    if (!definition || job === undefined || !isOwnedBy(owner, tags)) return undefined;
    const { fields, unmanaged } = readJobDefinition(definition);
    return {
      kind: "jobDefinition",
      id: definition.jobDefinitionName ?? "",
      job,
      fields: plain(fields),
      mark: { ...owner, job },
      revision: definition.jobDefinitionArn ?? fingerprint(fields),
      ...(Object.keys(unmanaged).length === 0 ? {} : { unmanaged }),
    };
  }

  async apply(
    change: Exclude<ResourceChange, { action: "keep" }>,
    signal: Signal,
  ): Promise<ObservedResource | undefined> {
    if (change.action === "create") {
      const held = await this.#held(change.desired.id, signal);
      if (!held) return this.#register(change.desired, signal);
      const observed = this.#observe(held);
      if (!observed) throw foreign(change.desired.id);
      if (canonical(observed.fields) === canonical(change.desired.fields)) return observed;
      if (tagValue(tagList(held.tags), "for") === "run") return this.#replace(change.desired, observed, signal);
      throw new ProviderError("exists", `jobDefinition/${change.desired.id} exists already`);
    }
    const read = async (id: string): Promise<ObservedResource | undefined> =>
      this.#observe(await this.#held(id, signal));
    const held = await unchanged(change.actual, read);
    if (change.action === "update") return this.#replace(change.desired, held, signal);
    for (const each of await this.#active({ jobDefinitionName: held.id }, signal)) {
      if (isOwnedBy(this.#world.owner, tagList(each.tags))) await this.#retire(each.jobDefinitionArn ?? "", signal);
    }
    return undefined;
  }

  async #replace(desired: Resource, held: ObservedResource, signal: Signal): Promise<ObservedResource> {
    const made = await this.#register(desired, signal, { kept: held.unmanaged ?? {} });
    // What has been submitted goes on with it; nothing new is.
    await this.#retire(held.revision, signal);
    return made;
  }

  async #retire(arn: string, signal: Signal): Promise<void> {
    await this.#world.api.send("batch:DeregisterJobDefinition", { jobDefinition: arn }, signal);
  }

  async #register(
    { id, job, fields }: Pick<Resource, "id" | "job" | "fields">,
    signal: Signal,
    { kept = {}, tags = {} }: { readonly kept?: JsonObject; readonly tags?: Readonly<Record<string, string>> } = {},
  ): Promise<ObservedResource> {
    const { api, owner, options } = this.#world;
    const declared = fields as unknown as JobDefinitionFields;
    await this.#logGroup.ensure(declared.logGroup);
    const request = registerJobRequest(id, declared, options.region, tagsOf({ ...owner, job }, tags), kept);
    const { jobDefinitionArn, revision } = await api.send("batch:RegisterJobDefinition", request, signal);
    if (jobDefinitionArn === undefined) throw new ProviderError("unavailable", "Batch did not say what it registered");
    const made = this.#observe({ ...request, jobDefinitionArn, revision } as JobDefinition);
    if (!made) throw new ProviderError("internal", `${id} was registered without its tags`);
    return made;
  }

  /** For a run whose definition is not there: registers it, marked so that a later deployment may put its own in its place. */
  async ensure({ id, job, fields }: Resource, signal: Signal): Promise<void> {
    const held = await this.#held(id, signal);
    if (!held) await this.#register({ id, job, fields }, signal, { tags: { for: "run" } });
    else if (!this.#observe(held)) throw foreign(id);
  }
}

function latestOf(revisions: readonly JobDefinition[]): JobDefinition | undefined {
  return [...revisions].sort((a, b) => (b.revision ?? 0) - (a.revision ?? 0))[0];
}

/** A new revision would change what others submit by the definition's name. */
function foreign(name: string): ProviderError {
  return new ProviderError("denied", `the job definition ${name} is there and does not carry rota's tags`, {
    fix: "choose another namespace, or deregister it if it is yours",
  });
}
