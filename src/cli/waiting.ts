import type { World } from "./world.ts";

/** What is quicker says nothing. */
const QUIET_MS = 1000;
const ERASE_LINE = "\r\u001b[K";

/** Waits for the work; a person at a terminal sees for what, and for how long. */
export async function whileWaiting<T>(
  { stderr, clock }: Pick<World, "stderr" | "clock">,
  what: string,
  work: Promise<T>,
): Promise<T> {
  if (stderr.isTTY !== true) return work;
  const done = new AbortController();
  const since = clock.monotonic();
  const tell = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(QUIET_MS, done.signal);
      if (done.signal.aborted) return;
      stderr.write(`${ERASE_LINE}${what} … ${Math.round((clock.monotonic() - since) / 1000)} s`);
      told = true;
    }
  };
  let told = false;
  const telling = tell();
  try {
    return await work;
  } finally {
    done.abort();
    await telling;
    if (told) stderr.write(ERASE_LINE);
  }
}
