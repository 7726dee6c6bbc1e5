import { MINUTE, SECOND } from "../model/index.ts";
import type { Agenda } from "./agenda.ts";
import type { EngineEnv } from "./env.ts";
import type { SteadyTime } from "./steady.ts";

/** The longest sleep: a machine that was suspended wakes up with its timers late, and then by at most this. */
const MOST_SLEEP_MS: number = 5 * SECOND;
/** A sleep that took this much longer than asked for means that the process stood still (K5). */
const PAUSE_MS: number = 10 * SECOND;
/** Entries taken in one turn before input and output get theirs. */
const TURN = 200;

export interface LoopHooks {
  /** The process stood still for `ms` (SIGSTOP, a frozen machine, a blocked disk). */
  readonly paused: (ms: number) => void;
  /** Every turn: the step of the wall clock in force, 0 for none. */
  readonly stepped: (byMs: number) => void;
  /** How late the earliest due entry was taken, in ms. */
  readonly lag: (ms: number) => void;
}

/** Takes what is due from the agenda and sleeps until the next entry, until the signal aborts. */
export async function runLoop(
  env: EngineEnv,
  time: SteadyTime,
  agenda: Agenda,
  wake: { current: AbortController },
  hooks: LoopHooks,
  signal: AbortSignal,
): Promise<void> {
  const stop = (): void => wake.current.abort();
  signal.addEventListener("abort", stop, { once: true });
  let before = time.monotonic();
  while (!signal.aborted) {
    wake.current = new AbortController();
    hooks.stepped(time.check());
    const now = time.now();
    const next = agenda.nextAt();
    if (next !== undefined && next <= now) hooks.lag(now - next);
    for (let taken = 0; taken < TURN; taken += 1) {
      const item = agenda.take(time.now());
      if (!item) break;
      void Promise.resolve()
        .then(() => item.run())
        .catch((error: unknown) =>
          env.log("error", "a task of the engine failed", { task: item.key, error: String(error) }),
        );
    }
    const wait = Math.max(0, Math.min(MOST_SLEEP_MS, (agenda.nextAt() ?? now + MINUTE) - time.now()));
    await env.clock.sleep(wait, wake.current.signal);
    const after = time.monotonic();
    if (after - before > wait + PAUSE_MS) hooks.paused(after - before - wait);
    before = after;
  }
}
