import {
  busySample,
  idleSample,
  loopingSample,
  type RunScript,
  type SampleValues,
} from "../../providers/memory/index.ts";
import type { GuardLimits } from "../../src/model/index.ts";
import type { SeededRandom } from "../support/random.ts";

/** How the runs of a job live. What a run really does is decided here, and the oracle reads it back from the script. */
export const BEHAVIOURS = [
  "quick",
  "busy",
  "overlong",
  "idle",
  "idleAfterWork",
  "bursty",
  "silentProgress",
  "gaps",
  "printLoop",
  "failing",
  "flaky",
  "stubborn",
  "lost",
  "finishing",
  "slowStart",
  "signalled",
] as const;
export type Behaviour = (typeof BEHAVIOURS)[number];

/** Runs that nothing stops end by themselves after this, so that a seed stays affordable. */
const LONGEST_SECONDS = 3 * 3600;

/** Chance here is the run's own: it does not depend on what else happened in the seed. */
export function scriptFor(
  behaviour: Behaviour,
  { guard, attempt, random }: { readonly guard: GuardLimits; readonly attempt: number; readonly random: SeededRandom },
): RunScript {
  const between = (low: number, high: number): number => low + random.below(high - low + 1);
  const idle = guard.idleSeconds ?? 600;
  switch (behaviour) {
    case "quick":
      return { durationSeconds: between(2, 100) };
    case "busy":
      return { durationSeconds: between(300, 2400) };
    case "overlong":
      return { durationSeconds: (guard.durationSeconds ?? 3600) + between(-120, 3600), politeSeconds: between(0, 20) };
    case "idle":
      return { durationSeconds: LONGEST_SECONDS, sample: idleSample, politeSeconds: between(0, 10) };
    case "idleAfterWork": {
      const works = between(60, 1500);
      return { durationSeconds: LONGEST_SECONDS, sample: (i, s) => (i * s < works ? busySample(i, s) : idleSample()) };
    }
    case "bursty": {
      const everySeconds = Math.max(60, Math.floor(idle * 0.8));
      return { durationSeconds: between(600, 7200), sample: (i, s) => burst(i, s, everySeconds) };
    }
    case "silentProgress": {
      const everySeconds = Math.max(30, Math.floor(Math.min(idle, guard.heartbeatSeconds ?? idle) * 0.7));
      const sample = (i: number, s: number): SampleValues => ({ ...idleSample(), progress: hits(i, s, everySeconds) });
      return { durationSeconds: between(600, 7200), sample };
    }
    case "gaps":
      return { durationSeconds: between(1800, 7200), sample: (i) => (i % 3 === 1 ? undefined : idleSample()) };
    case "printLoop":
      return { durationSeconds: LONGEST_SECONDS, sample: loopingSample, politeSeconds: 0 };
    case "failing":
      return { durationSeconds: between(2, 60), outcome: "failed", exitCode: between(1, 120) };
    case "flaky":
      return { durationSeconds: between(2, 60), ...(attempt < 2 || random.chance(0.3) ? { outcome: "failed" } : {}) };
    case "stubborn":
      return {
        durationSeconds: LONGEST_SECONDS,
        sample: idleSample,
        politeSeconds: Number.POSITIVE_INFINITY,
        hardSeconds: between(0, 8),
      };
    case "lost":
      return { durationSeconds: between(10, 900), outcome: "lost" };
    case "finishing":
      return {
        durationSeconds: idle + between(0, 60),
        sample: idleSample,
        politeSeconds: Number.POSITIVE_INFINITY,
        hardSeconds: between(0, 8),
      };
    case "slowStart":
      return { startDelaySeconds: between(5, 90), durationSeconds: between(5, 200) };
    case "signalled":
      return { durationSeconds: between(5, 200), outcome: "failed", signal: "SIGSEGV" };
  }
}

function hits(index: number, seconds: number, everySeconds: number): boolean {
  return Math.floor((index * seconds) / everySeconds) !== Math.floor(((index - 1) * seconds) / everySeconds);
}

function burst(index: number, seconds: number, everySeconds: number): SampleValues {
  return hits(index, seconds, everySeconds) ? { ...idleSample(), cpuSeconds: 1.5 } : idleSample();
}
