import type { RunFacts } from "./facts.ts";
import { cpuThresholdOf, known, repeats, signalsOf } from "./signals.ts";

/**
 * Whether the run surely made progress within the last `idleSeconds`, from one look at each sample as it is:
 * nothing is placed, sorted or summed. True means that the full look would keep it too; false means nothing.
 * Ten thousand runs at work are judged in the time that a few hundred full looks take.
 */
export function surelyWorks(facts: RunFacts, idleSeconds: number): boolean {
  const { progress, elapsedSeconds, monotonic, now, cpu, limits } = facts;
  if (elapsedSeconds !== undefined && elapsedSeconds <= idleSeconds) return true;
  if (progress.secondsSince !== undefined && progress.secondsSince <= idleSeconds) return true;
  // The window ends now or earlier, so what ends after this lies in it, or after it.
  const fromMs = monotonic - idleSeconds * 1000;
  let hasCpu = false;
  let mayLoop = false;
  for (let i = facts.samples.length - 1; i >= 0; i -= 1) {
    const sample = facts.samples[i];
    if (!sample) continue;
    mayLoop ||= repeats(sample);
    if ((sample.monotonicTo ?? monotonic - (now - sample.to)) <= fromMs) continue;
    if (signalsOf(sample, facts.metrics).length > 0) return true;
    hasCpu ||=
      known(sample.cpuSeconds) && sample.cpuSeconds > cpuThresholdOf(sample, cpu, limits.idleCpu, facts.metrics);
  }
  // Where nothing repeats there is no print loop, and CPU is work.
  return hasCpu && !mayLoop;
}
