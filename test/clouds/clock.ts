import type { Clock } from "../../src/model/index.ts";

/** Real time at its beginning; whoever sleeps moves it on at once. */
export class HastyClock implements Clock {
  #now = Date.now();
  now(): number {
    return this.#now;
  }
  monotonic(): number {
    return this.#now;
  }
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return;
    this.#now += ms;
    await new Promise(setImmediate);
  }
  advance(ms: number): void {
    this.#now += ms;
  }
}

/** A clock of the test's, and what has to be told to it of work outside this thread. */
export interface WorldClock extends Clock {
  during?<T>(work: Promise<T>): Promise<T>;
}
