import type { Instant } from "../../../src/model/index.ts";
import type { Api } from "../api/index.ts";
import type { Signal } from "../resources/world.ts";
import type { MinuteCounts } from "./delivery.ts";
import { readSums, type Span, type Sums } from "./series.ts";

/**
 * What EventBridge counts of each rule of the default bus (user guide, "Monitoring Amazon EventBridge"): events that it
 * matched; invocations, among them those that failed for good, and not those that are tried again; those that failed for
 * good; and those that are counted in neither.
 */
const METRICS = ["MatchedEvents", "Invocations", "FailedInvocations", "DeadLetterInvocations"] as const;

/** The counts of the rules' minutes in [from, to), by rule; minutes in which nothing was counted are left out. */
export async function countRules(
  api: Api,
  rules: readonly string[],
  span: Span,
  signal: Signal,
): Promise<ReadonlyMap<string, ReadonlyMap<Instant, MinuteCounts>>> {
  const metrics = rules.flatMap((rule, index) =>
    METRICS.map((name) => ({
      id: idOf(name, index),
      namespace: "AWS/Events",
      name,
      dimension: ["RuleName", rule] as const,
    })),
  );
  const sums = await readSums(api, metrics, span, signal);
  return new Map(rules.map((rule, index) => [rule, minutesOf(sums, index)]));
}

function idOf(metric: (typeof METRICS)[number], index: number): string {
  return `${metric.slice(0, 1).toLowerCase()}${metric.slice(1)}_${index}`;
}

function minutesOf(sums: ReadonlyMap<string, Sums>, index: number): ReadonlyMap<Instant, MinuteCounts> {
  const [matched, invoked, failed, dead] = METRICS.map((metric) => sums.get(idOf(metric, index)));
  const minutes = new Set([matched, invoked, failed, dead].flatMap((each) => [...(each?.keys() ?? [])]));
  return new Map(
    [...minutes].map((at) => {
      const givenUp = (failed?.get(at) ?? 0) + (dead?.get(at) ?? 0);
      const ended = (invoked?.get(at) ?? 0) + (dead?.get(at) ?? 0);
      return [at, { matched: matched?.get(at) ?? 0, invoked: Math.max(ended, givenUp), failed: givenUp }];
    }),
  );
}
