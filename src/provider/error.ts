/**
 * The closed set of what can go wrong at a provider. The adapter classifies, the engine decides.
 * Only `missing` may be read as "it is not there": an adapter that turns `denied` into absence deletes things.
 *
 * missing: the thing does not exist · exists: it does already, and is not this one · denied: credentials or
 * permissions · throttled: too many requests, retry after `retryAfterMs` · unavailable: no answer, or one of
 * 5xx; the outcome of a change is unknown · invalid: the request can never succeed as it is · conflict: it
 * changed since it was read (the conditional write failed) · unsupported: this provider cannot do it ·
 * internal: a defect of the adapter.
 */
export type ProviderErrorCode =
  | "missing"
  | "exists"
  | "denied"
  | "throttled"
  | "unavailable"
  | "invalid"
  | "conflict"
  | "unsupported"
  | "internal";

export class ProviderError extends Error {
  override readonly name = "ProviderError";
  readonly code: ProviderErrorCode;
  /** Milliseconds the provider asked us to wait. */
  readonly retryAfterMs?: number;
  /** How a person mends it. */
  readonly fix?: string;

  constructor(
    code: ProviderErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly retryAfterMs?: number; readonly fix?: string } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
    if (options.fix !== undefined) this.fix = options.fix;
  }
}
