import { ProviderError } from "./error.ts";

/** Throws `unavailable` when the caller gave up: a request that had left may or may not have had its effect. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new ProviderError("unavailable", "the call was aborted", { cause: signal.reason });
}
