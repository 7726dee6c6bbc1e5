import { DAY, type Instant, MINUTE } from "../../../src/model/index.ts";
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

/** Minutes of a day as pairs of hours and minutes: hours with equal minutes go together. */
function rectangles(minutesOfDay: readonly number[]): readonly Pick<NativeTrigger, "hours" | "minutes">[] {
  const byHour = Map.groupBy(minutesOfDay, (minute) => Math.floor(minute / 60));
  const alike = Map.groupBy(byHour, ([, minutes]) => minutes.map((minute) => minute % 60).join());
  return [...alike].map(([minutes, hours]) => ({
    hours: hours.map(([hour]) => hour),
    minutes: minutes.split(",").map(Number),
  }));
}

function dateOf(at: Instant): string {
  return Temporal.Instant.fromEpochMilliseconds(at).toString().slice(0, 10);
}
