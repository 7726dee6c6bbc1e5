import type { Instant, Sample } from "../../../src/model/index.ts";
import { MINUTE } from "../../../src/model/index.ts";
import { LineCount, type RunState } from "../../../src/provider/index.ts";
import type { Api } from "../api/index.ts";
import { batchOutput, linesBetween } from "../logs.ts";
import type { GcpOptions } from "../options.ts";

const MOST_PAGES = 2;

/** Of a Batch job its output alone is known: one sample since `after`, of a minute at least while it runs. */
export async function measureBatch(
  api: Api,
  request: {
    readonly options: GcpOptions;
    readonly uid: string;
    readonly state: RunState;
    readonly after: Instant;
    readonly now: Instant;
  },
  signal: AbortSignal | undefined,
): Promise<readonly Sample[]> {
  const { options, uid, after, now } = request;
  const { startedAt, endedAt } = request.state;
  if (startedAt === undefined) return [];
  const from = Math.max(after, startedAt);
  const to = endedAt ?? now;
  if (to <= from || (endedAt === undefined && to - from < MINUTE)) return [];
  const output = new LineCount();
  const lines = await linesBetween(
    api,
    { options, output: batchOutput(options, uid) },
    { from, to },
    MOST_PAGES,
    signal,
  );
  for (const line of lines) output.add(line);
  return [{ from, to, ...output.summary() }];
}
