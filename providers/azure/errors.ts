import {
  codeByNetwork,
  codeByStatus,
  ProviderError,
  type ProviderErrorCode,
  retryAfterMs,
} from "../../src/provider/index.ts";
import type { Answer } from "./api/connection.ts";

/** Codes in the body of an error (ARM REST reference, "Common API errors", and the services' own). */
const CODES: Readonly<Record<string, ProviderErrorCode>> = {
  // Nothing was done: an operation on the resource is still under way.
  AnotherOperationInProgress: "throttled",
  ContainerAppOperationInProgress: "throttled",
  OperationInProgress: "throttled",
  ResourceGroupBeingDeleted: "invalid",
  ResourceGroupNotFound: "invalid",
  SubscriptionNotFound: "invalid",
  SubscriptionNotRegistered: "invalid",
  MissingSubscriptionRegistration: "invalid",
  QuotaExceeded: "invalid",
  MaxNumberOfJobsReached: "invalid",
  PreconditionFailed: "conflict",
};

const FIXES: Partial<Record<ProviderErrorCode, string>> = {
  denied: "run rota doctor: it says what the credentials lack; rota permissions azure says what they need",
  throttled: "wait a little: ARM fills a subscription's buckets again by the second",
};
const FIX_OF: Readonly<Record<string, string>> = {
  ResourceGroupNotFound: "correct providers.*.resourceGroup, or make it: az group create",
  SubscriptionNotFound: "correct providers.*.subscription, or sign in to its tenant",
  SubscriptionNotRegistered: "az provider register --namespace Microsoft.App",
  MissingSubscriptionRegistration: "az provider register --namespace the one that is named",
};

/** An answer of 400 and more, in one of the closed codes. */
export function refusal(answer: Answer, call: string): ProviderError {
  const { code = "", message = "" } = errorOf(answer.body);
  const byCode = CODES[code];
  const known = byCode ?? byStatus(answer.status) ?? "internal";
  const waitMs = retryAfterMs(answer.headers["retry-after"]);
  const fix = FIX_OF[code] ?? FIXES[known];
  const words = [code === "" ? `HTTP ${answer.status}` : code, message].filter((text) => text !== "").join(": ");
  return new ProviderError(known, `${call}: ${words}`, {
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    ...(fix === undefined ? {} : { fix }),
  });
}

/** What else was thrown on the way: by the network, or by whoever gives credentials. */
export function classify(error: unknown, call: string): ProviderError {
  if (error instanceof ProviderError) return error;
  const { name = "", code = "", message = "", statusCode } = (error ?? {}) as Thrown;
  const isOfCredentials = /^(?:CredentialUnavailable|AggregateAuthentication|Authentication)/.test(name);
  // A credential chain says everything that it tried: the first line is enough.
  const words = isOfCredentials ? (message.split("\n", 1)[0] ?? "") : message;
  const byName = /^(?:AbortError|TimeoutError|SyntaxError)$/.test(name) ? ("unavailable" as const) : undefined;
  const isOfTrust = /CERT|TLS/.test(code);
  const known = isOfCredentials
    ? "denied"
    : isOfTrust
      ? "invalid"
      : (byName ?? codeByStatus(statusCode) ?? codeByNetwork(code) ?? byRest(code) ?? "internal");
  const fix = isOfCredentials
    ? "sign in with az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"
    : isOfTrust
      ? "name the authority's certificate in NODE_EXTRA_CA_CERTS, or correct providers.*.endpoint"
      : FIXES[known];
  return new ProviderError(known, `${call}: ${words === "" ? name : words}`, {
    cause: error,
    ...(fix === undefined ? {} : { fix }),
  });
}

interface Thrown {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly statusCode?: number;
}

function byStatus(status: number): ProviderErrorCode | undefined {
  if (status === 409 || status === 412) return "conflict";
  return codeByStatus(status);
}

/** RestError's own codes for what never had an answer. */
function byRest(code: string): ProviderErrorCode | undefined {
  return code === "REQUEST_SEND_ERROR" || code === "PARSE_ERROR" ? "unavailable" : undefined;
}

/** ARM says `{error: {code, message}}`; some services leave the envelope out. */
function errorOf(body: unknown): { readonly code?: string; readonly message?: string } {
  if (body === null || typeof body !== "object") return {};
  const inner = (body as { readonly error?: unknown }).error ?? body;
  if (inner === null || typeof inner !== "object") return {};
  const { code, message } = inner as { readonly code?: unknown; readonly message?: unknown };
  return {
    ...(typeof code === "string" ? { code } : {}),
    ...(typeof message === "string" ? { message } : {}),
  };
}
