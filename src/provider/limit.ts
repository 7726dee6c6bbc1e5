import type { Clock } from "../model/index.ts";
import { throwIfAborted } from "./abort.ts";
import { ProviderError } from "./error.ts";
import type { Provider } from "./port.ts";
import { wrapProvider } from "./wrap.ts";

export interface CallLimits {
  /** Calls under way at a time. */
  readonly concurrency: number;
  readonly perSecond: number;
  /** Calls that may leave at once after a rest. */
  readonly burst: number;
}

/** Lets calls through, first come first served. One for each quota of the vendor's (an account and region), shared. */
export interface Limiter {
  run<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T>;
}

interface Waiter {
  readonly admit: () => void;
  readonly signal: AbortSignal | undefined;
}

export function createLimiter(limits: CallLimits, clock: Clock): Limiter {
  return new TokenBucket(limits, clock);
}

/** Every call waits its turn; a provider that says `throttled` with a time holds all of them back until then. */
export function withLimit(provider: Provider, limiter: Limiter): Provider {
  return wrapProvider(provider, (call, proceed) => limiter.run(call.signal, proceed));
}

class TokenBucket implements Limiter {
  readonly #limits: CallLimits;
  readonly #clock: Clock;
  readonly #waiting: Waiter[] = [];
  #under = 0;
  #tokens: number;
  #filledAt: number;
  #heldUntil = Number.NEGATIVE_INFINITY;
  #waking = false;

  constructor(limits: CallLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#tokens = limits.burst;
    this.#filledAt = clock.monotonic();
  }

  async run<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    throwIfAborted(signal);
    await this.#enter(signal);
    try {
      throwIfAborted(signal);
      return await work();
    } catch (error) {
      if (error instanceof ProviderError && error.code === "throttled" && error.retryAfterMs !== undefined) {
        this.#heldUntil = Math.max(this.#heldUntil, this.#clock.monotonic() + error.retryAfterMs);
      }
      throw error;
    } finally {
      this.#under -= 1;
      this.#admit();
    }
  }

  /** Resolves when the call may leave; also when it was aborted meanwhile, and then it takes no token. */
  #enter(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const abort = (): void => {
        const index = this.#waiting.indexOf(waiter);
        if (index < 0) return;
        this.#waiting.splice(index, 1);
        this.#under += 1;
        resolve();
      };
      const admit = (): void => {
        signal?.removeEventListener("abort", abort);
        resolve();
      };
      const waiter: Waiter = { admit, signal };
      signal?.addEventListener("abort", abort, { once: true });
      this.#waiting.push(waiter);
      this.#admit();
    });
  }

  #admit(): void {
    this.#fill();
    while (this.#waiting.length > 0 && this.#under < this.#limits.concurrency && this.#waitMs() <= 0) {
      this.#tokens -= 1;
      this.#under += 1;
      this.#waiting.shift()?.admit();
    }
    const waitMs = this.#waitMs();
    if (this.#waking || this.#waiting.length === 0 || this.#under >= this.#limits.concurrency || waitMs <= 0) return;
    this.#waking = true;
    void this.#clock.sleep(waitMs).then(() => {
      this.#waking = false;
      this.#admit();
    });
  }

  /** Until the next call may leave; a hair is added, because a token of 0.9999 is none. */
  #waitMs(): number {
    const held = this.#heldUntil - this.#clock.monotonic();
    const token = this.#tokens >= 1 ? 0 : ((1 - this.#tokens) / this.#limits.perSecond) * 1000 + 0.01;
    return Math.max(0, held, token);
  }

  #fill(): void {
    const now = this.#clock.monotonic();
    const gained = ((now - this.#filledAt) / 1000) * this.#limits.perSecond;
    this.#tokens = Math.min(this.#limits.burst, this.#tokens + gained);
    this.#filledAt = now;
  }
}
