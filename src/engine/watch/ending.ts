import type { Component, EventOf, Instant, LedgerEvent, Run, StopCause } from "../../model/index.ts";
import type { RunState } from "../../provider/index.ts";
import { backoffSeconds, newRun, retryRunId } from "../runs.ts";
import type { TrackedRun } from "../state.ts";
import { STEP_MS } from "../steady.ts";

/** Who is to answer for a stop. */
export const STOP_COMPONENT: Readonly<Record<StopCause, Component>> = {
  guard: "guard",
  person: "person",
  budget: "budget",
  overlap: "schedule",
  duplicate: "provider",
  shutdown: "daemon",
};

/**
 * How a run ended, from what the provider says and what was asked of it. A run that finished while it was
 * being stopped succeeded (K12); one that ended badly after a stop was sent was killed by it.
 */
export function ending(tracked: TrackedRun, state: RunState, now: Instant): EventOf<"run.ended"> {
  const { run, stopping } = tracked;
  const endedAt = Math.max(endOf(run, state) ?? now, run.startedAt ?? run.createdAt);
  const base = {
    type: "run.ended" as const,
    run: run.run,
    endedAt,
    ...(state.exitCode === undefined ? {} : { exitCode: state.exitCode }),
    ...(state.signal === undefined ? {} : { signal: state.signal }),
    ...(state.billed === undefined ? {} : { billed: state.billed }),
  };
  if (state.outcome === "succeeded")
    return { ...base, status: "succeeded", reason: state.reason ?? "", component: "workload" };
  // Where the provider has no stop for it, whatever ended the run, it was not the order.
  if (stopping && stopping.impossible === undefined && state.outcome !== "lost") {
    return {
      ...base,
      status: "killed",
      reason: stopping.reason,
      component: STOP_COMPONENT[stopping.cause],
    };
  }
  if (state.outcome === "lost") {
    return {
      ...base,
      status: "lost",
      reason: state.reason ?? "it is gone, and how it ended is not known",
      component: "provider",
    };
  }
  if (state.outcome === "stopped") {
    return {
      ...base,
      status: "killed",
      reason: state.reason ?? "stopped at the provider, not by rota",
      component: state.signal === undefined ? "provider" : "signal",
    };
  }
  return { ...base, status: "failed", ...failure(state) };
}

/**
 * When the provider says that it ended. Where the wall clock was set in the middle of the run, start and end
 * are by two different clocks: then the time that it has really run counts, or the meter would charge the step.
 */
function endOf(run: Run, { endedAt, elapsedSeconds }: RunState): Instant | undefined {
  if (endedAt === undefined || elapsedSeconds === undefined || run.startedAt === undefined) return endedAt;
  const byElapsed = Math.round(run.startedAt + elapsedSeconds * 1000);
  return Math.abs(endedAt - byElapsed) > STEP_MS ? byElapsed : endedAt;
}

function failure(state: RunState): { reason: string; component: Component } {
  if (state.reason !== undefined && state.exitCode === undefined && state.signal === undefined) {
    return { reason: state.reason, component: "start" };
  }
  if (state.signal !== undefined) return { reason: state.reason ?? `ended by ${state.signal}`, component: "signal" };
  return { reason: state.reason ?? `exit code ${state.exitCode ?? "unknown"}`, component: "workload" };
}

/** The next attempt's creation when the run failed and its job has attempts left. A lost run is never retried: it may have worked. */
export function retryOf(
  tracked: TrackedRun,
  ended: EventOf<"run.ended">,
  now: Instant,
): EventOf<"run.created"> | undefined {
  const { run, desired } = tracked;
  if (ended.status !== "failed" || !desired || run.cause === "foreign") return undefined;
  const attempt = run.attempt + 1;
  if (attempt > desired.job.retry.attempts) return undefined;
  const next: Run = newRun({
    id: retryRunId(run.run, attempt),
    desired,
    cause: "retry",
    now,
    attempt,
    ...(run.fire === undefined ? {} : { fire: run.fire }),
    ...(run.fireAt === undefined ? {} : { fireAt: run.fireAt }),
    notBefore: now + backoffSeconds(desired.job, attempt) * 1000,
  });
  return { type: "run.created", run: { ...next, limits: run.limits } };
}

/** Everything that is recorded, in one commit, when a run has ended. */
export function endEvents(
  tracked: TrackedRun,
  ended: EventOf<"run.ended">,
  charges: readonly LedgerEvent[],
  now: Instant,
): readonly LedgerEvent[] {
  const retry = retryOf(tracked, ended, now);
  return [ended, ...charges, ...(retry ? [retry] : [])];
}
