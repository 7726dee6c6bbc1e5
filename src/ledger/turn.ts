/**
 * Runs its argument once what is under way has had its turn: `setImmediate` in a daemon, `queueMicrotask` where
 * nothing outside the process is waited for. Injected, since it decides what happens between what.
 */
export type Turn = (next: () => void) => void;

export function pass(turn: Turn): Promise<void> {
  return new Promise((resolve) => turn(resolve));
}

/** Collects what the calls of one turn hand over, and gives it to `flush` together. */
export class Gathering<T> {
  readonly #turn: Turn;
  readonly #flush: (items: readonly T[]) => void;
  #items: T[] = [];

  constructor(turn: Turn, flush: (items: readonly T[]) => void) {
    this.#turn = turn;
    this.#flush = flush;
  }

  add(item: T): void {
    this.#items.push(item);
    if (this.#items.length === 1) this.#turn(() => this.now());
  }

  /** Without waiting for the turn; nothing happens when there is nothing. */
  now(): void {
    const items = this.#items;
    this.#items = [];
    if (items.length > 0) this.#flush(items);
  }
}
