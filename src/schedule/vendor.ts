import type { Schedule } from "../model/index.ts";

/**
 * Why a vendor's scheduler that knows times alone cannot make a job's fires, or undefined when nothing but the times
 * matters: it waits for no other job, and knows no holidays.
 */
export function vendorRefusal(
  schedule: Schedule,
  vendor: string,
): { readonly reason: string; readonly fix: string } | undefined {
  if (schedule.after.length > 0) {
    return {
      reason: `${vendor} cannot wait for ${schedule.after.join(", ")} (after)`,
      fix: "give it a time by which they have ended, or place it where the daemon fires (local)",
    };
  }
  if (schedule.calendar && schedule.kind !== "at") {
    return {
      reason: `${vendor} knows no calendars ("${schedule.calendar.name}")`,
      fix: "check the date in the job, name the dates with at, or place it where the daemon fires (local)",
    };
  }
  return undefined;
}
