import { type GuardLimits, type Limit, nanos } from "../model/index.ts";

/** Whether these limits may stop a run at all. */
function mayStop(limits: GuardLimits): boolean {
  return limits.mode === "enforce" && limits.onBreach === "stop" && !limits.protect;
}

/**
 * The limits of `after` that may stop a run which `before` would have let go on: new ones, smaller ones, and all
 * of them when `before` only observed, notified or protected. Without `before` the job is new: all of them.
 */
export function tightenedLimits(before: GuardLimits | undefined, after: GuardLimits): readonly Limit[] {
  if (!mayStop(after)) return [];
  const stood = before && mayStop(before) ? before : undefined;
  const tightened: Limit[] = [];
  const compare = (limit: Limit, was: number | undefined, is: number | undefined): void => {
    if (is !== undefined && (was === undefined || is < was)) tightened.push(limit);
  };
  compare("idle", stood?.idleSeconds, after.idleSeconds);
  // More CPU that still counts as none is a tighter limit as well.
  if (
    stood?.idleSeconds !== undefined &&
    after.idleSeconds !== undefined &&
    after.idleCpu > stood.idleCpu &&
    !tightened.includes("idle")
  )
    tightened.push("idle");
  compare("heartbeat", stood?.heartbeatSeconds, after.heartbeatSeconds);
  compare("duration", stood?.durationSeconds, after.durationSeconds);
  if (after.cost && isTighterCost(stood?.cost, after.cost)) tightened.push("cost");
  compare("output", stood?.outputBytes, after.outputBytes);
  compare("disk", stood?.diskBytes, after.diskBytes);
  return tightened;
}

function isTighterCost(was: GuardLimits["cost"], is: NonNullable<GuardLimits["cost"]>): boolean {
  return was === undefined || was.currency !== is.currency || nanos(is.amount) < nanos(was.amount);
}
