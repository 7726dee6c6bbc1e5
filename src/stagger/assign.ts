import type { Job, Slot } from "../model/index.ts";
import { expectedMinutes } from "./duration.ts";
import { byText } from "./hash.ts";
import type { Lock } from "./lock.ts";
import { shapeOf } from "./shape.ts";
import { hashSlot, startsOf } from "./slot.ts";

/** A flexible job that has no allowed start, and how to mend it. */
export interface Unplaceable {
  readonly job: string;
  readonly reason: string;
  readonly hint: string;
}

export interface SlotAssignment {
  /** By job name; every flexible job that can be placed has one. */
  readonly slots: ReadonlyMap<string, Slot>;
  /**
   * Sorted names of the jobs whose line in the lock is missing, superfluous or no longer allowed: what
   * `rota stagger --write` would change. Empty without a lock.
   */
  readonly stale: readonly string[];
  /** Those of `stale` whose slot is there and is not, or no longer, one that the schedule allows. */
  readonly notAllowed: ReadonlyMap<string, Slot>;
  readonly unplaceable: readonly Unplaceable[];
}

/** Each flexible job's slot: the lock's when it is still allowed, else a stable hash inside its windows. */
export function assignSlots(jobs: readonly Job[], lock: Lock | undefined): SlotAssignment {
  const slots = new Map<string, Slot>();
  const stale = new Set<string>();
  const notAllowed = new Map<string, Slot>();
  const unplaceable: Unplaceable[] = [];
  const environments = new Set<string>();
  for (const job of jobs) {
    environments.add(job.environment);
    const shape = shapeOf(job, expectedMinutes(job));
    if (!shape) continue;
    if (shape.kind === "impossible") {
      unplaceable.push({ job: job.name, reason: shape.reason, hint: shape.hint });
      continue;
    }
    const locked = lock?.environments.get(job.environment)?.get(job.name);
    const kept = locked && startsOf(shape, locked) !== undefined;
    slots.set(job.name, kept ? locked : hashSlot(shape, job.name));
    if (lock && !kept) stale.add(job.name);
    if (locked && !kept) notAllowed.set(job.name, locked);
  }
  for (const environment of environments) {
    for (const name of lock?.environments.get(environment)?.keys() ?? []) if (!slots.has(name)) stale.add(name);
  }
  unplaceable.sort((a, b) => byText(a.job, b.job));
  return { slots, stale: [...stale].sort(byText), notAllowed, unplaceable };
}
