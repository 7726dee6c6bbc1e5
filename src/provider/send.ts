import type { Clock, Random } from "../model/index.ts";
import { throwIfAborted } from "./abort.ts";
import { ProviderError } from "./error.ts";
import type { Limiter } from "./limit.ts";

export interface SendPolicy {
  /** Requests in all, the first included. */
  readonly attempts: number;
  /** Before request n at most baseMs × 2^(n-2), and never more than maxMs; a part of it that chance chooses. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** No request is sent again later than this after the first. */
  readonly withinMs: number;
}

/** For a vendor's API: its quotas are filled again within seconds, and a listing of many pages must not break off. */
export const SEND_POLICY: SendPolicy = { attempts: 8, baseMs: 250, maxMs: 20_000, withinMs: 120_000 };

export interface SendOrder {
  /** A read, or a change that does nothing the second time. */
  readonly repeatable: boolean;
  /** Of the quota that the request draws on. */
  readonly limiter: Limiter;
  readonly signal: AbortSignal | undefined;
  /** Sets what the vendor's client threw into a closed code. */
  readonly classify: (error: unknown) => ProviderError;
}

/** Carries out one request, again after a passing failure; throws ProviderError only. */
export type Send = <T>(order: SendOrder, request: () => Promise<T>) => Promise<T>;

/**
 * How an adapter sends: each request waits its turn at the limiter; after `throttled` it is sent again, because nothing
 * was done, after `unavailable` only when it is repeatable. A throttled answer holds back all that draw on the quota,
 * also where the vendor does not say how long.
 */
export function createSend(clock: Clock, random: Random, policy: SendPolicy = SEND_POLICY): Send {
  const pauseMs = (attempt: number): number =>
    Math.min(policy.maxMs, policy.baseMs * 2 ** (attempt - 1)) * (0.5 + random.next() / 2);
  const once = async <T>(order: SendOrder, attempt: number, request: () => Promise<T>): Promise<T> => {
    try {
      return await request();
    } catch (error) {
      const problem = order.classify(error);
      if (problem.code !== "throttled" || problem.retryAfterMs !== undefined) throw problem;
      throw new ProviderError(problem.code, problem.message, {
        cause: problem.cause,
        retryAfterMs: pauseMs(attempt),
        ...(problem.fix === undefined ? {} : { fix: problem.fix }),
      });
    }
  };
  return async (order, request) => {
    const { limiter, signal } = order;
    const startedAt = clock.monotonic();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await limiter.run(signal, () => once(order, attempt, request));
      } catch (error) {
        const problem = order.classify(error);
        const mayRepeat =
          problem.code === "throttled" || (problem.code === "unavailable" && order.repeatable && !signal?.aborted);
        const waitMs = problem.retryAfterMs ?? pauseMs(attempt);
        const isLate = clock.monotonic() + waitMs > startedAt + policy.withinMs;
        if (!mayRepeat || attempt >= policy.attempts || isLate) throw problem;
        await clock.sleep(waitMs, signal);
        throwIfAborted(signal);
      }
    }
  };
}
