import { placingOrder, type Week } from "./search.ts";

/** Of the burden, sweep by sweep: first all hours are levelled, then more and more the highest alone. */
const STEEPNESS = [16, 128, 512] as const;

/** More jobs than this: the first sweeps look at blocks of five minutes: the last one mends what that costs. */
export const LARGE_PROBLEM = 2000;
const LAST = STEEPNESS.at(-1);

/**
 * Moves every job to where it is best among all the others, over and over, with an ever steeper burden. A jump to a
 * lower peak is often a chain of moves of which no single one lowers it; here each makes the week a little more level.
 * It helps most where windows are alike, as at night in one time zone: there the first hours to fill up are found late.
 */
export function anneal(week: Week): void {
  const order = placingOrder(week.problem.tasks);
  for (const steepness of STEEPNESS) {
    week.steepen(steepness);
    week.byBlocks = week.problem.tasks.length > LARGE_PROBLEM && steepness !== LAST;
    for (const index of order) {
      const before = week.take(index);
      week.place(index);
      if (week.keepsOrder(index)) continue;
      week.take(index);
      week.put(index, before);
    }
  }
  week.byBlocks = false;
  week.settle();
}
