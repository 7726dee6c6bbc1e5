import type { Instant, Sample } from "../model/index.ts";

/** A sample on the engine's steady axis, in milliseconds. */
export interface Placed {
  readonly sample: Sample;
  readonly startMs: number;
  readonly endMs: number;
  /** False when its length cannot be believed: it shows what it shows, but covers no time. */
  readonly believable: boolean;
}

/** A sample longer than this many intervals says nothing about each of them: the daemon slept, or a clock stepped. */
const LONGEST_INTERVALS = 2;

/** A sample may end this many intervals ahead of the wall clock (two machines never agree exactly). */
const AHEAD_INTERVALS = 1;

/**
 * Puts samples on the steady axis, oldest first; the order of the input does not matter.
 *
 * A sample that follows on another (`from` equals the other's `to`, both with `monotonicTo`) begins where the
 * other ended by the steady clock, so that a step of the wall clock between the two changes nothing. The others
 * are as long as their instants say. Those without `monotonicTo` are placed by their distance from `now`.
 */
export function placeSamples(
  samples: readonly Sample[],
  at: { readonly now: Instant; readonly monotonic: number; readonly intervalSeconds: number },
): Placed[] {
  const longestMs = LONGEST_INTERVALS * at.intervalSeconds * 1000;
  const aheadMs = AHEAD_INTERVALS * at.intervalSeconds * 1000;
  const ended = samples.map((sample) => ({ sample, endMs: sample.monotonicTo ?? at.monotonic - (at.now - sample.to) }));
  ended.sort((a, b) => a.endMs - b.endMs || a.sample.to - b.sample.to || b.sample.from - a.sample.from);
  const endOfChain = new Map<Instant, number>();
  return ended.map(({ sample, endMs }) => {
    const steady = sample.monotonicTo !== undefined;
    const before = steady ? endOfChain.get(sample.from) : undefined;
    const follows = before !== undefined && before < endMs;
    const lengthMs = follows ? endMs - before : sample.to - sample.from;
    if (steady) endOfChain.set(sample.to, endMs);
    const believable =
      Number.isFinite(endMs) && lengthMs > 0 && lengthMs <= longestMs && endMs <= at.monotonic + aheadMs;
    const startMs = lengthMs > 0 ? endMs - lengthMs : endMs;
    return { sample, startMs, endMs: Math.min(endMs, at.monotonic), believable };
  });
}
