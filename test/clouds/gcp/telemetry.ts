import type { Life } from "./run.ts";
import { timestampOf } from "./scheduler.ts";
import { type Handler, type Message, Refusal } from "./server.ts";

interface Line {
  /** Of a Cloud Run execution its name, of a Batch job its uid. */
  readonly execution: string;
  readonly at: number;
  readonly text: string;
  readonly stream: "stdout" | "stderr";
  readonly id: string;
}

/** What a minute of a Cloud Run job used, as shares of its limits, and bytes. */
export interface Usage {
  readonly cpu: number;
  readonly memory?: number;
  readonly received?: number;
  readonly sent?: number;
}

const MINUTE = 60_000;
/** What a filter may name. */
const FIELDS = [
  "resource.type",
  "resource.labels.job_name",
  "resource.labels.location",
  'labels."run.googleapis.com/execution_name"',
  "labels.job_uid",
  "logName",
];
/** Metrics can be read this much later. */
const LATE_MS = 0;

/** Cloud Logging and Cloud Monitoring, as far as Cloud Run jobs write there: the filters are read word by word. */
export class TelemetryFake {
  readonly #lines: Line[] = [];
  readonly #minutes: { readonly job: string; readonly to: number; readonly usage: Usage }[] = [];
  readonly #project: string;
  readonly #location: string;
  readonly #now: () => number;
  pageSize = 1000;

  constructor(project: string, location: string, now: () => number) {
    this.#project = project;
    this.#location = location;
    this.#now = now;
  }

  write(life: Pick<Life, "name">, lines: readonly string[], stream: Line["stream"] = "stdout"): void {
    for (const text of lines) {
      this.#lines.push({ execution: life.name, at: this.#now(), text, stream, id: `line-${this.#lines.length}` });
    }
  }

  /** The minute that ends now, of the Cloud Run job that the execution is of. */
  use(life: Pick<Life, "job">, usage: Usage): void {
    this.#minutes.push({ job: life.job.split("/").at(-1) ?? "", to: this.#now(), usage });
  }

  readonly handlers: Readonly<Record<string, Handler>> = {
    "logging:ListLogEntries": ({ resourceNames, filter, orderBy, pageSize, pageToken }) => {
      if ((resourceNames as string[])[0] !== `projects/${this.#project}`)
        throw new Refusal("PERMISSION_DENIED", "no access");
      const wanted = clausesOf(String(filter));
      const found = this.#lines.filter((line) => wanted.every((clause) => this.#matches(line, clause)));
      found.sort((a, b) => a.at - b.at);
      if (orderBy === "timestamp desc") found.reverse();
      const from = pageToken === "" ? 0 : Number(pageToken);
      const to = from + Math.min(this.pageSize, Number(pageSize) || 50);
      const entries = found.slice(from, to).map((line) => this.#entry(line));
      return { entries, nextPageToken: to < found.length ? String(to) : "" };
    },
    "monitoring:ListTimeSeries": ({ name, filter, interval }) => {
      if (name !== `projects/${this.#project}`) throw new Refusal("PERMISSION_DENIED", "no access");
      const { startTime, endTime } = interval as { startTime: Message; endTime: Message };
      const [start, end] = [millis(startTime), millis(endTime)];
      if (!(end > start)) throw new Refusal("INVALID_ARGUMENT", "the interval is empty");
      const job = /resource\.labels\.job_name = "([^"]+)"/.exec(String(filter))?.[1];
      if (job === undefined) return { timeSeries: [], nextPageToken: "" };
      if (!/resource\.type = "cloud_run_job"/.test(String(filter)))
        throw new Refusal("INVALID_ARGUMENT", "no resource type");
      const minutes = this.#minutes.filter((each) => each.job === job && each.to > start && each.to <= end - LATE_MS);
      const metrics = [...String(filter).matchAll(/"(run\.googleapis\.com\/[^"]+)"/g)].map(([, metric = ""]) => metric);
      return { timeSeries: metrics.flatMap((metric) => seriesOf(metric, minutes)), nextPageToken: "" };
    },
  };

  #matches(line: Line, [field, operator, value]: Clause): boolean {
    const parts = line.execution.split("/");
    const isBatch = parts.length === 1;
    const batch = { "labels.job_uid": line.execution, logName: this.#logName(line) };
    const of: Readonly<Record<string, string>> = isBatch
      ? batch
      : {
          "resource.type": "cloud_run_job",
          "resource.labels.job_name": parts.at(-3) ?? "",
          "resource.labels.location": this.#location,
          'labels."run.googleapis.com/execution_name"': parts.at(-1) ?? "",
          logName: this.#logName(line),
        };
    if (field === "timestamp") {
      const at = Date.parse(value);
      return operator === ">=" ? line.at >= at : operator === ">" ? line.at > at : line.at <= at;
    }
    if (!FIELDS.includes(field)) throw new Refusal("INVALID_ARGUMENT", `the filter names ${field}`);
    if (isBatch && field === "logName") return of[field] === value;
    return field === "logName" ? value.includes(`"${of[field]}"`) : of[field] === value;
  }

  #logName({ stream, execution }: Line): string {
    if (!execution.includes("/")) return `projects/${this.#project}/logs/batch_task_logs`;
    return `projects/${this.#project}/logs/run.googleapis.com%2F${stream}`;
  }

  #entry(line: Line): Message {
    return {
      logName: this.#logName(line),
      textPayload: line.text,
      timestamp: timestampOf(line.at),
      insertId: line.id,
      ...(line.execution.includes("/") ? {} : { severity: line.stream === "stderr" ? "ERROR" : "INFO" }),
      labels: { "run.googleapis.com/execution_name": line.execution.split("/").at(-1) ?? "" },
    };
  }
}

type Clause = readonly [field: string, operator: string, value: string];

function clausesOf(filter: string): readonly Clause[] {
  return filter.split(" AND ").map((text) => {
    const match = /^([\w.]+(?:\."[^"]+")?)(>=|<=|>|=)(?:"([^"]*)"|(\(.*\)))$/.exec(text.trim());
    if (!match) throw new Refusal("INVALID_ARGUMENT", `cannot read "${text}" in the filter`);
    return [match[1] ?? "", match[2] ?? "", match[3] ?? match[4] ?? ""];
  });
}

function seriesOf(
  metric: string,
  minutes: readonly { readonly to: number; readonly usage: Usage }[],
): readonly Message[] {
  const read = (usage: Usage): Message | undefined => {
    const distribution = (mean: number | undefined) =>
      mean === undefined ? undefined : { distributionValue: { count: "1", mean, sumOfSquaredDeviation: 0 } };
    const count = (bytes: number | undefined) => (bytes === undefined ? undefined : { int64Value: String(bytes) });
    if (metric.endsWith("cpu/utilizations")) return distribution(usage.cpu);
    if (metric.endsWith("memory/utilizations")) return distribution(usage.memory ?? 0.1);
    if (metric.endsWith("received_bytes_count")) return count(usage.received ?? 0);
    return count(usage.sent ?? 0);
  };
  const points = minutes.flatMap(({ to, usage }) => {
    const value = read(usage);
    return value ? [{ interval: { startTime: timestampOf(to - MINUTE), endTime: timestampOf(to) }, value }] : [];
  });
  // The newest point comes first.
  return points.length === 0
    ? []
    : [{ metric: { type: metric }, resource: { type: "cloud_run_job" }, points: points.reverse() }];
}

function millis({ seconds, nanos }: Message): number {
  return Number(seconds) * 1000 + Number(nanos) / 1e6;
}
