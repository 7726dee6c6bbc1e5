import type { Clock } from "../../../src/model/index.ts";
import { ProviderError, retryAfterMs, throwIfAborted } from "../../../src/provider/index.ts";
import { refusal } from "../errors.ts";
import type { Answer, Request } from "./connection.ts";

/** How long between two looks when ARM does not say, and how long in all: ARM's own operations end within minutes. */
const LOOK_MS = 2_000;
const MOST_LOOK_MS = 60_000;
const WITHIN_MS = 10 * 60_000;

const RUNNING = /^(?:accepted|running|inprogress|creating|updating|deleting|waiting|pending|provisioning)$/i;

export interface Following {
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  /** Sends a read, again after passing failures. */
  readonly read: (request: Request) => Promise<Answer>;
  readonly call: string;
}

/**
 * Follows a long-running operation to its end (ARM, "Track asynchronous operations"): `Azure-AsyncOperation` names a
 * status, `Location` answers 202 until it is done. Answers the last thing that was said; throws what the operation
 * failed with, and `unavailable` when it does not end in time: it goes on at Azure, and the next look at the resource
 * sees how far it has come.
 */
export async function followed(first: Answer, following: Following): Promise<Answer> {
  const { clock, signal, call } = following;
  const status = first.headers["azure-asyncoperation"];
  const location = first.headers["location"];
  const address = status ?? (first.status === 202 ? location : undefined);
  if (address === undefined) return first;
  const startedAt = clock.monotonic();
  let answer = first;
  for (;;) {
    const waitMs = Math.min(MOST_LOOK_MS, retryAfterMs(answer.headers["retry-after"]) ?? LOOK_MS);
    if (clock.monotonic() + waitMs > startedAt + WITHIN_MS)
      throw new ProviderError("unavailable", `${call}: Azure has not finished within ${WITHIN_MS / 60_000} minutes`);
    await clock.sleep(waitMs, signal);
    throwIfAborted(signal);
    answer = await following.read({ method: "GET", path: address, to: "resourceManager" });
    if (status === undefined) {
      if (answer.status !== 202) return answer;
      continue;
    }
    const state = stateOf(answer.body);
    if (state === undefined || RUNNING.test(state)) continue;
    if (/^succeeded$/i.test(state)) return answer;
    throw failure(answer, state, call);
  }
}

/** Whether a resource's own `provisioningState` says that somebody is still at work on it. */
export function isUnderWay(provisioningState: unknown): boolean {
  return typeof provisioningState === "string" && RUNNING.test(provisioningState);
}

function stateOf(body: unknown): string | undefined {
  const state = (body as { readonly status?: unknown } | undefined)?.status;
  return typeof state === "string" ? state : undefined;
}

/** What an operation ended in is no answer to a request: as a refusal of 400 it is for good. */
function failure(answer: Answer, state: string, call: string): ProviderError {
  const { error } = (answer.body ?? {}) as { readonly error?: unknown };
  return refusal({ status: 400, headers: {}, body: { error: error ?? { code: state } } }, call);
}
