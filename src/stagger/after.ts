import { type Interval, intersect, union } from "./interval.ts";
import { DAY_MINUTES, WEEK_MINUTES } from "./shape.ts";
import { occurrences, type Task } from "./task.ts";

/** Between the time by which 95% of the predecessor's runs have ended and the start of what waits for it. */
export const SLACK_MINUTES = 5;

type Placed = readonly (readonly number[] | undefined)[];

/**
 * Where a task may start, given what stands already: not before its predecessors are expected to have ended, and
 * early enough for what waits for it. Undefined when nothing is left: then the order cannot be kept.
 */
export function allowedAfter(
  tasks: readonly Task[],
  followers: ReadonlyMap<number, readonly number[]>,
  index: number,
  placed: Placed,
): Interval[] | undefined {
  const task = tasks[index] as Task;
  let allowed: Interval[] = [...(task.shape?.allowed ?? [])];
  for (const before of task.after) {
    const predecessor = tasks[before] as Task;
    allowed = intersect(allowed, afterOne(task, predecessor, placed[before]));
  }
  allowed = intersect(allowed, [{ from: 0, to: latestFor(tasks, followers, index, placed, 0) + 1 }]);
  return allowed.length > 0 ? allowed : undefined;
}

/** The latest start that leaves room for all that waits for the task, directly or not. */
function latestFor(
  tasks: readonly Task[],
  followers: ReadonlyMap<number, readonly number[]>,
  index: number,
  placed: Placed,
  depth: number,
): number {
  const task = tasks[index] as Task;
  let latest = (task.shape?.allowed.at(-1)?.to ?? 1) - 1;
  if (depth > tasks.length) return latest;
  for (const next of followers.get(index) ?? []) {
    const follower = tasks[next] as Task;
    if (!samePeriod(task, follower)) continue;
    const end = placed[next]?.[0] ?? latestFor(tasks, followers, next, placed, depth + 1);
    latest = Math.min(latest, end - lag(follower, task));
  }
  return latest;
}

/** What one predecessor leaves of a task's period. */
function afterOne(task: Task, predecessor: Task, starts: readonly number[] | undefined): Interval[] {
  const length = (task.shape?.kind === "day" ? 2 * DAY_MINUTES : task.shape?.periodMinutes) ?? WEEK_MINUTES;
  const whole = { from: 0, to: length };
  const wait = lag(task, predecessor);
  if (samePeriod(predecessor, task)) {
    const first = starts?.[0] ?? predecessor.shape?.allowed[0]?.from ?? 0;
    return [{ from: Math.max(0, first + wait), to: length }];
  }
  if (!starts || task.circle.kind === "month" || predecessor.circle.kind === "month") return [whole];
  // Another rhythm: the task does not start while the predecessor is expected to run.
  const fires = starts.flatMap((start) => occurrences(predecessor, start)).map((at) => at % WEEK_MINUTES);
  if (task.shape?.kind === "day") {
    const days = new Set(fires.map((at) => Math.floor(at / DAY_MINUTES)));
    const once = new Set(fires.map((at) => at % DAY_MINUTES));
    if (days.size === fires.length && once.size === 1)
      return [{ from: Math.max(0, [...once][0] ?? 0) + wait, to: length }];
  }
  const busy = union(
    fires.flatMap((at) => [-length, 0, length].map((turn) => ({ from: at + turn, to: at + turn + wait }))),
  );
  const free: Interval[] = [];
  let from = 0;
  for (const run of busy) {
    if (run.from > from) free.push({ from, to: Math.min(run.from, length) });
    from = Math.max(from, run.to);
  }
  if (from < length) free.push({ from, to: length });
  return union(free.filter((i) => i.from < length));
}

/** Both choose one start in a period of the same kind, so the order of the two starts is the order of the runs. */
function samePeriod(a: Task, b: Task): boolean {
  if (!a.shape || !b.shape || a.shape.kind === "phase") return false;
  return (
    a.shape.kind === b.shape.kind &&
    a.shape.periodMinutes === b.shape.periodMinutes &&
    a.shape.times * b.shape.times === 1
  );
}

/** Minutes from the predecessor's start to the task's, each in its own local time, in the worse half of the year. */
function lag(task: Task, predecessor: Task): number {
  const zones = task.toUtc.map((shift, half) => (predecessor.toUtc[half] ?? 0) - shift);
  return Math.max(...zones) + predecessor.p95Minutes + SLACK_MINUTES;
}
