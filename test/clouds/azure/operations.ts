import type { Reply } from "./exchange.ts";

interface Operation {
  readonly doneAt: number;
  readonly result: Reply;
  readonly failure: { readonly code: string; readonly message: string } | undefined;
}

/** ARM's long-running operations on the test's clock: a status that changes, or a location that answers 202 until then. */
export class Operations {
  readonly #now: () => number;
  readonly #all = new Map<string, Operation>();
  /** How long a change takes. */
  takesMs = 3_000;
  /** The next one that begins ends in this. */
  failNext: { readonly code: string; readonly message: string } | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The path of a new operation. */
  begin(result: Reply): { readonly id: string; readonly doneAt: number; readonly failed: boolean } {
    const id = `op-${this.#all.size + 1}`;
    const failure = this.failNext;
    this.failNext = undefined;
    const doneAt = this.#now() + this.takesMs;
    this.#all.set(id, { doneAt, result, failure });
    return { id, doneAt, failed: failure !== undefined };
  }

  isUnderWay(id: string | undefined): boolean {
    const operation = id === undefined ? undefined : this.#all.get(id);
    return operation !== undefined && operation.doneAt > this.#now();
  }

  status(id: string): Reply {
    const operation = this.#all.get(id);
    if (!operation) return { status: 404, body: { error: { code: "NotFound", message: `no operation ${id}` } } };
    if (operation.doneAt > this.#now())
      return { status: 200, headers: { "retry-after": "1" }, body: { id, name: id, status: "InProgress" } };
    const { failure } = operation;
    return {
      status: 200,
      body: { id, name: id, status: failure ? "Failed" : "Succeeded", ...(failure && { error: failure }) },
    };
  }

  location(id: string): Reply {
    const operation = this.#all.get(id);
    if (!operation) return { status: 404, body: { error: { code: "NotFound", message: `no operation ${id}` } } };
    if (operation.doneAt > this.#now()) return { status: 202, headers: { "retry-after": "1" } };
    return operation.result;
  }
}
