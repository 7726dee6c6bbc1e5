import { ProviderError, type ProviderErrorCode } from "../../src/provider/index.ts";

const CODES: Readonly<Record<string, ProviderErrorCode>> = {
  EACCES: "denied",
  EPERM: "denied",
  EROFS: "denied",
  E2BIG: "invalid",
  ENAMETOOLONG: "invalid",
  EAGAIN: "unavailable",
  EMFILE: "unavailable",
  ENFILE: "unavailable",
  ENOMEM: "unavailable",
  ENOSPC: "unavailable",
  EDQUOT: "unavailable",
  EIO: "unavailable",
  EBUSY: "unavailable",
};

/** What the machine answered, in one of the closed codes. ENOENT is not among them: only the code that looked knows what is missing. */
export function toProviderError(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? "";
  const message = error instanceof Error ? error.message : String(error);
  return new ProviderError(CODES[code] ?? "internal", message, { cause: error });
}
