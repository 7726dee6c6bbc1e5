import { ALL_JOBS, fingerprint, type ObservedResource, type ResourceChange } from "../../../src/model/index.ts";
import { ProviderError, plain, unchanged } from "../../../src/provider/index.ts";
import { eventQueueName, isOwnedBy, tagList, tagsOf } from "../naming.ts";
import { type QueueFields, queueAttributes, readQueue } from "./queue.ts";
import type { Signal, World } from "./world.ts";

interface Read {
  readonly url: string;
  /** Absent: there is such a queue, without our tags. */
  readonly observed?: ObservedResource;
}

/** The queue of events, of which a namespace and environment have one. It is known by its name and carries its mark as tags. */
export class Queues {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** It is looked for whatever the options say now: an earlier manifest may have left it. */
  async list(signal: Signal): Promise<readonly ObservedResource[]> {
    const read = await this.#read(eventQueueName(this.#world.owner), signal);
    return read?.observed === undefined ? [] : [read.observed];
  }

  async #read(id: string, signal: Signal): Promise<Read | undefined> {
    const { api, owner } = this.#world;
    try {
      const { QueueUrl = "" } = await api.send("sqs:GetQueueUrl", { QueueName: id }, signal);
      const { Tags } = await api.send("sqs:ListQueueTags", { QueueUrl }, signal);
      if (!isOwnedBy(owner, tagList(Tags))) return { url: QueueUrl };
      const AttributeNames = ["All" as const];
      const { Attributes = {} } = await api.send("sqs:GetQueueAttributes", { QueueUrl, AttributeNames }, signal);
      const { fields, unmanaged } = readQueue(Attributes);
      const observed: ObservedResource = {
        kind: "queue",
        id,
        job: ALL_JOBS,
        fields: plain(fields),
        mark: { ...owner, job: ALL_JOBS },
        revision: fingerprint({ fields, unmanaged }),
        ...(Object.keys(unmanaged).length === 0 ? {} : { unmanaged }),
      };
      return { url: QueueUrl, observed };
    } catch (error) {
      // Also while it is going: SQS takes up to a minute to forget a queue.
      if (error instanceof ProviderError && error.code === "missing") return undefined;
      throw error;
    }
  }

  async apply(
    change: Exclude<ResourceChange, { action: "keep" }>,
    signal: Signal,
  ): Promise<ObservedResource | undefined> {
    const { api, owner } = this.#world;
    if (change.action === "create") {
      const { id, fields } = change.desired;
      const read = await this.#read(id, signal);
      if (read && !read.observed) throw foreign(id);
      if (read) throw new ProviderError("exists", `queue/${id} exists already`);
      const tags = Object.fromEntries(tagsOf(owner).map(({ key, value }) => [key, value]));
      const Attributes = queueAttributes(fields as unknown as QueueFields);
      await api.send("sqs:CreateQueue", { QueueName: id, Attributes, tags }, signal);
      return (await this.#read(id, signal))?.observed;
    }
    let QueueUrl = "";
    const held = await unchanged(change.actual, async (id) => {
      const read = await this.#read(id, signal);
      QueueUrl = read?.url ?? "";
      return read?.observed;
    });
    if (change.action === "update") {
      const Attributes = queueAttributes(change.desired.fields as unknown as QueueFields);
      await api.send("sqs:SetQueueAttributes", { QueueUrl, Attributes }, signal);
      return (await this.#read(held.id, signal))?.observed;
    }
    await api.send("sqs:DeleteQueue", { QueueUrl }, signal);
    return undefined;
  }
}

function foreign(name: string): ProviderError {
  return new ProviderError("denied", `the queue ${name} is there and does not carry rota's tags`, {
    fix: "choose another namespace, delete it if it is yours, or name one of your own: eventsQueue: ARN",
  });
}
