import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeJob as makeBenchJob, makeWeek, type WeekKind } from "../../../bench/weeks.ts";
import {
  DAY,
  type FlexibleSchedule,
  type Job,
  MINUTE,
  type SlotStart,
  type Weekday,
} from "../../../src/model/index.ts";
import { fires, opensAt } from "../../../src/schedule/index.ts";
import type { Certificate } from "../../../src/stagger/certificate.ts";
import { assignSlots, type Levelling, level, renderLock, withSlots } from "../../../src/stagger/index.ts";
import { proofText } from "../../../src/stagger/proof.ts";
import { occurrences } from "../../../src/stagger/task.ts";
import {
  boundOf,
  type CheckedJob,
  type ChoosingJob,
  fixedLoadOf,
  peakOf,
  standingOf,
} from "../../../src/stagger/verify.ts";
import { Scale } from "../../../src/stagger/weigh.ts";
import { SeededRandom } from "../../support/random.ts";
import { DAILY, flexible, makeJob, window } from "./support/jobs.ts";

const AT = Date.UTC(2026, 10, 23);
/** A Monday, 00:00 UTC, in January and in July of the year of AT. */
const MONDAYS = [Date.UTC(2026, 0, 12), Date.UTC(2026, 6, 13)] as const;
const WEEK = 10_080;
const kinds = fc.constantFrom<WeekKind>("mixed", "nightly", "heavy");
const seeds = fc.integer({ min: 1, max: 1e6 });
const mod = (value: number): number => ((value % WEEK) + WEEK) % WEEK;

function levelled(jobs: readonly Job[]): Levelling {
  return level(jobs, [], undefined, { at: AT });
}

function checkSlot(job: Job, schedule: FlexibleSchedule, starts: readonly SlotStart[]): void {
  expect(starts).toHaveLength(schedule.times);
  const minutes = starts.map((s) => (s.week ?? 0) * WEEK + ((s.weekday ?? 1) - 1) * 1440 + s.minute);
  for (const [k, { weekday, day, minute }] of starts.entries()) {
    const days = day !== undefined ? DAILY : weekday === undefined ? [] : [weekday];
    for (const d of days) expect(opensAt(schedule.within, d as Weekday, minute)).toBe(true);
    if (schedule.by?.weekday && weekday) {
      const end = (weekday - 1) * 1440 + minute + (job.expect.durationSeconds ?? 0) / 60;
      expect(end).toBeLessThanOrEqual((schedule.by.weekday - 1) * 1440 + schedule.by.minute);
    }
    if (k > 0) expect((minutes[k] ?? 0) - (minutes[k - 1] ?? 0)).toBeGreaterThanOrEqual(schedule.apartMinutes);
  }
}

describe("every slot", () => {
  it("obeys its windows, its deadline and its spacing", () => {
    fc.assert(
      fc.property(kinds, seeds, (kind, seed) => {
        const jobs = makeWeek(kind, 40, seed).map((job, k) => {
          if (k % 4 > 0 || job.schedule.kind !== "flexible" || job.schedule.period !== "week") return job;
          return { ...job, schedule: { ...job.schedule, by: { weekday: 6 as const, minute: 18 * 60 } } };
        });
        const { slots } = levelled(jobs);
        for (const job of jobs) {
          const slot = slots.get(job.name);
          if (job.schedule.kind === "flexible" && slot?.kind === "starts") checkSlot(job, job.schedule, slot.starts);
        }
      }),
      { numRuns: 10 },
    );
  });

  it("fires when the schedule module says that it does, in both halves of the year", () => {
    fc.assert(
      fc.property(kinds, seeds, (kind, seed) => {
        const jobs = makeWeek(kind, 30, seed);
        const { slots, problem, starts } = levelled(jobs);
        const byName = new Map(jobs.map((job) => [job.name, job]));
        for (const [index, task] of problem.tasks.entries()) {
          const job = byName.get(task.name);
          if (!job || task.circle.kind === "month" || task.circle.weeks > 1) continue;
          for (const [half, shift] of task.toUtc.entries()) {
            const monday = MONDAYS[half] ?? 0;
            const seen = fires(job.schedule, slots.get(job.name), monday, monday + 7 * DAY).map(
              (f) => (f.at - monday) / MINUTE,
            );
            const told = (starts[index] ?? [])
              .flatMap((start) => occurrences(task, start))
              .map((at) => mod(at + shift));
            expect(told.sort((a, b) => a - b)).toEqual(seen);
          }
        }
      }),
      { numRuns: 8 },
    );
  });

  it("is inside a window across midnight, for a daily job too, as the schedule module fires it", () => {
    const job = makeJob("a", flexible({ period: "day", within: [window([1, 2, 3, 4, 5], "22:00", "05:00")] }), {
      minutes: 30,
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 419 }), (into) => {
        const slot = { kind: "starts", starts: [{ minute: (22 * 60 + into) % 1440 }] } as const;
        const lock = withSlots(undefined, "prod", new Map([["a", slot]]));
        const { problem, starts } = level([job], [], lock, { at: AT, moves: 0 });
        const task = problem.tasks[0];
        const told = task ? (starts[0] ?? []).flatMap((start) => occurrences(task, start)).map(mod) : [];
        const seen = fires(job.schedule, slot, MONDAYS[0], MONDAYS[0] + 7 * DAY).map(
          (f) => (f.at - MONDAYS[0]) / MINUTE,
        );
        expect(told.sort((a, b) => a - b)).toEqual(seen);
      }),
    );
  });
});

/** The jobs of one half as the independent evaluator takes them, from the fires themselves. */
function checked(jobs: readonly Job[], levelling: Levelling, half: number): CheckedJob[] {
  const monday = MONDAYS[half] ?? 0;
  const lengths = new Map(levelling.problem.tasks.map((task) => [task.name, task.minutes]));
  return jobs.map((job) => ({
    starts: fires(job.schedule, levelling.slots.get(job.name), monday, monday + 7 * DAY).map(
      (f) => (f.at - monday) / MINUTE,
    ),
    minutes: lengths.get(job.name) ?? 0,
    load: Math.round((job.load ?? 0) * 1000),
  }));
}

function everyWeek(job: Job): boolean {
  const { schedule } = job;
  return schedule.kind !== "flexible" || (schedule.period !== "month" && schedule.weeks === 1);
}

describe("the peak", () => {
  it("is what an independent evaluator counts from the fires, over the week's end and for zones on both sides", () => {
    fc.assert(
      fc.property(kinds, seeds, (kind, seed) => {
        const jobs = makeWeek(kind, 60, seed).filter(everyWeek);
        const result = levelled(jobs);
        const halves = Array.from({ length: result.problem.halves }, (_, half) => peakOf(checked(jobs, result, half)));
        expect(Math.round((result.pools[0]?.peak ?? 0) * 1000)).toBe(Math.max(...halves));
      }),
      { numRuns: 10 },
    );
  });

  it("is never below the bound, nor above what the earliest slots give", () => {
    fc.assert(
      fc.property(kinds, seeds, fc.integer({ min: 1, max: 50 }), (kind, seed, count) => {
        for (const pool of levelled(makeWeek(kind, count, seed)).pools) {
          expect(pool.bound).toBeLessThanOrEqual(pool.peak + 1e-6);
          expect(pool.certificate.load).toBeLessThanOrEqual(pool.bound + 1e-6);
          expect(pool.peak).toBeLessThanOrEqual(pool.before);
        }
      }),
      { numRuns: 12 },
    );
  });

  it("counts monthly jobs on the worst weekday, and jobs of every second week in their own week", () => {
    const day = { period: "month", within: [window(DAILY, "01:00", "01:01")] } as const;
    const monthly = ["a", "b"].map((name) => makeJob(name, flexible(day), { minutes: 30, load: 4 }));
    const weekly = makeJob("c", flexible({ within: [window([3], "01:00", "01:01")] }), { minutes: 30, load: 2 });
    expect(levelled([...monthly, weekly]).pools[0]?.peak).toBe(6);
    const second = ["d", "e"].map((name) =>
      makeJob(name, flexible({ weeks: 2, within: [window([3], "01:00", "01:01")] }), { minutes: 30, load: 4 }),
    );
    expect(levelled([...second, weekly]).pools[0]?.peak).toBe(6);
  });

  it("does not rise when the clocks change: jobs of two zones are kept apart in both halves", () => {
    const at = (name: string, timezone: string, from: string, to: string): Job =>
      makeJob(name, flexible({ period: "day", timezone, within: [window(DAILY, from, to)] }), { minutes: 60, load: 1 });
    // 05:00–06:59 in Toronto is 10:00–11:59 UTC in winter and 09:00–10:59 in summer.
    const jobs = [at("a", "America/Toronto", "05:00", "05:01"), at("b", "UTC", "09:00", "12:30")];
    const result = levelled(jobs);
    expect(result.problem.halves).toBe(2);
    expect(result.pools[0]?.peak).toBe(1);
  });
});

describe("the bound", () => {
  it("is derived again by a check that shares no code with it", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const jobs = makeWeek("mixed", 12, seed)
          .filter((job) => everyWeek(job) && job.schedule.kind === "flexible" && job.schedule.times === 1)
          .map((job) => ({ ...job, schedule: { ...job.schedule, timezone: "UTC" } }));
        fc.pre(jobs.length > 0);
        const result = levelled(jobs);
        const pool = result.pools[0];
        const choosing = jobs.map((job): ChoosingJob => {
          const schedule = job.schedule as FlexibleSchedule;
          const open = (minute: number): boolean =>
            opensAt(schedule.within, ((Math.floor(minute / 1440) % 7) + 1) as Weekday, minute % 1440);
          const minutes = (job.expect.durationSeconds ?? 0) / 60;
          const load = job.load ?? 0;
          if (schedule.period === "week") {
            const choices = Array.from({ length: WEEK }, (_, m) => m)
              .filter(open)
              .map((m) => [m]);
            return { choices, minutes, load };
          }
          const choices: number[][] = [];
          for (let minute = 0; minute < 1440; minute++) {
            const slot = { kind: "starts", starts: [{ minute }] } as const;
            const monday = MONDAYS[0];
            const starts = fires(schedule, slot, monday, monday + 7 * DAY).map((f) => (f.at - monday) / MINUTE);
            const days = new Set(schedule.within.flatMap((w) => w.days)).size || 7;
            if (starts.length === days && starts.every(open)) choices.push(starts);
          }
          return { choices, minutes, load };
        });
        const fixed = choosing.map(fixedLoadOf);
        const all = fixed[0]?.map((_, minute) => fixed.reduce((sum, load) => sum + (load[minute] ?? 0), 0)) ?? [];
        const largest = Math.max(
          ...choosing.map((job, k) =>
            standingOf(
              job,
              all.map((load, minute) => load - (fixed[k]?.[minute] ?? 0)),
            ),
          ),
        );
        const proved = boundOf(choosing, [...(pool?.weights ?? [])]);
        expect(Math.max(proved, largest, pool?.certificate.load ?? 0)).toBeCloseTo(pool?.bound ?? 0, 6);
      }),
      { numRuns: 6 },
    );
  });

  it("counts a monthly run that lasts for days once at each minute of the day", () => {
    const long = makeJob("a", flexible({ period: "month", within: [window(DAILY, "01:00", "02:00")] }), {
      minutes: 3 * 1440,
      load: 2,
    });
    expect(levelled([long]).pools[0]).toMatchObject({ peak: 2, bound: 2 });
  });

  it("adds up what no other day's run can hide: the long ones and, above them, the heavy ones", () => {
    // On one day of the month or on two, the long run lies under 10 hours of every day, and 6 more stand on it.
    const at = (name: string, to: string, minutes: number, load: number): Job =>
      makeJob(name, flexible({ period: "month", within: [window(DAILY, "00:00", to)] }), { minutes, load });
    const jobs = [at("long", "14:00", 600, 4), at("heavy", "23:00", 60, 10)];
    const weekly = makeJob("week", flexible({ period: "week" }), { minutes: 10_080, load: 1 });
    const { problem } = levelled([...jobs, weekly]);
    const even = new Float64Array(problem.halves * 2016).fill(1 / (problem.halves * 2016));
    const proved = new Scale(problem.tasks, problem.halves).bound(even) / 1000;
    expect(proved).toBeCloseTo(1 + (4 * 600 + 6 * 60) / 1440, 6);
  });

  it("names the jobs and the hours that force it", () => {
    const busy = Array.from({ length: 14 }, (_, k) =>
      makeJob(`busy-${k}`, flexible({ within: [window([1], "06:00", "06:30")] }), { minutes: 30, load: 2 }),
    );
    const free = Array.from({ length: 20 }, (_, k) => makeJob(`free-${k}`, flexible(), { minutes: 10, load: 0.5 }));
    const [pool] = levelled([...busy, ...free]).pools;
    // Whatever start from 06:00 to 06:29 each takes, all of them run at 06:29.
    expect(pool?.certificate).toMatchObject({
      kind: "hours",
      windowStart: "Mon 06:29",
      windowEnd: "Mon 06:30",
      jobs: 14,
    });
    expect(pool).toMatchObject({ peak: 28, bound: 28 });
  });

  it("counts what must run in a stretch of hours, though each job may choose its minute", () => {
    const busy = Array.from({ length: 12 }, (_, k) =>
      makeJob(`busy-${k}`, flexible({ within: [window([1], "06:00", "07:30")] }), { minutes: 30, load: 2 }),
    );
    const [pool] = levelled(busy).pools;
    expect(pool?.certificate).toMatchObject({
      kind: "hours",
      windowStart: "Mon 06:00",
      windowEnd: "Mon 08:00",
      jobs: 12,
    });
    expect(pool?.certificate.load).toBeCloseTo(6, 6);
    expect(pool?.peak).toBe(8);
  });
});

describe("the bound of one heavy job", () => {
  it("adds what the job must run over wherever it starts, and says so", () => {
    const pinned = makeJob("pinned", flexible({ period: "day", within: [window(DAILY, "06:00", "06:01")] }), {
      minutes: 60,
      load: 3,
    });
    const heavy = makeJob("heavy", flexible({ period: "day", within: [window(DAILY, "05:30", "07:00")] }), {
      minutes: 60,
      load: 10,
    });
    const [pool] = levelled([pinned, heavy]).pools;
    expect(pool).toMatchObject({ peak: 13, bound: 13 });
    expect(pool?.certificate).toMatchObject({ kind: "largest", heaviest: ["heavy"], load: 13, meets: 3 });
    expect(proofText(pool?.certificate as Certificate)).toBe(
      "heavy needs 10 and runs over 3 that cannot move, whenever it starts",
    );
  });

  it("adds nothing where a start is free of it", () => {
    const pinned = makeJob("pinned", flexible({ period: "day", within: [window(DAILY, "06:00", "06:01")] }), {
      minutes: 60,
      load: 3,
    });
    const heavy = makeJob("heavy", flexible({ period: "day", within: [window(DAILY, "05:00", "07:00")] }), {
      minutes: 60,
      load: 10,
    });
    const [pool] = levelled([pinned, heavy]).pools;
    expect(pool).toMatchObject({ peak: 10, bound: 10 });
    expect(pool?.certificate.meets).toBeUndefined();
  });
});

describe("the result", () => {
  it("is the same byte for byte, whatever the order of the jobs", () => {
    fc.assert(
      fc.property(kinds, seeds, (kind, seed) => {
        const jobs = makeWeek(kind, 30, seed);
        const shuffled = jobs.map((job, k) => ({ job, key: (k * 7919 + seed) % 101 })).sort((a, b) => a.key - b.key);
        const text = (list: readonly Job[]): string => renderLock(withSlots(undefined, "prod", levelled(list).slots));
        expect(text(shuffled.map(({ job }) => job))).toBe(text(jobs));
      }),
      { numRuns: 6 },
    );
  });

  it("is kept by the lock it was written to", () => {
    const jobs = makeWeek("mixed", 60, 3);
    const first = levelled(jobs);
    const lock = withSlots(undefined, "prod", first.slots);
    const again = level(jobs, [], lock, { at: AT });
    expect(again.moved).toEqual([]);
    expect(assignSlots(jobs, lock)).toMatchObject({ slots: first.slots, stale: [] });
  });

  it("moves at most so many jobs that could have stayed", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 4 }), (seed, moves) => {
        const jobs = makeWeek("mixed", 40, seed);
        // A lock of nothing but hashes is a bad week: everything would like to move.
        const lock = withSlots(undefined, "prod", assignSlots(jobs, undefined).slots);
        const result = level(jobs, [], lock, { at: AT, moves });
        expect(result.moved.filter(({ why }) => why === "peak").length).toBeLessThanOrEqual(moves);
        expect(result.moved.every(({ why }) => why === "peak")).toBe(true);
      }),
      { numRuns: 8 },
    );
  });

  it("places a new job and says why another had to move", () => {
    const jobs = makeWeek("mixed", 80, 5);
    const lock = withSlots(undefined, "prod", levelled(jobs).slots);
    const added = makeBenchJob("zz-new", "mixed", new SeededRandom(9));
    const narrowed = jobs.map((job) =>
      job.name === "job-000001"
        ? makeJob(job.name, flexible({ within: [window([2], "03:00", "03:10")] }), { minutes: 5 })
        : job,
    );
    const { moved } = level([...narrowed, added], [], lock, { at: AT });
    expect(moved.find(({ job }) => job === "zz-new")?.why).toBe("new");
    expect(moved.find(({ job }) => job === "job-000001")?.why).toBe("notAllowed");
  });
});
