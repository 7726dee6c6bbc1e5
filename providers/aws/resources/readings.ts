import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, HOUR, type Instant, type JsonObject } from "../../../src/model/index.ts";

/** Of one thing: what was read of it, at which version, and when. */
interface Reading {
  readonly version: string;
  readonly at: Instant;
  /** As JSON gives it back: dates are texts. */
  readonly value: JsonObject;
}

interface Version {
  readonly key: string;
  readonly version: string;
  readonly changedAt?: Instant;
  readonly fresh?: boolean;
}

/**
 * A change within the same moment as the one that was read would bear the same date: what was read so soon after a
 * change is not kept.
 */
const SETTLED_MS = 2_000;
/** Tags of a definition can change without a new revision: it is read again after this. */
const KEPT_MS = 24 * HOUR;

/**
 * What has been read, kept in the state folder, so that a listing which tells versions need not read everything again.
 * Only listings use it: whatever is about to be changed is read anew. It may be lost or deleted at any time.
 */
export class Readings {
  readonly #path: string;
  readonly #clock: Pick<Clock, "now">;
  #known: Promise<Map<string, Reading>> | undefined;
  #isChanged = false;

  constructor(stateDir: string, clock: Pick<Clock, "now">) {
    this.#path = join(stateDir, "readings.json");
    this.#clock = clock;
  }

  /**
   * What is known of this version, else what `read` answers. `changedAt`: when the vendor says that it changed. `fresh`:
   * it is read, whatever is known.
   */
  async of<T extends object>(
    { key, version, changedAt, fresh = false }: Version,
    read: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const known = await this.#load();
    const held = known.get(key);
    const now = this.#clock.now();
    if (!fresh && held?.version === version && now - held.at < KEPT_MS && held.at <= now)
      return held.value as unknown as T;
    const value = await read();
    const isSettled = changedAt === undefined || now - changedAt >= SETTLED_MS;
    if (value && isSettled)
      known.set(key, { version, at: now, value: JSON.parse(JSON.stringify(value)) as JsonObject });
    else known.delete(key);
    this.#isChanged = true;
    return value;
  }

  /** Forgets what is listed no more, and writes. A folder that cannot be written costs requests, and nothing else. */
  async keep(prefix: string, keys: ReadonlySet<string>): Promise<void> {
    const known = await this.#load();
    for (const key of known.keys()) {
      if (!key.startsWith(prefix) || keys.has(key)) continue;
      known.delete(key);
      this.#isChanged = true;
    }
    if (!this.#isChanged) return;
    this.#isChanged = false;
    try {
      await mkdir(join(this.#path, ".."), { recursive: true });
      const part = `${this.#path}.${process.pid}`;
      await writeFile(part, JSON.stringify([...known]), { mode: 0o600 });
      await rename(part, this.#path);
    } catch {
      this.#isChanged = true;
    }
  }

  #load(): Promise<Map<string, Reading>> {
    this.#known ??= readFile(this.#path, "utf8")
      .then((text) => new Map(JSON.parse(text) as [string, Reading][]))
      .catch(() => new Map<string, Reading>());
    return this.#known;
  }
}
