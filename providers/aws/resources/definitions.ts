import type { DescribeTaskDefinitionResponse, TaskDefinition } from "@aws-sdk/client-ecs";
import {
  canonical,
  fingerprint,
  type JsonObject,
  type ObservedResource,
  type Resource,
  type ResourceChange,
} from "../../../src/model/index.ts";
import { inParallel, next, ProviderError, pages, plain, unchanged } from "../../../src/provider/index.ts";
import { familyPrefix, isOwnedBy, tagsOf, tagValue } from "../naming.ts";
import type { LogGroup } from "./log-group.ts";
import { readTaskDefinition, registerRequest, type TaskDefinitionFields } from "./task-definition.ts";
import { PAGE, type Signal, type World } from "./world.ts";

/** Before a family's name, among what has been read. */
const KEY = "family/";
/** Of fewer families each is simply read. */
const WORTH_LISTING = 20;

/** The latest active revision of a family: ours as it was read, or somebody else's. */
type Definition =
  | { readonly isOurs: true; readonly observed: ObservedResource; readonly isForRun: boolean }
  | { readonly isOurs: false };

/** The task definitions of a namespace and environment. A revision is never changed: an update registers the next one. */
export class Definitions {
  readonly #world: World;
  readonly #logGroup: LogGroup;

  constructor(world: World, logGroup: LogGroup) {
    this.#world = world;
    this.#logGroup = logGroup;
  }

  /** `fresh`: tags may have changed though no revision did. */
  async list(signal: Signal, fresh = false): Promise<readonly ObservedResource[]> {
    const { api, owner } = this.#world;
    const families = await pages((nextToken) =>
      api
        .send(
          "ecs:ListTaskDefinitionFamilies",
          { familyPrefix: familyPrefix(owner), status: "ACTIVE", maxResults: PAGE, ...next("nextToken", nextToken) },
          signal,
        )
        .then((page) => ({ items: page.families ?? [], next: page.nextToken })),
    );
    const latest = await this.#latest(families, signal);
    const found = await inParallel(families, (family) => this.#listed(family, latest?.get(family), fresh, signal));
    await this.#world.readings.keep(KEY, new Set(families.map((family) => KEY + family)));
    return found.flatMap((each) => (each?.isOurs ? [each.observed] : []));
  }

  /**
   * The newest active revision of each family, by one listing of the account's revisions: one never changes, so what was
   * read of it stands. Undefined where others have so many revisions that reading each of ours costs less.
   */
  async #latest(families: readonly string[], signal: Signal): Promise<ReadonlyMap<string, string> | undefined> {
    if (families.length < WORTH_LISTING) return undefined;
    const newest = new Map<string, { readonly arn: string; readonly revision: number }>();
    let token: string | undefined;
    for (let page = 0; page < families.length / 10; page += 1) {
      const { taskDefinitionArns = [], nextToken } = await this.#world.api.send(
        "ecs:ListTaskDefinitions",
        { status: "ACTIVE", maxResults: PAGE, ...next("nextToken", token) },
        signal,
      );
      for (const arn of taskDefinitionArns) {
        const [, family = "", number] = /\/([^/:]+):(\d+)$/.exec(arn) ?? [];
        const revision = Number(number);
        if (revision > (newest.get(family)?.revision ?? 0)) newest.set(family, { arn, revision });
      }
      token = nextToken;
      if (token === undefined) return new Map([...newest].map(([family, { arn }]) => [family, arn]));
    }
    return undefined;
  }

  async #listed(
    family: string,
    latest: string | undefined,
    fresh: boolean,
    signal: Signal,
  ): Promise<Definition | undefined> {
    if (latest === undefined) return this.#definition(family, signal);
    const read = await this.#world.readings.of({ key: KEY + family, version: latest, fresh }, () =>
      this.#read(latest, signal),
    );
    return read && this.#observe(family, read);
  }

  async #definition(family: string, signal: Signal): Promise<Definition | undefined> {
    const read = await this.#read(family, signal);
    return read && this.#observe(family, read);
  }

  /** By family, its newest active revision; by ARN, that one. */
  async #read(taskDefinition: string, signal: Signal): Promise<DescribeTaskDefinitionResponse | undefined> {
    try {
      return await this.#world.api.send("ecs:DescribeTaskDefinition", { taskDefinition, include: ["TAGS"] }, signal);
    } catch (error) {
      // ECS answers ClientException for a family with no active revision.
      if (error instanceof ProviderError && isUnknownFamily(error)) return undefined;
      throw error;
    }
  }

  #observe(family: string, { taskDefinition, tags }: DescribeTaskDefinitionResponse): Definition | undefined {
    const { owner } = this.#world;
    if (!taskDefinition || taskDefinition.status === "INACTIVE") return undefined;
    const job = tagValue(tags, "job");
    if (job === undefined || !isOwnedBy(owner, tags)) return { isOurs: false };
    const observed = observeDefinition(family, taskDefinition, { ...owner, job });
    return { isOurs: true, observed, isForRun: tagValue(tags, "for") === "run" };
  }

  async apply(
    change: Exclude<ResourceChange, { action: "keep" }>,
    signal: Signal,
  ): Promise<ObservedResource | undefined> {
    const { api, owner } = this.#world;
    if (change.action === "create") {
      const { id, fields } = change.desired;
      const held = await this.#definition(id, signal);
      if (held?.isOurs === false) throw foreignFamily(id);
      // An equal one does: nothing tells two equal definitions apart.
      if (held && canonical(held.observed.fields) === canonical(fields)) return held.observed;
      if (held && !held.isForRun) throw new ProviderError("exists", `taskDefinition/${id} exists already`);
      return this.#register(change.desired, signal);
    }
    const held = await unchanged(change.actual, async (id) => {
      const found = await this.#definition(id, signal);
      return found?.isOurs ? found.observed : undefined;
    });
    if (change.action === "update") {
      return this.#register(change.desired, signal, { kept: held.unmanaged ?? {} });
    }
    const arns = await pages((nextToken) =>
      api
        .send(
          "ecs:ListTaskDefinitions",
          { familyPrefix: held.id, status: "ACTIVE", maxResults: PAGE, ...next("nextToken", nextToken) },
          signal,
        )
        .then((page) => ({ items: page.taskDefinitionArns ?? [], next: page.nextToken })),
    );
    for (const arn of arns.filter((each) => each.includes(`/${held.id}:`))) {
      const { tags } = await api.send("ecs:DescribeTaskDefinition", { taskDefinition: arn, include: ["TAGS"] }, signal);
      if (isOwnedBy(owner, tags)) await api.send("ecs:DeregisterTaskDefinition", { taskDefinition: arn }, signal);
    }
    return undefined;
  }

  async #register(
    { id: family, job, fields }: Pick<Resource, "id" | "job" | "fields">,
    signal: Signal,
    { kept = {}, tags = {} }: { readonly kept?: JsonObject; readonly tags?: Readonly<Record<string, string>> } = {},
  ): Promise<ObservedResource> {
    const { api, owner, options } = this.#world;
    const mark = { ...owner, job };
    const declared = fields as unknown as TaskDefinitionFields;
    await this.#logGroup.ensure(declared.logGroup);
    const request = registerRequest(family, declared, options.region, tagsOf(mark, tags), kept);
    const { taskDefinition } = await api.send("ecs:RegisterTaskDefinition", request, signal);
    if (!taskDefinition) throw new ProviderError("unavailable", "ECS did not say what it registered");
    return observeDefinition(family, taskDefinition, mark);
  }

  /** For a run whose definition is not there: registers it, marked so that a later deployment may put its own in its place. */
  async ensure({ id, job, fields }: Resource, signal: Signal): Promise<void> {
    const held = await this.#definition(id, signal);
    if (held?.isOurs) return;
    if (held) throw foreignFamily(id);
    await this.#register({ id, job, fields }, signal, { tags: { for: "run" } });
  }
}

function observeDefinition(
  family: string,
  definition: TaskDefinition,
  mark: ObservedResource["mark"],
): ObservedResource {
  const { fields, unmanaged } = readTaskDefinition(definition);
  return {
    kind: "taskDefinition",
    id: family,
    job: mark.job,
    fields: plain(fields),
    mark,
    revision: definition.taskDefinitionArn ?? fingerprint(fields),
    ...(Object.keys(unmanaged).length === 0 ? {} : { unmanaged }),
  };
}

/** A new revision would change what others start by the family's name. */
function foreignFamily(family: string): ProviderError {
  return new ProviderError("denied", `the task definition ${family} is there and does not carry rota's tags`, {
    fix: "choose another namespace, or deregister it if it is yours",
  });
}

function isUnknownFamily(error: ProviderError): boolean {
  return (
    error.code === "missing" ||
    (error.code === "invalid" && /unable to describe task definition|not found/i.test(error.message))
  );
}
