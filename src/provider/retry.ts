import type { Clock, Random } from "../model/index.ts";
import { ProviderError } from "./error.ts";
import type { Provider } from "./port.ts";
import { type Call, type Method, wrapProvider } from "./wrap.ts";

export interface CallRetry {
  /** Calls in all, the first included. */
  readonly attempts: number;
  /** Before call n at most baseMs × 2^(n-2), and never more than maxMs; a part of it that chance chooses. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** No call is begun later than this after the first. */
  readonly withinMs: number;
}

export const DEFAULT_RETRY: CallRetry = { attempts: 4, baseMs: 200, maxMs: 5_000, withinMs: 30_000 };

/**
 * What may be sent again: after `throttled` everything, because nothing was done; after `unavailable`, where the
 * outcome is unknown, only what reads, or does nothing the second time. A start is looked up first (F4), and of a
 * conditional write nobody could tell a conflict with itself from one with somebody else: both are the engine's.
 */
const REPEATABLE: ReadonlySet<Method> = new Set([
  "listDeployments",
  "find",
  "listRuns",
  "inspect",
  "measure",
  "setPaused",
  "stop",
  "prune",
]);

/** Calls again after a passing failure, later each time; waits as long as the provider asked to. */
export function withRetry(provider: Provider, policy: CallRetry, clock: Clock, random: Random): Provider {
  return wrapProvider(provider, async (call, proceed) => {
    const deadline = clock.monotonic() + policy.withinMs;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await proceed();
      } catch (error) {
        if (!(error instanceof ProviderError) || attempt >= policy.attempts || !isRepeatable(call, error)) throw error;
        const waitMs = waitBefore(attempt + 1, error, policy, random);
        if (clock.monotonic() + waitMs > deadline) throw error;
        await clock.sleep(waitMs, call.signal);
        if (call.signal?.aborted) throw error;
      }
    }
  });
}

function isRepeatable(call: Call, error: ProviderError): boolean {
  if (call.signal?.aborted) return false;
  if (error.code === "throttled") return true;
  return error.code === "unavailable" && REPEATABLE.has(call.method);
}

function waitBefore(attempt: number, error: ProviderError, policy: CallRetry, random: Random): number {
  const ceiling = Math.min(policy.maxMs, policy.baseMs * 2 ** (attempt - 2));
  const jittered = ceiling * (0.5 + random.next() / 2);
  return Math.max(jittered, error.retryAfterMs ?? 0);
}
