import { isSameProcess, type ProcessStat, readIo, readOwnReadBytes, TICKS_PER_SECOND } from "./proc.ts";

interface Counters {
  readonly cpuTicks: number;
  readonly read: number;
  readonly written: number;
}

interface Reading extends Counters {
  readonly pid: number;
  readonly parent: number;
  readonly startTicks: number;
  /** Read by threads of its own that still live, children and ended threads left out. */
  readonly ownRead: number;
}

/** What a run's processes used between two readings; bytes are absent when one of them may not be looked into. */
export interface Used {
  readonly cpuSeconds: number;
  readonly readBytes?: number;
  /** Everything written, to pipes and to stdout as well. */
  readonly writtenBytes?: number;
}

/**
 * To start a program is to read it: a shell that sleeps in a loop reads some 8 KB for each `sleep`. What processes
 * read that came and went between two readings counts as work only above this, which is some thirty programs a
 * second; at that rate starting them takes more CPU than an idle run has.
 */
const LOADING_BYTES_PER_SECOND = 256 * 1024;

/**
 * Adds up the counters of a tree whose processes come and go. The kernel adds what an ended child used to its
 * parent, times and bytes alike, when the parent waits for it (tried on Linux 6.18; not when it ignores SIGCHLD).
 * So what was already counted of a process that is gone is taken off what its nearest living ancestor gained, and
 * no gain is ever negative. The keeper is the topmost ancestor.
 */
export class UsageMeter {
  #last = new Map<number, Reading>();

  /** Takes a reading; answers what was used since the one before, all of it when there was none. */
  advance(tree: readonly ProcessStat[], keeper: ProcessStat | undefined, seconds: number): Used {
    const now = new Map<number, Reading>();
    let readable = true;
    for (const stat of tree) {
      const io = readIo(stat.pid);
      // Gone since the walk: what it used is its parent's by now.
      if (!io && !isSameProcess(stat)) continue;
      if (!io) readable = false;
      now.set(stat.pid, { ...stat, ...(io ?? { read: 0, written: 0 }), ownRead: readOwnReadBytes(stat.pid) });
    }
    if (keeper) {
      const io = readIo(keeper.pid);
      // Of the keeper only what its children used: its own reading and writing is rota's.
      now.set(keeper.pid, { ...keeper, cpuTicks: keeper.childTicks, ...(io ?? { read: 0, written: 0 }), ownRead: 0 });
    }
    const used = gains(this.#last, now);
    const ownRead = [...now.values()].reduce((sum, each) => sum + ownGain(this.#last.get(each.pid), each), 0);
    this.#last = now;
    const passing = Math.max(0, used.read - ownRead);
    const cpuSeconds = used.cpuTicks / TICKS_PER_SECOND;
    if (!readable) return { cpuSeconds };
    const readBytes = ownRead + (passing > LOADING_BYTES_PER_SECOND * seconds ? passing : 0);
    return { cpuSeconds, readBytes, writtenBytes: used.written };
  }
}

function gains(last: ReadonlyMap<number, Reading>, now: ReadonlyMap<number, Reading>): Counters {
  const inherited = new Map<number, Counters>();
  for (const gone of last.values()) {
    if (isIn(now, gone)) continue;
    const heir = heirOf(gone, last, now);
    if (heir !== undefined) inherited.set(heir, sum(inherited.get(heir), gone));
  }
  let total: Counters = { cpuTicks: 0, read: 0, written: 0 };
  for (const each of now.values()) {
    const before = last.get(each.pid);
    const known = sum(before && isIn(now, before) ? before : undefined, inherited.get(each.pid));
    total = {
      cpuTicks: total.cpuTicks + Math.max(0, each.cpuTicks - known.cpuTicks),
      read: total.read + Math.max(0, each.read - known.read),
      written: total.written + Math.max(0, each.written - known.written),
    };
  }
  return total;
}

/** Up through parents that are gone too, to one that lives; undefined when it was handed to init. */
function heirOf(
  gone: Reading,
  last: ReadonlyMap<number, Reading>,
  now: ReadonlyMap<number, Reading>,
): number | undefined {
  let parent = last.get(gone.parent);
  for (let depth = 0; parent && depth < 1000; depth += 1) {
    if (isIn(now, parent)) return parent.pid;
    parent = last.get(parent.parent);
  }
  return undefined;
}

function isIn(readings: ReadonlyMap<number, Reading>, each: Reading): boolean {
  return readings.get(each.pid)?.startTicks === each.startTicks;
}

function ownGain(before: Reading | undefined, each: Reading): number {
  if (!before || before.startTicks !== each.startTicks) return 0;
  return Math.max(0, each.ownRead - before.ownRead);
}

function sum(a: Counters | undefined, b: Counters | undefined): Counters {
  return {
    cpuTicks: (a?.cpuTicks ?? 0) + (b?.cpuTicks ?? 0),
    read: (a?.read ?? 0) + (b?.read ?? 0),
    written: (a?.written ?? 0) + (b?.written ?? 0),
  };
}
