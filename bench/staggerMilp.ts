import { createRequire } from "node:module";
import type { LegacyHighs } from "highs";
import type { Job } from "../src/model/index.ts";
import type { Problem } from "../src/stagger/problem.ts";
import { occurrences } from "../src/stagger/task.ts";
import { makeWeek } from "./weeks.ts";

// The package's types call its default export a namespace; at run time it is the loader.
const loadHighs: () => Promise<LegacyHighs> = createRequire(import.meta.url)("highs");
const GRID_MINUTES = 30;
const CELLS = 10_080 / GRID_MINUTES;

/** Jobs that a grid can hold: weekly and daily, in UTC. */
export function makeSmallWeek(count: number): Job[] {
  return makeWeek("mixed", count * 3)
    .filter(({ schedule: s }) => s.kind === "flexible" && s.times === 1 && s.weeks === 1 && s.period !== "month")
    .slice(0, count)
    .map((job) => ({ ...job, schedule: { ...job.schedule, timezone: "UTC" } }));
}

export interface MilpResult {
  readonly starts?: readonly (readonly number[])[];
  readonly status: string;
  readonly milliseconds: number;
}

/** The least peak over starts on a grid, as a mixed-integer program: one choice a job, the load of each cell under P. */
export async function solveGrid(problem: Problem, seconds: number): Promise<MilpResult> {
  const cells = Array.from({ length: CELLS }, () => [] as string[]);
  const choices: string[] = [];
  const names: string[] = [];
  const options: { readonly task: number; readonly start: number }[] = [];
  for (const [index, task] of problem.tasks.entries()) {
    const mine: string[] = [];
    for (const { from, to } of task.shape?.allowed ?? []) {
      for (let start = Math.ceil(from / GRID_MINUTES) * GRID_MINUTES; start < to; start += GRID_MINUTES) {
        const name = `x${options.length}`;
        options.push({ task: index, start });
        mine.push(name);
        for (const at of occurrences(task, start)) {
          for (let k = 0; k < Math.ceil(task.minutes / GRID_MINUTES); k++) {
            cells[(Math.floor(at / GRID_MINUTES) + k) % CELLS]?.push(`${task.load} ${name}`);
          }
        }
      }
    }
    names.push(...mine);
    choices.push(` c${index}: ${mine.join(" + ")} = 1`);
  }
  const limits = cells.flatMap((terms, cell) =>
    terms.length > 0 ? [` t${cell}: ${terms.join("\n + ")} - P <= 0`] : [],
  );
  const text = `Minimize\n obj: P\nSubject To\n${[...choices, ...limits].join("\n")}\nBinary\n ${names.join("\n ")}\nEnd\n`;
  const highs = await loadHighs();
  const from = performance.now();
  const solution = highs.solve(text, { time_limit: seconds });
  const milliseconds = performance.now() - from;
  const columns = solution.Columns as Record<string, { readonly Primal?: number }>;
  const starts = problem.tasks.map(() => [] as number[]);
  for (const [k, option] of options.entries()) {
    if ((columns[`x${k}`]?.Primal ?? 0) > 0.5) starts[option.task]?.push(option.start);
  }
  const whole = starts.every((list) => list.length === 1);
  return { ...(whole ? { starts } : {}), status: solution.Status, milliseconds };
}
