import { codeByNetwork, ProviderError, type ProviderErrorCode, retryAfterMs } from "../../src/provider/index.ts";

/** gRPC's status codes by number (google/rpc/code.proto). */
const CODES: Readonly<Record<number, ProviderErrorCode>> = {
  1: "unavailable", // CANCELLED: by the caller, or on the way
  2: "unavailable", // UNKNOWN
  3: "invalid",
  4: "unavailable", // DEADLINE_EXCEEDED
  5: "missing",
  6: "exists",
  7: "denied",
  8: "throttled",
  9: "conflict", // FAILED_PRECONDITION
  10: "conflict", // ABORTED: the etag is not the current one
  11: "invalid",
  12: "unsupported",
  13: "unavailable", // INTERNAL
  14: "unavailable",
  15: "unavailable", // DATA_LOSS
  16: "denied",
};

const FIXES: Partial<Record<ProviderErrorCode, string>> = {
  denied: "run rota doctor: it says whose credentials these are; rota permissions says what they need",
  throttled: "wait a little; when it goes on, ask Google for a higher quota",
};

interface GrpcError {
  readonly code?: number | string;
  readonly details?: string;
  readonly message?: string;
  readonly metadata?: { get(name: string): readonly (string | Buffer)[] };
}

/** What Google answered to a call, in one of the closed codes. What is not known is `unavailable` when it may have had its effect. */
export function classify(error: unknown, call: string): ProviderError {
  if (error instanceof ProviderError) return error;
  const { code, details, message = "", metadata } = (error ?? {}) as GrpcError;
  const text = details === undefined || details === "" ? message : details;
  const known = quotaUsedUp(text) ?? byCode(code) ?? byCredentials(text) ?? "internal";
  const waitMs = retryAfterMs(metadata?.get("retry-after")[0]?.toString());
  const fix = fixOf(known, text);
  return new ProviderError(known, `${call}: ${text === "" ? String(code ?? "no words") : text}`, {
    cause: error,
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    ...(fix === undefined ? {} : { fix }),
  });
}

function byCode(code: number | string | undefined): ProviderErrorCode | undefined {
  return typeof code === "number" ? CODES[code] : typeof code === "string" ? codeByNetwork(code) : undefined;
}

/** How many jobs a project may have is no matter of waiting, though it has the same code as too many requests. */
function quotaUsedUp(text: string): ProviderErrorCode | undefined {
  return /quota|limit/i.test(text) &&
    /\b(?:number of|total|maximum|jobs? per)\b/i.test(text) &&
    !/per minute/i.test(text)
    ? "invalid"
    : undefined;
}

function byCredentials(text: string): ProviderErrorCode | undefined {
  return /could not (?:load|refresh)|credential|invalid_grant|reauth/i.test(text) ? "denied" : undefined;
}

function fixOf(code: ProviderErrorCode, text: string): string | undefined {
  const disabled = /API has not been used in project|it is disabled|SERVICE_DISABLED/i.test(text);
  if (disabled)
    return `enable it: gcloud services enable ${/(\w+)\.googleapis\.com/.exec(text)?.[0] ?? "run.googleapis.com"}`;
  if (/default credentials/i.test(text))
    return "gcloud auth application-default login, or GOOGLE_APPLICATION_CREDENTIALS";
  if (quotaUsedUp(text) !== undefined) return "ask Google for a higher quota";
  return FIXES[code];
}
