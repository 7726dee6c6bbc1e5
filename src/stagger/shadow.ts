/** What a job on a longer circle than the week weighs in its own week or on its own day. */
export interface Single {
  readonly load: number;
  /** The part of the weights under one of its runs, 0–1: each minute counts once. */
  readonly cover: number;
}

/**
 * The least that such jobs add to the folded week, though each may lie in the shadow of another. A load of θ is
 * passed wherever the longest of the jobs that weigh at least θ runs; added up over all θ that is a staircase, the
 * long jobs below and the heavy ones on top.
 */
export function staircase(singles: readonly Single[]): number {
  const sorted = [...singles].sort((a, b) => b.load - a.load);
  let longest = 0;
  let total = 0;
  for (const [k, { load, cover }] of sorted.entries()) {
    longest = Math.max(longest, Math.min(1, cover));
    total += longest * (load - (sorted[k + 1]?.load ?? 0));
  }
  return total;
}
