/**
 * How long a run still goes on: `share[k]` of the runs is still there from minute `from[k]` to `to[k]`
 * after the start. Steps follow each other from minute 0; shares fall from at most 1 and are multiples of 1/64,
 * so that sums of loads are exact.
 */
export interface Curve {
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly share: readonly number[];
}

/** Every run lasts exactly this long. */
export function rectangle(minutes: number): Curve {
  return { from: [0], to: [minutes], share: [1] };
}

/**
 * The mean of the survival of a lognormal duration (median 1, σ = 0.4) over five stretches; past 1.9 times the
 * median 5% still run, and are left out.
 */
const SPREAD_TO: readonly number[] = [0.7, 0.9, 1.12, 1.4, 1.9];
const SPREAD_SHARE: readonly number[] = [62 / 64, 45 / 64, 32 / 64, 18 / 64, 8 / 64];
/** exp(1.645 × 0.4): the 95th percentile of the same distribution, in medians. */
export const SPREAD_P95 = 1.93;

/** The curve of a job whose duration is a guess: the default spread about its expected minutes. */
export function expectedCurve(minutes: number): Curve {
  return steps(
    SPREAD_TO.map((to) => Math.max(1, Math.round(to * minutes))),
    SPREAD_SHARE,
  );
}

/** The curve of observed durations: five stretches between the quantiles. */
export function observedCurve(durationsMinutes: readonly number[]): Curve {
  const sorted = [...durationsMinutes].sort((a, b) => a - b);
  const ends = [0.1, 0.35, 0.6, 0.8, 0.95].map((q) => Math.max(1, Math.ceil(quantile(sorted, q))));
  let from = 0;
  const shares = ends.map((to) => {
    const lived = sorted.reduce((sum, minutes) => sum + Math.min(Math.max(minutes - from, 0), to - from), 0);
    const share = to > from ? Math.round((64 * lived) / (sorted.length * (to - from))) / 64 : 0;
    from = Math.max(from, to);
    return share;
  });
  return steps(ends, shares);
}

/** Linear between the order statistics of an ascending list; NaN for an empty one. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  if (sorted.length === 0) return Number.NaN;
  const at = q * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? 0;
  const above = sorted[Math.ceil(at)] ?? below;
  return below + (above - below) * (at - Math.floor(at));
}

function steps(ends: readonly number[], shares: readonly number[]): Curve {
  const from: number[] = [];
  const to: number[] = [];
  const share: number[] = [];
  let last = 0;
  for (const [k, end] of ends.entries()) {
    const height = shares[k] ?? 0;
    if (end <= last || height <= 0) continue;
    from.push(last);
    to.push(end);
    share.push(height);
    last = end;
  }
  return { from, to, share };
}
