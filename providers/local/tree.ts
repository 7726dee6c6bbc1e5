import type { Clock } from "../../src/model/index.ts";
import { isPopulated, readCgroupPids } from "./cgroup.ts";
import { type Identity, listPids, type ProcessStat, readEnviron, readStat } from "./proc.ts";

/** What tells the processes of one run from all others. */
export interface TreeKey {
  readonly mark: string;
  readonly cgroup?: string;
  /** The command's own process, which leads a session where there is setsid. */
  readonly leader?: Pick<Identity, "pid" | "startTicks">;
}

interface Known {
  readonly startTicks: number;
  readonly mark: string | undefined;
}

interface Snapshot {
  readonly at: number;
  readonly stats: ReadonlyMap<number, ProcessStat>;
  readonly byMark: ReadonlyMap<string, readonly ProcessStat[]>;
  readonly bySession: ReadonlyMap<number, readonly ProcessStat[]>;
  readonly children: ReadonlyMap<number, readonly ProcessStat[]>;
}

/**
 * Finds the processes of runs: all in the run's cgroup, every process whose environment carries the run's mark
 * (setsid and a double fork keep it), those in the session of its command while that is there, the descendants of
 * all these, and whoever was found to be one before and still lives: one that throws its environment away and then
 * leaves its parent stays in sight. The keeper carries another mark and is not one.
 */
export class ProcessTable {
  readonly #clock: Pick<Clock, "monotonic">;
  /** Marks by pid: the environment of a process that has settled is read once. */
  readonly #known = new Map<number, Known>();
  /** Start times by pid of the living processes of each run, as they were found last. */
  readonly #found = new Map<string, ReadonlyMap<number, number>>();
  #snapshot: Snapshot | undefined;

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  /**
   * The live processes of the run (a zombie has ended), as of a walk through /proc that began after `newerThan` (on
   * the monotonic clock; absent: a new one), so that what is asked of many runs at once takes one walk.
   */
  find(key: TreeKey, newerThan: number = Number.POSITIVE_INFINITY): ProcessStat[] {
    const { stats, byMark, bySession, children } = this.#look(newerThan);
    const tree = new Map((byMark.get(key.mark) ?? []).map((stat) => [stat.pid, stat]));
    const add = (stat: ProcessStat | undefined): void => void (stat && tree.set(stat.pid, stat));
    if (key.cgroup !== undefined && isPopulated(key.cgroup)) {
      for (const pid of readCgroupPids(key.cgroup) ?? []) add(stats.get(pid) ?? readStat(pid));
    }
    const { leader } = key;
    const led = leader && stats.get(leader.pid);
    // Only while it is there, if as a zombie: then nobody else can have given the session its number.
    if (led && led.startTicks === leader.startTicks && led.session === led.pid) {
      for (const stat of bySession.get(led.pid) ?? []) add(stat);
    }
    for (const [pid, startTicks] of this.#found.get(key.mark) ?? []) {
      const stat = stats.get(pid);
      if (stat?.startTicks === startTicks) add(stat);
    }
    const all = withDescendants(tree, children);
    if (all.length > 0) this.#found.set(key.mark, new Map(all.map((stat) => [stat.pid, stat.startTicks])));
    else this.#found.delete(key.mark);
    return all;
  }

  #look(newerThan: number): Snapshot {
    if (this.#snapshot && this.#snapshot.at > newerThan) return this.#snapshot;
    const at = this.#clock.monotonic();
    const stats = new Map<number, ProcessStat>();
    const byMark = new Map<string, ProcessStat[]>();
    for (const pid of listPids()) {
      const stat = readStat(pid);
      if (!stat) continue;
      stats.set(pid, stat);
      const mark = this.#markOf(stat);
      if (mark === undefined) continue;
      const marked = byMark.get(mark);
      if (marked) marked.push(stat);
      else byMark.set(mark, [stat]);
    }
    for (const pid of this.#known.keys()) if (!stats.has(pid)) this.#known.delete(pid);
    const bySession = Map.groupBy(stats.values(), (stat) => stat.session);
    const children = Map.groupBy(stats.values(), (stat) => stat.parent);
    this.#snapshot = { at, stats, byMark, bySession, children };
    return this.#snapshot;
  }

  /** The `ROTA_TREE` of the process: the innermost run it belongs to. The keeper and everybody else has none. */
  #markOf(stat: ProcessStat): string | undefined {
    const known = this.#known.get(stat.pid);
    if (known && known.startTicks === stat.startTicks) return known.mark;
    const environ = readEnviron(stat.pid);
    if (environ === undefined) return undefined;
    const mark = environ.findLast((entry) => entry.startsWith("ROTA_TREE="))?.slice("ROTA_TREE=".length);
    // A keeper's child is still to become the command; one that is being executed shows nothing yet.
    const settled = environ.length > 1 && !environ.some((entry) => entry.startsWith("ROTA_KEEPER="));
    if (settled) this.#known.set(stat.pid, { startTicks: stat.startTicks, mark });
    return mark;
  }
}

function withDescendants(
  tree: ReadonlyMap<number, ProcessStat>,
  children: ReadonlyMap<number, readonly ProcessStat[]>,
): ProcessStat[] {
  const all = new Map(tree);
  const queue = [...tree.values()];
  for (let stat = queue.pop(); stat; stat = queue.pop()) {
    for (const child of children.get(stat.pid) ?? []) {
      if (all.has(child.pid)) continue;
      all.set(child.pid, child);
      queue.push(child);
    }
  }
  return [...all.values()].filter((stat) => stat.state !== "Z" && stat.state !== "X");
}
