import type { RunFacts } from "../../../src/guard/index.ts";
import type { GuardLimits, Sample } from "../../../src/model/index.ts";

export const NOW = 1_795_000_000_000;
export const MONOTONIC = 50_000_000;
export const IDLE_SECONDS = 1800;

export const LIMITS: GuardLimits = {
  mode: "enforce",
  onBreach: "stop",
  protect: false,
  graceSeconds: 30,
  idleCpu: 0.02,
  costWarn: 0.8,
};

/** `count` samples of `seconds` each that end at MONOTONIC, every signal known; `use` says what is in the i-th. */
export function samplesOf(
  count: number,
  seconds: number,
  use: (index: number) => Partial<Sample> = () => ({}),
): Sample[] {
  return Array.from({ length: count }, (_, index) => {
    const before = (count - 1 - index) * seconds * 1000;
    return {
      from: NOW - before - seconds * 1000,
      to: NOW - before,
      monotonicTo: MONOTONIC - before,
      cpuSeconds: 0,
      readBytes: 0,
      writtenBytes: 0,
      networkBytes: 0,
      outputBytes: 0,
      progress: false,
      ...use(index),
    };
  });
}

/** A run of two hours, watched all the time, with an idle limit of half an hour. */
export function factsOf(over: Partial<RunFacts> = {}): RunFacts {
  return {
    limits: { ...LIMITS, idleSeconds: IDLE_SECONDS },
    cpu: 1,
    now: NOW,
    monotonic: MONOTONIC,
    confirmedRunning: true,
    elapsedSeconds: 7200,
    watchedSinceMonotonic: MONOTONIC - 7_200_000,
    samples: samplesOf(200, 10),
    metrics: { cpu: true, io: true, network: true, output: true, intervalSeconds: 10, delaySeconds: 0 },
    progress: { ever: false },
    ...over,
  };
}
