import type { MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import { type Clock, DAY, type Instant, MINUTE, type Sample } from "../../../src/model/index.ts";
import { next, ProviderError } from "../../../src/provider/index.ts";
import type { Api } from "../api/index.ts";
import type { Signal } from "../resources/world.ts";
import { isUp, type Machine } from "./uptime.ts";

/** What EC2 tells CloudWatch (EC2 User guide, "CloudWatch metrics that are available for your instances"). */
const METRICS = {
  cpu: { name: "CPUUtilization", stat: "Average" },
  in: { name: "NetworkIn", stat: "Sum" },
  out: { name: "NetworkOut", stat: "Sum" },
  /** Of machines on Nitro alone. */
  ebsRead: { name: "EBSReadBytes", stat: "Sum" },
  ebsWrite: { name: "EBSWriteBytes", stat: "Sum" },
  /** Of disks in the machine itself, which few types have. */
  diskRead: { name: "DiskReadBytes", stat: "Sum" },
  diskWrite: { name: "DiskWriteBytes", stat: "Sum" },
} as const;
type Metric = keyof typeof METRICS;
const ALL = Object.keys(METRICS) as readonly Metric[];
/** Every machine that can be stopped has its root disk on EBS: without these two nothing is known of its disks. */
const NEEDED: readonly Metric[] = ["cpu", "in", "out", "ebsRead", "ebsWrite"];

/** Queries that GetMetricData takes at a time. */
const MOST_QUERIES = 500;
const BASIC_MS = 5 * MINUTE;
const DETAILED_MS = MINUTE;
/** A figure is there by then at the earliest, and is asked for no more often: CloudWatch bills each. */
const EARLIEST_MS = MINUTE;
/** What has not come by then is taken as unknown: later figures must not wait for it. */
const LATEST_MS = 10 * MINUTE;
/** Of the time that nobody asked about at once. */
const LONGEST_MS = DAY;

const MOST_REMEMBERED = 10_000;

/** Metric → machine → start of the period → figure. */
type Figures = ReadonlyMap<string, number>;

/** How much machines compute, read, write and send, by CloudWatch. */
export class MachineMetrics {
  readonly #api: Api;
  readonly #clock: Pick<Clock, "now">;
  /** When a run was looked at last, by what it is known by. */
  readonly #askedAt = new Map<string, Instant>();

  constructor(api: Api, clock: Pick<Clock, "now">) {
    this.#api = api;
    this.#clock = clock;
  }

  /** Of all machines of a run together, a period each, oldest first; `run` is what it is known by. */
  async of(
    run: string,
    machinesOf: () => Promise<readonly Machine[]>,
    after: Instant,
    signal: Signal,
  ): Promise<readonly Sample[]> {
    const now = this.#clock.now();
    const askedAt = this.#askedAt.get(run) ?? Number.NEGATIVE_INFINITY;
    if (now < after + EARLIEST_MS || now - askedAt < EARLIEST_MS) return [];
    if (this.#askedAt.size >= MOST_REMEMBERED) this.#askedAt.clear();
    this.#askedAt.set(run, now);
    const machines = await machinesOf();
    const up = machines.filter(isUp);
    if (up.length === 0) return [];
    const periodMs = up.every(({ detailed }) => detailed) ? DETAILED_MS : BASIC_MS;
    const from = Math.floor(Math.max(after, now - LONGEST_MS) / periodMs) * periodMs;
    if (now < from + periodMs + EARLIEST_MS) return [];
    const figures = await this.#read(machines, { from, to: now, periodMs }, signal);
    const samples: Sample[] = [];
    for (let start = from; start + periodMs + EARLIEST_MS <= now; start += periodMs) {
      const period = { start, end: start + periodMs };
      const isAwaited = now - period.end < LATEST_MS;
      if (isAwaited && !isComplete(figures, machines, period)) break;
      const sample = sampleOf(figures, machines, period, after);
      if (sample) samples.push(sample);
    }
    return samples;
  }

  async #read(
    machines: readonly Machine[],
    { from, to, periodMs }: { readonly from: Instant; readonly to: Instant; readonly periodMs: number },
    signal: Signal,
  ): Promise<Figures> {
    const queries = machines.flatMap(({ id }) =>
      ALL.map(
        (metric): MetricDataQuery => ({
          Id: `${metric}_${id.replace("-", "_")}`,
          MetricStat: {
            Metric: {
              Namespace: "AWS/EC2",
              MetricName: METRICS[metric].name,
              Dimensions: [{ Name: "InstanceId", Value: id }],
            },
            Period: periodMs / 1000,
            Stat: METRICS[metric].stat,
          },
        }),
      ),
    );
    const figures = new Map<string, number>();
    for (let index = 0; index < queries.length; index += MOST_QUERIES) {
      const request = {
        MetricDataQueries: queries.slice(index, index + MOST_QUERIES),
        StartTime: new Date(from),
        EndTime: new Date(to),
        ScanBy: "TimestampAscending" as const,
      };
      for (let token: string | undefined, isFirst = true; isFirst || token !== undefined; isFirst = false) {
        const page = await this.#api.send(
          "cloudwatch:GetMetricData",
          { ...request, ...next("NextToken", token) },
          signal,
        );
        for (const { Id = "", Timestamps = [], Values = [], StatusCode } of page.MetricDataResults ?? []) {
          if (StatusCode === "InternalError" || StatusCode === "Forbidden")
            throw new ProviderError("unavailable", `cloudwatch:GetMetricData: ${Id}: ${StatusCode}`);
          for (const [at, time] of Timestamps.entries()) {
            const value = Values[at];
            if (value !== undefined) figures.set(`${Id} ${time.getTime()}`, value);
          }
        }
        token = page.NextToken;
      }
    }
    return figures;
  }
}

interface Period {
  readonly start: Instant;
  readonly end: Instant;
}

function figureOf(figures: Figures, metric: Metric, { id }: Machine, { start }: Period): number | undefined {
  return figures.get(`${metric}_${id.replace("-", "_")} ${start}`);
}

/** It was up in the period, so that a figure which there is not is one that is not told (yet). */
function wasUp(machine: Machine, period: Period): boolean {
  const { launchedAt = 0, stoppedAt = 0 } = machine;
  return launchedAt < period.end && (isUp(machine) || period.start < stoppedAt);
}

function isComplete(figures: Figures, machines: readonly Machine[], period: Period): boolean {
  return machines
    .filter((machine) => wasUp(machine, period))
    .every((machine) => NEEDED.every((metric) => figureOf(figures, metric, machine, period) !== undefined));
}

/**
 * The sum over the machines. A figure that one of those that were up lacks is unknown for all; one that was down before
 * adds what is said of it.
 */
function sampleOf(figures: Figures, machines: readonly Machine[], period: Period, after: Instant): Sample | undefined {
  const there = machines.filter(({ launchedAt = 0 }) => launchedAt < period.end);
  const from = Math.max(after, period.start, Math.min(...there.map(({ launchedAt = 0 }) => launchedAt)));
  if (there.length === 0 || from >= period.end) return undefined;
  const sum = (of: (machine: Machine) => number | undefined): number | undefined => {
    let total = 0;
    for (const machine of there) {
      const value = of(machine);
      if (value === undefined && wasUp(machine, period)) return undefined;
      total += value ?? 0;
    }
    return total;
  };
  const bytes = (metric: Metric, also?: Metric) =>
    sum((machine) => {
      const value = figureOf(figures, metric, machine, period);
      const more = also === undefined ? undefined : figureOf(figures, also, machine, period);
      return value === undefined ? undefined : value + (more ?? 0);
    });
  const cpuSeconds = sum((machine) => {
    const percent = figureOf(figures, "cpu", machine, period);
    const seconds = (period.end - Math.max(period.start, machine.launchedAt ?? 0)) / 1000;
    return percent === undefined || machine.vcpu === undefined ? undefined : (percent / 100) * machine.vcpu * seconds;
  });
  const received = bytes("in");
  const sent = bytes("out");
  return {
    from,
    to: period.end,
    ...known("cpuSeconds", cpuSeconds),
    ...known("readBytes", bytes("ebsRead", "diskRead")),
    ...known("writtenBytes", bytes("ebsWrite", "diskWrite")),
    ...known("networkBytes", received === undefined || sent === undefined ? undefined : received + sent),
  };
}

/** Absent stays absent: unknown is never zero. */
function known<K extends string>(name: K, value: number | undefined): { readonly [key in K]?: number } {
  return value === undefined || !Number.isFinite(value) ? {} : ({ [name]: value } as { readonly [key in K]: number });
}
