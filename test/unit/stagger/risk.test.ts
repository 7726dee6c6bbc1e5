import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Job } from "../../../src/model/index.ts";
import { level, simulatePeaks } from "../../../src/stagger/index.ts";
import { flexible, makeJob, window } from "./support/jobs.ts";

const AT = Date.UTC(2026, 10, 23);
const shares = (jobs: readonly Job[]): (readonly number[])[] =>
  level(jobs, [], undefined, { at: AT }).problem.tasks.map((task) => task.curve.share);

describe("an uncertain load", () => {
  it("counts for at least its mean and at most the whole, in steps of 1/64, whatever the loads", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 5 }), (loads) => {
        const jobs = loads.map((load, k) => makeJob(`job-${k}`, flexible(), { minutes: 60, load }));
        for (const share of shares(jobs).flat()) {
          expect(share * 64).toBe(Math.round(share * 64));
          expect(share).toBeGreaterThanOrEqual(8 / 64);
          expect(share).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 20 },
    );
  });

  it("makes room between large jobs where there is some: the peak that is met is lower than with rectangles", () => {
    const within = [window([2], "00:00", "10:00")];
    const jobs = Array.from({ length: 8 }, (_, k) =>
      makeJob(`job-${k}`, flexible({ within }), { minutes: 60, load: 8 }),
    );
    const peaks = [true, false].map((profiles) => {
      const { problem, starts } = level(jobs, [], undefined, { at: AT, profiles });
      return simulatePeaks(problem, starts)[0]?.median ?? 0;
    });
    expect(peaks[0]).toBeLessThanOrEqual(peaks[1] ?? 0);
  });
});
