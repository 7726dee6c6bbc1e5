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
  yield* restOf(api, request, first);
}

/** Goes on from a page until the end of the stream and, when it follows, until the run has ended as well. */
async function* restOf(api: Api, request: LogRequest, first: Page | undefined): AsyncIterable<LogChunk> {
  let held = first;
  while (!request.signal?.aborted) {
    const hasEnded = !request.follow || (await request.isEnded());
    const page = await read(api, request, { startFromHead: true }, held);
    yield* chunksOf(page?.events ?? []);
    // The end of the stream is where the token stays as it was.
    const isEnd = page === undefined || (page.token === held?.token && page.stream === held?.stream);
    held = page ?? held;
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
  readonly stream: string;
  readonly events: readonly { readonly timestamp?: number | undefined; readonly message?: string | undefined }[];
  readonly token: string | undefined;
}

async function read(
  api: Api,
  { stream, signal }: LogRequest,
  from: Pick<Calls["logs:GetLogEvents"]["input"], "limit" | "startFromHead">,
  held?: Page,
): Promise<Page | undefined> {
  const output = await stream();
  if (!output) return undefined;
  try {
    const { logGroupName, logStreamName, from: startTime, to } = output;
    const span = {
      ...(startTime === undefined ? {} : { startTime }),
      // GetLogEvents leaves out what is as late as the end.
      ...(to === undefined ? {} : { endTime: to + 1 }),
    };
    // Another attempt of the run writes into a stream of its own.
    const token = held?.stream === logStreamName ? held.token : undefined;
    const request = { logGroupName, logStreamName, ...span, ...from, ...next("nextToken", token) };
    const { events = [], nextForwardToken } = await api.send("logs:GetLogEvents", request, signal);
    return { stream: logStreamName, events: events.filter(isWithin(output)), token: nextForwardToken };
  } catch (error) {
    if (error instanceof ProviderError && error.code === "missing") return undefined;
    throw error;
  }
}

/** A token goes on where it stood, whatever end is asked for by then. */
function isWithin({ to }: OutputOf): (event: Page["events"][number]) => boolean {
  return ({ timestamp }) => to === undefined || timestamp === undefined || timestamp <= to;
}

function clamp(lines: number): number {
  return Math.min(MOST_EVENTS, Math.max(1, Math.floor(lines)));
}
