import type { CronSchedule, FireTime, ScheduleRules } from "../../../src/model/index.ts";

/** The rules of a schedule as the manifest's defaults make them. */
export function rules(timezone: string, more: Partial<ScheduleRules> = {}): ScheduleRules {
  return {
    timezone,
    dst: { gap: "shift", overlap: "first" },
    onHoliday: "skip",
    catchUp: { policy: "last", cap: 1 },
    overlap: "skip",
    after: [],
    ...more,
  };
}

export function cron(expression: string, timezone: string, more: Partial<ScheduleRules> = {}): CronSchedule {
  return { kind: "cron", expression, ...rules(timezone, more) };
}

/** `2026-03-08T07:00 = 2026-03-08T02:30/0`: the UTC instant, the scheduled local time, the ordinal. */
export function lines(fires: readonly FireTime[]): string[] {
  return fires.map(({ at, local, ordinal }) => `${utc(at)} = ${local}/${ordinal}`);
}

function utc(at: number): string {
  return Temporal.Instant.fromEpochMilliseconds(at).toString({ smallestUnit: "minute" }).replace("Z", "");
}

export function instant(text: string): number {
  return Temporal.Instant.from(text.endsWith("Z") ? text : `${text}Z`).epochMilliseconds;
}
