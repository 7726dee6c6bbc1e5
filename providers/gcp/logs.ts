import type { Clock, Instant } from "../../src/model/index.ts";
import { type LogChunk, next } from "../../src/provider/index.ts";
import type { Api, LogEntry } from "./api/index.ts";
import { runJobOf, shortName, timeOf } from "./execution-state.ts";
import type { GcpOptions } from "./options.ts";

const POLL_MS = 5_000;
/** ListLogEntries gives at most so many at a time. */
const PAGE = 1_000;
/** Lines come in a little out of order: when following, so far back is read again, and what was seen is left out. */
const OVERLAP_MS = 10_000;

export interface LogRequest {
  readonly options: GcpOptions;
  /** Clauses of the filter that its output matches, and no other's. */
  readonly output: string;
  readonly follow: boolean;
  readonly tailLines: number | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  /** Throws `missing` when the run is not known. */
  readonly look: () => Promise<{ readonly isEnded: boolean; readonly since: Instant }>;
}

/** A run's output, from its first line or the last `tailLines`; Cloud Logging keeps stdout and stderr apart. */
export async function* readLogs(api: Api, request: LogRequest): AsyncIterable<LogChunk> {
  const { tailLines, follow, signal } = request;
  const { since } = await request.look();
  if (tailLines === 0 && !follow) return;
  if (tailLines !== undefined) {
    const tail = await lastLines(api, request, since, tailLines);
    yield* tail.map(chunkOf);
    if (!follow) return;
    yield* following(api, request, timeOf(tail.at(-1)?.timestamp) ?? since, new Set(tail.map(idOf)));
    return;
  }
  yield* following(api, request, since, new Set());
  if (signal?.aborted) return;
}

async function* following(api: Api, request: LogRequest, from: Instant, seen: Set<string>): AsyncIterable<LogChunk> {
  let since = from;
  while (!request.signal?.aborted) {
    const hasEnded = !request.follow || (await request.look()).isEnded;
    for await (const entry of entriesBetween(api, filterFor(request, since), "timestamp asc", request)) {
      if (seen.has(idOf(entry))) continue;
      seen.add(idOf(entry));
      since = Math.max(since, (timeOf(entry.timestamp) ?? since) - OVERLAP_MS);
      yield chunkOf(entry);
    }
    if (hasEnded) return;
    await request.clock.sleep(POLL_MS, request.signal);
  }
}

async function lastLines(api: Api, request: LogRequest, since: Instant, lines: number): Promise<readonly LogEntry[]> {
  const found: LogEntry[] = [];
  if (lines === 0) return found;
  for await (const entry of entriesBetween(api, filterFor(request, since), "timestamp desc", request)) {
    found.push(entry);
    if (found.length >= lines) break;
  }
  return found.reverse();
}

async function* entriesBetween(
  api: Api,
  filter: string,
  orderBy: string,
  { options, signal }: Pick<LogRequest, "options" | "signal">,
): AsyncIterable<LogEntry> {
  for (let token: string | undefined; ; ) {
    const resourceNames = [`projects/${options.project}`];
    const call = { resourceNames, filter, orderBy, pageSize: PAGE, ...next("pageToken", token) };
    const page = await api.send("logging:ListLogEntries", call, signal);
    yield* page.entries ?? [];
    token = page.nextPageToken ?? "";
    if (token === "") return;
  }
}

/** What a run wrote in (from, to], at most `mostPages` pages of it. */
export async function linesBetween(
  api: Api,
  { options, output }: Pick<LogRequest, "options" | "output">,
  { from, to }: { readonly from: Instant; readonly to: Instant },
  mostPages: number,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const lines: string[] = [];
  const filter = `${filterFor({ output }, from)} AND timestamp<="${instant(to)}" AND timestamp>"${instant(from)}"`;
  let count = 0;
  for await (const entry of entriesBetween(api, filter, "timestamp asc", { options, signal })) {
    lines.push(textOf(entry));
    count += 1;
    if (count >= mostPages * PAGE) break;
  }
  return lines;
}

/** The output of one execution alone; system entries and audit logs bear other names. */
export function executionOutput(options: GcpOptions, execution: string): string {
  const logs = ["stdout", "stderr"].map((name) => `"projects/${options.project}/logs/run.googleapis.com%2F${name}"`);
  return [
    'resource.type="cloud_run_job"',
    `resource.labels.job_name="${runJobOf(execution)}"`,
    `resource.labels.location="${options.location}"`,
    `labels."run.googleapis.com/execution_name"="${shortName(execution)}"`,
    `logName=(${logs.join(" OR ")})`,
  ].join(" AND ");
}

/** The output of one Batch job alone; what its agent tells stands in another log (batch_agent_logs). */
export function batchOutput({ project }: GcpOptions, uid: string): string {
  return `logName="projects/${project}/logs/batch_task_logs" AND labels.job_uid="${uid}"`;
}

function filterFor({ output }: Pick<LogRequest, "output">, since: Instant): string {
  return `${output} AND timestamp>="${instant(since)}"`;
}

function chunkOf(entry: LogEntry): LogChunk {
  const at = timeOf(entry.timestamp);
  // Batch has one log for both, and tells them apart by severity.
  const isError = (entry.logName ?? "").endsWith("/batch_task_logs")
    ? entry.severity === "ERROR"
    : (entry.logName ?? "").endsWith("stderr");
  const stream = isError ? "stderr" : "stdout";
  return { ...(at === undefined ? {} : { at }), stream, text: `${textOf(entry)}\n` };
}

/** A line that is JSON comes as a structure; its message is the text, or else all of it. */
function textOf({ textPayload, jsonPayload }: LogEntry): string {
  if (typeof textPayload === "string") return textPayload;
  const message = jsonPayload?.fields?.["message"]?.stringValue;
  return message ?? JSON.stringify(jsonPayload ?? "");
}

function idOf(entry: LogEntry): string {
  return `${entry.insertId}/${timeOf(entry.timestamp)}`;
}

function instant(at: Instant): string {
  return Temporal.Instant.fromEpochMilliseconds(Math.floor(at)).toString({ fractionalSecondDigits: 3 });
}
