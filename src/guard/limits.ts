import { bytesText, durationText, elapsedText } from "../model/index.ts";
import { type Answer, KEEP, round } from "./answer.ts";
import type { RunFacts } from "./facts.ts";

/** Wall time since the run really started, by the steady clock. */
export function judgeDuration(facts: RunFacts): Answer {
  const { durationSeconds } = facts.limits;
  if (durationSeconds === undefined) return KEEP;
  const { elapsedSeconds } = facts;
  if (elapsedSeconds === undefined) return { missing: ["duration: how long the run has been running"] };
  if (!(elapsedSeconds > durationSeconds)) return KEEP;
  return {
    breach: {
      limit: "duration",
      declared: durationText(durationSeconds),
      observed: `${elapsedText(elapsedSeconds)} since it started`,
      evidence: { elapsedSeconds: round(elapsedSeconds, 1), limitSeconds: durationSeconds },
      advice: "If it needs longer, raise guard.duration for this job; if not, look at what it was doing: rota logs.",
    },
  };
}

/** Bytes to stdout and stderr since the start. */
export function judgeOutput(facts: RunFacts): Answer {
  const limit = facts.limits.outputBytes;
  if (limit === undefined || !facts.metrics.output) return KEEP;
  const { outputBytes } = facts;
  if (outputBytes === undefined) return { missing: ["output: how much the run has written"] };
  if (!(outputBytes > limit)) return KEEP;
  return {
    breach: {
      limit: "output",
      declared: bytesText(limit),
      observed: `${bytesText(outputBytes)} written to stdout and stderr`,
      evidence: { outputBytes, limitBytes: limit },
      advice:
        "Look for a print inside a loop, write data to files instead of stdout, or raise guard.output for this job.",
    },
  };
}

/** Bytes in the run's own working directory. */
export function judgeDisk(facts: RunFacts): Answer {
  const limit = facts.limits.diskBytes;
  if (limit === undefined) return KEEP;
  const { diskBytes } = facts;
  if (diskBytes === undefined) return { missing: ["disk: how much the run's directory holds"] };
  if (!(diskBytes > limit)) return KEEP;
  return {
    breach: {
      limit: "disk",
      declared: bytesText(limit),
      observed: `${bytesText(diskBytes)} in the run's directory`,
      evidence: { diskBytes, limitBytes: limit },
      advice: "Delete intermediate files as the run goes, write results elsewhere, or raise guard.disk for this job.",
    },
  };
}
