import type { Circle } from "./board.ts";
import type { Curve } from "./curve.ts";
import { contains } from "./interval.ts";
import { DAY_MINUTES, type Shape, WEEK_MINUTES } from "./shape.ts";

/** Loads are whole thousandths of the pool's unit while they are computed. */
export const LOAD_UNIT = 1000;

/** One job as the levelling sees it. Minutes are local to the job's zone until `toUtc` is added. */
export interface Task {
  readonly name: string;
  /** Index into the problem's pools. */
  readonly pool: number;
  /** In thousandths of the pool's unit. */
  readonly load: number;
  /** Whole minutes that a run is planned with. */
  readonly minutes: number;
  /** Every run lasts `minutes`. */
  readonly plain: Curve;
  /** How many runs still go on after so many minutes. */
  readonly curve: Curve;
  /** After this many minutes 95% of its runs have ended; what `after` waits for. */
  readonly p95Minutes: number;
  readonly circle: Circle;
  /** For each half of the year: add it to a local minute. */
  readonly toUtc: readonly number[];
  /** Absent: pinned. */
  readonly shape?: Shape;
  /** Distances from a start to the occurrences that it brings; not for an interval with windows. */
  readonly repeats: readonly number[];
  /** Pinned: its starts. */
  readonly pinned: readonly number[];
  /** Indices of the tasks that must have ended. */
  readonly after: readonly number[];
}

/** The local minutes of the task's circle at which it starts, given one chosen start of its shape. */
export function occurrences(task: Task, start: number): readonly number[] {
  const { shape } = task;
  if (!shape) return task.pinned;
  if (shape.kind === "day") return shape.openDays.map((day) => day * DAY_MINUTES + start);
  if (shape.kind !== "phase") return [start];
  const starts: number[] = [];
  const steady = isSteady(shape);
  for (let at = start; at < WEEK_MINUTES; at += shape.periodMinutes) {
    if (steady || contains(shape.openMinutes, at)) starts.push(at);
  }
  return starts;
}

/** True for an interval that fires all week long. */
export function isSteady(shape: Shape): boolean {
  const [open] = shape.openMinutes;
  return open !== undefined && open.from === 0 && open.to === WEEK_MINUTES;
}

/** Distances from a start to the occurrences that it brings; not for an interval with windows. */
export function repeatsOf(shape: Shape | undefined): readonly number[] {
  if (shape?.kind === "day") return shape.openDays.map((day) => day * DAY_MINUTES);
  if (shape?.kind !== "phase") return [0];
  return Array.from({ length: WEEK_MINUTES / shape.periodMinutes }, (_, k) => k * shape.periodMinutes);
}
