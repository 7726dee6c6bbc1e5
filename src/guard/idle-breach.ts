import { type Breach, bytesText, durationText, elapsedText, percentText } from "../model/index.ts";
import { round, shorten } from "./answer.ts";
import type { RunFacts } from "./facts.ts";
import type { WindowSums } from "./print-loop.ts";
import type { Timeline, WatchedWindow } from "./timeline.ts";

export interface IdleFinding {
  readonly window: WatchedWindow;
  readonly sums: WindowSums;
  /** Nothing but repeating output, rather than nothing at all. */
  readonly loop: boolean;
  readonly idleSeconds: number;
}

/** The breach with its figures. Only signals that the platform knows are spoken of; the others are named as unknown. */
export function idleBreach(facts: RunFacts, timeline: Timeline, finding: IdleFinding): Breach {
  const { metrics, limits, cpu } = facts;
  const { window, sums, loop, idleSeconds } = finding;
  const seconds = (window.toMs - Math.max(facts.watchedSinceMonotonic, quietSince(timeline, window, loop))) / 1000;
  const cpuShare = cpu > 0 ? sums.cpuSeconds / (idleSeconds * cpu) : 0;
  const never = [...(metrics.io ? [] : ["disk"]), ...(metrics.network ? [] : ["network"])];
  return {
    limit: "idle",
    declared: durationText(idleSeconds),
    observed: loop ? loopText(seconds, sums) : quietText(seconds, cpuShare, facts, sums),
    evidence: {
      pattern: loop ? "print loop" : "no progress",
      windowSeconds: idleSeconds,
      coveredPercent: round(window.coveredShare * 100, 1),
      samples: sums.samples,
      newestSampleAgeSeconds: round(window.newestAgeSeconds ?? 0, 1),
      cpuSeconds: round(sums.cpuSeconds),
      cpuPercent: round(cpuShare * 100, 2),
      idleCpuPercent: round(limits.idleCpu * 100, 2),
      ...(metrics.io ? { readBytes: sums.readBytes, writtenBytes: sums.writtenBytes } : {}),
      ...(metrics.network ? { networkBytes: sums.networkBytes } : {}),
      ...(metrics.background
        ? {
            atRestCpuSecondsPerSecond: metrics.background.cpu,
            atRestDiskBytesPerSecond: metrics.background.diskBytes,
            atRestNetworkBytesPerSecond: metrics.background.networkBytes,
          }
        : {}),
      ...(metrics.output ? { outputBytes: sums.outputBytes } : {}),
      ...(sums.outputBytes > 0 ? { repeatingSharePercent: round(sums.repeatingShare * 100, 1) } : {}),
      ...(sums.repeatingLine === undefined ? {} : { repeatingLine: shorten(sums.repeatingLine) }),
      progressEverReported: facts.progress.ever,
      ...(never.length > 0 ? { signalsNotKnownHere: never.join(", ") } : {}),
    },
    advice: loop
      ? "Look for a print inside a loop. If the run does work, let it append to the file in ROTA_PROGRESS now and then, or print less."
      : "If it was waiting for something, let it append to the file in ROTA_PROGRESS now and then, or raise guard.idle for this job.",
  };
}

function loopText(seconds: number, sums: WindowSums): string {
  const line = sums.repeatingLine === undefined ? "" : ` ("${shorten(sums.repeatingLine)}")`;
  return `${elapsedText(seconds)} of nothing but repeating output, ${bytesText(sums.outputBytes)}${line}: a print loop`;
}

function quietText(seconds: number, cpuShare: number, { metrics }: RunFacts, sums: WindowSums): string {
  const { background } = metrics;
  const quiet = [
    `${percentText(cpuShare)} CPU`,
    ...(metrics.io ? [background ? "no more disk than at rest" : "no bytes read or written"] : []),
    ...(metrics.network ? [background ? "no more network than at rest" : "no network"] : []),
    ...(sums.outputBytes > 0 ? ["only output that repeats itself"] : []),
    "no progress reported",
  ];
  return `${elapsedText(seconds)} without progress: ${quiet.join(", ")}`;
}

/** The end of the last sample that showed anything, or the oldest knowledge there is. */
function quietSince(timeline: Timeline, window: WatchedWindow, loop: boolean): number {
  let active: number | undefined;
  let oldest = window.fromMs;
  for (const [index, { startMs, endMs }] of timeline.placed.entries()) {
    oldest = Math.min(oldest, startMs);
    if (endMs > window.fromMs) continue;
    if ((timeline.signals[index] ?? []).some((signal) => !loop || signal !== "cpu")) active = endMs;
  }
  return Math.min(window.fromMs, active ?? oldest);
}
