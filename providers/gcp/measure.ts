import type { Instant, Sample } from "../../src/model/index.ts";
import { LineCount, next, pages } from "../../src/provider/index.ts";
import type { Api, Execution, TimeSeries } from "./api/index.ts";
import { runJobOf, timeOf, timestamp } from "./execution-state.ts";
import { executionOutput, linesBetween } from "./logs.ts";
import type { GcpOptions } from "./options.ts";

const PREFIX = "run.googleapis.com/container";
const CPU = `${PREFIX}/cpu/utilizations`;
const MEMORY = `${PREFIX}/memory/utilizations`;
const RECEIVED = `${PREFIX}/network/received_bytes_count`;
const SENT = `${PREFIX}/network/sent_bytes_count`;
/** A run that writes more lines in a minute than this has written at least so many (a page has 1,000 of them). */
const MOST_PAGES = 2;

export interface MeasureRequest {
  readonly options: GcpOptions;
  readonly execution: Execution;
  /** Others of the same Cloud Run job, whoever started them. */
  readonly others: readonly Execution[];
  readonly after: Instant;
  readonly now: Instant;
}

/**
 * Samples of an execution that end after `after`, oldest first, from Cloud Monitoring's minutes and the run's own log. The
 * metrics are of the Cloud Run job: a minute in which two of its executions ran says nothing of either, and is left out.
 */
export async function measureExecution(
  api: Api,
  { options, execution, others, after, now }: MeasureRequest,
  signal: AbortSignal | undefined,
): Promise<readonly Sample[]> {
  const name = execution.name ?? "";
  const series = await pages((token) =>
    api
      .send(
        "monitoring:ListTimeSeries",
        {
          name: `projects/${options.project}`,
          filter: filterFor(options, runJobOf(name)),
          interval: { startTime: timestamp(after), endTime: timestamp(now) },
          view: "FULL",
          ...next("pageToken", token),
        },
        signal,
      )
      .then((page) => ({ items: page.timeSeries ?? [], next: page.nextPageToken })),
  );
  const samples: Sample[] = [];
  let last = Math.max(after, timeOf(execution.startTime) ?? after);
  for (const { from: start, to, ...values } of minutesOf(series)) {
    const from = Math.max(last, start);
    if (to <= from) continue;
    last = to;
    if (others.some((other) => overlaps(other, start, to))) continue;
    const share = (to - from) / (to - start);
    const { cpu, memory } = limitsOf(execution);
    const output = new LineCount();
    const lines = await linesBetween(
      api,
      { options, output: executionOutput(options, name) },
      { from, to },
      MOST_PAGES,
      signal,
    );
    for (const line of lines) output.add(line);
    samples.push({
      from,
      to,
      ...known("cpuSeconds", product(values.cpu, cpu, (to - from) / 1000)),
      ...known("memoryBytes", product(values.memory, memory)),
      ...known("networkBytes", product(sum(values.received, values.sent), share)),
      ...output.summary(),
    });
  }
  return samples;
}

function filterFor({ location }: GcpOptions, job: string): string {
  const metrics = [CPU, MEMORY, RECEIVED, SENT].map((name) => `"${name}"`).join(", ");
  return `metric.type = one_of(${metrics}) AND resource.type = "cloud_run_job" AND resource.labels.job_name = "${job}" AND resource.labels.location = "${location}"`;
}

interface Minute {
  readonly from: Instant;
  readonly to: Instant;
  /** Shares of the limits. */
  cpu?: number;
  memory?: number;
  received?: number;
  sent?: number;
}

const FIELDS: Readonly<Record<string, "cpu" | "memory" | "received" | "sent">> = {
  [CPU]: "cpu",
  [MEMORY]: "memory",
  [RECEIVED]: "received",
  [SENT]: "sent",
};

/** What the series say of each minute, oldest first; those of one metric by different labels add up. */
function minutesOf(series: readonly TimeSeries[]): readonly Minute[] {
  const minutes = new Map<Instant, Minute>();
  for (const { metric, points } of series) {
    const field = FIELDS[metric?.type ?? ""];
    if (field === undefined) continue;
    for (const { interval, value } of points ?? []) {
      const [from, to] = [timeOf(interval?.startTime), timeOf(interval?.endTime)];
      const read = value?.distributionValue?.mean ?? value?.doubleValue ?? value?.int64Value;
      const amount = Number(read ?? Number.NaN);
      if (from === undefined || to === undefined || !(to > from) || !Number.isFinite(amount)) continue;
      const minute: Minute = minutes.get(to) ?? { from, to };
      minute[field] = (minute[field] ?? 0) + amount;
      minutes.set(to, minute);
    }
  }
  return [...minutes.values()].sort((a, b) => a.to - b.to);
}

function overlaps({ startTime, createTime, completionTime }: Execution, from: Instant, to: Instant): boolean {
  const begun = timeOf(startTime) ?? timeOf(createTime) ?? from;
  return begun < to && (timeOf(completionTime) ?? Number.POSITIVE_INFINITY) > from;
}

/** CPUs and bytes that the execution may use. */
function limitsOf({ template }: Execution): { readonly cpu: number | undefined; readonly memory: number | undefined } {
  const { cpu = "", memory = "" } = template?.containers?.[0]?.resources?.limits ?? {};
  const cpus = /^\d+m$/.test(cpu) ? Number(cpu.slice(0, -1)) / 1000 : Number(cpu);
  const match = /^(\d+)(Ki|Mi|Gi|k|M|G)?$/.exec(memory);
  const unit = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, k: 1e3, M: 1e6, G: 1e9 }[match?.[2] ?? ""] ?? 1;
  return { cpu: cpus > 0 ? cpus : undefined, memory: match ? Number(match[1]) * unit : undefined };
}

/** Absent stays absent: unknown is never zero. */
function known<K extends string>(name: K, value: number | undefined): { readonly [key in K]?: number } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [key in K]: number });
}

function product(...factors: readonly (number | undefined)[]): number | undefined {
  let value = 1;
  for (const factor of factors) {
    if (factor === undefined) return undefined;
    value *= factor;
  }
  return value;
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}
