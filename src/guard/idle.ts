import { type Answer, KEEP } from "./answer.ts";
import type { RunFacts } from "./facts.ts";
import { idleBreach } from "./idle-breach.ts";
import { isPrintLoop, sumWindow } from "./print-loop.ts";
import { surelyWorks } from "./quick.ts";
import { type Timeline, watchWindow } from "./timeline.ts";

/**
 * Idle: for a whole window no signal of progress, or nothing but a print loop. A platform that can never know
 * CPU cannot tell a computing run from an idle one, so there the limit is not judged (`blindLimits` says so);
 * other signals it can never know are left out and named in the evidence.
 */
export function judgeIdle(facts: RunFacts, timeline: () => Timeline): Answer {
  const { idleSeconds } = facts.limits;
  if (idleSeconds === undefined || !facts.metrics.cpu || surelyWorks(facts, idleSeconds)) return KEEP;
  return judgeQuiet(facts, timeline(), idleSeconds);
}

/** The full look, at a run of which a glance does not show that it works. */
export function judgeQuiet(facts: RunFacts, timeline: Timeline, idleSeconds: number): Answer {
  if (facts.elapsedSeconds !== undefined && facts.elapsedSeconds <= idleSeconds) return KEEP;
  const window = watchWindow(timeline.whole, idleSeconds * 1000, facts);
  if (reportedSince(facts, window.fromMs)) return KEEP;
  const active = activityAfter(timeline, window.fromMs);
  if (active === "work") return KEEP;
  const sums = sumWindow(timeline, window);
  const loop = active === "cpu" && isPrintLoop(sums, window, facts.metrics);
  if (active === "cpu" && !loop) return KEEP;
  if (window.missing.length > 0) return { missing: window.missing.map((what) => `idle: ${what}`) };
  return { breach: idleBreach(facts, timeline, { window, sums, loop, idleSeconds }) };
}

function reportedSince(facts: RunFacts, fromMs: number): boolean {
  const { secondsSince } = facts.progress;
  return secondsSince !== undefined && facts.monotonic - secondsSince * 1000 >= fromMs;
}

/** `work`: a signal other than CPU; `cpu`: CPU alone. A sample counts when any part of it lies after `fromMs`. */
function activityAfter(timeline: Timeline, fromMs: number): "none" | "cpu" | "work" {
  let found: "none" | "cpu" = "none";
  for (let i = timeline.placed.length - 1; i >= 0; i -= 1) {
    if ((timeline.placed[i]?.endMs ?? 0) <= fromMs) continue;
    for (const signal of timeline.signals[i] ?? []) {
      if (signal !== "cpu") return "work";
      found = "cpu";
    }
  }
  return found;
}
