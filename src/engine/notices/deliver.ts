import { type Clock, type NotifyChannel, SECOND } from "../../model/index.ts";
import type { RunCommand } from "./command.ts";
import { commandInput, slackMessage } from "./message.ts";
import type { Deliver, Outcome, QueuedNotice } from "./notice.ts";
import type { Post } from "./post.ts";

const POST_TIMEOUT_MS: number = 10 * SECOND;
const COMMAND_TIMEOUT_MS: number = 30 * SECOND;

/** Status codes of which a later try may do better; every other refusal stands. */
const RETRIED: readonly number[] = [408, 425, 429];

export interface Effects {
  readonly clock: Clock;
  readonly post: Post;
  readonly run: RunCommand;
}

/** The ways in which a channel is reached: its webhook, its command. Each is tried, and retried, by itself. */
export function waysOf(channel: NotifyChannel, effects: Effects): readonly Deliver[] {
  const { webhook, command } = channel;
  return [
    ...(webhook === undefined
      ? []
      : [(notice: QueuedNotice, signal: AbortSignal) => postTo(webhook, channel, notice, signal, effects)]),
    ...(command === undefined
      ? []
      : [(notice: QueuedNotice, signal: AbortSignal) => runFor(command, notice, signal, effects)]),
  ];
}

async function postTo(
  webhook: string,
  channel: NotifyChannel,
  notice: QueuedNotice,
  signal: AbortSignal,
  { clock, post }: Effects,
): Promise<Outcome> {
  // The URL is a secret: of it, only the host is ever said.
  const url = URL.canParse(webhook) ? new URL(webhook) : undefined;
  if (!url || (url.protocol !== "https:" && url.protocol !== "http:")) {
    return { ok: false, retry: false, detail: "the webhook is not an http or https URL" };
  }
  const body = JSON.stringify(slackMessage(notice));
  const { allowPrivate } = channel;
  const tried = await withTimeout(POST_TIMEOUT_MS, clock, signal, (limited) =>
    post({ url, body, allowPrivate, signal: limited }),
  );
  if (tried.kind === "late") return { ok: false, retry: true, detail: `${url.host} did not answer in 10s` };
  if (tried.kind === "failed") {
    if (tried.code === "PRIVATE") {
      return { ok: false, retry: false, detail: `${url.host} is a private address; allowPrivate: true would allow it` };
    }
    return { ok: false, retry: true, detail: `${url.host}: ${tried.code}` };
  }
  const { status, retryAfter } = tried.value;
  if (status >= 200 && status < 300) return { ok: true };
  if (status >= 300 && status < 400) {
    return { ok: false, retry: false, detail: `${url.host} answered ${status}; redirects are not followed` };
  }
  const retry = status >= 500 || RETRIED.includes(status);
  const retryAfterMs = parseRetryAfter(retryAfter, clock);
  return {
    ok: false,
    retry,
    detail: `${url.host} answered ${status}`,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

async function runFor(
  command: readonly string[],
  notice: QueuedNotice,
  signal: AbortSignal,
  { clock, run }: Effects,
): Promise<Outcome> {
  const name = command[0] ?? "";
  const input = commandInput(notice);
  const tried = await withTimeout(COMMAND_TIMEOUT_MS, clock, signal, (limited) =>
    run({ command, input, signal: limited }),
  );
  if (tried.kind === "late") return { ok: false, retry: true, detail: `${name} was not done in 30s and was ended` };
  if (tried.kind === "failed")
    return { ok: false, retry: false, detail: `${name} could not be started: ${tried.code}` };
  const { exitCode, signal: killedBy } = tried.value;
  if (exitCode === 0) return { ok: true };
  const how = exitCode === null ? `was ended by ${killedBy}` : `exited with ${exitCode}`;
  return { ok: false, retry: true, detail: `${name} ${how}` };
}

type Tried<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "late" }
  | { readonly kind: "failed"; readonly code: string };

/** By the injected clock, not AbortSignal.timeout, so that tests need not wait. Errors become their code: messages may quote the URL. */
async function withTimeout<T>(
  ms: number,
  clock: Clock,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Tried<T>> {
  const done = new AbortController();
  const late = new AbortController();
  const limited = AbortSignal.any([signal, late.signal]);
  const timer = clock.sleep(ms, AbortSignal.any([done.signal, signal])).then((): Tried<T> => {
    late.abort();
    return { kind: "late" };
  });
  const working = work(limited).then(
    (value): Tried<T> => ({ kind: "done", value }),
    (error: unknown): Tried<T> => ({ kind: "failed", code: codeOf(error) }),
  );
  try {
    return await Promise.race([working, timer]);
  } finally {
    done.abort();
  }
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return "failed";
}

/** `120`, or an HTTP date; what cannot be read is as if it were not there. */
export function parseRetryAfter(header: string | undefined, clock: Clock): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * SECOND;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - clock.now());
}
