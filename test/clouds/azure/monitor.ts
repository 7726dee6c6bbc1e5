import type { ContainerApps } from "./container-apps.ts";
import { type Exchange, Refusal, type Reply } from "./exchange.ts";
import { lifeOf } from "./lives.ts";

const MINUTE = 60_000;
/** Azure Monitor, "Supported metrics for Microsoft.App/jobs". */
const METRICS = new Set([
  "Executions",
  "RequestedBytes",
  "RequestedCores",
  "RestartCount",
  "RxBytes",
  "TxBytes",
  "UsageBytes",
  "UsageNanoCores",
]);

export interface Line {
  readonly execution: string;
  readonly at: number;
  readonly text: string;
  readonly stream?: "stdout" | "stderr";
}

/** What an execution uses in a minute; undefined: nothing is known of it. */
export type Usage = (
  execution: string,
  minute: number,
) => { readonly cores: number; readonly bytes: number } | undefined;

/** Azure Monitor's metrics of executions, and Log Analytics' console table. */
export class Monitor {
  readonly #apps: ContainerApps;
  readonly #now: () => number;
  readonly lines: Line[] = [];
  usage: Usage = () => ({ cores: 0.5, bytes: 1000 });
  /** The table comes to be with the first line. */
  hasTable = true;

  constructor(apps: ContainerApps, now: () => number) {
    this.#apps = apps;
    this.#now = now;
  }

  metrics({ query }: Exchange): Reply {
    const names = (query.get("metricnames") ?? "").split(",");
    const unknown = names.filter((name) => !METRICS.has(name));
    if (unknown.length > 0) throw new Refusal(400, "BadRequest", `no metric ${unknown}`);
    if (query.get("interval") !== "PT1M") throw new Refusal(400, "BadRequest", "interval");
    const execution = /^executionName eq '([^']+)'$/.exec(query.get("$filter") ?? "")?.[1];
    const [from = Number.NaN, to = Number.NaN] = (query.get("timespan") ?? "")
      .split("/")
      .map((text) => Date.parse(text));
    if (to - from > 1440 * MINUTE) throw new Refusal(400, "BadRequest", "more than 1,440 minutes");
    if (execution === undefined || !(from < to)) throw new Refusal(400, "BadRequest", "filter or timespan");
    const value = names.map((name) => ({
      name: { value: name, localizedValue: name },
      unit: name,
      timeseries: [
        {
          metadatavalues: [{ name: { value: "executionname" }, value: execution }],
          data: this.#data(name, execution, from, to),
        },
      ],
    }));
    return { status: 200, body: { interval: "PT1M", value } };
  }

  query({ body }: Exchange): Reply {
    const { query = "" } = body as { readonly query?: string };
    if (query === "print 1") return { status: 200, body: table(["print_0"], [[1]]) };
    if (!this.hasTable)
      throw new Refusal(
        400,
        "BadArgumentError",
        "'where' operator: Failed to resolve table or column expression named 'ContainerAppConsoleLogs_CL'",
      );
    let rows: Line[] = [...this.lines];
    let isProjected = false;
    const [source, ...steps] = query.split("\n");
    if (source !== "ContainerAppConsoleLogs_CL") throw new Refusal(400, "BadArgumentError", source ?? "");
    for (const step of steps) {
      const prefix = /^\| where ContainerGroupName_s startswith '([^']+)-'$/.exec(step);
      const since = /^\| where TimeGenerated >= datetime\(([^)]+)\)$/.exec(step);
      const until = /^\| where TimeGenerated <= datetime\(([^)]+)\)$/.exec(step);
      const top = /^\| top (\d+) by TimeGenerated (asc|desc)$/.exec(step);
      if (prefix) rows = rows.filter((line) => line.execution === prefix[1]);
      else if (since) rows = rows.filter((line) => line.at >= Date.parse(since[1] ?? ""));
      else if (until) rows = rows.filter((line) => line.at <= Date.parse(until[1] ?? ""));
      else if (top) {
        const sorted = rows.sort((a, b) => a.at - b.at);
        rows = top[2] === "asc" ? sorted.slice(0, Number(top[1])) : sorted.slice(-Number(top[1]));
      } else if (step === "| order by TimeGenerated asc") rows.sort((a, b) => a.at - b.at);
      else if (step === "| project TimeGenerated, Log_s, Stream_s") isProjected = true;
      else if (step !== "| where ContainerName_s == 'job'") throw new Refusal(400, "BadArgumentError", step);
    }
    if (!isProjected) throw new Refusal(400, "BadArgumentError", "everything was asked for");
    const time = (at: number): string => new Date(at).toISOString().replace("Z", "0000Z");
    return {
      status: 200,
      body: table(
        ["TimeGenerated", "Log_s", "Stream_s"],
        rows.map((line) => [time(line.at), line.text, line.stream ?? "stdout"]),
      ),
    };
  }

  #data(metric: string, name: string, from: number, to: number): readonly object[] {
    const execution = this.#apps.executions.get(name);
    const points: object[] = [];
    for (let at = Math.ceil(from / MINUTE) * MINUTE; at < to && at <= this.#now(); at += MINUTE) {
      const timeStamp = new Date(at).toISOString();
      const life = execution && lifeOf(execution, this.#now());
      const isAlive =
        life !== undefined && at + MINUTE > life.startedAt && at < (life.endedAt ?? Number.POSITIVE_INFINITY);
      const usage = isAlive ? this.usage(name, at) : undefined;
      if (!usage) points.push({ timeStamp });
      else if (metric === "UsageNanoCores")
        points.push({ timeStamp, average: usage.cores * 1e9, total: usage.cores * 2e9 });
      else if (metric === "UsageBytes") points.push({ timeStamp, average: 2 ** 28, total: 2 ** 29 });
      else points.push({ timeStamp, average: usage.bytes / 2, total: usage.bytes });
    }
    return points;
  }
}

function table(columns: readonly string[], rows: readonly (readonly unknown[])[]): object {
  return { tables: [{ name: "PrimaryResult", columns: columns.map((name) => ({ name, type: "string" })), rows }] };
}
