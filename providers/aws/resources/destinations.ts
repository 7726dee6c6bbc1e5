import type { ApiDestinationHttpMethod, DescribeApiDestinationResponse } from "@aws-sdk/client-eventbridge";
import { fingerprint, type ObservedResource, type ResourceChange } from "../../../src/model/index.ts";
import { inParallel, next, ProviderError, pages, plain, unchanged } from "../../../src/provider/index.ts";
import { connectionName, type Owner, ruleName } from "../naming.ts";
import { PAGE, type Signal, type World } from "./world.ts";

/** What rota manages of an API destination. */
export interface DestinationFields {
  /** Name of the connection, which holds the credentials. */
  readonly connection: string;
  readonly url: string;
  readonly method: string;
  readonly perSecond: number;
}

/** API destinations carry no tags: the name and the description say whose they are. */
export class Destinations {
  readonly #world: World;
  #connection: Promise<void> | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  async list(signal: Signal): Promise<readonly ObservedResource[]> {
    const { api, owner, options } = this.#world;
    if (options.rulesRole === undefined) return [];
    const prefix = ruleName(owner, "");
    const all = await pages((NextToken) =>
      api
        .send(
          "eventbridge:ListApiDestinations",
          { NamePrefix: prefix, Limit: PAGE, ...next("NextToken", NextToken) },
          signal,
        )
        .then((page) => ({ items: page.ApiDestinations ?? [], next: page.NextToken })),
    );
    const names = all.map(({ Name = "" }) => Name).filter((name) => name.startsWith(prefix));
    const found = await inParallel(names, (name) => this.#own(name, signal));
    return found.filter((each) => each !== undefined);
  }

  async #read(name: string, signal: Signal): Promise<DescribeApiDestinationResponse | undefined> {
    try {
      return await this.#world.api.send("eventbridge:DescribeApiDestination", { Name: name }, signal);
    } catch (error) {
      if (error instanceof ProviderError && error.code === "missing") return undefined;
      throw error;
    }
  }

  async #own(name: string, signal: Signal): Promise<ObservedResource | undefined> {
    const read = await this.#read(name, signal);
    const { owner } = this.#world;
    const job = jobIn(read?.Description, owner);
    if (!read || job === undefined) return undefined;
    const fields: DestinationFields = {
      connection: /connection\/([^/]+)/.exec(read.ConnectionArn ?? "")?.[1] ?? "",
      url: read.InvocationEndpoint ?? "",
      method: read.HttpMethod ?? "",
      perSecond: Number(read.InvocationRateLimitPerSecond ?? 300),
    };
    const revision = fingerprint(fields);
    return { kind: "apiDestination", id: name, job, fields: plain(fields), mark: { ...owner, job }, revision };
  }

  async apply(
    change: Exclude<ResourceChange, { action: "keep" }>,
    signal: Signal,
  ): Promise<ObservedResource | undefined> {
    const { api, owner } = this.#world;
    if (change.action === "create") {
      const { id, job, fields } = change.desired;
      if (await this.#read(id, signal)) {
        if (await this.#own(id, signal)) throw new ProviderError("exists", `apiDestination/${id} exists already`);
        throw new ProviderError("denied", `the API destination ${id} is there and is not rota's`, {
          fix: "choose another namespace",
        });
      }
      const request = await this.#request(fields as unknown as DestinationFields, signal);
      await api.send(
        "eventbridge:CreateApiDestination",
        { Name: id, Description: describe(owner, job), ...request },
        signal,
      );
      return this.#own(id, signal);
    }
    const held = await unchanged(change.actual, (id) => this.#own(id, signal));
    if (change.action === "update") {
      const request = await this.#request(change.desired.fields as unknown as DestinationFields, signal);
      await api.send(
        "eventbridge:UpdateApiDestination",
        { Name: held.id, Description: describe(owner, held.job), ...request },
        signal,
      );
      return this.#own(held.id, signal);
    }
    await api.send("eventbridge:DeleteApiDestination", { Name: held.id }, signal);
    return undefined;
  }

  async #request({ connection, url, method, perSecond }: DestinationFields, signal: Signal) {
    if (connection === connectionName(this.#world.owner)) await this.#connectionOnce();
    const { ConnectionArn = "" } = await this.#world.api.send(
      "eventbridge:DescribeConnection",
      { Name: connection },
      signal,
    );
    return {
      ConnectionArn,
      InvocationEndpoint: url,
      HttpMethod: method as ApiDestinationHttpMethod,
      InvocationRateLimitPerSecond: perSecond,
    };
  }

  #connectionOnce(): Promise<void> {
    const made = this.#connection ?? this.#ensureConnection();
    this.#connection = made;
    void made.catch(() => {
      this.#connection = undefined;
    });
    return made;
  }

  /** A destination needs a connection, and a connection a credential: this one says whose request it is, and is no secret. */
  async #ensureConnection(): Promise<void> {
    const { api, owner } = this.#world;
    const Name = connectionName(owner);
    try {
      await api.send("eventbridge:DescribeConnection", { Name });
    } catch (error) {
      if (!(error instanceof ProviderError && error.code === "missing")) throw error;
      await api.send("eventbridge:CreateConnection", {
        Name,
        Description: `rota: ${owner.namespace}/${owner.environment}; holds no secret`,
        AuthorizationType: "API_KEY",
        AuthParameters: {
          ApiKeyAuthParameters: { ApiKeyName: "X-Rota", ApiKeyValue: `${owner.namespace}/${owner.environment}` },
        },
      });
    }
  }
}

function describe({ namespace, environment }: Owner, job: string): string {
  return `rota: ${namespace}/${environment}/${job}`;
}

function jobIn(description: string | undefined, { namespace, environment }: Owner): string | undefined {
  const prefix = `rota: ${namespace}/${environment}/`;
  const job = description?.startsWith(prefix) ? description.slice(prefix.length) : "";
  return /^[a-z0-9-]+$/.test(job) ? job : undefined;
}
