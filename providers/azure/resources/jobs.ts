import { fingerprint, type ObservedResource, type Resource, type ResourceChange } from "../../../src/model/index.ts";
import { plain, unchanged } from "../../../src/provider/index.ts";
import type { Reading } from "../api/index.ts";
import { resourceId, resourceName, tagValue } from "../naming.ts";
import { type JobFields, jobBody, type RawJob, readJob } from "./job.ts";
import { Store } from "./store.ts";
import { JOBS, problemOf, revisionOf, type Signal, type World } from "./world.ts";

/** The Container Apps jobs of a namespace and environment. */
export class Jobs {
  readonly #world: World;
  readonly #store: Store<RawJob>;

  constructor(world: World) {
    this.#world = world;
    this.#store = new Store(world, JOBS);
  }

  async list(signal: Signal): Promise<readonly ObservedResource[]> {
    return (await this.raw(signal)).map(({ raw, job }) => this.#observe(raw, job));
  }

  /** As they are, with the jobs that they belong to. */
  raw(signal: Signal): Promise<readonly { readonly raw: RawJob; readonly job: string }[]> {
    return this.#store.list(signal);
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
    const { held, raw } = await this.#held(change.actual, signal);
    if (change.action === "delete") {
      await this.#store.delete(raw, signal);
      return undefined;
    }
    const { id, job, paused = false } = held;
    return this.#put({ id, job, fields: fieldsOf(change.desired), paused, held: raw }, signal);
  }

  async setPaused(job: string, paused: boolean, signal: Signal): Promise<void> {
    const read = await this.#store.read(resourceName(this.#world.owner, job), signal);
    if (read?.job !== job) return;
    const held = this.#observe(read.raw, job);
    const fields = fieldsOf(held);
    if (fields.cron === undefined || (held.paused ?? false) === paused) return;
    await this.#put({ id: held.id, job, fields, paused, held: read.raw }, signal);
  }

  /** For a run whose job is not there: makes it, marked so that a later deployment may put its own in its place. */
  async ensure({ id, job, fields }: Resource, signal: Signal): Promise<void> {
    const held = await this.#store.read(id, signal);
    this.#store.refuseForeign(held, id);
    if (held) return;
    const { cron: _cron, ...bare } = fieldsOf({ fields });
    await this.#put({ id, job, fields: bare, paused: false, tags: { for: "run" } }, signal);
  }

  async #held(
    actual: ObservedResource,
    signal: Signal,
  ): Promise<{ readonly held: ObservedResource; readonly raw: RawJob }> {
    let raw: RawJob | undefined;
    const held = await unchanged(actual, async (id) => {
      const read = await this.#store.read(id, signal);
      raw = read?.raw;
      return read?.job === undefined ? undefined : this.#observe(read.raw, read.job);
    });
    return { held, raw: raw ?? {} };
  }

  async #put({ id, job, ...body }: Put, signal: Signal): Promise<ObservedResource> {
    const mark = { ...this.#world.owner, job };
    const raw = await this.#store.put(
      id,
      jobBody({ mark, ...body }),
      body.held,
      (read) => fingerprint(readJob(read, this.#world.options).fields) === fingerprint(body.fields),
      signal,
    );
    return this.#observe(raw, job);
  }

  #observe(raw: RawJob, job: string): ObservedResource {
    const { owner, options } = this.#world;
    const { fields, unmanaged } = readJob(raw, options);
    const problem = problemOf(raw);
    return {
      kind: "job",
      id: raw.name ?? "",
      job,
      fields: plain(fields),
      mark: { ...owner, job },
      revision: revisionOf(raw),
      ...(fields.cron === undefined ? {} : { paused: raw.properties?.configuration?.triggerType !== "Schedule" }),
      ...(Object.keys(unmanaged).length === 0 ? {} : { unmanaged }),
      ...(problem === undefined ? {} : { problem }),
    };
  }

  /** The run's job by its name, when it is of this namespace and environment. */
  async owned(
    id: string,
    signal: Signal,
    as: Reading = "reads",
  ): Promise<{ readonly raw: RawJob; readonly job: string } | undefined> {
    const read = await this.#store.read(id, signal, as);
    return read?.job === undefined ? undefined : { raw: read.raw, job: read.job };
  }

  path(id: string, rest = ""): string {
    return `${resourceId(this.#world.options, JOBS.type, id)}${rest}?api-version=${JOBS.version}`;
  }
}

interface Put {
  readonly id: string;
  readonly job: string;
  readonly fields: JobFields;
  readonly paused: boolean;
  readonly held?: RawJob | undefined;
  readonly tags?: Readonly<Record<string, string>>;
}

function fieldsOf({ fields }: Pick<Resource, "fields">): JobFields {
  return fields as unknown as JobFields;
}
