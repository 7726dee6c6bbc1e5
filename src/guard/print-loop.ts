import type { Metrics } from "./facts.ts";
import { known, repeats } from "./signals.ts";
import type { Timeline } from "./timeline.ts";

/**
 * A print loop burns CPU, so CPU alone must not save it; a run that computes and logs the same line now and then
 * must not be taken for one. What tells them apart is how much is printed for each second of CPU: a loop that
 * only prints makes megabytes of it, a warning at every tenth of a second about a kilobyte.
 */
export const BYTES_PER_CPU_SECOND: number = 64 * 1024;

/** And at least this much on the average, so that a quiet run is never a loop. */
const BYTES_PER_SECOND = 1024;

/** It prints all the time: this share of the samples in the window have output. */
const PRINTING_SHARE = 0.9;

/** What was used within a window; figures that a sample lacks are not in the sums. */
export interface WindowSums {
  readonly samples: number;
  readonly printing: number;
  readonly cpuSeconds: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly networkBytes: number;
  readonly outputBytes: number;
  /** The least of the shares of the samples that have output; 0 when there is none. */
  readonly repeatingShare: number;
  readonly repeatingLine?: string;
}

export function sumWindow(
  timeline: Pick<Timeline, "placed">,
  window: { readonly fromMs: number; readonly toMs: number },
): WindowSums {
  const sums = { samples: 0, printing: 0, cpuSeconds: 0, readBytes: 0, writtenBytes: 0, networkBytes: 0 };
  let outputBytes = 0;
  let repeatingShare = 1;
  let repeatingLine: string | undefined;
  for (const { sample, startMs, endMs } of timeline.placed) {
    if (endMs <= window.fromMs || startMs >= window.toMs) continue;
    sums.samples += 1;
    if (known(sample.cpuSeconds)) sums.cpuSeconds += sample.cpuSeconds;
    if (known(sample.readBytes)) sums.readBytes += sample.readBytes;
    if (known(sample.writtenBytes)) sums.writtenBytes += sample.writtenBytes;
    if (known(sample.networkBytes)) sums.networkBytes += sample.networkBytes;
    if (!known(sample.outputBytes) || sample.outputBytes === 0) continue;
    outputBytes += sample.outputBytes;
    repeatingShare = Math.min(repeatingShare, sample.repeatingShare ?? 0);
    if (repeats(sample)) sums.printing += 1;
    if (sample.repeatingLine !== undefined) repeatingLine = sample.repeatingLine;
  }
  return {
    ...sums,
    outputBytes,
    repeatingShare: outputBytes > 0 ? repeatingShare : 0,
    ...(repeatingLine === undefined ? {} : { repeatingLine }),
  };
}

/** Asked only when CPU is the one signal in the window. Where disk bytes are never known it is not concluded. */
export function isPrintLoop(
  sums: WindowSums,
  window: { readonly fromMs: number; readonly toMs: number },
  metrics: Pick<Metrics, "io" | "output">,
): boolean {
  const seconds = (window.toMs - window.fromMs) / 1000;
  return (
    metrics.io &&
    metrics.output &&
    sums.samples > 0 &&
    sums.printing >= PRINTING_SHARE * sums.samples &&
    sums.outputBytes >= BYTES_PER_CPU_SECOND * sums.cpuSeconds &&
    sums.outputBytes >= BYTES_PER_SECOND * seconds
  );
}
