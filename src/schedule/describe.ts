import type { Schedule, Slot, SlotStart, Window } from "../model/index.ts";
import { clockText } from "./civil.ts";
import { MINUTES_A_DAY, WEEKDAYS } from "./window.ts";

const HOLIDAYS = { skip: "not on", before: "moved before", after: "moved after" } as const;

/** A schedule in one line for people: what was declared, and the slot that rota chose. */
export function describeSchedule(schedule: Schedule, slot?: Slot): string {
  const parts = [what(schedule, slot)];
  if (schedule.kind === "manual") return parts.join("");
  if ("within" in schedule && schedule.within.length > 0)
    parts.push(`within ${schedule.within.map(describeWindow).join(", ")}`);
  parts.push(schedule.timezone);
  if (schedule.calendar) parts.push(`${HOLIDAYS[schedule.onHoliday]} days off of ${schedule.calendar.name}`);
  if (schedule.start !== undefined) parts.push(`from ${schedule.start}`);
  if (schedule.end !== undefined) parts.push(`until ${schedule.end}`);
  return parts.join(", ");
}

/** `Mon-Fri 06:00-12:00`, as it is written in a manifest. */
export function describeWindow(window: Window): string {
  const end = window.startMinute + window.lengthMinutes;
  const clock = end === MINUTES_A_DAY ? "24:00" : clockText(end % MINUTES_A_DAY);
  return `${describeDays(window.days)} ${clockText(window.startMinute)}-${clock}`;
}

function describeDays(days: Window["days"]): string {
  if (days.length === 7) return "daily";
  const sorted = [...days].sort((a, b) => a - b);
  const name = (day: number | undefined): string => WEEKDAYS[(day ?? 1) - 1] ?? "";
  const first = sorted[0] ?? 1;
  const last = sorted.at(-1) ?? first;
  if (sorted.length > 2 && last - first === sorted.length - 1) return `${name(first)}-${name(last)}`;
  return sorted.map(name).join(",");
}

function what(schedule: Schedule, slot: Slot | undefined): string {
  switch (schedule.kind) {
    case "cron":
      return `cron ${schedule.expression}`;
    case "at":
      return `at ${schedule.times.join(", ")}`;
    case "interval":
      return `every ${minutes(schedule.everyMinutes)}${slot?.kind === "phase" ? ` from ${clockText(slot.offsetMinutes)}` : ""}`;
    case "flexible": {
      const period = schedule.weeks > 1 ? `${schedule.weeks} weeks` : schedule.period;
      const times = schedule.times > 1 ? `${schedule.times} times a ${period}` : `every ${period}`;
      return slot?.kind === "starts" ? `${times} (${slot.starts.map(describeStart).join(", ")})` : times;
    }
    case "manual":
      return "only when a person asks";
  }
}

function minutes(count: number): string {
  return count % 60 === 0 ? `${count / 60}h` : `${count}m`;
}

/** `Mon 06:35`, `day 3 06:35`, `06:35`. */
function describeStart(start: SlotStart): string {
  const clock = clockText(start.minute);
  if (start.day !== undefined) return `day ${start.day} ${clock}`;
  if (start.weekday === undefined) return clock;
  const week = start.week === undefined ? "" : `week ${start.week + 1} `;
  return `${week}${WEEKDAYS[start.weekday - 1]} ${clock}`;
}
