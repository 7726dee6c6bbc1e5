import { DAY, type Instant, MINUTE } from "../../../src/model/index.ts";
import { rectangles } from "../../../src/schedule/index.ts";
import { ascending } from "./shapes.ts";
import type { NativeTrigger } from "./trigger.ts";

/** Triggers in UTC that fire at these instants and at no other: dates with the same times share one. */
export function oneOffTriggers(instants: readonly Instant[]): readonly NativeTrigger[] {
  const timesOf = Map.groupBy(ascending(instants), (at) => Math.floor(at / DAY));
  const alike = Map.groupBy(timesOf, ([day, times]) => times.map((at) => (at - day * DAY) / MINUTE).join());
  return [...alike].flatMap(([times, days]) => {
    const onlyDates = days.map(([day]) => dateOf(day * DAY));
    return rectangles(times.split(",").map(Number)).map(
      (rectangle): NativeTrigger => ({ frequency: "Day", timeZone: "UTC", ...rectangle, condition: { onlyDates } }),
    );
  });
}

function dateOf(at: Instant): string {
  return Temporal.Instant.fromEpochMilliseconds(at).toString().slice(0, 10);
}
