import { DAY, MINUTE, type Schedule, type Slot, type Weekday } from "../../../src/model/index.ts";
import { fires, parseCron } from "../../../src/schedule/index.ts";
import { toAwsWeekday, writeCron } from "./expression.ts";

/** A Monday at 00:00 UTC, from which a week is read off. */
const SOME_MONDAY = Date.UTC(2024, 0, 1);
const ALL_MONTHS = Array.from({ length: 12 }, (_, index) => index + 1);
const ALL_DAYS = Array.from({ length: 31 }, (_, index) => index + 1);

/** The cron expressions of EventBridge whose union is what a schedule asks for in local time. */
export type Patterns =
  | { readonly ok: true; readonly expressions: readonly string[] }
  | { readonly ok: false; readonly reason: string; readonly fix: string };

export function cronPatterns(expression: string): Patterns {
  const parsed = parseCron(expression);
  if (!parsed.ok) return refuse(parsed.error.message, parsed.error.hint ?? "write five fields");
  const { minutes, hours, months, daysOfMonth, weekdays, days } = parsed.fields;
  const common = { minutes, hours, months };
  const everyDay = daysOfMonth.length === 31;
  const everyWeekday = weekdays.length === 7;
  const daysOfWeek = ascending(weekdays.map(toAwsWeekday));
  if (everyDay && everyWeekday) return found([writeCron({ ...common, daysOfMonth })]);
  if (days === "either") {
    // Vixie's OR: a day that both name is started once, because the start's token names the minute.
    if (everyDay || everyWeekday) return found([writeCron({ ...common, daysOfMonth: ALL_DAYS })]);
    return found([writeCron({ ...common, daysOfMonth }), writeCron({ ...common, daysOfWeek })]);
  }
  if (everyWeekday) return found([writeCron({ ...common, daysOfMonth })]);
  if (everyDay) return found([writeCron({ ...common, daysOfWeek })]);
  return refuse(
    `"${expression}" asks for a day of the month that is also a day of the week, which EventBridge cannot say`,
    "restrict one of the two day fields, and check the other in the job",
  );
}

/** What a flexible job with its slot asks for: read off one week, or the days of the month, without zone and calendar. */
export function slotPatterns(schedule: Extract<Schedule, { kind: "interval" | "flexible" }>, slot: Slot): Patterns {
  if (schedule.kind === "flexible" && schedule.weeks > 1) {
    return refuse(
      `EventBridge has no schedule for every ${schedule.weeks} weeks`,
      "use every: week and let the job decide, or place it on a provider where the daemon fires (local)",
    );
  }
  if (schedule.kind === "flexible" && schedule.period === "month") {
    const starts = slot.kind === "starts" ? slot.starts : [];
    const groups = Map.groupBy(starts, ({ minute }) => minute);
    return found(
      [...groups].map(([minute, same]) =>
        writeCron({
          minutes: [minute % 60],
          hours: [Math.floor(minute / 60)],
          daysOfMonth: ascending(same.map(({ day = 1 }) => day)),
          months: ALL_MONTHS,
        }),
      ),
    );
  }
  const { calendar: _calendar, start: _start, end: _end, ...bare } = schedule;
  const week = fires({ ...bare, timezone: "UTC" }, slot, SOME_MONDAY, SOME_MONDAY + 7 * DAY);
  const minutesOf = new Map<Weekday, number[]>();
  for (const { at } of week) {
    const day = Math.floor((at - SOME_MONDAY) / DAY);
    const weekday = (day + 1) as Weekday;
    const minutes = minutesOf.get(weekday) ?? [];
    minutes.push((at - SOME_MONDAY - day * DAY) / MINUTE);
    minutesOf.set(weekday, minutes);
  }
  const alike = Map.groupBy(minutesOf, ([, minutes]) => minutes.join());
  return found(
    [...alike.values()].flatMap((days) => {
      const weekdays = days.map(([weekday]) => weekday);
      return rectangles(days[0]?.[1] ?? []).map(({ hours, minutes }) =>
        weekdays.length === 7
          ? writeCron({ minutes, hours, daysOfMonth: ALL_DAYS, months: ALL_MONTHS })
          : writeCron({ minutes, hours, months: ALL_MONTHS, daysOfWeek: ascending(weekdays.map(toAwsWeekday)) }),
      );
    }),
  );
}

/** Minutes of a day as the fewest pairs of hours and minutes that this simple way finds: hours with equal minutes go together. */
function rectangles(
  minutesOfDay: readonly number[],
): readonly { readonly hours: readonly number[]; readonly minutes: readonly number[] }[] {
  const byHour = Map.groupBy(minutesOfDay, (minute) => Math.floor(minute / 60));
  const alike = Map.groupBy(byHour, ([, minutes]) => minutes.map((minute) => minute % 60).join());
  return [...alike.values()].map((hours) => ({
    hours: ascending(hours.map(([hour]) => hour)),
    minutes: ascending((hours[0]?.[1] ?? []).map((minute) => minute % 60)),
  }));
}

function ascending(values: readonly number[]): readonly number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

function found(expressions: readonly string[]): Patterns {
  return { ok: true, expressions };
}

function refuse(reason: string, fix: string): Patterns {
  return { ok: false, reason, fix };
}
