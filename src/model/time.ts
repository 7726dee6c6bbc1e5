/** Milliseconds since the Unix epoch, UTC. The one representation of an instant below the edge. */
export type Instant = number;

export const SECOND: number = 1000;
export const MINUTE: number = 60 * SECOND;
export const HOUR: number = 60 * MINUTE;
export const DAY: number = 24 * HOUR;
export const WEEK: number = 7 * DAY;

/**
 * Time, injected everywhere so that a simulated week takes seconds.
 *
 * `now` may jump (a person sets the clock, NTP steps it); `monotonic` never does, and it counts the
 * time a suspended machine slept (CLOCK_BOOTTIME), so that a difference of the two that changes is a
 * step of the wall clock and nothing else.
 */
export interface Clock {
  /** The wall clock. */
  now(): Instant;
  /** Milliseconds since some fixed start; only differences mean anything. */
  monotonic(): number;
  /** Resolves after `ms` (any length, also beyond 2^31), or at once when the signal aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Chance, injected and seeded: uniform in [0, 1). */
export interface Random {
  next(): number;
}
