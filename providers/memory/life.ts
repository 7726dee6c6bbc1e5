import type { Instant, Sample, StopMode } from "../../src/model/index.ts";
import type { RunState, StartRequest } from "../../src/provider/index.ts";
import { busySample, nativeLimitSeconds, type RunScript } from "./script.ts";

/** A run as the world knows it. Nothing ticks: its state at an instant is computed from these. */
export interface LifeRecord {
  readonly id: string;
  readonly run?: string;
  readonly namespace: string;
  readonly environment: string;
  readonly placement: string;
  readonly request: Pick<StartRequest, "job" | "attempt" | "fireAt">;
  readonly startedBy: RunState["startedBy"];
  readonly acceptedAt: Instant;
  readonly script: RunScript;
  readonly limitSeconds?: number;
  readonly stops: { readonly mode: StopMode; readonly at: Instant }[];
}

const SECOND_MS = 1000;

export function createLife(facts: Omit<LifeRecord, "limitSeconds" | "stops">, nativeTimeLimit: boolean): LifeRecord {
  const limit = nativeTimeLimit ? nativeLimitSeconds(facts.request.job.guard) : undefined;
  return { ...facts, ...(limit === undefined ? {} : { limitSeconds: limit }), stops: [] };
}

export function startOf(life: LifeRecord): Instant {
  return life.acceptedAt + (life.script.startDelaySeconds ?? 0) * SECOND_MS;
}

/** When and how it ends, as far as the stops requested by `at` decide it. Infinity: not by itself. */
export function endOf(
  life: LifeRecord,
  at: Instant,
): { readonly at: Instant; readonly how: "itself" | "stop" | "limit" } {
  const startedAt = startOf(life);
  let end: { at: Instant; how: "itself" | "stop" | "limit" } = {
    at: startedAt + (life.script.durationSeconds ?? 1) * SECOND_MS,
    how: "itself",
  };
  const limitAt = startedAt + (life.limitSeconds ?? Number.POSITIVE_INFINITY) * SECOND_MS;
  if (limitAt < end.at) end = { at: limitAt, how: "limit" };
  for (const stop of life.stops) {
    const survives = (stop.mode === "hard" ? life.script.hardSeconds : life.script.politeSeconds) ?? 0;
    const stopAt = stop.at + survives * SECOND_MS;
    if (stop.at <= at && stopAt < end.at) end = { at: stopAt, how: "stop" };
  }
  return end;
}

export function stateAt(life: LifeRecord, at: Instant): RunState {
  const common = {
    handle: life.id,
    ...(life.run === undefined ? {} : { run: life.run }),
    job: life.request.job.name,
    startedBy: life.startedBy,
    ...(life.startedBy === "person" ? {} : { fireAt: life.request.fireAt }),
  };
  const startedAt = startOf(life);
  const end = endOf(life, at);
  if (end.at <= at) {
    return {
      ...common,
      phase: "ended",
      ...endFacts(life, end.how),
      ...(startedAt <= end.at ? { startedAt } : {}),
      endedAt: end.at,
      elapsedSeconds: Math.max(0, end.at - startedAt) / SECOND_MS,
    };
  }
  if (startedAt > at) return { ...common, phase: "starting" };
  return { ...common, phase: "running", startedAt, elapsedSeconds: (at - startedAt) / SECOND_MS };
}

function endFacts(
  life: LifeRecord,
  how: "itself" | "stop" | "limit",
): Pick<RunState, "exitCode" | "signal" | "reason"> & { outcome: NonNullable<RunState["outcome"]> } {
  if (how === "stop") return { outcome: "stopped", signal: "SIGTERM", reason: "stopped on request" };
  if (how === "limit") return { outcome: "stopped", reason: "the platform's time limit was reached" };
  const { outcome = "succeeded", exitCode, signal, reason } = life.script;
  return {
    outcome,
    ...(outcome === "lost" || signal !== undefined ? {} : { exitCode: exitCode ?? (outcome === "failed" ? 1 : 0) }),
    ...(signal === undefined ? {} : { signal }),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** The samples that end in (after, at − delay]: a grid of whole intervals from the start on, none for a part of one. */
export function samplesOf(
  life: LifeRecord,
  after: Instant,
  at: Instant,
  metrics: { readonly intervalSeconds: number; readonly delaySeconds: number },
  toMonotonic: (instant: Instant) => number,
): Sample[] {
  const startedAt = startOf(life);
  const stepMs = metrics.intervalSeconds * SECOND_MS;
  const until = Math.min(at - metrics.delaySeconds * SECOND_MS, endOf(life, at).at);
  const sample = life.script.sample ?? busySample;
  const samples: Sample[] = [];
  for (let index = Math.max(0, Math.floor((after - startedAt) / stepMs)); ; index += 1) {
    const from = startedAt + index * stepMs;
    const to = from + stepMs;
    if (to > until) return samples;
    const values = to > after ? sample(index, metrics.intervalSeconds) : undefined;
    if (values) samples.push({ from, to, monotonicTo: toMonotonic(to), ...values });
  }
}
