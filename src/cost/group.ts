import type { Run } from "../model/index.ts";
import type { Subject } from "./subject.ts";

/** What rows are grouped by: a fixed attribute, or a label by its key (`label:tier`). */
export type GroupKey = "team" | "costCenter" | "job" | "provider" | "environment" | `label:${string}`;

/** Where a run has no team, no label, or is not known. */
export const NONE = "-";

/** Exact sums of what belongs to one row. */
export interface Group {
  readonly key: readonly string[];
  runs: number;
  cost: bigint;
  previous: bigint;
  saved: bigint;
  upcoming: bigint;
  unpriced: number;
}

export function emptyGroup(key: readonly string[]): Group {
  return { key, runs: 0, cost: 0n, previous: 0n, saved: 0n, upcoming: 0n, unpriced: 0 };
}

export function added(a: Group, b: Group): Group {
  return {
    key: a.key,
    runs: a.runs + b.runs,
    cost: a.cost + b.cost,
    previous: a.previous + b.previous,
    saved: a.saved + b.saved,
    upcoming: a.upcoming + b.upcoming,
    unpriced: a.unpriced + b.unpriced,
  };
}

/** One group for each combination of values, made when something first belongs to it. */
export class Groups {
  readonly #by: readonly GroupKey[];
  readonly #runs: ReadonlyMap<string, Run>;
  readonly #groups = new Map<string, Group>();

  constructor(by: readonly GroupKey[], runs: ReadonlyMap<string, Run>) {
    this.#by = by;
    this.#runs = runs;
  }

  ofRun(id: string): Group {
    return this.of(this.#runs.get(id));
  }

  of(subject: Subject | undefined): Group {
    const key = this.#by.map((by) => (subject === undefined ? undefined : attributeOf(by, subject)) ?? NONE);
    const id = JSON.stringify(key);
    const group = this.#groups.get(id) ?? emptyGroup(key);
    this.#groups.set(id, group);
    return group;
  }

  all(): readonly Group[] {
    return [...this.#groups.values()];
  }
}

function attributeOf(by: GroupKey, subject: Subject): string | undefined {
  if (by === "provider") return subject.placement;
  if (by === "team" || by === "costCenter" || by === "job" || by === "environment") return subject[by];
  return subject.labels[by.slice("label:".length)];
}
