import { ProviderError, type ProviderErrorCode } from "../../src/provider/index.ts";

const CODES: ReadonlySet<ProviderErrorCode> = new Set<ProviderErrorCode>([
  "missing",
  "exists",
  "denied",
  "throttled",
  "unavailable",
  "invalid",
  "conflict",
  "unsupported",
  "internal",
]);

/** The code that the call is refused with; throws when it was not refused, or with something else than a ProviderError. */
export async function codeOf(call: Promise<unknown>): Promise<ProviderErrorCode> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ProviderError && CODES.has(error.code) && error.message !== "") return error.code;
    throw new Error("something else than a ProviderError with a closed code and words was thrown", { cause: error });
  }
  throw new Error("the call was not refused");
}
