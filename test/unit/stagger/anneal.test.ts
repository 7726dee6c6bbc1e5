import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeWeek, type WeekKind } from "../../../bench/weeks.ts";
import type { Job } from "../../../src/model/index.ts";
import { anneal } from "../../../src/stagger/anneal.ts";
import { improve } from "../../../src/stagger/fresh.ts";
import { contains } from "../../../src/stagger/interval.ts";
import { buildProblem, type Problem } from "../../../src/stagger/problem.ts";
import { repair } from "../../../src/stagger/repair.ts";
import { placingOrder, Week } from "../../../src/stagger/search.ts";
import type { Shape } from "../../../src/stagger/shape.ts";

const AT = Date.UTC(2026, 10, 23);
const kinds = fc.constantFrom<WeekKind>("mixed", "nightly", "heavy");
const seeds = fc.integer({ min: 1, max: 1e6 });
const curves = fc.constantFrom([false], [false, true]);

function problemOf(jobs: readonly Job[]): Problem {
  return buildProblem(jobs, [], { at: AT });
}

/** Jobs in one time zone, each waiting for the one before it in every fifth case. */
function inOneZone(jobs: readonly Job[]): Job[] {
  return jobs.map((job, k) => {
    const after = k % 5 === 4 ? [jobs[k - 1]?.name ?? ""] : [];
    return { ...job, schedule: { ...job.schedule, timezone: "Europe/Berlin", after } };
  });
}

function placedInOrder(problem: Problem, curvesOf: readonly boolean[] = [false]): Week {
  const week = new Week(problem, curvesOf);
  week.expectMean();
  for (const index of placingOrder(problem.tasks)) week.place(index);
  return week;
}

function peak(week: Week): number {
  return Math.max(...week.lanes.flat().map((lane) => lane.board.peak()));
}

function checkStarts(shape: Shape, starts: readonly number[]): void {
  expect(starts).toHaveLength(shape.times);
  for (const [k, start] of starts.entries()) {
    expect(contains(shape.allowed, start)).toBe(true);
    if (k > 0) expect(start - (starts[k - 1] ?? 0)).toBeGreaterThanOrEqual(shape.apartMinutes);
  }
}

describe("annealing", () => {
  it("leaves every job as many starts as it has, each one that it may have, and in order", () => {
    fc.assert(
      fc.property(kinds, seeds, curves, (kind, seed, curvesOf) => {
        const problem = problemOf(inOneZone(makeWeek(kind, 60, seed)));
        const week = placedInOrder(problem, curvesOf);
        const early = week.early();
        anneal(week);
        for (const [index, { shape }] of problem.tasks.entries())
          if (shape) checkStarts(shape, week.starts[index] ?? []);
        for (const index of week.early()) expect(early).toContain(index);
      }),
      { numRuns: 10 },
    );
  });

  it("keeps loads that are those of a week into which the same starts are put", () => {
    fc.assert(
      fc.property(kinds, seeds, curves, (kind, seed, curvesOf) => {
        const problem = problemOf(makeWeek(kind, 60, seed));
        const week = placedInOrder(problem, curvesOf);
        anneal(week);
        const again = new Week(problem, curvesOf);
        for (const [index, { shape }] of problem.tasks.entries()) if (shape) again.put(index, week.starts[index] ?? []);
        for (const [pool, lanes] of week.lanes.entries())
          for (const [k, lane] of lanes.entries())
            expect([...lane.board.folded]).toEqual([...(again.lanes[pool]?.[k]?.board.folded ?? [])]);
      }),
      { numRuns: 10 },
    );
  });

  it("tells the burden of a start as adding up its minutes does, however steep it is", () => {
    fc.assert(
      fc.property(seeds, fc.constantFrom(16, 128, 512), (seed, steepness) => {
        const problem = problemOf(makeWeek("nightly", 80, seed).map(everyWeek));
        const week = placedInOrder(problem);
        week.steepen(steepness);
        for (const index of placingOrder(problem.tasks).slice(-20)) {
          const task = problem.tasks[index];
          if (task?.shape?.kind !== "week" || task.shape.times > 1) continue;
          const before = week.take(index);
          const best = week.best(index, task.shape.allowed);
          let sum = 0;
          for (const { board, half } of week.lanes[task.pool] ?? []) {
            const count = task.minutes;
            const into = { high: new Float64Array(count), sums: new Float64Array(count) };
            const start = (best?.start ?? 0) + (task.toUtc[half] ?? 0);
            board.lay({ circle: task.circle, start, count, height: task.load }, into, 0);
            sum += into.sums.reduce((a, b) => a + b, 0);
          }
          expect(Math.abs((best?.sum ?? 0) - sum)).toBeLessThanOrEqual(1e-6 * sum);
          week.put(index, before);
        }
      }),
      { numRuns: 10 },
    );
  });

  it("lowers the peak of a night in one zone, which no order of placing reaches", () => {
    for (const seed of [1, 2, 3]) {
      const week = placedInOrder(problemOf(inOneZone(makeWeek("nightly", 1000, seed))));
      const before = peak(week);
      anneal(week);
      expect(peak(week)).toBeLessThan(0.97 * before);
    }
  });

  it("is taken back where it did not lower the peaks", () => {
    let taken = 0;
    for (let seed = 1; seed <= 8; seed++) {
      const week = placedInOrder(problemOf(makeWeek("heavy", 200, seed)));
      repair(week, 0, { moves: Number.POSITIVE_INFINITY, tries: 3000, goal: 0 });
      const before = peak(week);
      const starts = [...week.starts];
      const loads = week.lanes.flat().map((lane) => [...lane.board.folded]);
      improve(week);
      expect(peak(week)).toBeLessThanOrEqual(before);
      if (!isDeepStrictEqual(week.starts, starts)) continue;
      taken++;
      expect(week.lanes.flat().map((lane) => [...lane.board.folded])).toEqual(loads);
    }
    expect(taken).toBeGreaterThan(0);
  });
});

describe("several pools", () => {
  it("are annealed each for itself: none has a higher peak, nor a job that starts earlier than it may", () => {
    fc.assert(
      fc.property(kinds, seeds, (kind, seed) => {
        const jobs = inOneZone(makeWeek(kind, 90, seed)).map((job, k) => ({ ...job, pool: `pool-${k % 3}` }));
        const week = placedInOrder(problemOf(jobs));
        const peaks = week.lanes.map((_, pool) => Math.max(...week.peaks(pool)));
        const early = week.early();
        improve(week);
        for (const [pool, before] of peaks.entries()) expect(Math.max(...week.peaks(pool))).toBeLessThanOrEqual(before);
        for (const index of week.early()) expect(early).toContain(index);
      }),
      { numRuns: 15 },
    );
  });
});

/** Without months and every N weeks, whose burden is of another kind. */
function everyWeek(job: Job): Job {
  if (job.schedule.kind !== "flexible") return job;
  return { ...job, schedule: { ...job.schedule, period: job.schedule.period === "day" ? "day" : "week", weeks: 1 } };
}
