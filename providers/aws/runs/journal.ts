import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Instant, JsonObject, RunHandle } from "../../../src/model/index.ts";
import { digest, ProviderError } from "../../../src/provider/index.ts";

/** What was about to be started: written before the request leaves, because no service finds a run by rota's key. */
export interface Start {
  readonly run: string;
  readonly job: string;
  readonly at: Instant;
  /** What is started, in the words of its kind. */
  readonly kind: string;
  readonly target: string;
  /** Once it is known. */
  readonly handle?: RunHandle;
}

/** Starts of what exists already, each in a file of the state folder; a crash leaves the old or the new, never a half. */
export class Journal {
  readonly #folder: string;
  readonly #handled = new Map<string, Start>();

  constructor(stateDir: string) {
    this.#folder = join(stateDir, "starts");
  }

  async write(start: Start): Promise<void> {
    try {
      await mkdir(this.#folder, { recursive: true });
      const path = this.#pathOf(start.run);
      await writeFile(`${path}.new`, JSON.stringify(start), { mode: 0o600, flush: true });
      await rename(`${path}.new`, path);
    } catch (error) {
      throw new ProviderError("unavailable", "the start could not be noted in the state folder, so it was not made", {
        cause: error,
      });
    }
  }

  async read(run: string): Promise<Start | undefined> {
    const start = await readStart(this.#pathOf(run));
    return start?.run === run ? start : undefined;
  }

  /** All of a kind that are still noted. A note with its handle does not change any more: each is read once. */
  async starts(kind: string): Promise<readonly Start[]> {
    const files = (await readdir(this.#folder).catch(() => [])).filter((file) => file.endsWith(".json"));
    const noted = await Promise.all(
      files.map(async (file) => {
        const start = this.#handled.get(file) ?? (await readStart(join(this.#folder, file)));
        if (start?.handle !== undefined) this.#handled.set(file, start);
        return start;
      }),
    );
    const there = new Set(files);
    for (const file of this.#handled.keys()) if (!there.has(file)) this.#handled.delete(file);
    return noted.filter((start) => start?.kind === kind).filter((start) => start !== undefined);
  }

  async remove(run: string): Promise<void> {
    await rm(this.#pathOf(run), { force: true });
  }

  /** Those of runs that were started before; answers how many. */
  async prune(before: Instant): Promise<number> {
    const files = await readdir(this.#folder).catch(() => []);
    let count = 0;
    for (const file of files) {
      const start = await readStart(join(this.#folder, file));
      if (!start || start.at >= before) continue;
      await rm(join(this.#folder, file), { force: true });
      count += 1;
    }
    return count;
  }

  #pathOf(run: string): string {
    return join(this.#folder, `${digest(run, 40)}.json`);
  }
}

async function readStart(path: string): Promise<Start | undefined> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new ProviderError("unavailable", `the note of a start cannot be read: ${path}`, { cause: error });
  });
  return text === undefined ? undefined : (JSON.parse(text) as JsonObject & Start);
}
