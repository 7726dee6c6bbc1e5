import { describe, expect, it } from "vitest";
import { makeWeek } from "../../../bench/weeks.ts";
import {
  earliestWeek,
  findOverload,
  findWrongGuesses,
  heatMap,
  heatText,
  level,
  simulatePeaks,
  staggerReport,
  staggerSvg,
  staggerText,
} from "../../../src/stagger/index.ts";
import { flexible, makeJob, RULES, window } from "./support/jobs.ts";

const AT = Date.UTC(2026, 10, 23);

describe("capacity", () => {
  const busy = Array.from({ length: 4 }, (_, k) =>
    makeJob(`busy-${k}`, flexible({ within: [window([1], "06:00", "06:30")] }), {
      minutes: 60,
      load: 2,
      pool: "warehouse",
    }),
  );

  it("says which jobs, which hour, how much too much, and what would help", () => {
    const [problem, ...others] = findOverload(level(busy, [{ name: "warehouse", capacity: 3 }], undefined, { at: AT }));
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ pool: "warehouse", certainty: "proven", hour: "Mon 06:00", over: 5 });
    expect(problem?.jobs).toHaveLength(4);
    expect(problem?.message).toContain(
      "4 jobs must run within Mon 06:29–Mon 07:00 UTC and together need 8: 5 too much",
    );
    expect(problem?.hints[0]).toContain("to 8");
  });

  it("does not advise wider windows when the whole week is full", () => {
    const full = ["a", "b", "c", "d"].map((name) =>
      makeJob(name, flexible(), { minutes: 5040, load: 2, pool: "warehouse" }),
    );
    const [problem] = findOverload(level(full, [{ name: "warehouse", capacity: 3 }], undefined, { at: AT }));
    expect(problem?.message).toContain("4 jobs must run within the week and together need 4: 1 too much");
    expect(problem?.hints[1]).toBe("run less: the week is full whatever the slots, and a, b, c weigh most");
  });

  it("is silent when they fit", () => {
    expect(findOverload(level(busy, [{ name: "warehouse", capacity: 8 }], undefined, { at: AT }))).toEqual([]);
  });
});

describe("observed runs", () => {
  const jobs = [
    makeJob("slow", flexible(), { minutes: 10, load: 1 }),
    makeJob("right", flexible(), { minutes: 10, load: 1 }),
  ];
  const observed = new Map([
    ["slow", { durationsSeconds: [3000, 3600, 3700, 4000, 5000], load: 4 }],
    ["right", { durationsSeconds: [550, 600, 610, 640, 650] }],
  ]);

  it("replace the guess from so many samples on", () => {
    const [right, slow] = level(jobs, [], undefined, { at: AT, observed }).problem.tasks;
    expect(right).toMatchObject({ minutes: 11, load: 1000 });
    expect(slow).toMatchObject({ minutes: 62, load: 4000 });
    const few = level(jobs, [], undefined, { at: AT, observed, minSamples: 6 }).problem.tasks;
    expect(few.map((task) => task.minutes)).toEqual([10, 10]);
  });

  it("show which guesses were wrong", () => {
    const wrong = findWrongGuesses(jobs, observed);
    expect(wrong.map(({ job }) => job)).toEqual(["slow"]);
    expect(wrong[0]?.message).toBe("slow takes 62m (p95 80m), not 10m and loads its pool with 4, not 1 (5 runs)");
  });
});

describe("the peak to expect", () => {
  it("is the planned one when runs last as planned, and the same every time", () => {
    const jobs = makeWeek("nightly", 60, 2).filter(
      (job) => job.schedule.kind !== "flexible" || job.schedule.period !== "month",
    );
    const result = level(jobs, [], undefined, { at: AT });
    const observed = new Map(result.problem.tasks.map((task) => [task.name, [task.minutes * 60]]));
    const weekly = result.problem.tasks.every((task) => task.circle.kind === "weeks" && task.circle.weeks === 1);
    const [peak] = simulatePeaks(result.problem, result.starts, { weeks: 20, observed });
    if (weekly) expect(peak?.median).toBeGreaterThan(0);
    expect(peak?.p95).toBeLessThanOrEqual(result.pools[0]?.peak ?? 0);
    const twice = [1, 2].map(() => simulatePeaks(result.problem, result.starts, { weeks: 10 }));
    expect(twice[0]).toEqual(twice[1]);
  });
});

describe("the weeks that are played", () => {
  it("do not let jobs of different weeks, or of different days of the month, meet", () => {
    const each = (name: string, part: Parameters<typeof flexible>[0]) =>
      makeJob(name, flexible(part), { minutes: 30, load: 1 });
    const cases = [
      ["a", "b", "c"].map((name) => each(name, { weeks: 3, within: [window([2], "03:00", "03:01")] })),
      ["d", "e"].map((name) =>
        each(name, { period: "month", within: [window([1, 2, 3, 4, 5, 6, 7], "03:00", "03:01")] }),
      ),
    ];
    for (const apart of cases) {
      const { problem, starts, pools } = level(apart, [], undefined, { at: AT });
      expect(pools[0]?.peak).toBe(1);
      expect(simulatePeaks(problem, starts)[0]?.p95).toBe(1);
    }
  });
});

describe("what is shown", () => {
  const jobs = [
    makeJob("a", flexible({ period: "day", within: [window([1, 2], "22:00", "02:00")] }), {
      minutes: 30,
      pool: "p<1>",
    }),
    makeJob("b", { ...RULES, kind: "interval", everyMinutes: 15, within: [] }, { minutes: 3, pool: "p<1>" }),
    makeJob("c", { ...RULES, kind: "cron", expression: "0 6 1 * *" }, { minutes: 3, pool: "p<1>" }),
  ];
  const result = level(jobs, [{ name: "p<1>" }], undefined, { at: AT });

  it("is the object that other programs read", () => {
    const report = staggerReport(result);
    expect(report.schema).toBe("rota.stagger/1");
    expect(Object.keys(report.pools[0] ?? {})).toEqual(
      expect.arrayContaining(["pool", "jobs", "peak", "bound", "before", "certificate"]),
    );
    const [a, b] = report.slots;
    expect(a?.starts).toHaveLength(2);
    expect(a?.starts[0]).toMatch(/^(Mon (22|23)|Tue 0[01]):\d\d$/);
    expect(a).toMatchObject({ job: "a", pool: "p<1>", load: 1, durationSeconds: 1800, moved: false });
    expect(b?.starts[0]).toMatch(/^\+\d+m$/);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it("is plain text of one width, in ASCII where that is asked for", () => {
    const text = staggerText(result, undefined, { ascii: true });
    expect([...text].every((character) => character.charCodeAt(0) < 128)).toBe(true);
    const rows = text.split("\n").filter((line) => /^(Mon|Sun) \|/.test(line));
    expect(rows.map((row) => row.length)).toEqual(rows.map(() => 54));
    const painted: number[] = [];
    const paint = (mark: string, share: number): string => {
      painted.push(share);
      return mark;
    };
    heatText(heatMap(new Float64Array(10_080).fill(1), 2), "", { paint });
    expect(painted.slice(0, 336).every((share) => share === 0.5)).toBe(true);
  });

  it("is a picture that needs nothing else and cannot be broken by a name", () => {
    const svg = staggerSvg(result, 'a "week" & more');
    expect(svg).toContain("p&lt;1&gt;");
    expect(svg).toContain("a &quot;week&quot; &amp; more");
    expect(svg).not.toMatch(/<script|href=|url\(/);
    expect(svg.match(/<rect/g)?.length).toBe(1 + 2 * 336 + 9);
  });

  it("has the earliest slots as what was before", () => {
    const week = earliestWeek(result.problem);
    expect(week.starts[0]).toEqual([22 * 60]);
    expect(week.starts[1]).toEqual([0]);
  });
});
