import type { DesiredJob, Weekday } from "../../../src/model/index.ts";
import { parseCron, slotShapes } from "../../../src/schedule/index.ts";
import type { Condition, NativeTrigger } from "./trigger.ts";

const ALL_MONTHS = Array.from({ length: 12 }, (_, index) => index + 1);

/** Each minute of each hour, on days of one kind, in local time. */
export interface Shape extends Pick<NativeTrigger, "hours" | "minutes" | "weekdays" | "monthDays"> {
  readonly condition?: Pick<Condition, "months" | "weekdays" | "exceptWeekdays">;
}

export type Shapes =
  | { readonly ok: true; readonly shapes: readonly Shape[] }
  | { readonly ok: false; readonly reason: string; readonly fix: string };

/** Shapes whose union is what the schedule asks for, no instant in two; none where no week or month repeats it. */
export function shapesOf({ job: { schedule }, slot }: DesiredJob): Shapes {
  if (schedule.kind === "at") return { ok: true, shapes: [] };
  if (schedule.kind === "cron") return cronShapes(schedule.expression);
  if ((schedule.kind === "interval" || schedule.kind === "flexible") && slot) {
    const found = slotShapes(schedule, slot) ?? [];
    const shapes = found.map(({ minutes, hours, daysOfMonth, weekdays }) => ({
      minutes,
      hours,
      ...(daysOfMonth === undefined ? {} : { monthDays: daysOfMonth }),
      ...(weekdays === undefined ? {} : { weekdays }),
    }));
    return { ok: true, shapes };
  }
  return { ok: false, reason: "the job has no slot yet", fix: "run rota stagger --write" };
}

function cronShapes(expression: string): Shapes {
  const parsed = parseCron(expression);
  if (!parsed.ok) return { ok: false, reason: parsed.error.message, fix: parsed.error.hint ?? "write five fields" };
  const { minutes, hours, months, daysOfMonth, weekdays, days } = parsed.fields;
  const times = { minutes, hours };
  const monthly = months.length < ALL_MONTHS.length ? { months } : {};
  const shape = (which: Partial<Shape>, more: Shape["condition"] = {}): Shape => {
    const condition = { ...monthly, ...more };
    return { ...times, ...which, ...(Object.keys(condition).length === 0 ? {} : { condition }) };
  };
  const everyDay = daysOfMonth.length === 31;
  const everyWeekday = weekdays.length === 7;
  if ((everyDay && everyWeekday) || (days === "either" && (everyDay || everyWeekday))) return found(shape({}));
  // Vixie's OR: a day that both name belongs to the first, because Azure would start the job twice.
  if (days === "either")
    return found(shape({ weekdays }), shape({ monthDays: daysOfMonth }, { exceptWeekdays: weekdays }));
  if (everyWeekday) return found(shape({ monthDays: daysOfMonth }));
  if (everyDay) return found(shape({ weekdays }));
  return found(shape({ monthDays: daysOfMonth }, { weekdays }));
}

function found(...shapes: readonly Shape[]): Shapes {
  return { ok: true, shapes };
}

/** The same moments with another offset; undefined where they no longer are each minute of each hour, or months and days would move. */
export function shifted(shape: Shape, byMinutes: number): Shape | undefined {
  if (byMinutes === 0) return shape;
  const all = shape.hours.flatMap((hour) => shape.minutes.map((minute) => hour * 60 + minute + byMinutes));
  const days = new Set(all.map((minute) => Math.floor(minute / 1440)));
  const [day = 0] = days;
  const isEveryDay = shape.weekdays === undefined && shape.monthDays === undefined && shape.condition === undefined;
  if (!isEveryDay && (days.size > 1 || (day !== 0 && shape.weekdays === undefined))) return undefined;
  if (day !== 0 && shape.condition !== undefined) return undefined;
  const wrapped = all.map((minute) => (minute + 2 * 1440) % 1440);
  const hours = ascending(wrapped.map((minute) => Math.floor(minute / 60)));
  const minutes = ascending(wrapped.map((minute) => minute % 60));
  if (hours.length * minutes.length !== new Set(wrapped).size) return undefined;
  const weekdays = shape.weekdays?.map((weekday) => ((((weekday - 1 + day) % 7) + 7) % 7) + 1) as Weekday[] | undefined;
  return { ...shape, hours, minutes, ...(weekdays === undefined ? {} : { weekdays: ascending(weekdays) }) };
}

export function ascending<N extends number>(values: readonly N[]): readonly N[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
