import { stat } from "node:fs/promises";
import { type Clock, type Instant, SECOND } from "../model/index.ts";

/** How often the manifest's files are looked at: by their stamps, which costs nothing and works on every file system. */
const LOOK_MS: number = 2 * SECOND;

/** Time stamps of files may lie this much behind the clock. */
const COARSE_MS = 20;

/**
 * Calls `changed` whenever one of the files was written, made or removed, until the signal aborts; also for what
 * was written after `readAt`, the instant at which they were last read.
 */
export async function watchFiles(
  clock: Clock,
  files: () => Promise<readonly string[]>,
  changed: () => Promise<void>,
  signal: AbortSignal,
  readAt: Instant,
): Promise<void> {
  const first = await files();
  let before = (await isNewer(first, readAt - COARSE_MS)) ? "" : await stamps(first);
  while (!signal.aborted) {
    await clock.sleep(LOOK_MS, signal);
    if (signal.aborted) return;
    const now = await stamps(await files());
    if (now === before) continue;
    // As they were before `changed` read them: what is written meanwhile, or read for the first time, is looked at again.
    before = now;
    await changed();
  }
}

async function isNewer(files: readonly string[], than: Instant): Promise<boolean> {
  const all = await Promise.all(files.map((file) => stat(file).catch(() => undefined)));
  return all.some((s) => s !== undefined && s.mtimeMs >= than);
}

async function stamps(files: readonly string[]): Promise<string> {
  const all = await Promise.all(
    files.map(async (file) => {
      const s = await stat(file).catch(() => undefined);
      return s ? `${file} ${s.mtimeMs} ${s.size} ${s.ino}` : `${file} -`;
    }),
  );
  return all.join("\n");
}
