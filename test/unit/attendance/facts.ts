import type { DeploymentFact, FireFact } from "../../../src/attendance/index.ts";
import {
  type Component,
  type Entry,
  fireKey,
  type Instant,
  type Job,
  type LedgerEvent,
  parseFireKey,
  type Run,
} from "../../../src/model/index.ts";
import { cron, job } from "../../support/jobs.ts";

export const NINE: Instant = Date.UTC(2026, 10, 23, 9);

/** A job at nine each day in UTC, deployed long before. */
export function deployed(name: string, change: Partial<Job> = {}, more: Partial<DeploymentFact> = {}): DeploymentFact {
  const declared = job(name, { schedule: cron("0 9 * * *"), ...change });
  return { placement: "memory", desired: { job: declared }, since: 0, ...more };
}

export function run(id: string, change: Partial<Run> = {}): Run {
  const declared = job("score");
  return {
    run: id,
    job: "score",
    environment: "dev",
    placement: "memory",
    cause: "fire",
    attempt: 1,
    status: "succeeded",
    createdAt: NINE,
    limits: declared.guard,
    labels: {},
    workload: "process",
    cpu: 1,
    memoryBytes: 1 << 30,
    gpu: 0,
    ...change,
  };
}

/** A run of the fire with this key; its instant is taken as UTC. */
export function runOf(key: string, change: Partial<Run> = {}): Run {
  const { job: name = "", local = "" } = parseFireKey(key) ?? {};
  const fireAt = Date.parse(`${local}Z`);
  return run(`${name}.${local}.${change.attempt ?? 1}`, { job: name, fire: key, fireAt, createdAt: fireAt, ...change });
}

export function record(
  name: string,
  outcome: FireFact["outcome"],
  at: Instant,
  more: Partial<FireFact> = {},
): FireFact {
  const key = fireKey(name, new Date(at).toISOString().slice(0, 16), 0);
  return { job: name, outcome, from: at, to: at, count: 1, firstFire: key, lastFire: key, ...more };
}

/** Entries one second apart, from nine. */
export function entries(...events: readonly LedgerEvent[]): Entry[] {
  return events.map((event, i) => ({ seq: i + 1, at: NINE + i * 1000, event, prev: "", hash: "" }));
}

export function ended(
  status: "succeeded" | "failed" | "killed" | "lost" | "skipped",
  component: Component,
  reason: string,
): LedgerEvent {
  return { type: "run.ended", run: "r", status, endedAt: NINE, reason, component };
}
