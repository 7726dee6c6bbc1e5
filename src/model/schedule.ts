/** ISO weekday: Monday is 1, Sunday is 7. */
export type Weekday = 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** A part of the week in local time: on each of `days` from `startMinute` (0–1439), `lengthMinutes` long (1–1440). May cross midnight. */
export interface Window {
  readonly name?: string;
  readonly days: readonly Weekday[];
  readonly startMinute: number;
  readonly lengthMinutes: number;
}

/** What happens to a local time that a DST change leaves out (`gap`) or repeats (`overlap`). */
export interface DstRule {
  readonly gap: "shift" | "skip";
  readonly overlap: "first" | "second" | "both";
}

export interface Calendar {
  readonly name: string;
  /** Local dates, `2026-12-24`. */
  readonly skip: readonly string[];
  /** A country, state or region of the date-holidays data, e.g. `CA-ON`. */
  readonly holidays?: string;
}

export type HolidayRule = "skip" | "before" | "after";
export type OverlapPolicy = "skip" | "queue" | "allow" | "replace";
export type CatchUpPolicy = "none" | "last" | "all";

/** What every form of schedule may say. */
export interface ScheduleRules {
  /** IANA zone. */
  readonly timezone: string;
  readonly dst: DstRule;
  /** Local date-times without offset, `2026-12-01T09:00`; fires lie in [start, end). */
  readonly start?: string;
  readonly end?: string;
  readonly calendar?: Calendar;
  readonly onHoliday: HolidayRule;
  /** `cap`: the most fires that one catch-up starts. */
  readonly catchUp: { readonly policy: CatchUpPolicy; readonly cap: number };
  readonly overlap: OverlapPolicy;
  /** Jobs whose run of the same period must have ended first. */
  readonly after: readonly string[];
  /** `allow`: the plan may go on where a vendor's fires differ from these on the dates it lists. Default `refuse`. */
  readonly differences?: "refuse" | "allow";
}

/** Pinned: `expression` has exactly five fields, Vixie's OR of day-of-month and day-of-week. */
export interface CronSchedule extends ScheduleRules {
  readonly kind: "cron";
  readonly expression: string;
}

/** Pinned: once at each local date-time. */
export interface AtSchedule extends ScheduleRules {
  readonly kind: "at";
  readonly times: readonly string[];
}

/** Flexible phase: every `everyMinutes` (5–720, dividing a day); rota picks the offset. */
export interface IntervalSchedule extends ScheduleRules {
  readonly kind: "interval";
  readonly everyMinutes: number;
  readonly within: readonly Window[];
}

/** Flexible slots: `times` starts in each period (or each `weeks` weeks), at least `apartMinutes` apart. */
export interface FlexibleSchedule extends ScheduleRules {
  readonly kind: "flexible";
  readonly period: "day" | "week" | "month";
  /** 1 unless `period` is `week` and the manifest says `every: N weeks`. */
  readonly weeks: number;
  readonly times: number;
  readonly apartMinutes: number;
  /** Empty: the whole week. */
  readonly within: readonly Window[];
  /** Expected to end before this local time of the period: weekday absent for `every: day`. */
  readonly by?: { readonly weekday?: Weekday; readonly minute: number };
}

export interface ManualSchedule extends ScheduleRules {
  readonly kind: "manual";
}

export type Schedule = CronSchedule | AtSchedule | IntervalSchedule | FlexibleSchedule | ManualSchedule;

/**
 * One start that the stagger gave a flexible job, in the job's local time. `every: day` has `minute`
 * alone (it fires on each day on which a window opens), `week` adds `weekday`, `N weeks` adds `week`
 * (0…N-1, counted from the ISO week of 1970-01-05), `month` has `day` (1–28).
 */
export interface SlotStart {
  readonly week?: number;
  readonly weekday?: Weekday;
  readonly day?: number;
  /** 0–1439. For `every: day` in a window across midnight the minute may belong to the next day. */
  readonly minute: number;
}

/** Where in the period a flexible job stands; kept in jobs.lock.yaml. */
export type Slot =
  | { readonly kind: "phase"; readonly offsetMinutes: number }
  | { readonly kind: "starts"; readonly starts: readonly SlotStart[] };
