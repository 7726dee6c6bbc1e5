import {
  bytesText,
  elapsedText,
  type GuardLimits,
  type Limit,
  type Money,
  nanos,
  type Run,
  type Sample,
  type TrialResult,
  type TrialStop,
} from "../model/index.ts";
import type { Metrics } from "./facts.ts";
import { known } from "./signals.ts";
import { tightenedLimits } from "./tightened.ts";
import { buildTimeline, COVERAGE_SHARE, type Timeline } from "./timeline.ts";
import { type PastAnswer, type PastSpan, tryIdle } from "./trial-idle.ts";
import { vcpuOf } from "./vcpu.ts";

/** A run as the ledger remembers it. */
export interface PastRun {
  readonly run: Run;
  /** What is left of its samples. */
  readonly samples: readonly Sample[];
  /** All that was metered; absent when it had no price. */
  readonly cost?: Money;
}

export interface TrialInput {
  readonly job: string;
  /** The limits in force; absent when the job is not deployed. */
  readonly before?: GuardLimits;
  readonly after: GuardLimits;
  /** The runs of the last 30 days; those that are still open are left out. */
  readonly runs: readonly PastRun[];
  readonly metrics: Metrics;
}

/**
 * Which past runs the new or tightened limits would have stopped (K13). Undefined when no limit is new or
 * tighter, or when the limits stop nothing (`observe`, `notify`, `protect`). What cannot be known about a run is
 * listed, and never counted as kept.
 */
export function tryLimits(input: TrialInput): TrialResult | undefined {
  const changed = tightenedLimits(input.before, input.after);
  if (changed.length === 0) return undefined;
  const stopped: TrialStop[] = [];
  const unknown: { run: string; why: string }[] = [];
  const runs = input.runs.filter(({ run }) => run.endedAt !== undefined && run.status !== "skipped");
  for (const past of runs) {
    const answers = changed.map((limit) => ({ limit, answer: tryLimit(limit, past, input) }));
    const stops = answers.flatMap(({ limit, answer }) => (answer.kind === "stopped" ? [{ limit, answer }] : []));
    if (stops.length > 0) stopped.push(stopOf(past.run, stops));
    const why = answers.flatMap(({ answer }) => (answer.kind === "unknown" ? [answer.why] : []));
    if (stops.length === 0 && why.length > 0) unknown.push({ run: past.run.run, why: why.join("; ") });
  }
  return {
    job: input.job,
    changed,
    runs: runs.length,
    stopped,
    goodRunsStopped: stopped.filter((each) => each.status === "succeeded").length,
    unknown,
  };
}

type Stop = { readonly limit: Limit; readonly answer: Extract<PastAnswer, { kind: "stopped" }> };

function stopOf(run: Run, stops: readonly Stop[]): TrialStop {
  const times = stops.flatMap(({ answer }) => (answer.atMs === undefined ? [] : [answer.atMs]));
  const start = run.startedAt ?? run.createdAt;
  return {
    run: run.run,
    status: run.status,
    limits: stops.map(({ limit }) => limit),
    ...(times.length > 0 ? { afterSeconds: Math.max(0, Math.round((Math.min(...times) - start) / 1000)) } : {}),
    observed: stops.map(({ answer }) => answer.observed).join("; "),
  };
}

function tryLimit(limit: Limit, past: PastRun, { after, metrics }: TrialInput): PastAnswer {
  const { startedAt, endedAt = 0 } = past.run;
  // What never started was never watched.
  if (startedAt === undefined) return { kind: "kept" };
  const span = { startMs: startedAt, endMs: endedAt };
  switch (limit) {
    case "duration":
      return tryDuration(span, after.durationSeconds ?? Number.POSITIVE_INFINITY);
    case "cost":
      return tryCost(past, after.cost, span);
    case "output":
      return tryOutput(past, after.outputBytes ?? Number.POSITIVE_INFINITY, span, metrics);
    case "disk":
      return tryDisk(past, after.diskBytes ?? Number.POSITIVE_INFINITY);
    case "heartbeat":
      return tryHeartbeat(timelineOf(past, after, metrics), span, after.heartbeatSeconds ?? Number.POSITIVE_INFINITY);
    case "idle":
      return tryIdle(timelineOf(past, after, metrics), span, after.idleSeconds ?? Number.POSITIVE_INFINITY, metrics);
  }
}

/** On the wall clock: monotonic readings of earlier boots have no common zero. */
function timelineOf({ run, samples }: PastRun, limits: GuardLimits, metrics: Metrics): Timeline {
  const onWallClock = samples.map(({ monotonicTo: _, ...sample }) => sample);
  const end = run.endedAt ?? 0;
  return buildTimeline({ limits, cpu: vcpuOf(run), now: end, monotonic: end, samples: onWallClock, metrics });
}

function tryDuration(span: PastSpan, durationSeconds: number): PastAnswer {
  const seconds = (span.endMs - span.startMs) / 1000;
  if (!(seconds > durationSeconds)) return { kind: "kept" };
  return { kind: "stopped", atMs: span.startMs + durationSeconds * 1000, observed: `ran ${elapsedText(seconds)}` };
}

function tryCost({ cost }: PastRun, limit: Money | undefined, span: PastSpan): PastAnswer {
  if (limit === undefined) return { kind: "kept" };
  if (cost === undefined) return { kind: "unknown", why: "cost: it had no price" };
  if (cost.currency !== limit.currency) return { kind: "unknown", why: `cost: metered in ${cost.currency}` };
  const spent = nanos(cost.amount);
  const most = nanos(limit.amount);
  if (spent <= most) return { kind: "kept" };
  // The rate of a run does not change while it runs.
  const share = Number(most) / Number(spent);
  const atMs = span.startMs + (span.endMs - span.startMs) * share;
  return { kind: "stopped", atMs, observed: `cost ${cost.amount} ${cost.currency}` };
}

function tryOutput(past: PastRun, limitBytes: number, span: PastSpan, metrics: Metrics): PastAnswer {
  if (!metrics.output) return { kind: "kept" };
  let total = 0;
  let coveredMs = 0;
  for (const sample of [...past.samples].sort((a, b) => a.to - b.to)) {
    if (!known(sample.outputBytes)) continue;
    total += sample.outputBytes;
    coveredMs += Math.max(0, sample.to - sample.from);
    if (total > limitBytes) return { kind: "stopped", atMs: sample.to, observed: `${bytesText(total)} of output` };
  }
  if (coveredMs >= COVERAGE_SHARE * (span.endMs - span.startMs)) return { kind: "kept" };
  return { kind: "unknown", why: "output: not all of its samples are kept" };
}

function tryDisk(past: PastRun, limitBytes: number): PastAnswer {
  const sizes = past.samples.filter((sample) => known(sample.diskBytes)).sort((a, b) => a.to - b.to);
  const over = sizes.find((sample) => (sample.diskBytes ?? 0) > limitBytes);
  if (over) return { kind: "stopped", atMs: over.to, observed: `${bytesText(over.diskBytes ?? 0)} in its directory` };
  return sizes.length > 0 ? { kind: "kept" } : { kind: "unknown", why: "disk: it was not measured" };
}

function tryHeartbeat(timeline: Timeline, span: PastSpan, heartbeatSeconds: number): PastAnswer {
  if (span.endMs - span.startMs <= heartbeatSeconds * 1000) return { kind: "kept" };
  const covered = timeline.any.within(span.startMs, span.endMs) / (span.endMs - span.startMs);
  if (covered < COVERAGE_SHARE || timeline.placed.some(({ sample }) => sample.progress === undefined)) {
    return { kind: "unknown", why: "heartbeat: not all of its reports of progress are kept" };
  }
  const reports = timeline.placed.filter((_, index) => timeline.signals[index]?.includes("progress"));
  let last = span.startMs;
  for (const endMs of [...reports.map((report) => report.endMs), span.endMs]) {
    const silent = (endMs - last) / 1000;
    if (silent > heartbeatSeconds) {
      return { kind: "stopped", atMs: last + heartbeatSeconds * 1000, observed: `${elapsedText(silent)} in silence` };
    }
    last = Math.max(last, endMs);
  }
  return { kind: "kept" };
}
