import type { Component, Entry, Instant, Run } from "../model/index.ts";
import type { DeploymentFact, ExcuseFact, FireFact } from "./shapes.ts";

export interface TimelineEvent {
  readonly at: Instant;
  readonly component: Component;
  /** The ledger's event, or `fire.due` for the scheduled instant. */
  readonly event: string;
  readonly detail: string;
}

/** Who is to answer for what happened: on what evidence, and what to do next. `unknown`: the record does not say. */
export interface Responsible {
  readonly component: Component | "unknown";
  readonly evidence: string;
  readonly fix: string;
}

export interface RunExplanation {
  readonly run: string;
  readonly timeline: readonly TimelineEvent[];
  readonly responsible: Responsible;
}

export interface FireExplanation {
  readonly fire: string;
  readonly timeline: readonly TimelineEvent[];
  readonly responsible: Responsible;
}

export interface RunEvidence {
  readonly run: Run;
  /** The run's own entries, oldest first. */
  readonly entries: readonly Entry[];
  /** Entries of daemon, clock, provider and budgets around the run; others are ignored. */
  readonly around?: readonly Entry[];
  /** The last lines that the run wrote to its standard error. */
  readonly stderrTail?: readonly string[];
  /** The most memory it was seen to use. */
  readonly peakMemoryBytes?: number;
}

export interface FireEvidenceInput {
  /** The fire's key. */
  readonly fire: string;
  readonly now: Instant;
  /** The job's deployments, in force or gone. */
  readonly deployments: readonly DeploymentFact[];
  readonly record?: FireFact;
  readonly excuse?: ExcuseFact;
  readonly around?: readonly Entry[];
  /** Entries of how the job's schedule parted from what was applied and was restored, oldest first, however old. */
  readonly drifted?: readonly Entry[];
}
