type Json = Readonly<Record<string, unknown>>;

const MINUTE = 60_000;
/** CloudWatch has a minute's counts so long after its end. */
const LATE_MS = MINUTE;

/** What becomes of a request: delivered or given up, at once or after a while of trying. */
export interface Fate {
  readonly afterMs?: number;
  readonly isGivenUp?: boolean;
}

/**
 * Events on the bus and what CloudWatch counts, neither of which moto has: of a rule, which is named after the source and
 * the type of its events, and of whatever else the test says.
 */
export class Deliveries {
  /** Asked for each event. */
  fate: (rule: string) => Fate = () => ({});
  /** Results to a page; a request for more gets a token. */
  pageSize = 500;
  readonly #now: () => number;
  readonly #counted: { readonly of: string; readonly metric: string; readonly at: number }[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  answer(operation: string, body: Json): Json | undefined {
    if (operation === "PutEvents") return this.#put(body["Entries"] as readonly Json[]);
    return operation === "GetMetricData" && isOurs(body) ? this.#read(body) : undefined;
  }

  /** One of a rule's or a function's. */
  count(of: string, metric: string, at: number): void {
    this.#counted.push({ of, metric, at });
  }

  #put(entries: readonly Json[]): Json {
    for (const { Source, DetailType } of entries) {
      const rule = `${String(Source)}.${String(DetailType)}`;
      const { afterMs = 0, isGivenUp = false } = this.fate(rule);
      this.count(rule, "MatchedEvents", this.#now());
      this.count(rule, "Invocations", this.#now() + afterMs);
      if (isGivenUp) this.count(rule, "FailedInvocations", this.#now() + afterMs);
    }
    return { FailedEntryCount: 0, Entries: entries.map((_, index) => ({ EventId: `e-${index}` })) };
  }

  #read({ MetricDataQueries, StartTime, EndTime, NextToken = "0" }: Json): Json {
    const queries = MetricDataQueries as readonly Json[];
    const first = Number(NextToken);
    const some = queries.slice(first, first + this.pageSize);
    const until = Math.min(Number(EndTime) * 1000, this.#now() - LATE_MS - MINUTE + 1);
    const results = some.map(({ Id, MetricStat }) => {
      const { Metric } = MetricStat as { readonly Metric: Json };
      const [{ Value }] = Metric["Dimensions"] as readonly [{ readonly Value: string }];
      const minutes = new Map<number, number>();
      for (const { of, metric, at } of this.#counted) {
        const minute = Math.floor(at / MINUTE) * MINUTE;
        if (of !== Value || metric !== Metric["MetricName"] || minute < Number(StartTime) * 1000) continue;
        if (minute < until) minutes.set(minute, (minutes.get(minute) ?? 0) + 1);
      }
      const Timestamps = [...minutes.keys()].map((minute) => minute / 1000);
      return { Id, Timestamps, Values: [...minutes.values()], StatusCode: "Complete" };
    });
    const next = first + this.pageSize;
    return { MetricDataResults: results, ...(next < queries.length ? { NextToken: String(next) } : {}) };
  }
}

/** Metrics of machines are others' to tell. */
function isOurs({ MetricDataQueries }: Json): boolean {
  const [query] = MetricDataQueries as readonly Json[];
  const { Metric } = (query?.["MetricStat"] ?? {}) as { readonly Metric?: Json };
  return /^AWS\/(?:Events|Lambda)$/.test(String(Metric?.["Namespace"]));
}
