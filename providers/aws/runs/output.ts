import type { Instant, Sample } from "../../../src/model/index.ts";
import { LineCount, next, ProviderError } from "../../../src/provider/index.ts";
import type { Api } from "../api/index.ts";

/** A log stream, or what of it was written from one instant to another, both ends included. */
export interface OutputOf {
  readonly logGroupName: string;
  readonly logStreamName: string;
  readonly from?: Instant;
  readonly to?: Instant;
}

/**
 * Of each sample at most so many pages are read (a page has up to 1 MB or 10,000 lines): a run that writes more has
 * written at least that. It is enough for the guard to know a print loop on a whole vCPU by (64 KiB a second of CPU).
 */
const MOST_PAGES = 8;

/** What a task wrote within a sample. Without a stream it is unknown, not nothing: the log driver makes it at the start. */
export async function readOutput(
  api: Api,
  log: OutputOf,
  { from, to }: Pick<Sample, "from" | "to">,
  signal: AbortSignal | undefined,
): Promise<Pick<Sample, "outputBytes" | "repeatingShare" | "repeatingLine">> {
  const count = new LineCount();
  let token: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { logGroupName, logStreamName } = log;
    // CloudWatch takes both ends in; a sample has what comes after its beginning, up to its end.
    const span = { startTime: from + 1, endTime: to };
    const request = { logGroupName, logStreamNames: [logStreamName], ...span, ...next("nextToken", token) };
    try {
      const { events = [], nextToken } = await api.send("logs:FilterLogEvents", request, signal);
      for (const { message = "" } of events) count.add(message);
      token = nextToken;
    } catch (error) {
      if (error instanceof ProviderError && error.code === "missing") return {};
      throw error;
    }
    if (token === undefined) break;
  }
  return count.summary();
}
