import type { Sample } from "../../src/model/index.ts";
import { ProviderError } from "../../src/provider/index.ts";
import type { Api } from "./api/index.ts";
import { next } from "./paging.ts";

/** A task's log stream. */
export interface OutputOf {
  readonly logGroupName: string;
  readonly logStreamName: string;
}

/**
 * Of each sample at most so many pages are read (a page has up to 1 MB or 10,000 lines): a run that writes more has
 * written at least that. It is enough for the guard to know a print loop on a whole vCPU by (64 KiB a second of CPU).
 */
const MOST_PAGES = 8;
/** Lines this long are told apart by their beginning. */
const COMPARED_CHARACTERS = 512;

/** What a task wrote within a sample. Without a stream it is unknown, not nothing: the log driver makes it at the start. */
export async function readOutput(
  api: Api,
  log: OutputOf,
  { from, to }: Pick<Sample, "from" | "to">,
  signal: AbortSignal | undefined,
): Promise<Pick<Sample, "outputBytes" | "repeatingShare" | "repeatingLine">> {
  const counts = new Map<string, number>();
  let bytes = 0;
  let lines = 0;
  let token: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { logGroupName, logStreamName } = log;
    // CloudWatch takes both ends in; a sample has what comes after its beginning, up to its end.
    const span = { startTime: from + 1, endTime: to };
    const request = { logGroupName, logStreamNames: [logStreamName], ...span, ...next("nextToken", token) };
    try {
      const { events = [], nextToken } = await api.send("logs:FilterLogEvents", request, signal);
      for (const { message = "" } of events) {
        const line = message.slice(0, COMPARED_CHARACTERS);
        counts.set(line, (counts.get(line) ?? 0) + 1);
        bytes += Buffer.byteLength(message) + 1;
        lines += 1;
      }
      token = nextToken;
    } catch (error) {
      if (error instanceof ProviderError && error.code === "missing") return {};
      throw error;
    }
    if (token === undefined) break;
  }
  if (lines === 0) return { outputBytes: 0 };
  const [line = "", most = 0] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a));
  return {
    outputBytes: bytes,
    repeatingShare: (lines - counts.size) / lines,
    ...(most > 1 ? { repeatingLine: line } : {}),
  };
}
