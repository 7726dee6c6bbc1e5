import type { Schedule } from "../model/index.ts";

interface Refusal {
  readonly reason: string;
  readonly fix: string;
}

/** Why a vendor's scheduler cannot make a job's fires when they wait for other jobs (`after`); undefined when none does. */
export function waitRefusal(schedule: Schedule, vendor: string): Refusal | undefined {
  if (schedule.after.length === 0) return undefined;
  return {
    reason: `${vendor} cannot wait for ${schedule.after.join(", ")} (after)`,
    fix: "give it a time by which they have ended, or place it where the daemon fires (local)",
  };
}

/** The same for a scheduler that can leave no date out; times that are named one by one need no calendar. */
export function calendarRefusal(schedule: Schedule, vendor: string): Refusal | undefined {
  if (!schedule.calendar || schedule.kind === "at") return undefined;
  return {
    reason: `${vendor} knows no calendars ("${schedule.calendar.name}")`,
    fix: "check the date in the job, name the dates with at, or place it where the daemon fires (local)",
  };
}
