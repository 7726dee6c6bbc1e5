import type { FireTime } from "../../../src/model/index.ts";
import { localAt, rectangles } from "../../../src/schedule/index.ts";
import { writeExpression } from "./expression.ts";
import type { NativeSchedule } from "./model.ts";

/**
 * Fires by their dates, in as few schedules as a simple way finds: dates of a month with equal times go together. Cloud
 * Scheduler has no year, so each comes again a year later. In UTC, or in the zone where the local time is the fire's own.
 */
export function dated(
  fires: readonly Pick<FireTime, "at">[],
  timezone: string,
): readonly Omit<NativeSchedule, "suffix">[] {
  const byDate = Map.groupBy(fires, ({ at }) => localAt(timezone, at).slice(0, 10));
  const days = [...byDate].map(([date, same]) => {
    const minutes = same.map(({ at }) => minuteOf(localAt(timezone, at))).sort((a, b) => a - b);
    return { month: Number(date.slice(5, 7)), day: Number(date.slice(8, 10)), minutes };
  });
  const alike = Map.groupBy(days, ({ month, minutes }) => `${month} ${minutes.join()}`);
  return [...alike.values()].flatMap((same) => {
    const { month = 1, minutes = [] } = same[0] ?? {};
    const daysOfMonth = ascending(same.map(({ day }) => day));
    return rectangles(minutes).map((times) => ({
      expression: writeExpression({ ...times, daysOfMonth, months: [month] }),
      timezone,
    }));
  });
}

function minuteOf(local: string): number {
  return Number(local.slice(11, 13)) * 60 + Number(local.slice(14, 16));
}

function ascending(values: readonly number[]): readonly number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
