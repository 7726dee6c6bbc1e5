import { mod } from "./board.ts";
import { compulsoryWeek } from "./compulsory.ts";
import { WEEK_MINUTES } from "./shape.ts";
import { occurrences, type Task } from "./task.ts";

/** A job that, wherever it starts, runs over others that cannot move away. */
export interface Standing {
  /** Its load and the least that it meets, in thousandths of the pool's unit. */
  readonly value: number;
  readonly task: Task;
}

/** Lighter jobs than the heaviest few are not what a peak comes from. */
const HEAVIEST = 20;

/** Of the heaviest jobs, the one that has the highest load while it runs, at the start at which it meets least. */
export function heaviestStanding(tasks: readonly Task[], halves: number): Standing | undefined {
  const heaviest = [...tasks].sort((a, b) => b.load - a.load || (a.name < b.name ? -1 : 1)).slice(0, HEAVIEST);
  const weeks = Array.from({ length: halves }, (_, half) => compulsoryWeek(tasks, half));
  const most = Math.max(0, ...weeks.map((week) => week.reduce((a, b) => Math.max(a, b), 0)));
  let best: Standing | undefined;
  for (const task of heaviest) {
    if (best && task.load + most <= best.value) break;
    const others = weeks.map((week, half) => {
      const own = compulsoryWeek([task], half);
      return week.map((load, minute) => load - (own[minute] as number));
    });
    const value = task.load + leastMet(task, others);
    if (!best || value > best.value) best = { value, task };
  }
  return best;
}

/** The least, over its starts, of the largest load that a run meets. */
function leastMet(task: Task, others: readonly Float64Array[]): number {
  const { shape, circle } = task;
  // What does not come every week meets other weeks too, which are not counted here.
  if (!shape || circle.kind === "month" || circle.weeks > 1) return 0;
  let least = Number.POSITIVE_INFINITY;
  for (const { from, to } of shape.allowed) {
    for (let start = from; start < to && least > 0; start++) least = Math.min(least, met(task, start, others, least));
  }
  return least === Number.POSITIVE_INFINITY ? 0 : least;
}

/** The largest load that the runs of one choice meet; what is not under `enough` is not looked at further. */
function met(task: Task, start: number, others: readonly Float64Array[], enough: number): number {
  let most = 0;
  for (const [half, load] of others.entries()) {
    for (const at of occurrences(task, start)) {
      const first = mod(at + (task.toUtc[half] ?? 0), WEEK_MINUTES);
      for (let k = 0; k < task.minutes; k++) {
        most = Math.max(most, load[(first + k) % WEEK_MINUTES] as number);
        if (most >= enough) return most;
      }
    }
  }
  return most;
}
