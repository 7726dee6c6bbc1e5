import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { canonical, type Instant, MINUTE } from "../../../src/model/index.ts";
import { expandNative, type NativeSchedule, readExpression } from "../translate/index.ts";
import { Turns } from "./turns.ts";

/** The scheduler may start a fire so long after its time, and AWS may tell of it still later. */
export const AWAITED_MS: number = 25 * MINUTE;

interface Entry {
  readonly job: string;
  readonly natives: readonly NativeSchedule[];
}

/** An entry as it is deployed, or was until then. */
export type Stood<T> = T & { readonly until?: Instant };

/**
 * What is deployed, and what was a while ago: what it started last may be told of when it has been edited or removed.
 * It is kept in a file, so that a daemon that starts in between asks as well.
 */
export class Standing<T extends Entry> {
  #known: ReadonlyMap<string, Stood<T>> | undefined;
  /** What is about to end and is not noted yet: all that is there when its turn comes is written at once. */
  #ending = new Map<string, Stood<T>>();
  readonly #file: string;
  readonly #turns = new Turns();

  constructor(file: string) {
    this.#file = file;
  }

  take(deployed: readonly T[], now: Instant): Promise<readonly Stood<T>[]> {
    return this.#turns.take(() => this.#take(deployed, now));
  }

  /** It is about to be edited or removed, maybe before any listing has seen it, and may fire until then. */
  ends(entry: T, now: Instant, until: Instant = now): Promise<void> {
    this.#ending.set(canonical(entry), { ...entry, until });
    return this.#turns.take(() => this.#note(now));
  }

  async #note(now: Instant): Promise<void> {
    const ending = this.#ending;
    if (ending.size === 0) return;
    this.#ending = new Map();
    const before = this.#known ?? (await this.#read());
    // Where no daemon ever lists, nobody else would take out what is over.
    const current = [...before].filter(([, { until = now }]) => now - until <= AWAITED_MS);
    const known = new Map([...current, ...ending]);
    this.#known = known;
    await this.#write(known);
  }

  async #take(deployed: readonly T[], now: Instant): Promise<readonly Stood<T>[]> {
    const before = this.#known ?? (await this.#read());
    const current = new Map(deployed.map((each) => [canonical(each), each]));
    const known = new Map<string, Stood<T>>();
    let isNew = false;
    for (const [key, each] of before) {
      const stands = current.get(key);
      const until = stands ? undefined : (each.until ?? now);
      isNew ||= until !== each.until;
      if (stands) known.set(key, stands);
      else if (until !== undefined && now - until <= AWAITED_MS) known.set(key, { ...each, until });
      else isNew = true;
    }
    for (const [key, each] of current) {
      isNew ||= !before.has(key);
      known.set(key, each);
    }
    this.#known = known;
    if (isNew) await this.#write(known);
    return [...known.values()];
  }

  /** What cannot be read is not there: then what was edited before this daemon began is not asked about. */
  async #read(): Promise<ReadonlyMap<string, Stood<T>>> {
    const text = await readFile(this.#file, "utf8").catch(() => "");
    return new Map(
      entriesOf<T>(text).map((each) => {
        const { until: _until, ...entry } = each;
        return [canonical(entry), each];
      }),
    );
  }

  /** A listing does not fail for it: it is needed after a restart alone. */
  async #write(known: ReadonlyMap<string, Stood<T>>): Promise<void> {
    try {
      await mkdir(dirname(this.#file), { recursive: true });
      await writeFile(`${this.#file}.new`, JSON.stringify([...known.values()]), { mode: 0o600, flush: true });
      await rename(`${this.#file}.new`, this.#file);
    } catch {
      // As above.
    }
  }
}

/** The file is our own; one that was damaged says nothing. */
function entriesOf<T extends Entry>(text: string): readonly Stood<T>[] {
  try {
    const all = JSON.parse(text) as readonly Stood<T>[];
    return all.filter(({ job, natives }) => typeof job === "string" && Array.isArray(natives));
  } catch {
    return [];
  }
}

/** The fires from `from` until before `to` of what stood then; undefined where an expression is not rota's, and cannot be read. */
export function firesOf(stood: readonly Stood<Entry>[], from: Instant, to: Instant): readonly Instant[] | undefined {
  if (stood.some(({ natives }) => natives.some(({ expression }) => !readExpression(expression).ok))) return undefined;
  return stood
    .flatMap(({ natives, until = to }) => natives.flatMap((native) => expandNative(native, from, Math.min(to, until))))
    .sort((a, b) => a - b);
}
