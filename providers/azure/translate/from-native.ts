import { readOwnCron, writeOwnCron } from "./cron.ts";
import { WEEKDAYS } from "./trigger.ts";
import { ianaZone } from "./zones.ts";

/** What a manifest would say for a trigger that is found in a subscription. */
export type Reading =
  | { readonly ok: true; readonly schedule: { readonly cron: string; readonly timezone: string } }
  | { readonly ok: false; readonly reason: string };

/** The schedule of a Container Apps job's own trigger, which is in UTC. */
export function fromOwnCron(expression: string): Reading {
  try {
    return { ok: true, schedule: { cron: writeOwnCron(readOwnCron(expression)), timezone: "UTC" } };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** A Recurrence trigger as Logic Apps hold it, ours or anybody's. */
interface Found {
  readonly type?: string;
  readonly conditions?: readonly unknown[];
  readonly recurrence?: {
    readonly frequency?: string;
    readonly interval?: number;
    readonly timeZone?: string;
    readonly startTime?: string;
    readonly endTime?: string;
    readonly schedule?: {
      readonly hours?: readonly (number | string)[];
      readonly minutes?: readonly (number | string)[];
      readonly weekDays?: readonly string[];
      readonly monthDays?: readonly number[];
      readonly monthlyOccurrences?: readonly unknown[];
    };
  };
}

/**
 * A recurrence in the manifest's own words. Refused where it depends on when it was saved or on its start (intervals,
 * hours without minutes), or says what a cron cannot.
 */
export function fromTrigger(trigger: unknown): Reading {
  const { type, recurrence = {}, conditions = [] } = (trigger ?? {}) as Found;
  const { frequency = "", interval = 1, timeZone = "UTC", startTime, endTime, schedule = {} } = recurrence;
  const { hours, minutes, weekDays, monthDays, monthlyOccurrences } = schedule;
  if (type?.toLowerCase() !== "recurrence") return bad(`a trigger of type ${type ?? "?"} is no schedule`);
  if (conditions.length > 0)
    return bad("it has conditions: read them, and say what they mean with a calendar or a list");
  if (interval !== 1) return bad(`every ${interval} ${frequency}s counts from its start: every: … lets rota choose`);
  if (!/^(?:Day|Week|Month)$/.test(frequency)) return bad(`every ${frequency} counts from its start`);
  if (hours === undefined || minutes === undefined)
    return bad("without hours and minutes it fires at the time of its save");
  if (endTime !== undefined || monthlyOccurrences !== undefined)
    return bad("it has an end, or counts weekdays of a month");
  const timezone = startTime?.endsWith("Z") === true ? "UTC" : ianaZone(timeZone);
  if (timezone === undefined) return bad(`"${timeZone}" is no Windows zone`);
  const days = (weekDays ?? []).map(
    (day) => WEEKDAYS.findIndex((name) => name.toLowerCase() === day.toLowerCase()) + 1,
  );
  if (days.includes(0)) return bad(`"${weekDays?.join()}" are no days of the week`);
  if ((frequency === "Week") !== days.length > 0) return bad("a week without its days fires on that of its start");
  if ((frequency === "Month") !== (monthDays ?? []).length > 0)
    return bad("a month without its days fires on that of its start");
  const cron = [list(minutes), list(hours), list(monthDays), "*", list(days.map((day) => day % 7))].join(" ");
  return { ok: true, schedule: { cron, timezone } };
}

function list(values: readonly (number | string)[] | undefined): string {
  const numbers = [...new Set((values ?? []).map(Number))].sort((a, b) => a - b);
  return numbers.length === 0 ? "*" : numbers.join(",");
}

function bad(reason: string): Reading {
  return { ok: false, reason };
}
