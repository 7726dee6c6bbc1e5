import type { Instant, RentedMachine } from "../../model/index.ts";

/**
 * What is known of a run's machines after one more look, or undefined when it is what was known before. One that the
 * provider tells no more of is gone by now at the latest: nothing that was rented is forgotten.
 */
export function rentedNow(
  before: readonly RentedMachine[] | undefined,
  seen: readonly RentedMachine[] | undefined,
  now: Instant,
): readonly RentedMachine[] | undefined {
  if (seen === undefined) return undefined;
  const kept = (before ?? []).map((known): RentedMachine => {
    const again = seen.find((each) => isSame(each, known));
    if (again) return { ...known, ...again };
    return known.until === undefined ? { ...known, until: Math.max(known.from, now) } : known;
  });
  const fresh = seen.filter((each) => !kept.some((known) => isSame(each, known)));
  const all = [...kept, ...fresh];
  return before !== undefined && JSON.stringify(all) === JSON.stringify(before) ? undefined : all;
}

/** One machine that was started again is rented anew. */
function isSame(one: RentedMachine, other: RentedMachine): boolean {
  return one.id === other.id && one.from === other.from;
}
