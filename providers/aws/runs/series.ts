import type { MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import { type Instant, MINUTE } from "../../../src/model/index.ts";
import { next, ProviderError, pages } from "../../../src/provider/index.ts";
import type { Api } from "../api/index.ts";
import type { Signal } from "../resources/world.ts";

export interface Span {
  readonly from: Instant;
  readonly to: Instant;
}

/** One metric, by the letters, digits and `_` that its sums are asked back by. */
export interface Metric {
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly dimension: readonly [name: string, value: string];
}

/** The sum of each minute; minutes without any are left out. */
export type Sums = ReadonlyMap<Instant, number>;

/** GetMetricData takes so many metrics at a time. */
const MOST_QUERIES = 500;

/** The sums of the minutes in [from, to), by the metrics' ids: all of them, or it throws. */
export async function readSums(
  api: Api,
  metrics: readonly Metric[],
  span: Span,
  signal: Signal,
): Promise<ReadonlyMap<string, Sums>> {
  const sums = new Map<string, Map<Instant, number>>();
  for (let first = 0; first < metrics.length; first += MOST_QUERIES) {
    await readSome(api, metrics.slice(first, first + MOST_QUERIES), span, sums, signal);
  }
  return sums;
}

async function readSome(
  api: Api,
  metrics: readonly Metric[],
  { from, to }: Span,
  sums: Map<string, Map<Instant, number>>,
  signal: Signal,
): Promise<void> {
  const query = { StartTime: new Date(from), EndTime: new Date(to), MetricDataQueries: metrics.map(queryOf) };
  const results = await pages((NextToken) =>
    api
      .send("cloudwatch:GetMetricData", { ...query, ...next("NextToken", NextToken) }, signal)
      .then((page) => ({ items: page.MetricDataResults ?? [], next: page.NextToken })),
  );
  const state = new Map<string, string | undefined>();
  for (const { Id = "", StatusCode, Timestamps = [], Values = [] } of results) {
    const known = sums.get(Id) ?? new Map<Instant, number>();
    for (const [index, at] of Timestamps.entries()) known.set(at.getTime(), Math.round(Values[index] ?? 0));
    sums.set(Id, known);
    // Of several pages the last one says whether all is there.
    state.set(Id, StatusCode);
  }
  for (const { id } of metrics) {
    const status = state.get(id);
    if (status === "Complete") continue;
    const code = status === "Forbidden" ? "denied" : "unavailable";
    throw new ProviderError(code, `cloudwatch:GetMetricData: ${id} is ${status ?? "not answered"}`);
  }
}

function queryOf({ id, namespace, name, dimension: [Name, Value] }: Metric): MetricDataQuery {
  return {
    Id: id,
    MetricStat: {
      Metric: { Namespace: namespace, MetricName: name, Dimensions: [{ Name, Value }] },
      Period: MINUTE / 1000,
      Stat: "Sum",
    },
  };
}
