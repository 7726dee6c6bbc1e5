import type { Instant, RentedMachine } from "../../model/index.ts";
import type { RunState } from "../../provider/index.ts";

/**
 * What is known of a run's machines after one more look, or undefined when it is what was known before. One that the
 * provider tells no more of is gone by now at the latest: nothing that was rented is forgotten. A run that had given some
 * back before it was first looked at stays unknown: those that are left are not all.
 */
export function rentedNow(
  before: readonly RentedMachine[] | undefined,
  { rented: seen, returned = [] }: Pick<RunState, "rented" | "returned">,
  now: Instant,
): readonly RentedMachine[] | undefined {
  if (before === undefined) return returned.length === 0 ? seen : undefined;
  const kept = before.map((known): RentedMachine => {
    const again = seen?.find((each) => isSame(each, known));
    if (again) return { ...known, ...again };
    const back = returned.find(({ id }) => id === known.id);
    if (known.until !== undefined || (seen === undefined && !back)) return known;
    return { ...known, until: Math.max(known.from, Math.min(now, back?.by ?? now)) };
  });
  const fresh = (seen ?? []).filter((each) => !kept.some((known) => isSame(each, known)));
  const all = [...kept, ...fresh];
  return JSON.stringify(all) === JSON.stringify(before) ? undefined : all;
}

/** One machine that was started again is rented anew. */
function isSame(one: RentedMachine, other: RentedMachine): boolean {
  return one.id === other.id && one.from === other.from;
}
