import type { Clock } from "../../../src/model/index.ts";
import { type LogChunk, next, ProviderError } from "../../../src/provider/index.ts";
import type { Api, Calls } from "../api/index.ts";
import type { OutputOf } from "./output.ts";

const POLL_MS = 2_000;
/** GetLogEvents gives at most so many. */
const MOST_EVENTS = 10_000;

export interface LogRequest {
  /** Undefined: nothing has been written yet, as far as the service knows. */
  readonly stream: () => Promise<OutputOf | undefined>;
  readonly follow: boolean;
  readonly tailLines: number | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  /** Throws `missing` when the run is not known either. */
  readonly isEnded: () => Promise<boolean>;
}

/** A task's log stream, from its first event or the last `tailLines`; CloudWatch does not tell stdout from stderr. */
export async function* readLogs(api: Api, request: LogRequest): AsyncIterable<LogChunk> {
  const { tailLines, follow } = request;
  const first = await firstPage(api, request);
  // No stream: a run that has written nothing yet, or one that never was.
  if (!first) await request.isEnded();
  yield* chunksOf(tailLines === 0 ? [] : (first?.events ?? []));
  if (tailLines !== undefined && !follow) return;
  yield* restOf(api, request, first?.token);
}

/** Goes on from a token until the end of the stream and, when it follows, until the run has ended as well. */
async function* restOf(api: Api, request: LogRequest, from: string | undefined): AsyncIterable<LogChunk> {
  let token = from;
  while (!request.signal?.aborted) {
    const hasEnded = !request.follow || (await request.isEnded());
    const page = await read(api, request, { startFromHead: true, ...next("nextToken", token) });
    yield* chunksOf(page?.events ?? []);
    // The end of the stream is where the token stays as it was.
    const isEnd = page === undefined || page.token === token;
    token = page?.token ?? token;
    if (!isEnd) continue;
    if (hasEnded) return;
    await request.clock.sleep(POLL_MS, request.signal);
  }
}

function firstPage(api: Api, request: LogRequest): Promise<Page | undefined> {
  const { tailLines } = request;
  return read(api, request, tailLines === undefined ? { startFromHead: true } : { limit: clamp(tailLines) });
}

function* chunksOf(events: Page["events"]): Iterable<LogChunk> {
  for (const { timestamp, message = "" } of events) {
    yield { ...(timestamp === undefined ? {} : { at: timestamp }), stream: "stdout", text: `${message}\n` };
  }
}

interface Page {
  readonly events: readonly { readonly timestamp?: number | undefined; readonly message?: string | undefined }[];
  readonly token: string | undefined;
}

async function read(
  api: Api,
  { stream, signal }: LogRequest,
  from: Omit<Calls["logs:GetLogEvents"]["input"], keyof OutputOf>,
): Promise<Page | undefined> {
  const output = await stream();
  if (!output) return undefined;
  try {
    const { events = [], nextForwardToken } = await api.send("logs:GetLogEvents", { ...output, ...from }, signal);
    return { events, token: nextForwardToken };
  } catch (error) {
    if (error instanceof ProviderError && error.code === "missing") return undefined;
    throw error;
  }
}

function clamp(lines: number): number {
  return Math.min(MOST_EVENTS, Math.max(1, Math.floor(lines)));
}
