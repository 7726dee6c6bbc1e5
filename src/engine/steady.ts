import type { Clock, Instant } from "../model/index.ts";

/** A difference of wall and steady time beyond this is a step of the wall clock, not drift. */
export const STEP_MS = 10_000;
/** Drift is taken over at most this fast (NTP slews at 0.5 ms/s), so that time never runs backwards. */
const SLEW_MS_PER_S = 1;

/**
 * The engine's time: the wall clock as it stood at the start, carried on by the monotonic clock. It
 * follows slow drift and ignores steps: a jump of the wall clock by an hour, a day or to 1970 neither
 * fires nor skips nor kills anything (invariant K4). A restart takes the wall clock as it then is.
 */
export interface SteadyTime {
  now(): Instant;
  monotonic(): number;
  /** Compares with the wall clock; answers the step in force (wall − steady, in ms), 0 when there is none. */
  check(): number;
}

export function steadyTime(clock: Clock): SteadyTime {
  let anchorWall = clock.now();
  let anchorMono = clock.monotonic();
  const now = (): Instant => Math.round(anchorWall + (clock.monotonic() - anchorMono));
  return {
    now,
    monotonic: () => clock.monotonic(),
    check() {
      const mono = clock.monotonic();
      const steady = anchorWall + (mono - anchorMono);
      const drift = clock.now() - steady;
      if (Math.abs(drift) > STEP_MS) return drift;
      const most = ((mono - anchorMono) / 1000) * SLEW_MS_PER_S;
      anchorWall = steady + Math.max(-most, Math.min(most, drift));
      anchorMono = mono;
      return 0;
    },
  };
}
