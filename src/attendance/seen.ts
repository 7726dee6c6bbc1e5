import { type Instant, MINUTE, type Run } from "../model/index.ts";
import type { ExpectedFire } from "./expect.ts";
import type { FireFact } from "./shapes.ts";

/** A vendor starts a fire from at most this much before its time (clocks differ) … */
const EARLY_MS: number = MINUTE;
/** … to this long after it (EventBridge: 60 s and what provisioning takes). */
const LATE_MS: number = 10 * MINUTE;

const RANK: Readonly<Record<FireFact["outcome"], number>> = { started: 0, skipped: 1, missed: 2 };

/** Finds the record of a fire: the one that names its key, else the narrowest stretch that covers its time. */
export class Records {
  private readonly byKey = new Map<string, FireFact>();
  private readonly stretches = new Map<string, FireFact[]>();

  constructor(records: readonly FireFact[]) {
    for (const record of records) {
      if (record.count === 1) {
        const known = this.byKey.get(record.firstFire);
        if (!known || RANK[record.outcome] < RANK[known.outcome]) this.byKey.set(record.firstFire, record);
        continue;
      }
      const list = this.stretches.get(record.job) ?? [];
      list.push(record);
      this.stretches.set(record.job, list);
    }
    for (const list of this.stretches.values()) list.sort((a, b) => a.to - a.from - (b.to - b.from));
  }

  of(fire: Pick<ExpectedFire, "key" | "job" | "at">): FireFact | undefined {
    const exact = this.byKey.get(fire.key);
    if (exact) return exact;
    return this.stretches.get(fire.job)?.find(({ from, to }) => from <= fire.at && fire.at <= to);
  }
}

/** Which runs belong to which fire, and which belong to none. */
export interface Matched {
  /** Attempts of each fire, ascending. */
  readonly byFire: ReadonlyMap<string, readonly Run[]>;
  readonly strays: readonly Run[];
}

/**
 * A run belongs to the fire whose key it carries, or whose record names it. A run without a key that the
 * vendor's own schedule may have started belongs to the nearest fire of its job that nothing else started.
 */
export function matchRuns(expected: readonly ExpectedFire[], records: Records, runs: readonly Run[]): Matched {
  const byFire = new Map<string, Run[]>();
  const keys = new Set(expected.map(({ key }) => key));
  const named = new Map<string, string>();
  for (const fire of expected) {
    const run = records.of(fire)?.run;
    if (run !== undefined) named.set(run, fire.key);
  }
  const loose: Run[] = [];
  for (const run of runs) {
    const key = run.fire !== undefined && keys.has(run.fire) ? run.fire : named.get(run.run);
    if (key === undefined) loose.push(run);
    else byFire.set(key, [...(byFire.get(key) ?? []), run]);
  }
  const free = Map.groupBy(
    expected.filter(({ key }) => !byFire.has(key)),
    ({ job }) => job,
  );
  const strays: Run[] = [];
  for (const run of loose.toSorted((a, b) => startOf(a) - startOf(b))) {
    const fire =
      run.cause === "foreign" && run.fire === undefined ? nearest(free.get(run.job) ?? [], run, byFire) : undefined;
    if (fire) byFire.set(fire.key, [run]);
    else strays.push(run);
  }
  for (const attempts of byFire.values()) attempts.sort((a, b) => a.attempt - b.attempt || a.createdAt - b.createdAt);
  return { byFire, strays };
}

/** When a run stands in time: its fire, its start, or its creation. */
export function startOf(run: Run): Instant {
  return run.fireAt ?? run.startedAt ?? run.createdAt;
}

function nearest(
  fires: readonly ExpectedFire[],
  run: Run,
  taken: ReadonlyMap<string, unknown>,
): ExpectedFire | undefined {
  const at = startOf(run);
  let best: ExpectedFire | undefined;
  for (const fire of fires) {
    const behind = at - fire.at;
    if (taken.has(fire.key) || behind < -EARLY_MS || behind > LATE_MS) continue;
    if (!best || Math.abs(behind) < Math.abs(at - best.at)) best = fire;
  }
  return best;
}
