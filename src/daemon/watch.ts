import { type Clock, MINUTE, SECOND } from "../model/index.ts";

/** How often the files are looked at: by their stamps, which costs nothing and works on every file system. */
const LOOK_MS: number = 2 * SECOND;
/** The contents are compared this often whatever the stamps say: a file system may keep coarse ones, or wrong ones. */
const COMPARE_MS: number = MINUTE;
const AGAIN_MS: number = MINUTE;
/** A file that is still being written is waited for: its first half may be a manifest too, with fewer jobs. */
const WRITING_MS = 250;
const MOST_WAITS = 20;

/** What was read last. */
export interface Watched {
  /** Differs when something was written since; cheap, and not to be relied on alone. */
  stamps(): Promise<string>;
  /** Whether a reading now would find the same: compares contents. */
  isCurrent(): Promise<boolean>;
}

export interface WatchOptions {
  readonly clock: Clock;
  /** What is in force by now: `changed` puts another in its place. */
  readonly watched: () => Watched;
  /** Takes the change over; false when that failed for now, so that it is tried again after a minute. */
  readonly changed: () => Promise<boolean>;
  readonly signal: AbortSignal;
}

/**
 * Calls `changed` whenever what was read is no longer what is there, until the signal aborts. It loses nothing: the
 * contents are compared with those that were read, not with those it found when it began, so it does not matter
 * whether something was written before the first look, during a take-over, or twice within the grain of the stamps.
 */
export async function watchFiles({ clock, watched, changed, signal }: WatchOptions): Promise<void> {
  let before: string | undefined;
  let settled = false;
  let comparedAt = 0;
  let failedAt: number | undefined;
  while (!signal.aborted) {
    const reading = watched();
    let stamps = await reading.stamps();
    for (let waits = 0, last = before; stamps !== last && waits < MOST_WAITS; waits += 1) {
      last = stamps;
      await clock.sleep(WRITING_MS, signal);
      stamps = await reading.stamps();
    }
    if (signal.aborted) return;
    const now = clock.monotonic();
    const isNew = stamps !== before;
    if (failedAt !== undefined && now - failedAt >= AGAIN_MS) {
      failedAt = (await changed()) ? undefined : now;
    } else if (isNew || !settled || now - comparedAt >= COMPARE_MS) {
      comparedAt = now;
      // Stamps may be too coarse to show a second save right after the first: compared once more at the next look.
      settled = !isNew;
      // Of before the contents were read: what is written meanwhile shows at the next look.
      before = stamps;
      if (!(await reading.isCurrent())) failedAt = (await changed()) ? undefined : now;
    }
    await clock.sleep(LOOK_MS, signal);
  }
}
