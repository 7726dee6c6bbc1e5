import { mod } from "./board.ts";
import { hash32 } from "./hash.ts";
import { measure } from "./interval.ts";
import type { Lane } from "./score.ts";
import type { Week } from "./search.ts";
import { WEEK_MINUTES } from "./shape.ts";
import { occurrences } from "./task.ts";

export interface RepairOptions {
  /** Most tasks that may be given another start. */
  readonly moves: number;
  /** Most tasks that may be tried; iterations are counted and never timed, so that every machine stops alike. */
  readonly tries: number;
  /** Where to stop: a peak at or under this needs no repair. */
  readonly goal: number;
}

/**
 * Lowers a pool's peak: takes a task off the worst minute, and puts it where it makes no minute as bad. Returns
 * the tasks that moved.
 */
export function repair(week: Week, pool: number, options: RepairOptions): Set<number> {
  const moved = new Set<number>();
  let tries = options.tries;
  while (tries > 0 && moved.size < options.moves) {
    const { lane, minute, peak } = worst(week.lanes[pool] ?? []);
    if (!lane || peak <= options.goal) break;
    for (const other of week.lanes[pool] ?? []) other.limit = peak - 1;
    let lowered = false;
    for (const index of covering(week, pool, lane, minute)) {
      if (tries-- <= 0) break;
      if (!lighter(week, index, () => (lane.board.folded[minute] as number) < peak)) continue;
      moved.add(index);
      lowered = true;
      break;
    }
    if (!lowered) break;
  }
  const { peak } = worst(week.lanes[pool] ?? []);
  for (const lane of week.lanes[pool] ?? []) lane.limit = peak;
  return moved;
}

/** Moves a task to where every lane keeps its limit; puts it back when there is no such place, or it did not help. */
function lighter(week: Week, index: number, helped: () => boolean): boolean {
  const before = week.take(index);
  if (week.place(index) === 0 && week.keepsOrder(index) && helped()) return true;
  week.take(index);
  week.put(index, before);
  return false;
}

function worst(lanes: readonly Lane[]): { lane: Lane | undefined; minute: number; peak: number } {
  let found: { lane: Lane | undefined; minute: number; peak: number } = { lane: undefined, minute: 0, peak: 0 };
  for (const lane of lanes) {
    for (let minute = 0; minute < WEEK_MINUTES; minute++) {
      const load = lane.board.folded[minute] as number;
      if (load > found.peak) found = { lane, minute, peak: load };
    }
  }
  return found;
}

/** The flexible tasks that run at a minute of the folded week, those with the most room first. */
function covering(week: Week, pool: number, lane: Lane, minute: number): number[] {
  const found: { index: number; room: number; hash: number }[] = [];
  for (const [index, task] of week.problem.tasks.entries()) {
    if (task.pool !== pool || !task.shape || task.load === 0) continue;
    const shift = task.toUtc[lane.half] ?? 0;
    const circle = task.circle.kind === "month" ? 1440 : WEEK_MINUTES;
    const runs = (week.starts[index] ?? []).some((start) =>
      occurrences(task, start).some((at) => mod(minute - at - shift, circle) < task.minutes),
    );
    if (runs) found.push({ index, room: measure(task.shape.allowed) / task.load, hash: hash32(task.name) });
  }
  found.sort((a, b) => b.room - a.room || a.hash - b.hash || a.index - b.index);
  return found.map(({ index }) => index);
}
