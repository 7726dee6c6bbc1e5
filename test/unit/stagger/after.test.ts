import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Job } from "../../../src/model/index.ts";
import { level, withSlots } from "../../../src/stagger/index.ts";
import { DAILY, flexible, makeJob, RULES, window } from "./support/jobs.ts";

const AT = Date.UTC(2026, 10, 23);
const SLACK = 5;

function weekMinute(jobs: readonly Job[], name: string): number {
  const slot = level(jobs, [], undefined, { at: AT }).slots.get(name);
  const [start] = slot?.kind === "starts" ? slot.starts : [];
  return ((start?.weekday ?? 1) - 1) * 1440 + (start?.minute ?? 0);
}

describe("after", () => {
  it("starts a job when 95% of its predecessor's runs have ended, along a chain, and leaves room for the last", () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 60 }), fc.integer({ min: 1, max: 30 }), (minutes, load) => {
        const within = [window([2], "06:00", "18:00")];
        const jobs = [
          makeJob("c-last", flexible({ within, after: ["b-middle"] }), { minutes, load }),
          makeJob("b-middle", flexible({ within, after: ["a-first"] }), { minutes, load: 1 }),
          makeJob("a-first", flexible({ within }), { minutes, load: 31 - load }),
        ];
        const wait = Math.ceil(minutes * 1.93) + SLACK;
        const [first, middle, last] = ["a-first", "b-middle", "c-last"].map((name) => weekMinute(jobs, name));
        expect(middle).toBeGreaterThanOrEqual((first ?? 0) + wait);
        expect(last).toBeGreaterThanOrEqual((middle ?? 0) + wait);
      }),
      { numRuns: 30 },
    );
  });

  it("waits for a pinned job of the same day", () => {
    const jobs = [
      makeJob("load", { ...RULES, kind: "cron", expression: "0 3 * * *" }, { minutes: 60 }),
      makeJob("score", flexible({ period: "day", within: [window(DAILY, "00:00", "12:00")], after: ["load"] }), {
        minutes: 10,
      }),
    ];
    expect(weekMinute(jobs, "score")).toBeGreaterThanOrEqual(180 + 116 + SLACK);
  });

  it("says which job cannot wait, and survives a circle", () => {
    const within = [window([2], "06:00", "06:30")];
    const tight = [
      makeJob("a", flexible({ within }), { minutes: 60 }),
      makeJob("b", flexible({ within, after: ["a"] }), { minutes: 5 }),
    ];
    expect(level(tight, [], undefined, { at: AT }).outOfOrder).toEqual(["b"]);
    const pinned = [
      makeJob("a", { ...RULES, kind: "cron", expression: "0 6 * * *" }, { minutes: 60 }),
      makeJob("b", { ...RULES, kind: "cron", expression: "0 6 * * *", after: ["a"] }),
    ];
    expect(level(pinned, [], undefined, { at: AT }).outOfOrder).toEqual([]);
    const circle = [makeJob("a", flexible({ after: ["b"] })), makeJob("b", flexible({ after: ["a"] }))];
    expect(level(circle, [], undefined, { at: AT }).slots.size).toBe(2);
  });

  it("moves a locked job that would now start too early", () => {
    const jobs = [
      makeJob("a", flexible({ within: [window([2], "06:00", "06:10")] }), { minutes: 60 }),
      makeJob("b", flexible({ within: [window([2], "06:00", "18:00")], after: ["a"] }), { minutes: 5 }),
    ];
    const slot = (minute: number) => ({ kind: "starts", starts: [{ weekday: 2, minute }] }) as const;
    const lock = withSlots(
      undefined,
      "prod",
      new Map([
        ["a", slot(360)],
        ["b", slot(370)],
      ]),
    );
    const { moved } = level(jobs, [], lock, { at: AT });
    expect(moved.map(({ job, why }) => [job, why])).toEqual([["b", "order"]]);
  });
});
