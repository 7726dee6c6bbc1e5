import type { DesiredJob } from "../../../src/model/index.ts";
import { parseCron, slotShapes } from "../../../src/schedule/index.ts";
import type { CronParts } from "./expression.ts";

/** The five-field expressions whose union is what a schedule asks for in local time. */
export type Patterns =
  | { readonly ok: true; readonly parts: readonly CronParts[] }
  | { readonly ok: false; readonly reason: string; readonly fix: string };

export function patternsOf({ job, slot }: DesiredJob): Patterns {
  const { schedule } = job;
  if (schedule.kind === "cron") return cronPatterns(schedule.expression);
  if ((schedule.kind === "interval" || schedule.kind === "flexible") && slot) {
    const shapes = slotShapes(schedule, slot);
    if (shapes) return { ok: true, parts: shapes.map((shape) => ({ ...shape, ...weekdaysOf(shape.weekdays) })) };
    const weeks = schedule.kind === "flexible" ? schedule.weeks : 1;
    const fix = "use every: week and let the job decide, or place it on a provider where the daemon fires (local)";
    return refuse(`Cloud Scheduler has no schedule for every ${weeks} weeks`, fix);
  }
  return refuse("the job has no slot yet", "run rota stagger --write");
}

function cronPatterns(expression: string): Patterns {
  const parsed = parseCron(expression);
  if (!parsed.ok) return refuse(parsed.error.message, parsed.error.hint ?? "write five fields");
  const { minutes, hours, months, daysOfMonth, weekdays, days } = parsed.fields;
  const everyDay = daysOfMonth.length === 31;
  const everyWeekday = weekdays.length === 7;
  const common = { minutes, hours, ...(months.length === 12 ? {} : { months }) };
  if (days === "both" && !everyDay && !everyWeekday) {
    return refuse(
      `"${expression}" asks for a day of the month that is also a day of the week, which Cloud Scheduler cannot say`,
      "restrict one of the two day fields, and check the other in the job",
    );
  }
  // Vixie's OR: where one side is every day, so is the whole.
  if (days === "either" && (everyDay || everyWeekday)) return { ok: true, parts: [common] };
  const part = {
    ...common,
    ...(everyDay ? {} : { daysOfMonth }),
    ...(everyWeekday ? {} : weekdaysOf(weekdays)),
  };
  return { ok: true, parts: [part] };
}

/** ISO weekdays as cron(5) has them, Sunday 0. */
function weekdaysOf(weekdays: readonly number[] | undefined): { readonly weekdays?: readonly number[] } {
  if (weekdays === undefined) return {};
  return { weekdays: weekdays.map((day) => day % 7).sort((a, b) => a - b) };
}

function refuse(reason: string, fix: string): Patterns {
  return { ok: false, reason, fix };
}
