import type { ProviderErrorCode } from "./error.ts";

/** What an HTTP status alone says; undefined for none that says anything. */
export function codeByStatus(status: number | undefined): ProviderErrorCode | undefined {
  if (status === undefined) return undefined;
  if (status === 429) return "throttled";
  if (status >= 500 || status === 408) return "unavailable";
  if (status === 401 || status === 403) return "denied";
  if (status === 404) return "missing";
  return status >= 400 ? "invalid" : undefined;
}

/** The codes of Node's own network errors (`ECONNRESET`, `UND_ERR_SOCKET`): a request that left may have had its effect. */
export function codeByNetwork(code: string): ProviderErrorCode | undefined {
  return /^(?:E[A-Z]{3,}|UND_ERR_\w+)$/.test(code) ? "unavailable" : undefined;
}

/** Milliseconds that a `Retry-After` header in seconds asks for. */
export function retryAfterMs(header: string | null | undefined): number | undefined {
  const seconds = Number(header);
  return typeof header === "string" && header !== "" && Number.isFinite(seconds) && seconds >= 0
    ? seconds * 1000
    : undefined;
}
