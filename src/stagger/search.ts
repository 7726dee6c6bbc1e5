import { allowedAfter } from "./after.ts";
import { Board } from "./board.ts";
import { hash32, hashBelow } from "./hash.ts";
import { contains, type Interval, intersect, measure, nth } from "./interval.ts";
import type { Problem } from "./problem.ts";
import { type Best, type Lane, Scorer } from "./score.ts";
import { closes, DAY_MINUTES, type Shape, WEEK_MINUTES } from "./shape.ts";
import { packEarliest, packLatest } from "./spacing.ts";
import { occurrences, type Task } from "./task.ts";

/** What a good week has more than the mean of its load: for what windows, months and roughness cost. */
const OVER_MEAN = 1.003;
/** Of a long circle so much is looked through: one week, two days of the month. */
const PARTS = 1 / 14;

/** The week as it stands while it is searched: every task's starts, and the load of every pool. */
export class Week {
  readonly problem: Problem;
  /** Kinds of lanes: false levels rectangles, true the expected curves. */
  readonly kinds: readonly boolean[];
  /** By task; undefined while it is not placed. In the minutes of its shape. */
  readonly starts: (readonly number[] | undefined)[];
  /** By pool. */
  readonly lanes: readonly (readonly Lane[])[];
  readonly #scorer: Scorer = new Scorer();
  /** Where the first of several starts may stand, by shape: it is asked for again and again. */
  readonly #firstRooms: Map<Shape, Interval[]> = new Map<Shape, Interval[]>();
  readonly #followers: ReadonlyMap<number, readonly number[]>;

  constructor(problem: Problem, kinds: readonly boolean[] = [false]) {
    this.problem = problem;
    this.kinds = kinds;
    this.starts = new Array(problem.tasks.length).fill(undefined);
    const followers = new Map<number, number[]>();
    for (const [index, task] of problem.tasks.entries()) {
      for (const before of task.after) followers.set(before, [...(followers.get(before) ?? []), index]);
    }
    this.#followers = followers;
    const months = new Set(problem.tasks.filter((t) => t.circle.kind === "month").map((t) => t.pool));
    this.lanes = problem.pools.map((_, pool) =>
      Array.from({ length: problem.halves }, (_, half) =>
        kinds.map((expected) => ({ board: new Board(problem.weeks, months.has(pool)), half, expected, limit: 0 })),
      ).flat(),
    );
    for (const [index, task] of problem.tasks.entries()) if (!task.shape) this.put(index, [0]);
    this.liftAll();
  }

  /** Whether wide ranges of starts are looked through by blocks of five minutes first, or by every minute. */
  set byBlocks(byBlocks: boolean) {
    this.#scorer.byBlocks = byBlocks;
  }

  /**
   * Takes the standing peaks as the limits under which no start is worse than another. Both halves of the year share
   * one, since the worse one counts.
   */
  liftAll(): void {
    for (const lanes of this.lanes) {
      for (const expected of [false, true]) {
        const alike = lanes.filter((lane) => lane.expected === expected);
        const limit = Math.max(...alike.map((lane) => Math.max(lane.limit, lane.board.peak())));
        for (const lane of alike) lane.limit = limit;
      }
    }
  }

  /**
   * Lifts the limits to just over the mean load that the week will have: there is no going lower, and a start that
   * keeps below it is better chosen by the burden it meets than by the peak of a week that is not full yet. There they
   * stay: what has to pass them passes them by as little as it can, and opens no room up there for the others. Asked
   * again as the week fills, since months and every N weeks cost more than their mean.
   */
  expectMean(): void {
    for (const [pool, lanes] of this.lanes.entries()) {
      for (const lane of lanes) {
        const left = this.problem.tasks.reduce(
          (sum, task, index) => sum + (task.pool === pool && !this.starts[index] ? areaOf(task, lane) : 0),
          0,
        );
        const mean = (lane.board.area() + left) / WEEK_MINUTES;
        lane.limit = Math.max(lane.limit, Math.floor(OVER_MEAN * mean));
      }
    }
  }

  /** Takes the limits away and counts burdens so steeply, up from the peaks, that they alone choose. */
  steepen(steepness: number): void {
    for (const lanes of this.lanes) {
      for (const expected of [false, true]) {
        const alike = lanes.filter((lane) => lane.expected === expected);
        const reference = Math.max(1, ...alike.map((lane) => lane.board.peak()));
        for (const lane of alike) {
          lane.limit = Number.POSITIVE_INFINITY;
          lane.board.countBy({ steepness, reference });
        }
      }
    }
  }

  /** Counts burdens as usual again, with the peaks as limits. */
  settle(): void {
    for (const lane of this.lanes.flat()) {
      lane.limit = 0;
      lane.board.countBy(undefined);
    }
    this.liftAll();
  }

  put(index: number, starts: readonly number[]): void {
    this.starts[index] = starts;
    this.#load(index, starts, 1);
  }

  take(index: number): readonly number[] {
    const starts = this.starts[index] ?? [];
    this.#load(index, starts, -1);
    this.starts[index] = undefined;
    return starts;
  }

  /** Puts a task where it is best; answers how far over its limits that is. */
  place(index: number): number {
    const task = this.problem.tasks[index] as Task;
    const shape = this.#ordered(index);
    if (shape.times === 1) {
      const best = this.best(index, this.#emptiestParts(task, shape)) ?? this.best(index, shape.allowed);
      if (best) this.put(index, [best.start]);
      return best?.excess ?? 0;
    }
    const starts: number[] = [];
    let excess = 0;
    for (let k = 0; k < shape.times; k++) {
      const room = k === 0 ? this.#firstRoom(shape) : roomFor(shape, starts, k);
      const best = this.best(index, inPart(shape, room, k));
      if (!best) break;
      starts.push(best.start);
      this.#load(index, [best.start], 1);
      excess = Math.max(excess, best.excess);
    }
    this.starts[index] = starts;
    return excess;
  }

  #firstRoom(shape: Shape): Interval[] {
    const known = this.#firstRooms.get(shape);
    if (known) return known;
    const room = roomFor(shape, [], 0);
    this.#firstRooms.set(shape, room);
    return room;
  }

  /** The task's shape, cut to what `after` leaves of it. */
  #ordered(index: number): Shape {
    const { tasks } = this.problem;
    const task = tasks[index] as Task;
    const shape = task.shape as Shape;
    if (task.after.length === 0 && !this.#followers.has(index)) return shape;
    const allowed = allowedAfter(tasks, this.#followers, index, this.starts);
    if (allowed && packEarliest(allowed, shape.times, shape.apartMinutes)) {
      const { periodMinutes, times, apartMinutes } = shape;
      return { ...shape, allowed, circular: shape.circular && closes(allowed, times, apartMinutes, periodMinutes) };
    }
    return shape;
  }

  /** Whether a start that stands keeps the order of `after`. */
  inOrder(index: number, starts: readonly number[]): boolean {
    const { tasks } = this.problem;
    const task = tasks[index] as Task;
    if (!task.shape || task.after.length === 0) return true;
    // What waits for this task is asked for itself: only what comes too early has to move.
    const allowed = allowedAfter(tasks, new Map(), index, this.starts);
    return allowed !== undefined && starts.every((start) => contains(allowed, start));
  }

  /** The tasks that start before what they wait for is expected to have ended. */
  early(): number[] {
    return [...this.starts.keys()].filter((index) => !this.inOrder(index, this.starts[index] ?? []));
  }

  /** Whether a task that was just placed, and all that wait for it directly, start in order. */
  keepsOrder(index: number): boolean {
    return [index, ...(this.#followers.get(index) ?? [])].every((each) => {
      const starts = this.starts[each];
      return starts === undefined || this.inOrder(each, starts);
    });
  }

  /** On a long circle, what lies in its emptiest week or days of the month: there is the most room. */
  #emptiestParts(task: Task, shape: Shape): readonly Interval[] {
    const [lane] = this.lanes[task.pool] ?? [];
    if (!lane || (task.circle.kind === "weeks" && task.circle.weeks === 1)) return shape.allowed;
    const loads = lane.board.partLoads(task.circle).map((load, part) => ({ load, part }));
    const emptiest = loads.sort((a, b) => a.load - b.load || a.part - b.part);
    const length = task.circle.kind === "month" ? DAY_MINUTES : WEEK_MINUTES;
    const parts = emptiest.slice(0, Math.ceil(loads.length * PARTS)).sort((a, b) => a.part - b.part);
    return intersect(
      shape.allowed,
      parts.map(({ part }) => ({ from: part * length, to: (part + 1) * length })),
    );
  }

  best(index: number, ranges: readonly Interval[]): Best | undefined {
    const task = this.problem.tasks[index] as Task;
    const from = nth(ranges, hashBelow(task.name, measure(ranges)));
    return this.#scorer.best(task, this.lanes[task.pool] ?? [], ranges, from);
  }

  peaks(pool: number): number[] {
    return (this.lanes[pool] ?? []).filter((lane) => !lane.expected).map((lane) => lane.board.peak());
  }

  #load(index: number, starts: readonly number[], sign: 1 | -1): void {
    const task = this.problem.tasks[index] as Task;
    for (const lane of this.lanes[task.pool] ?? []) {
      const curve = lane.expected ? task.curve : task.plain;
      const shift = task.toUtc[lane.half] ?? 0;
      for (const start of starts) {
        for (const at of occurrences(task, start)) {
          for (let k = 0; k < curve.to.length; k++) {
            const from = curve.from[k] as number;
            const height = sign * task.load * (curve.share[k] as number);
            lane.board.add(task.circle, at + shift + from, (curve.to[k] as number) - from, height);
          }
        }
      }
    }
  }
}

/** Load × minutes that a task puts into a week, in the mean over the weeks of its circle. */
function areaOf(task: Task, lane: Lane): number {
  const curve = lane.expected ? task.curve : task.plain;
  const run = curve.share.reduce((sum, share, k) => sum + share * ((curve.to[k] ?? 0) - (curve.from[k] ?? 0)), 0);
  const first = task.shape?.allowed[0]?.from ?? 0;
  const runs = occurrences(task, first).length * (task.shape?.times ?? 1);
  return (task.load * run * runs) / (task.circle.kind === "month" ? 4 : task.circle.weeks);
}

/** Where the kth of several starts may stand, given those before it: all that come after it must still fit. */
function roomFor(shape: Shape, before: readonly number[], k: number): Interval[] {
  const { allowed, times, apartMinutes, periodMinutes } = shape;
  const first = before[0];
  const limit = first === undefined || !shape.circular ? undefined : first + periodMinutes - apartMinutes;
  const latest = packLatest(allowed, times, apartMinutes, limit)?.[k] ?? 0;
  const after = k === 0 ? 0 : (before[k - 1] ?? 0) + apartMinutes;
  const room = intersect(allowed, [{ from: after, to: latest + 1 }]);
  if (k > 0 || !shape.circular) return room;
  return room.flatMap(({ from, to }) => {
    const kept: Interval[] = [];
    for (let start = from; start < to; start++) {
      const last = packEarliest(allowed, times, apartMinutes, start)?.at(-1) ?? Number.POSITIVE_INFINITY;
      if (last - start > periodMinutes - apartMinutes) continue;
      const open = kept.at(-1);
      if (open && open.to === start) kept[kept.length - 1] = { from: open.from, to: start + 1 };
      else kept.push({ from: start, to: start + 1 });
    }
    return kept;
  });
}

/**
 * What of the kth start's room lies within the first k + 1 equal parts of the allowed minutes, else the whole room. An
 * early start that may stand late would leave those after it only the period's end, where they would pile up.
 */
function inPart(shape: Shape, room: readonly Interval[], k: number): readonly Interval[] {
  const end = nth(shape.allowed, Math.ceil((measure(shape.allowed) * (k + 1)) / shape.times) - 1) + 1;
  const part = intersect(room, [{ from: 0, to: end }]);
  return part.length > 0 ? part : room;
}

/**
 * How much harder a task is to place for needing the same room at each of its occurrences: it comes before one of the
 * same size that runs once, which fills what is left.
 */
const REPEATING = { phase: 45, day: 4.5, week: 1, month: 5.5 } as const;
const LOAD_POWER = 0.9;
/** Of the duration and of the room. */
export const USUAL_POWERS: readonly [time: number, room: number] = [0.45, 0.3];

/**
 * The order in which tasks are placed: the hardest first, but after what they wait for. Ties by a hash of the name, so
 * that no file order counts. Powers and factors were found by trying on weeks of the bench, seeds 1 to 3.
 */
export function placingOrder(tasks: readonly Task[], powers: typeof USUAL_POWERS = USUAL_POWERS): number[] {
  const [timePower, roomPower] = powers;
  const keyed = tasks.flatMap((task, index) => {
    if (!task.shape) return [];
    const { shape } = task;
    const size = task.load ** LOAD_POWER * task.minutes ** timePower * REPEATING[shape.kind];
    const key = size / measure(shape.allowed) ** roomPower;
    return [{ index, key: Math.round(key * 1024), hash: hash32(task.name) }];
  });
  keyed.sort((a, b) => b.key - a.key || a.hash - b.hash || a.index - b.index);
  const order = new Set<number>();
  const visit = (index: number, path: ReadonlySet<number>): void => {
    const task = tasks[index] as Task;
    if (order.has(index) || path.has(index) || !task.shape) return;
    if (task.after.length > 0) for (const before of task.after) visit(before, new Set([...path, index]));
    order.add(index);
  };
  for (const { index } of keyed) visit(index, new Set());
  return [...order];
}
