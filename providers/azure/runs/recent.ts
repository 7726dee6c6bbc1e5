import type { Clock } from "../../../src/model/index.ts";

const MOST = 10_000;

/** What was read a moment ago. */
export class Recent<V> {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #forMs: number;
  readonly #all = new Map<string, { readonly at: number; readonly value: V }>();

  constructor(clock: Pick<Clock, "monotonic">, forMs: number) {
    this.#clock = clock;
    this.#forMs = forMs;
  }

  /** Undefined when it is older than that, or never was. */
  get(key: string): V | undefined {
    const found = this.#all.get(key);
    return found && this.#clock.monotonic() - found.at < this.#forMs ? found.value : undefined;
  }

  set(key: string, value: V): void {
    this.#all.delete(key);
    this.#all.set(key, { at: this.#clock.monotonic(), value });
    const [oldest] = this.#all.keys();
    if (this.#all.size > MOST && oldest !== undefined) this.#all.delete(oldest);
  }
}
