import { DAY, type Instant, MINUTE, type Sample } from "../../src/model/index.ts";
import { LineCount } from "../../src/provider/index.ts";
import type { Api } from "./api/index.ts";
import { MOST_LINES, readConsole, timeText } from "./console.ts";

const VERSION = "2023-10-01";
/** Names and dimensions: Azure Monitor, "Supported metrics for Microsoft.App/jobs". */
const METRICS = ["UsageNanoCores", "UsageBytes", "RxBytes", "TxBytes"] as const;
type Metric = (typeof METRICS)[number];
const NANO = 1e9;
/** A minute of metrics is whole after this; one of logs too, with the way through Log Analytics. */
export const METRICS_LATE_MS: number = 3 * MINUTE;
export const LOGS_LATE_MS: number = 5 * MINUTE;
/** One answer has at most 1,440 minutes; what is older stays a gap. */
const MOST_BACK_MS = DAY - MINUTE;

export interface MeasureRequest {
  /** The job's whole id. */
  readonly job: string;
  readonly execution: string;
  readonly workspace: string | undefined;
  readonly after: Instant;
  readonly now: Instant;
}

interface Answer {
  readonly value?: readonly {
    readonly name?: { readonly value?: string };
    readonly timeseries?: readonly { readonly data?: readonly Point[] }[];
  }[];
}

interface Point {
  readonly timeStamp?: string;
  readonly average?: number;
  readonly total?: number;
}

/** Samples of an execution that end after `after`, a minute each, oldest first, as far as they are whole by now. */
export async function measureExecution(
  api: Api,
  { job, execution, workspace, after, now }: MeasureRequest,
  signal: AbortSignal | undefined,
): Promise<readonly Sample[]> {
  const whole = now - (workspace === undefined ? METRICS_LATE_MS : LOGS_LATE_MS);
  const from = Math.floor(Math.max(after, now - MOST_BACK_MS) / MINUTE) * MINUTE;
  const to = Math.floor(whole / MINUTE) * MINUTE;
  if (to <= from) return [];
  const query = new URLSearchParams({
    "api-version": VERSION,
    metricnames: METRICS.join(","),
    timespan: `${timeText(from)}/${timeText(to)}`,
    interval: "PT1M",
    aggregation: "Average,Total",
    $filter: `executionName eq '${execution}'`,
  });
  const answer = await api.get<Answer>(`${job}/providers/Microsoft.Insights/metrics?${query}`, signal, "looks");
  const samples: Sample[] = [];
  for (const sample of toSamples(answer, after, to)) {
    const output = workspace === undefined ? {} : await readOutput(api, workspace, execution, sample, signal);
    samples.push({ ...sample, ...output });
  }
  return samples;
}

function toSamples({ value = [] }: Answer, after: Instant, until: Instant): readonly Sample[] {
  const minutes = new Map<Instant, Partial<Record<Metric, Point>>>();
  for (const { name, timeseries = [] } of value) {
    const metric = METRICS.find((each) => each.toLowerCase() === name?.value?.replaceAll(" ", "").toLowerCase());
    // One execution is one series; of none nothing is known.
    for (const point of timeseries[0]?.data ?? []) {
      const at = Date.parse(point.timeStamp ?? "");
      if (metric && Number.isFinite(at)) minutes.set(at, { ...minutes.get(at), [metric]: point });
    }
  }
  return [...minutes]
    .sort(([a], [b]) => a - b)
    .flatMap(([at, points]) => {
      const from = Math.max(at, after);
      const to = at + MINUTE;
      if (to > until || to <= from) return [];
      const seconds = (to - from) / 1000;
      const share = seconds / 60;
      const cores = points.UsageNanoCores?.average;
      const [received, sent] = [points.RxBytes?.total, points.TxBytes?.total];
      const sample: Sample = {
        from,
        to,
        ...(cores === undefined ? {} : { cpuSeconds: (cores / NANO) * seconds }),
        ...(received === undefined || sent === undefined ? {} : { networkBytes: (received + sent) * share }),
        ...(points.UsageBytes?.average === undefined ? {} : { memoryBytes: points.UsageBytes.average }),
      };
      // A minute without any figure is a gap.
      return Object.keys(sample).length > 2 ? [sample] : [];
    });
}

/** A run that wrote more lines than one answer has wrote at least those. */
async function readOutput(
  api: Api,
  workspace: string,
  execution: string,
  { from, to }: Sample,
  signal: AbortSignal | undefined,
): Promise<Partial<Sample>> {
  const range = { since: timeText(from), until: to - 1 };
  const lines = await readConsole(api, workspace, { execution, ...range }, signal);
  if (lines === undefined) return {};
  const count = new LineCount();
  for (const { text } of lines.slice(0, MOST_LINES)) count.add(text);
  return count.summary();
}
