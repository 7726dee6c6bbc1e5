import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Job } from "../../../src/model/index.ts";
import { expectedCurve } from "../../../src/stagger/curve.ts";
import { level, simulatePeaks } from "../../../src/stagger/index.ts";
import { buildProblem } from "../../../src/stagger/problem.ts";
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

describe("in a large week", () => {
  const weekOf = (count: number, large: number): Job[] => [
    makeJob("large", flexible(), { minutes: 100, load: large }),
    ...Array.from({ length: count }, (_, k) => makeJob(`small-${k}`, flexible(), { minutes: 100, load: 1 })),
  ];

  it("a large job that may still run counts as its effective bandwidth, a small one nearly as its mean", () => {
    const { tasks } = buildProblem(weekOf(2499, 64), [], { at: AT });
    const mean = expectedCurve(100);
    // By hand: the variance of the load at a minute, from the chance that each run is on there.
    const spread = mean.share.reduce((sum, p, k) => sum + ((mean.to[k] ?? 0) - (mean.from[k] ?? 0)) * p * (1 - p), 0);
    const deviation = Math.sqrt((spread * (64 ** 2 + 2499)) / 10_080);
    const shares = (name: string): readonly number[] => tasks.find((task) => task.name === name)?.curve.share ?? [];
    for (const [name, load] of [
      ["large", 64],
      ["small-7", 1],
    ] as const) {
      const theta = load / deviation;
      const bandwidth = mean.share.map((p) => Math.log(1 + p * (Math.exp(theta) - 1)) / theta);
      for (const [k, share] of shares(name).entries())
        expect(Math.abs(share - (bandwidth[k] ?? 0))).toBeLessThan(1 / 64);
    }
    const last = mean.share.length - 1;
    expect(shares("large")[last]).toBeGreaterThan(5 * (mean.share[last] ?? 1));
    expect(shares("small-7")[last]).toBeLessThan(2 * (mean.share[last] ?? 1));
  });

  it("is not weighed in a small one, where the planned peak would pay too much for it", () => {
    const { tasks } = buildProblem(weekOf(99, 64), [], { at: AT });
    for (const task of tasks) expect(task.curve).toEqual(expectedCurve(100));
  });
});
