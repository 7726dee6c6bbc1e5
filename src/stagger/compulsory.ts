import { mod } from "./board.ts";
import { WEEK_MINUTES } from "./shape.ts";
import { occurrences, type Task } from "./task.ts";

/** The fullest minute that no choice of starts can empty. */
export interface Compulsory {
  /** In thousandths of the pool's unit. */
  readonly value: number;
  readonly half: number;
  /** The stretch of the UTC week that is so full: `to` is exclusive. */
  readonly from: number;
  readonly to: number;
  /** The jobs that run there whatever their slots, the heaviest first. */
  readonly jobs: readonly string[];
}

/**
 * A run whose window is shorter than itself passes through the same minutes wherever it starts: from its latest
 * start to its earliest end. Only what comes every week is counted.
 */
export function compulsoryLoad(tasks: readonly Task[], halves: number): Compulsory {
  let best: Compulsory = { value: 0, half: 0, from: 0, to: 0, jobs: [] };
  for (let half = 0; half < halves; half++) {
    let value = 0;
    let from = 0;
    let to = 0;
    for (const [minute, load] of compulsoryWeek(tasks, half).entries()) {
      if (load > value) [value, from, to] = [load, minute, minute + 1];
      else if (load === value && to === minute) to = minute + 1;
    }
    if (value <= best.value) continue;
    const inside = tasks.filter((task) =>
      stretchesOf(task, half).some((stretch) => mod(from - stretch.from, WEEK_MINUTES) < stretch.minutes),
    );
    inside.sort((a, b) => b.load - a.load || (a.name < b.name ? -1 : 1));
    best = { value, half, from, to, jobs: [...new Set(inside.map(({ name }) => name))] };
  }
  return best;
}

/** By minute of the UTC week: the load that is there whatever the slots. */
export function compulsoryWeek(tasks: readonly Task[], half: number): Float64Array {
  const change = new Float64Array(WEEK_MINUTES + 1);
  for (const task of tasks) {
    for (const { from, minutes } of stretchesOf(task, half)) {
      const end = from + minutes;
      change[from] = (change[from] as number) + task.load;
      if (end > WEEK_MINUTES) change[0] = (change[0] as number) + task.load;
      if (end !== WEEK_MINUTES) change[end % WEEK_MINUTES] = (change[end % WEEK_MINUTES] as number) - task.load;
    }
  }
  let load = 0;
  return change.subarray(0, WEEK_MINUTES).map((step) => {
    load += step;
    return load;
  });
}

function stretchesOf(task: Task, half: number): { from: number; minutes: number }[] {
  const { shape, circle } = task;
  if (circle.kind === "month" || circle.weeks > 1) return [];
  const shift = task.toUtc[half] ?? 0;
  if (!shape) return task.pinned.map((at) => ({ from: mod(at + shift, WEEK_MINUTES), minutes: task.minutes }));
  const first = shape.allowed[0]?.from ?? 0;
  const last = (shape.allowed.at(-1)?.to ?? 1) - 1;
  const minutes = Math.min(first + task.minutes - last, WEEK_MINUTES);
  if (shape.times > 1 || shape.kind === "phase" || minutes <= 0) return [];
  return occurrences(task, last).map((at) => ({ from: mod(at + shift, WEEK_MINUTES), minutes }));
}
