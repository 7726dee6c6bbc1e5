import type { Clock, JsonObject } from "../model/index.ts";
import { ProviderError } from "./error.ts";
import type { OpenContext, Provider } from "./port.ts";
import { type Redactor, redactJson } from "./redact.ts";
import { type Call, wrapProvider } from "./wrap.ts";

type Log = OpenContext["log"];

/** A log that no secret passes: what stands in front of every sink. */
export function withRedaction(log: Log, redact: Redactor): Log {
  return (level, message, fields) =>
    log(level, redact(message), ...(fields === undefined ? [] : ([redactJson(fields, redact)] as const)));
}

/**
 * Says what was called, how long it took and how it ended. What is thrown is a ProviderError always (anything else is
 * `internal`: a defect of the adapter), and its words hold no secret.
 */
export function withLog(provider: Provider, log: Log, clock: Clock, redact: Redactor): Provider {
  const say = withRedaction(log, redact);
  return wrapProvider(provider, async (call, proceed) => {
    const before = clock.monotonic();
    const facts = (): JsonObject => ({
      placement: provider.placement,
      method: call.method,
      ...subjectOf(call),
      milliseconds: Math.round(clock.monotonic() - before),
    });
    try {
      const answer = await proceed();
      say("debug", `${call.method} done`, facts());
      return answer;
    } catch (error) {
      const told = redactError(error, redact);
      // What is not there is an answer, and a provider that is busy says so often.
      const level = told.code === "internal" ? "error" : told.code === "missing" ? "debug" : "warn";
      say(level, `${call.method} failed: ${told.message}`, { ...facts(), code: told.code });
      throw told;
    }
  });
}

/** Whom the call is about, never what it carries. */
function subjectOf(call: Call): JsonObject {
  const [first] = call.args;
  if (call.method === "find" || call.method === "setPaused") return { subject: String(first) };
  if (call.method === "start") return { subject: (first as { readonly run: string }).run };
  if (call.method !== "apply") return {};
  const change = first as {
    readonly action: string;
    readonly desired?: { id: string };
    readonly actual?: { id: string };
  };
  return { action: change.action, subject: (change.desired ?? change.actual)?.id ?? "" };
}

function redactError(error: unknown, redact: Redactor): ProviderError {
  const known = error instanceof ProviderError ? error : undefined;
  const message = redact(error instanceof Error ? error.message : String(error));
  const fix = known?.fix === undefined ? undefined : redact(known.fix);
  if (known && known.message === message && known.fix === fix && !(known.cause instanceof Error)) return known;
  const { cause } = (error ?? {}) as { readonly cause?: unknown };
  const told = new ProviderError(known?.code ?? "internal", message, {
    ...(cause instanceof Error ? { cause: redactError(cause, redact) } : {}),
    ...(known?.retryAfterMs === undefined ? {} : { retryAfterMs: known.retryAfterMs }),
    ...(fix === undefined ? {} : { fix }),
  });
  const stack = error instanceof Error ? error.stack : undefined;
  if (stack !== undefined) told.stack = redact(stack);
  return told;
}
