/** Stretches of steady time, in milliseconds; what overlaps counts once. */
export interface Coverage {
  /** The end of the last stretch; undefined when there is none. */
  readonly newestMs: number | undefined;
  /** Milliseconds of [fromMs, toMs) that are covered. */
  within(fromMs: number, toMs: number): number;
}

export function cover(stretches: readonly { readonly startMs: number; readonly endMs: number }[]): Coverage {
  const merged: { startMs: number; endMs: number }[] = [];
  for (const { startMs, endMs } of [...stretches].sort((a, b) => a.startMs - b.startMs)) {
    if (endMs <= startMs) continue;
    const last = merged.at(-1);
    if (last && startMs <= last.endMs) last.endMs = Math.max(last.endMs, endMs);
    else merged.push({ startMs, endMs });
  }
  // coveredBefore[i]: milliseconds in the stretches before the i-th.
  const coveredBefore: number[] = [];
  let total = 0;
  for (const { startMs, endMs } of merged) {
    coveredBefore.push(total);
    total += endMs - startMs;
  }
  const upTo = (ms: number): number => {
    let low = 0;
    let high = merged.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((merged[middle]?.startMs ?? 0) < ms) low = middle + 1;
      else high = middle;
    }
    const stretch = merged[low - 1];
    if (!stretch) return 0;
    return (coveredBefore[low - 1] ?? 0) + Math.min(ms, stretch.endMs) - stretch.startMs;
  };
  return {
    newestMs: merged.at(-1)?.endMs,
    within: (fromMs, toMs) => (toMs > fromMs ? upTo(toMs) - upTo(fromMs) : 0),
  };
}
