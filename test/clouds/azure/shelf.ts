import { type Exchange, Refusal, type Reply } from "./exchange.ts";
import type { Operations } from "./operations.ts";

type Json = Readonly<Record<string, unknown>>;

export interface Stored {
  body: Json;
  etag: string;
  operation?: string;
  deleting?: boolean;
  /** What a change was that failed on its way. */
  failed?: boolean;
}

/** Resources by id, as ARM keeps them: ids without regard to case, conditions, tags, pages, operations. */
export class Shelf {
  readonly now: () => number;
  readonly operations: Operations;
  readonly #all = new Map<string, Stored>();
  #version = 0;
  origin = "";
  etags = true;
  pageSize = 50;

  constructor(now: () => number, operations: Operations) {
    this.now = now;
    this.operations = operations;
  }

  get(id: string): Stored {
    const stored = this.#all.get(id.toLowerCase());
    if (stored?.deleting && !this.operations.isUnderWay(stored.operation)) this.#all.delete(id.toLowerCase());
    const found = this.#all.get(id.toLowerCase());
    if (found) return found;
    const name = id.split("/").at(-1) ?? "";
    throw new Refusal(404, "ResourceNotFound", `The Resource '${name}' was not found.`);
  }

  /** As a GET answers it. */
  read(id: string): Json {
    const stored = this.get(id);
    const { properties } = stored.body as { readonly properties?: Json };
    const isUnderWay = this.operations.isUnderWay(stored.operation);
    const state = stored.deleting ? "Deleting" : isUnderWay ? "InProgress" : stored.failed ? "Failed" : "Succeeded";
    return {
      ...(this.etags ? { etag: stored.etag } : {}),
      ...stored.body,
      properties: { ...properties, provisioningState: state },
    };
  }

  ids(): readonly string[] {
    for (const id of [...this.#all.keys()]) {
      const stored = this.#all.get(id);
      if (stored?.deleting && !this.operations.isUnderWay(stored.operation)) this.#all.delete(id);
    }
    return [...this.#all.keys()];
  }

  /** A resource that somebody made in whatever way. */
  place(id: string, body: Json): void {
    const { name, type } = partsOf(id);
    this.#version += 1;
    this.#all.set(id.toLowerCase(), { body: { id, name, type, ...body }, etag: `"${this.#version}"` });
  }

  put(exchange: Exchange, problems: readonly string[], isLong: boolean): Reply {
    const { path: id, headers, body } = exchange;
    const held = this.ids().includes(id.toLowerCase()) ? this.get(id) : undefined;
    if (problems.length > 0) throw new Refusal(400, "InvalidRequestContent", problems.join("; "));
    this.#check(held, headers);
    this.place(id, { ...(body as Json) });
    const stored = this.get(id);
    if (isLong) {
      const operation = this.operations.begin({ status: 200 });
      stored.operation = operation.id;
      if (operation.failed) stored.failed = true;
      return { status: held ? 200 : 201, headers: this.#follow(operation.id), body: this.read(id) };
    }
    return { status: held ? 200 : 201, body: this.read(id) };
  }

  delete({ path: id, headers }: Exchange, isLong: boolean): Reply {
    if (!this.ids().includes(id.toLowerCase())) return { status: 204 };
    const held = this.get(id);
    this.#check(held, headers);
    if (!isLong) {
      this.#all.delete(id.toLowerCase());
      return { status: 200 };
    }
    held.operation = this.operations.begin({ status: 204 }).id;
    held.deleting = true;
    return { status: 202, headers: this.#location(held.operation) };
  }

  /** A change by hand: another version of what is there. */
  edit(id: string, change: (body: Json) => Json): void {
    const stored = this.get(id);
    this.#version += 1;
    stored.body = change(stored.body);
    stored.etag = `"${this.#version}"`;
  }

  accepted(result: Reply): Reply {
    return { status: 202, headers: this.#location(this.operations.begin(result).id) };
  }

  page(exchange: Exchange, items: readonly unknown[]): Reply {
    const from = Number(exchange.query.get("$skiptoken") ?? 0);
    const until = from + this.pageSize;
    const value = items.slice(from, until);
    if (until >= items.length) return { status: 200, body: { value } };
    const query = new URLSearchParams(exchange.query);
    query.set("$skiptoken", String(until));
    return { status: 200, body: { value, nextLink: `${this.origin}${exchange.path}?${query}` } };
  }

  #check(held: Stored | undefined, headers: Exchange["headers"]): void {
    if (held && this.operations.isUnderWay(held.operation))
      throw new Refusal(
        409,
        "ContainerAppOperationInProgress",
        "Cannot modify a job while another operation is in progress.",
      );
    if (!this.etags) return;
    if (headers["if-none-match"] === "*" && held)
      throw new Refusal(412, "PreconditionFailed", "The resource exists already.");
    const wanted = headers["if-match"];
    if (wanted !== undefined && wanted !== "*" && wanted !== held?.etag)
      throw new Refusal(412, "PreconditionFailed", "The resource has changed.");
  }

  #follow(operation: string): Readonly<Record<string, string>> {
    return {
      "azure-asyncoperation": `${this.origin}/subscriptions/s/providers/Microsoft.App/locations/l/operationStatuses/${operation}?api-version=2025-07-01`,
      "retry-after": "1",
    };
  }

  #location(operation: string): Readonly<Record<string, string>> {
    return {
      location: `${this.origin}/subscriptions/s/providers/Microsoft.App/locations/l/operationResults/${operation}?api-version=2025-07-01`,
      "retry-after": "1",
    };
  }
}

function partsOf(id: string): { readonly name: string; readonly type: string } {
  const match = /\/providers\/([^/]+\/[^/]+)\/([^/]+)$/i.exec(id);
  return { type: match?.[1] ?? "", name: match?.[2] ?? id.split("/").at(-1) ?? "" };
}
