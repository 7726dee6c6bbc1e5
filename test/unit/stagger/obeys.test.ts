import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FlexibleSchedule, Job, Weekday, Window } from "../../../src/model/index.ts";
import { fires } from "../../../src/schedule/index.ts";
import { level } from "../../../src/stagger/index.ts";
import { flexible, makeJob } from "./support/jobs.ts";

/**
 * The rules of manifest.md read once more, on nothing but local dates and times of the fires: no code is shared with
 * the search, its shapes or its windows.
 */
const ZONES = ["UTC", "Asia/Kathmandu", "Asia/Kolkata", "Australia/Lord_Howe", "America/Toronto", "Pacific/Chatham"];
const AT = Date.UTC(2026, 10, 23);
const WEEK_MS = 7 * 86_400_000;
/** Weeks in which no zone above changes its clocks. */
const WEEKS = [Date.UTC(2026, 0, 12), Date.UTC(2026, 6, 13)];
const DAY = 1440;
const WEEK = 7 * DAY;

const windowOf = fc.record({
  days: fc
    .uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 7 })
    .map((d) => d.sort() as Weekday[]),
  startMinute: fc.integer({ min: 0, max: DAY - 1 }),
  lengthMinutes: fc.integer({ min: 1, max: DAY }),
});
const scheduleOf: fc.Arbitrary<FlexibleSchedule> = fc
  .record({
    period: fc.constantFrom("day" as const, "week" as const),
    timezone: fc.constantFrom(...ZONES),
    within: fc.array(windowOf, { maxLength: 2 }),
    times: fc.integer({ min: 1, max: 3 }),
    apartMinutes: fc.integer({ min: 0, max: 300 }),
    by: fc.option(
      fc.record({
        weekday: fc.option(
          fc.integer({ min: 1, max: 7 }).map((d) => d as Weekday),
          { nil: undefined },
        ),
        minute: fc.integer({ min: 0, max: DAY - 1 }),
      }),
      { nil: undefined },
    ),
  })
  .map(({ by, ...rest }) => {
    const deadline = by && {
      minute: by.minute,
      ...(by.weekday && rest.period === "week" ? { weekday: by.weekday } : {}),
    };
    return flexible({ ...rest, ...(deadline ? { by: deadline } : {}) });
  });

/** Minutes from Monday 00:00 of its own local week. */
function minuteOfWeek(local: string): number {
  const day = (new Date(`${local.slice(0, 10)}T00:00Z`).getUTCDay() + 6) % 7;
  return day * DAY + Number(local.slice(11, 13)) * 60 + Number(local.slice(14, 16));
}

/** The instants at which a window that holds this start opened, in minutes of the start's week, before or at it. */
function openedAt(windows: readonly Window[], start: number): number[] {
  if (windows.length === 0) return [Math.floor(start / DAY) * DAY];
  return windows.flatMap(({ days, startMinute, lengthMinutes }) =>
    days.flatMap((day) =>
      [-WEEK, 0].flatMap((turn) => {
        const from = turn + (day - 1) * DAY + startMinute;
        return start >= from && start < from + lengthMinutes ? [from] : [];
      }),
    ),
  );
}

function endsInTime({ by }: FlexibleSchedule, opened: number, start: number, minutes: number): boolean {
  if (!by) return true;
  if (by.weekday) return start + minutes <= (by.weekday - 1) * DAY + by.minute;
  let deadline = Math.floor(opened / DAY) * DAY + by.minute;
  if (deadline <= opened) deadline += DAY;
  return start + minutes <= deadline;
}

function check(job: Job, schedule: FlexibleSchedule, locals: readonly string[], minutes: number): void {
  const starts = locals.map(minuteOfWeek);
  for (const start of starts) {
    const opened = openedAt(schedule.within, start);
    expect(opened.length, `${job.name} starts outside its windows`).toBeGreaterThan(0);
    expect(opened.some((from) => endsInTime(schedule, from, start, minutes))).toBe(true);
  }
  if (schedule.period === "week") expect(starts).toHaveLength(schedule.times);
  const gap = Math.min(...starts.slice(1).map((start, k) => start - (starts[k] ?? 0)));
  if (schedule.period === "week") expect(gap).toBeGreaterThanOrEqual(schedule.times > 1 ? schedule.apartMinutes : 0);
}

describe("levelled slots, by their fires alone", () => {
  it("start in a window, end in time and keep apart, in zones of any offset and in both halves of the year", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(scheduleOf, fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 9 })), {
          minLength: 1,
          maxLength: 6,
        }),
        (drafts) => {
          const jobs = drafts.map(([schedule, minutes, load], k) => makeJob(`job-${k}`, schedule, { minutes, load }));
          const { slots, unplaceable } = level(jobs, [], undefined, { at: AT });
          expect(slots.size + unplaceable.length).toBe(jobs.length);
          for (const [k, [schedule, minutes]] of drafts.entries()) {
            const job = jobs[k] as Job;
            const slot = slots.get(job.name);
            if (!slot) continue;
            for (const monday of WEEKS) {
              // A local week, whichever the zone: the fires whose local date lies in it.
              const first = new Date(monday).toISOString().slice(0, 10);
              const last = new Date(monday + WEEK_MS).toISOString().slice(0, 10);
              const locals = fires(schedule, slot, monday - WEEK_MS / 7, monday + (8 * WEEK_MS) / 7)
                .map(({ local }) => local)
                .filter((local) => local >= first && local < last);
              check(job, schedule, locals, minutes);
            }
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it("of a month fall on one day from 1 to 28, in a window and in time, in every month of the year", () => {
    const daily = fc.record({
      days: fc.constant<Weekday[]>([1, 2, 3, 4, 5, 6, 7]),
      startMinute: fc.integer({ min: 0, max: DAY - 1 }),
      lengthMinutes: fc.integer({ min: 1, max: DAY }),
    });
    const draft = fc.record({
      timezone: fc.constantFrom("UTC", "Asia/Kathmandu", "Asia/Tokyo"),
      within: fc.array(daily, { maxLength: 2 }),
      by: fc.option(fc.record({ minute: fc.integer({ min: 0, max: DAY - 1 }) }), { nil: undefined }),
    });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(draft, fc.integer({ min: 1, max: 400 })), { minLength: 1, maxLength: 6 }),
        (drafts) => {
          const jobs = drafts.map(([{ by, ...rest }, minutes], k) =>
            makeJob(`job-${k}`, flexible({ ...rest, period: "month", ...(by ? { by } : {}) }), { minutes, load: 1 }),
          );
          const { slots, unplaceable } = level(jobs, [], undefined, { at: AT });
          expect(slots.size + unplaceable.length).toBe(jobs.length);
          for (const job of jobs) {
            const slot = slots.get(job.name);
            if (!slot) continue;
            const schedule = job.schedule as FlexibleSchedule;
            const locals = fires(schedule, slot, Date.UTC(2025, 11, 30), Date.UTC(2027, 0, 3))
              .map(({ local }) => local)
              .filter((local) => local.startsWith("2026"));
            expect(new Set(locals.map((local) => local.slice(0, 7))).size).toBe(12);
            expect(new Set(locals.map((local) => local.slice(8, 16))).size).toBe(1);
            expect(Number(locals[0]?.slice(8, 10))).toBeLessThanOrEqual(28);
            expect(locals).toHaveLength(12);
            const minutes = (job.expect.durationSeconds ?? 0) / 60;
            for (const start of locals.map(minuteOfWeek)) {
              const opened = openedAt(schedule.within, start);
              expect(opened.some((from) => endsInTime(schedule, from, start, minutes))).toBe(true);
            }
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});
