import { durationText, elapsedText } from "../model/index.ts";
import { type Answer, KEEP, round } from "./answer.ts";
import type { RunFacts } from "./facts.ts";
import { type Timeline, watchWindow } from "./timeline.ts";

/**
 * Heartbeat: declared, it counts from the start; afterwards from the last report. As reports may come in through
 * samples, silence is believed only for time that was watched and, where the platform measures at all, sampled.
 */
export function judgeHeartbeat(facts: RunFacts, timelineOf: () => Timeline): Answer {
  const { heartbeatSeconds } = facts.limits;
  if (heartbeatSeconds === undefined) return KEEP;
  const reported = facts.progress.ever ? facts.progress.secondsSince : facts.elapsedSeconds;
  if (reported === undefined) return { missing: ["heartbeat: when progress was last reported"] };
  if (!(reported > heartbeatSeconds)) return KEEP;
  const timeline = timelineOf();
  const silent = silentSeconds(facts, timeline, reported);
  if (!(silent > heartbeatSeconds)) return KEEP;
  const missing = unwatched(facts, timeline, heartbeatSeconds);
  if (missing.length > 0) return { missing: missing.map((what) => `heartbeat: ${what}`) };
  const ever = facts.progress.ever;
  return {
    breach: {
      limit: "heartbeat",
      declared: durationText(heartbeatSeconds),
      observed: ever
        ? `${elapsedText(silent)} since it last reported progress`
        : `${elapsedText(silent)} since it started, and it has never reported progress`,
      evidence: { silentSeconds: round(silent, 1), limitSeconds: heartbeatSeconds, everReported: ever },
      advice:
        "Let it append to the file in ROTA_PROGRESS (any bytes) or POST to its beat address more often, or raise guard.heartbeat for this job.",
    },
  };
}

/** Since the last report: those in samples may be newer than the one that the facts name. */
function silentSeconds(facts: RunFacts, timeline: Timeline, reportedSeconds: number): number {
  return timeline.placed.reduce((silent, { endMs }, index) => {
    if (!timeline.signals[index]?.includes("progress")) return silent;
    return Math.min(silent, Math.max(0, (facts.monotonic - endMs) / 1000));
  }, reportedSeconds);
}

function unwatched(facts: RunFacts, timeline: Timeline, seconds: number): readonly string[] {
  if (facts.metrics.cpu || facts.metrics.output) return watchWindow(timeline.any, seconds * 1000, facts).missing;
  const watched = (facts.monotonic - facts.watchedSinceMonotonic) / 1000;
  if (watched > seconds) return [];
  return [`watched without interruption for only ${Math.max(0, Math.floor(watched))}s of ${seconds}s`];
}
