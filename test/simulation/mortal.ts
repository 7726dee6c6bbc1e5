import { type Ledger, LedgerError } from "../../src/ledger/index.ts";
import type { Clock, Entry } from "../../src/model/index.ts";

/**
 * One daemon's life. Everything that it asks of the world goes through `through`, and a death may fall before the
 * request or between its effect and its answer; after it nothing ever comes back, as after `kill -9`.
 */
export class Mortal {
  readonly epochOf: number;
  dead = false;
  /** Dies at this many crossings from now on. */
  crossings: number = Number.POSITIVE_INFINITY;

  constructor(epochOf: number) {
    this.epochOf = epochOf;
  }

  async through<T>(work: () => Promise<T>): Promise<T> {
    if (this.cross()) return never();
    try {
      const answer = await work();
      if (this.cross()) return never();
      return answer;
    } catch (error) {
      if (this.cross()) return never();
      throw error;
    }
  }

  private cross(): boolean {
    this.crossings -= 1;
    if (this.crossings <= 0) this.dead = true;
    return this.dead;
  }
}

function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}

/** Deaths do not fall on a sleep by itself: they fall on what is done after it. */
export function mortalClock(clock: Clock, mortal: Mortal): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    sleep: async (ms, signal) => {
      await clock.sleep(ms, signal);
      if (mortal.dead) await never();
    },
  };
}

/** Whether, and how, the disk refuses right now; and for how long each write of it takes. */
export interface Disk {
  readonly refuses: () => "full" | "busy" | undefined;
  readonly slowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly committed: (entries: readonly Entry[]) => void;
}

/** The ledger as a daemon sees it: a disk that may refuse or be slow, in the order of the calls, and a life that ends. */
export function mortalLedger(ledger: Ledger, mortal: Mortal, disk: Disk): Ledger {
  let tail: Promise<void> = Promise.resolve();
  const write = <T>(work: () => Promise<T>): Promise<T> =>
    mortal.through(async () => {
      const slow = disk.slowMs();
      if (slow > 0) {
        tail = tail.then(() => disk.sleep(slow));
        await tail;
      }
      if (mortal.dead) return never<T>();
      const refused = disk.refuses();
      if (refused) throw new LedgerError(refused, `injected: ${refused}`);
      return work();
    });
  const read = <T>(work: () => Promise<T>): Promise<T> => mortal.through(work);
  return {
    append: (events) =>
      write(async () => {
        const entries = await ledger.append(events);
        disk.committed(entries);
        return entries;
      }),
    saveSamples: (run, samples) => write(() => ledger.saveSamples(run, samples)),
    pruneSamples: (before) => write(() => ledger.pruneSamples(before)),
    rebuild: () => write(() => ledger.rebuild()),
    nextEpoch: () => read(() => ledger.nextEpoch()),
    run: (id) => read(() => ledger.run(id)),
    runs: (query) => read(() => ledger.runs(query)),
    entries: async function* (query) {
      for await (const entry of ledger.entries(query)) {
        if (mortal.dead) await never();
        yield entry;
      }
    },
    lastEntry: () => read(() => ledger.lastEntry()),
    fires: (query) => read(() => ledger.fires(query)),
    lastAccounted: (job) => read(() => ledger.lastAccounted(job)),
    excuses: (query) => read(() => ledger.excuses(query)),
    deployments: (range) => read(() => ledger.deployments(range)),
    charges: (query) => read(() => ledger.charges(query)),
    samples: (run, since) => read(() => ledger.samples(run, since)),
    verify: (options) => read(() => ledger.verify(options)),
    close: async () => undefined,
  };
}
