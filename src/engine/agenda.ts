import TinyQueue from "tinyqueue";
import type { Instant } from "../model/index.ts";

interface Item {
  readonly at: Instant;
  readonly order: number;
  readonly key: string;
  readonly run: () => Promise<void> | void;
}

/**
 * What is to be done when: one heap for the whole engine, one entry a key (setting a key again moves it).
 * One timer over a heap keeps 10,000 entries within milliseconds of their time, where a timer each does not.
 */
export class Agenda {
  private readonly heap: TinyQueue<Item> = new TinyQueue<Item>([], (a, b) => a.at - b.at || a.order - b.order);
  private readonly current = new Map<string, Item>();
  private order = 0;
  private readonly wake: () => void;

  constructor(wake: () => void) {
    this.wake = wake;
  }

  set(key: string, at: Instant, run: () => Promise<void> | void): void {
    const item: Item = { at, order: this.order++, key, run };
    const first = this.nextAt();
    this.current.set(key, item);
    this.heap.push(item);
    if (first === undefined || at < first) this.wake();
  }

  delete(key: string): void {
    this.current.delete(key);
  }

  /** When the earliest entry is due. */
  nextAt(): Instant | undefined {
    for (let top = this.heap.peek(); top !== undefined; top = this.heap.peek()) {
      if (this.current.get(top.key) === top) return top.at;
      this.heap.pop();
    }
    return undefined;
  }

  /** Takes out the earliest entry that is due, if there is one. */
  take(now: Instant): Item | undefined {
    const at = this.nextAt();
    if (at === undefined || at > now) return undefined;
    const item = this.heap.pop();
    if (item) this.current.delete(item.key);
    return item;
  }

  get size(): number {
    return this.current.size;
  }
}
