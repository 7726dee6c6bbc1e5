import TinyQueue from "tinyqueue";
import type { Clock, Instant } from "../../src/model/index.ts";
import { SeededRandom } from "./random.ts";

/** Turns of the event loop without rest after which code counts as never settling. */
const SETTLE_TURNS = 10_000;

interface Sleeper {
  /** On the monotonic clock. */
  readonly due: number;
  readonly tie: number;
  readonly order: number;
  done: boolean;
  wake(): void;
}

export interface VirtualClockOptions {
  /** What the wall clock says first. Default 2026-11-23T06:00:00Z, a Monday. */
  readonly startAt?: Instant;
  /** Decides the order among sleepers that are due at the same instant. Default 1. */
  readonly seed?: number;
}

/**
 * A clock that stands still until a test moves it. Sleepers wake one at a time, in the order in which
 * they are due; between two of them the event loop turns until nothing is left that would run without
 * time passing (promises, ticks, immediates). Work that leaves the process's thread (files, sockets) is
 * not seen: give its promise to `during`.
 *
 * Exactly one of `advance`, `runUntil`, `runUntilTrue` may be under way at a time.
 */
export class VirtualClock implements Clock {
  /** Turns that the clocks of this process wait for: two clocks moving at once must not wait for each other. */
  static #turning = 0;
  readonly #random: SeededRandom;
  #sleepers = new TinyQueue<Sleeper>([], compare);
  readonly #busy = new Set<Promise<unknown>>();
  #monotonic = 0;
  /** Wall clock minus monotonic. */
  #offset: number;
  #order = 0;
  #aborted = 0;
  #moving = false;
  #wakes = 0;

  constructor(options: VirtualClockOptions = {}) {
    this.#offset = options.startAt ?? Date.UTC(2026, 10, 23, 6);
    this.#random = new SeededRandom(options.seed ?? 1);
  }

  now(): Instant {
    return this.#monotonic + this.#offset;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (Number.isNaN(ms)) throw new TypeError("sleep(NaN)");
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const abort = (): void => {
        sleeper.done = true;
        this.#aborted += 1;
        this.#forgetAborted();
        resolve();
      };
      const sleeper: Sleeper = {
        due: this.#monotonic + Math.max(0, ms),
        tie: this.#random.next(),
        order: this.#order++,
        done: false,
        wake: () => {
          signal?.removeEventListener("abort", abort);
          resolve();
        },
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#sleepers.push(sleeper);
    });
  }

  /** How many are asleep. */
  get sleeping(): number {
    return this.#sleepers.length - this.#aborted;
  }

  /** How many have been woken so far: the events of a simulation. */
  get wakes(): number {
    return this.#wakes;
  }

  /** Milliseconds until the next sleeper is due; 0 when one is overdue, undefined when nobody will ever wake. */
  nextDueIn(): number | undefined {
    const next = this.#next();
    if (next === undefined || next.due === Number.POSITIVE_INFINITY) return undefined;
    return Math.max(0, next.due - this.#monotonic);
  }

  /** Lets `ms` of real time pass, waking everyone who is due in it, and those whom they put to sleep. */
  advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    return this.#move(() => end);
  }

  /** Until the wall clock says `instant`, also when it is stepped on the way. */
  runUntil(instant: Instant): Promise<void> {
    return this.#move(() => instant - this.#offset);
  }

  /** Event by event until the condition holds; throws when it does not within `limitMs` of virtual time. */
  async runUntilTrue(condition: () => boolean, limitMs: number): Promise<void> {
    const end = this.#monotonic + limitMs;
    await this.#move(() => end, condition);
    if (!condition()) throw new Error(`not true within ${limitMs} ms of virtual time`);
  }

  /** A person or NTP sets the wall clock: `now` jumps, `monotonic` and the sleepers do not notice. */
  step(byMs: number): void {
    this.#offset += byMs;
  }

  /** The machine was suspended or the process stopped: both clocks went on, and nobody woke. */
  freeze(ms: number): void {
    this.#monotonic += ms;
  }

  /** Time stands still until this work has settled. It must not itself wait for this clock. */
  during<T>(work: Promise<T>): Promise<T> {
    const settled = work.then(ignore, ignore);
    this.#busy.add(settled);
    void settled.then(() => this.#busy.delete(settled));
    return work;
  }

  /** Lets everything run that can run without time passing. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < SETTLE_TURNS; turn += 1) {
      await VirtualClock.#turn();
      if (this.#busy.size > 0) await Promise.all(this.#busy);
      else if (!VirtualClock.#hasImmediates()) return;
    }
    throw new Error(`the code did not settle in ${SETTLE_TURNS} turns of the event loop`);
  }

  static #turn(): Promise<void> {
    VirtualClock.#turning += 1;
    return new Promise((resolve) =>
      setImmediate(() => {
        VirtualClock.#turning -= 1;
        resolve();
      }),
    );
  }

  /** Whether somebody else than a settling clock waits for the next turn. */
  static #hasImmediates(): boolean {
    let immediates = 0;
    for (const resource of process.getActiveResourcesInfo()) if (resource === "Immediate") immediates += 1;
    return immediates > VirtualClock.#turning;
  }

  async #move(end: () => number, done: () => boolean = () => false): Promise<void> {
    if (this.#moving) throw new Error("the clock is being moved already");
    this.#moving = true;
    try {
      await this.settle();
      while (!done()) {
        const next = this.#next();
        const due = next === undefined ? undefined : Math.max(next.due, this.#monotonic);
        if (next === undefined || due === undefined || due > Math.max(end(), this.#monotonic)) {
          this.#monotonic = Math.max(end(), this.#monotonic);
          break;
        }
        this.#sleepers.pop();
        this.#monotonic = due;
        next.done = true;
        this.#wakes += 1;
        next.wake();
        await this.settle();
      }
    } finally {
      this.#moving = false;
    }
  }

  /** The first of the heap that was not aborted. */
  #next(): Sleeper | undefined {
    for (let next = this.#sleepers.peek(); next !== undefined; next = this.#sleepers.peek()) {
      if (!next.done) return next;
      this.#sleepers.pop();
      this.#aborted -= 1;
    }
    return undefined;
  }

  /** Aborted sleepers lie in the heap until they would be due, which may be years: clear them when they are many. */
  #forgetAborted(): void {
    if (this.#aborted < 64 || this.#aborted * 2 < this.#sleepers.length) return;
    this.#sleepers = new TinyQueue(
      this.#sleepers.data.filter((sleeper) => !sleeper.done),
      compare,
    );
    this.#aborted = 0;
  }
}

function compare(a: Sleeper, b: Sleeper): number {
  if (a.due !== b.due) return a.due < b.due ? -1 : 1;
  return a.tie - b.tie || a.order - b.order;
}

function ignore(): void {}
