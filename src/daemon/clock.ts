import { uptime } from "node:os";
import { performance } from "node:perf_hooks";
import type { Clock, Random } from "../model/index.ts";

/** Timers of the system hold at most this (2^31 − 1 ms, 24.8 days); longer sleeps take several (F8). */
const MOST_TIMER_MS = 2_147_483_647;

/** The time since boot is asked for at most this often: it is a file that is read, and the clock is asked all the time. */
const BOOT_LOOK_MS = 500;
/** The two clocks differ by more than this, which is beyond their resolution, only after the machine slept. */
const SLEPT_MS = 1000;

/**
 * The machine's clock. `monotonic` is the time since boot including suspension, where the system tells it
 * (CLOCK_BOOTTIME, by os.uptime), carried on between looks by the process's own high-resolution clock.
 */
export function realClock(): Clock {
  let suspended = uptime() * 1000 - performance.now();
  let looked = performance.now();
  const monotonic = (): number => {
    const fine = performance.now();
    if (fine - looked >= BOOT_LOOK_MS) {
      looked = fine;
      const behind = uptime() * 1000 - fine - suspended;
      if (behind > SLEPT_MS) suspended += behind;
    }
    return fine + suspended;
  };
  return {
    now: () => Date.now(),
    monotonic,
    sleep: async (ms, signal) => {
      for (let left = ms; left > 0 && !signal?.aborted; left -= MOST_TIMER_MS)
        await pause(Math.min(left, MOST_TIMER_MS), signal);
    },
  };
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}

export function realRandom(): Random {
  return { next: () => Math.random() };
}
