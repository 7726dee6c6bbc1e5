import { throwIfAborted } from "./abort.ts";
import type { ProviderError } from "./error.ts";
import type { CallOptions } from "./port.ts";

/** One method of an adapter: gives up when the caller has, and throws ProviderError only. */
export async function guarded<T>(
  options: CallOptions | undefined,
  classify: (error: unknown) => ProviderError,
  work: () => Promise<T>,
): Promise<T> {
  throwIfAborted(options?.signal);
  try {
    return await work();
  } catch (error) {
    throw classify(error);
  }
}
