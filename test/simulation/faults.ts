import type { Fault, FaultCall } from "../../providers/memory/index.ts";
import { HOUR, MINUTE, SECOND } from "../../src/model/index.ts";
import type { SeededRandom } from "../support/random.ts";

/** A stretch of the world's time. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export type DriverAct =
  | { readonly at: number; readonly do: "crash"; readonly downMs: number; readonly crossings: number }
  | { readonly at: number; readonly do: "stop"; readonly downMs: number }
  | { readonly at: number; readonly do: "freeze"; readonly forMs: number }
  | { readonly at: number; readonly do: "step"; readonly byMs: number; readonly forMs: number }
  | {
      readonly at: number;
      readonly do: "edit" | "again" | "empty" | "kill" | "start" | "excuse" | "foreign" | "strip";
    };

/** Everything that shall go wrong in a seed, drawn before it begins. */
export interface Plan {
  readonly acts: readonly DriverAct[];
  /** No answer from any provider. */
  readonly outages: readonly Span[];
  readonly disk: readonly (Span & { readonly refuses?: "full" | "busy"; readonly slowMs?: number })[];
  /** Share of single calls that go wrong in one way or another. */
  readonly rate: number;
}

/** Quiet enough to let limits be broken and stops be sent, full enough that each kind of trouble comes in a few seeds. */
export function drawPlan(random: SeededRandom, startAt: number, forMs: number): Plan {
  const at = (): number => startAt + 10 * MINUTE + Math.floor(random.next() * Math.max(1, forMs - 20 * MINUTE));
  const halfDays = forMs / (12 * HOUR);
  const times = (perHalfDay: number): number[] =>
    Array.from({ length: Math.floor(halfDays * perHalfDay + random.next()) }, () => at());
  const span = (least: number, most: number): Span => {
    const from = at();
    return { from, to: from + least + Math.floor(random.next() * (most - least)) };
  };
  const acts: DriverAct[] = [
    ...times(3).map((t): DriverAct => {
      const downMs = random.pick([
        10 * SECOND,
        5 * MINUTE,
        40 * MINUTE,
        3 * HOUR,
        random.chance(0.2) ? 30 * HOUR : HOUR,
      ]);
      return { at: t, do: "crash", downMs, crossings: random.below(40) };
    }),
    ...times(0.5).map((t): DriverAct => ({ at: t, do: "stop", downMs: random.pick([SECOND, 20 * MINUTE]) })),
    ...times(2).map((t): DriverAct => {
      return { at: t, do: "freeze", forMs: random.pick([MINUTE, 4 * MINUTE, 20 * MINUTE, 2 * HOUR]) };
    }),
    ...times(1).map((t): DriverAct => {
      const byMs = random.pick([HOUR, -HOUR, 24 * HOUR, -24 * HOUR, 13 * MINUTE, -50 * 365 * 24 * HOUR]);
      return { at: t, do: "step", byMs, forMs: random.pick([10 * MINUTE, 5 * HOUR]) };
    }),
    ...times(4).map((t): DriverAct => ({ at: t, do: "edit" })),
    ...(["again", "empty", "kill", "start", "excuse", "foreign", "strip"] as const).flatMap((what) =>
      times(what === "kill" || what === "start" ? 3 : 0.7).map((t): DriverAct => ({ at: t, do: what })),
    ),
  ];
  return {
    acts: acts.sort((a, b) => a.at - b.at || (a.do < b.do ? -1 : 1)),
    outages: times(0.8).map(() => span(6 * MINUTE, 2 * HOUR)),
    disk: [
      ...times(0.8).map(() => ({ ...span(5 * SECOND, 30 * MINUTE), refuses: random.pick(["full", "busy"] as const) })),
      ...times(0.8).map(() => ({ ...span(MINUTE, 20 * MINUTE), slowMs: 50 + random.below(1500) })),
    ],
    rate: random.pick([0, 0.003, 0.02]),
  };
}

/** What goes wrong with one call; a fire of the world itself may come late, twice or not at all. */
export function faultOf(plan: Plan, random: SeededRandom, call: FaultCall, quiet: boolean): Fault | undefined {
  if (quiet) return undefined;
  if (call.method === "fire") {
    if (!random.chance(plan.rate * 10)) return undefined;
    return random.pick([{ drop: true }, { duplicate: true }, { latencyMs: random.below(4 * MINUTE) }]);
  }
  if (within(plan.outages, call.at)) return { error: { code: "unavailable" }, latencyMs: random.below(3) * 500 };
  if (!random.chance(plan.rate)) return undefined;
  return random.pick<Fault>([
    { latencyMs: random.below(8000) },
    { error: { code: "throttled", retryAfterMs: random.below(5000) } },
    { error: { code: "unavailable" } },
    { error: { code: "unavailable", when: "after" } },
    { latencyMs: random.below(3000), error: { code: "unavailable", when: "after" } },
    ...(call.method === "inspect" || call.method === "listRuns" || call.method === "find"
      ? [{ staleMs: random.below(20_000) }]
      : []),
  ]);
}

export function within(spans: readonly Span[], at: number): boolean {
  return spans.some((s) => at >= s.from && at < s.to);
}

export function touches(spans: readonly Span[], from: number, to: number): boolean {
  return spans.some((s) => s.from < to && s.to > from);
}
