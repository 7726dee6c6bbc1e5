import type { Clock } from "../../src/model/index.ts";
import type { LogChunk } from "../../src/provider/index.ts";
import type { Api } from "./api/index.ts";
import { type ConsoleLine, MOST_LINES, readConsole } from "./console.ts";

const POLL_MS = 5_000;

export interface LogRequest {
  readonly workspace: string;
  readonly execution: string;
  readonly follow: boolean;
  readonly tailLines: number | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  /** Throws `missing` when the run is not known. */
  readonly isEnded: () => Promise<boolean>;
}

/** An execution's lines from Log Analytics, from the first or the last `tailLines`. They come in a minute or two late. */
export async function* readLogs(api: Api, request: LogRequest): AsyncIterable<LogChunk> {
  const { workspace, execution, tailLines, follow, signal } = request;
  const reader = new Reader(api, workspace, execution);
  if (tailLines !== undefined) {
    const lines = tailLines < 1 ? [] : await reader.last(Math.floor(tailLines), signal);
    yield* lines.map(chunkOf);
    if (!follow) return;
  }
  while (!signal?.aborted) {
    const hasEnded = !follow || (await request.isEnded());
    const lines = await reader.next(signal);
    yield* lines.map(chunkOf);
    if (reader.isFull) continue;
    if (hasEnded) return;
    await request.clock.sleep(POLL_MS, signal);
  }
}

/** Goes on from the last time that it read; of lines of that same time it knows how many it had. */
class Reader {
  readonly #api: Api;
  readonly #workspace: string;
  readonly #execution: string;
  #since: string | undefined;
  #hadThen = 0;
  isFull = false;

  constructor(api: Api, workspace: string, execution: string) {
    this.#api = api;
    this.#workspace = workspace;
    this.#execution = execution;
  }

  async last(count: number, signal: AbortSignal | undefined): Promise<readonly ConsoleLine[]> {
    const query = { execution: this.#execution, last: Math.min(count, MOST_LINES) };
    return this.#take((await readConsole(this.#api, this.#workspace, query, signal)) ?? []);
  }

  async next(signal: AbortSignal | undefined): Promise<readonly ConsoleLine[]> {
    const since = this.#since;
    const query = { execution: this.#execution, ...(since === undefined ? {} : { since }) };
    const lines = (await readConsole(this.#api, this.#workspace, query, signal)) ?? [];
    const fresh = lines.slice(since === undefined ? 0 : this.#hadThen);
    this.isFull = lines.length === MOST_LINES && fresh.length > 0;
    this.#take(lines);
    return fresh;
  }

  #take(lines: readonly ConsoleLine[]): readonly ConsoleLine[] {
    const time = lines.at(-1)?.time;
    if (time === undefined) return lines;
    this.#hadThen = lines.filter((line) => line.time === time).length;
    this.#since = time;
    return lines;
  }
}

function chunkOf({ time, text, stream }: ConsoleLine): LogChunk {
  const at = Date.parse(time);
  return { ...(Number.isFinite(at) ? { at } : {}), stream, text: `${text}\n` };
}
