import type { Schedule, Slot } from "../../../src/model/index.ts";
import { parseCron, slotShapes } from "../../../src/schedule/index.ts";
import { toAwsWeekday, writeCron } from "./expression.ts";

const ALL_MONTHS = Array.from({ length: 12 }, (_, index) => index + 1);
const ALL_DAYS = Array.from({ length: 31 }, (_, index) => index + 1);

/** The cron expressions of EventBridge whose union is what a schedule asks for in local time. */
export type Patterns =
  | { readonly ok: true; readonly expressions: readonly string[] }
  /** `noCron`: it is a schedule, and no cron expression says it. */
  | { readonly ok: false; readonly noCron: boolean; readonly reason: string; readonly fix: string };

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
  return noCron(
    `"${expression}" asks for a day of the month that is also a day of the week, which EventBridge cannot say`,
    "restrict one of the two day fields, and check the other in the job",
  );
}

/** What a flexible job with its slot asks for, read off one week, or the days of the month. */
export function slotPatterns(schedule: Extract<Schedule, { kind: "interval" | "flexible" }>, slot: Slot): Patterns {
  const shapes = slotShapes(schedule, slot);
  if (shapes === undefined) {
    return noCron(
      `EventBridge has no schedule for every ${schedule.kind === "flexible" ? schedule.weeks : 1} weeks`,
      "use every: week and let the job decide, or place it on a provider where the daemon fires (local)",
    );
  }
  return found(
    shapes.map(({ minutes, hours, daysOfMonth = ALL_DAYS, weekdays }) =>
      weekdays === undefined
        ? writeCron({ minutes, hours, daysOfMonth, months: ALL_MONTHS })
        : writeCron({ minutes, hours, months: ALL_MONTHS, daysOfWeek: ascending(weekdays.map(toAwsWeekday)) }),
    ),
  );
}

function ascending(values: readonly number[]): readonly number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

function found(expressions: readonly string[]): Patterns {
  return { ok: true, expressions };
}

function refuse(reason: string, fix: string): Patterns {
  return { ok: false, noCron: false, reason, fix };
}

function noCron(reason: string, fix: string): Patterns {
  return { ok: false, noCron: true, reason, fix };
}
