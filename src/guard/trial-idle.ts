import { elapsedText } from "../model/index.ts";
import type { Metrics } from "./facts.ts";
import { BYTES_PER_CPU_SECOND, isPrintLoop, sumWindow } from "./print-loop.ts";
import { known } from "./signals.ts";
import { COVERAGE_SHARE, type Timeline } from "./timeline.ts";

/** What one limit would have done to a past run. `atMs`: on the timeline's axis. */
export type PastAnswer =
  | { readonly kind: "kept" }
  | { readonly kind: "stopped"; readonly atMs?: number; readonly observed: string }
  | { readonly kind: "unknown"; readonly why: string };

export interface PastSpan {
  readonly startMs: number;
  readonly endMs: number;
}

/** The rule of `judgeIdle`, looked at after every sample of a run that is over. Linear in the samples. */
export function tryIdle(timeline: Timeline, span: PastSpan, idleSeconds: number, metrics: Metrics): PastAnswer {
  const idleMs = idleSeconds * 1000;
  if (span.endMs - span.startMs <= idleMs || !metrics.cpu) return { kind: "kept" };
  const { placed, signals, whole } = timeline;
  const mayLoop = loopGlance(timeline, idleMs);
  let lastWorkMs = Number.NEGATIVE_INFINITY;
  let lastCpuMs = Number.NEGATIVE_INFINITY;
  for (const [index, { endMs: toMs }] of placed.entries()) {
    const found = signals[index] ?? [];
    if (found.some((signal) => signal !== "cpu")) lastWorkMs = toMs;
    if (found.includes("cpu")) lastCpuMs = toMs;
    const fromMs = toMs - idleMs;
    if (fromMs < span.startMs || lastWorkMs > fromMs) continue;
    if (whole.within(fromMs, toMs) < COVERAGE_SHARE * idleMs) continue;
    if (lastCpuMs <= fromMs) return stoppedAt(toMs, `${elapsedText(idleSeconds)} without progress`);
    const window = { fromMs, toMs };
    if (mayLoop(index) && isPrintLoop(sumWindow(timeline, window), window, metrics)) {
      return stoppedAt(toMs, `${elapsedText(idleSeconds)} of a print loop`);
    }
  }
  const covered = whole.within(span.startMs, span.endMs) / (span.endMs - span.startMs);
  if (covered >= COVERAGE_SHARE) return { kind: "kept" };
  return { kind: "unknown", why: `idle: samples are kept of ${Math.floor(covered * 100)}% of its time` };
}

function stoppedAt(atMs: number, observed: string): PastAnswer {
  return { kind: "stopped", atMs, observed };
}

/**
 * Whether the window that ends with the index-th sample may be a print loop: a cheap look before the sums, as a
 * run that computes prints little for its CPU. Asked with ascending indices.
 */
function loopGlance(timeline: Timeline, idleMs: number): (index: number) => boolean {
  const { placed } = timeline;
  const totals = runningTotals(timeline);
  let first = 0;
  return (index) => {
    const fromMs = (placed[index]?.endMs ?? 0) - idleMs;
    while (first < index && (placed[first]?.endMs ?? 0) <= fromMs) first += 1;
    const output = (totals.output[index + 1] ?? 0) - (totals.output[first] ?? 0);
    const cpu = (totals.cpu[index + 1] ?? 0) - (totals.cpu[first] ?? 0);
    // A hair less, because differences of running sums are never quite exact.
    return output > 0 && output >= BYTES_PER_CPU_SECOND * cpu * (1 - 1e-9);
  };
}

/** Sums up to each sample, so that any stretch of samples is a difference of two. */
function runningTotals({ placed }: Timeline): { readonly output: readonly number[]; readonly cpu: readonly number[] } {
  const output = [0];
  const cpu = [0];
  for (const { sample } of placed) {
    output.push((output.at(-1) ?? 0) + (known(sample.outputBytes) ? sample.outputBytes : 0));
    cpu.push((cpu.at(-1) ?? 0) + (known(sample.cpuSeconds) ? sample.cpuSeconds : 0));
  }
  return { output, cpu };
}
