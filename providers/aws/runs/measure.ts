import { type Instant, MINUTE, type Sample } from "../../../src/model/index.ts";
import { next, pages } from "../../../src/provider/index.ts";
import type { Api } from "../api/index.ts";
import { type OutputOf, readOutput } from "./output.ts";

/** CPU units of a vCPU. */
const UNITS = 1024;

/** What Container Insights writes of a task each minute (CloudWatch, "Container Insights performance log events for ECS"). */
interface TaskEvent {
  readonly Timestamp?: number;
  /** CPU units in use: 1024 a vCPU. */
  readonly CpuUtilized?: number;
  /** MiB. */
  readonly MemoryUtilized?: number;
  /** Bytes. */
  readonly StorageReadBytes?: number;
  readonly StorageWriteBytes?: number;
  /** Bytes a second. */
  readonly NetworkRxBytes?: number;
  readonly NetworkTxBytes?: number;
}

export interface MeasureRequest {
  readonly cluster: string;
  /** The task's id. */
  readonly task: string;
  readonly log: OutputOf;
  readonly after: Instant;
}

/**
 * Samples of a task that end after `after`, oldest first: from the performance log of the cluster's Container Insights,
 * and from the task's own log for the same minutes, which has long come in by then.
 */
export async function measureTask(
  api: Api,
  { cluster, task, log, after }: MeasureRequest,
  signal: AbortSignal | undefined,
): Promise<readonly Sample[]> {
  const events = await pages((nextToken) =>
    api
      .send(
        "logs:FilterLogEvents",
        {
          logGroupName: `/aws/ecs/containerinsights/${cluster}/performance`,
          filterPattern: `{ $.Type = "Task" && $.TaskId = "${task}" }`,
          startTime: Math.max(0, Math.floor(after) + 1),
          ...next("nextToken", nextToken),
        },
        signal,
      )
      .then((page) => ({ items: page.events ?? [], next: page.nextToken })),
  );
  const read = events.flatMap(({ timestamp, message }) => {
    const event = parseEvent(message);
    const to = event?.Timestamp ?? timestamp;
    return event && to !== undefined && to > after ? [{ to, event }] : [];
  });
  const samples: Sample[] = [];
  for (const sample of toSamples(read, after))
    samples.push({ ...sample, ...(await readOutput(api, log, sample, signal)) });
  return samples;
}

/** A minute each; one that began before what was asked for, or before the last one ended, counts for the part that is left. */
function toSamples(
  read: readonly { readonly to: Instant; readonly event: TaskEvent }[],
  after: Instant,
): readonly Sample[] {
  const samples: Sample[] = [];
  let last = after;
  for (const { to, event } of [...read].sort((a, b) => a.to - b.to)) {
    const from = Math.max(last, to - MINUTE);
    if (to <= from) continue;
    last = to;
    const seconds = (to - from) / 1000;
    const share = seconds / 60;
    samples.push({
      from,
      to,
      ...known("cpuSeconds", event.CpuUtilized, seconds / UNITS),
      ...known("readBytes", event.StorageReadBytes, share),
      ...known("writtenBytes", event.StorageWriteBytes, share),
      ...known("networkBytes", sum(event.NetworkRxBytes, event.NetworkTxBytes), seconds),
      ...known("memoryBytes", event.MemoryUtilized, 2 ** 20),
    });
  }
  return samples;
}

function parseEvent(message: string | undefined): TaskEvent | undefined {
  try {
    const event = JSON.parse(message ?? "") as TaskEvent | null;
    return event !== null && typeof event === "object" ? event : undefined;
  } catch {
    return undefined;
  }
}

/** Absent stays absent: unknown is never zero. */
function known<K extends string>(name: K, value: number | undefined, factor: number): { readonly [key in K]?: number } {
  if (value === undefined || !Number.isFinite(value)) return {};
  return { [name]: value * factor } as { readonly [key in K]: number };
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}
