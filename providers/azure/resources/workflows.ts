import { fingerprint, type ObservedResource, type Resource, type ResourceChange } from "../../../src/model/index.ts";
import { plain, unchanged } from "../../../src/provider/index.ts";
import type { Reading } from "../api/index.ts";
import { resourceId, resourceName, tagValue } from "../naming.ts";
import { Store } from "./store.ts";
import { BY_ROTA, type RawWorkflow, readWorkflow, type WorkflowFields, workflowBody } from "./workflow.ts";
import { problemOf, revisionOf, type Signal, WORKFLOWS, type World } from "./world.ts";

/** The Logic Apps of a namespace and environment. */
export class Workflows {
  readonly #world: World;
  readonly #store: Store<RawWorkflow>;

  constructor(world: World) {
    this.#world = world;
    this.#store = new Store(world, WORKFLOWS);
  }

  async list(signal: Signal): Promise<readonly ObservedResource[]> {
    return (await this.#store.list(signal)).map(({ raw, job }) => this.#observe(raw, job));
  }

  /** Those that run something themselves, and do not only start a Container Apps job. */
  async runners(signal: Signal): Promise<readonly { readonly raw: RawWorkflow; readonly job: string }[]> {
    return (await this.#store.list(signal)).filter(({ raw }) => isRunner(raw));
  }

  async apply(
    change: Exclude<ResourceChange, { action: "keep" }>,
    signal: Signal,
  ): Promise<ObservedResource | undefined> {
    if (change.action === "create") {
      const { id, job } = change.desired;
      const held = await this.#store.vacant(id, signal, (raw) => tagValue(raw.tags, "for") === "run");
      return this.#put({ id, job, fields: fieldsOf(change.desired), paused: false, held }, signal);
    }
    let raw: RawWorkflow = {};
    const held = await unchanged(change.actual, async (id) => {
      const read = await this.#store.read(id, signal);
      raw = read?.raw ?? {};
      return read?.job === undefined ? undefined : this.#observe(read.raw, read.job);
    });
    if (change.action === "delete") {
      await this.#store.delete(raw, signal);
      return undefined;
    }
    const { id, job, paused = false } = held;
    return this.#put({ id, job, fields: fieldsOf(change.desired), paused, held: raw }, signal);
  }

  /** A disabled workflow fires no trigger; what it runs already goes on. */
  async setPaused(job: string, paused: boolean, signal: Signal): Promise<void> {
    const held = await this.ownedOf(job, signal);
    if (!held || (this.#observe(held.raw, job).paused ?? false) === paused) return;
    const path = this.path(held.raw.name ?? "", paused ? "/disable" : "/enable");
    await this.#world.api.change({ method: "POST", path, repeatable: true }, signal);
  }

  /** For a run whose workflow is not there, or is one that only fires a Container Apps job. */
  async ensure({ id, job, fields }: Resource, signal: Signal): Promise<void> {
    const held = await this.#store.read(id, signal);
    this.#store.refuseForeign(held, id);
    if (held && isRunner(held.raw)) return;
    const { triggers, ...rest } = fieldsOf({ fields });
    const own = { ...rest, triggers: { [BY_ROTA]: triggers[BY_ROTA] ?? {} } };
    await this.#put({ id, job, fields: own, paused: false, tags: { for: "run" } }, signal);
  }

  async owned(
    id: string,
    signal: Signal,
    as: Reading = "reads",
  ): Promise<{ readonly raw: RawWorkflow; readonly job: string } | undefined> {
    const read = await this.#store.read(id, signal, as);
    return read?.job === undefined ? undefined : { raw: read.raw, job: read.job };
  }

  ownedOf(job: string, signal: Signal): Promise<{ readonly raw: RawWorkflow; readonly job: string } | undefined> {
    return this.owned(resourceName(this.#world.owner, job), signal);
  }

  path(id: string, rest = "", query = ""): string {
    return `${resourceId(this.#world.options, WORKFLOWS.type, id)}${rest}?api-version=${WORKFLOWS.version}${query}`;
  }

  async #put({ id, job, ...body }: Put, signal: Signal): Promise<ObservedResource> {
    const mark = { ...this.#world.owner, job };
    const raw = await this.#store.put(
      id,
      workflowBody({ mark, ...body }),
      body.held,
      (read) => fingerprint(readWorkflow(read, this.#world.options).fields) === fingerprint(body.fields),
      signal,
    );
    return this.#observe(raw, job);
  }

  #observe(raw: RawWorkflow, job: string): ObservedResource {
    const { owner, options } = this.#world;
    const { fields, unmanaged } = readWorkflow(raw, options);
    const state = raw.properties?.state ?? "";
    const problem = problemOf(raw) ?? (state === "Suspended" ? "Azure has suspended the workflow" : undefined);
    const fires = Object.keys(fields.triggers).some((name) => name !== BY_ROTA);
    return {
      kind: "workflow",
      id: raw.name ?? "",
      job,
      fields: plain(fields),
      mark: { ...owner, job },
      revision: revisionOf(raw),
      ...(isRunner(raw) ? {} : { dependsOn: [`job/${raw.name}`] }),
      ...(fires ? { paused: state === "Disabled" } : {}),
      ...(Object.keys(unmanaged).length === 0 ? {} : { unmanaged }),
      ...(problem === undefined ? {} : { problem }),
    };
  }
}

interface Put {
  readonly id: string;
  readonly job: string;
  readonly fields: WorkflowFields;
  readonly paused: boolean;
  readonly held?: RawWorkflow | undefined;
  readonly tags?: Readonly<Record<string, string>>;
}

function isRunner({ properties }: RawWorkflow): boolean {
  return properties?.definition?.triggers?.[BY_ROTA] !== undefined;
}

function fieldsOf({ fields }: Pick<Resource, "fields">): WorkflowFields {
  return fields as unknown as WorkflowFields;
}
