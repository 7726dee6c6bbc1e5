import type { DesiredJob, FireTime, Instant, Job, Run, RunCause, RunHandle, Sample } from "../model/index.ts";

/**
 * A run's id, which is its idempotency key: the same fire and attempt have the same id on every machine
 * and after every crash. `invoices.20261123T0600.1`; in the second pass of a repeated hour `…T0130b.1`.
 */
export function fireRunId(job: string, fire: Pick<FireTime, "local" | "ordinal">, attempt: number): string {
  const stamp = fire.local.replaceAll(/[-:]/g, "");
  return `${job}.${stamp}${fire.ordinal === 1 ? "b" : ""}.${attempt}`;
}

/** A person's run: the instant to the millisecond and four random characters. */
export function personRunId(job: string, at: Instant, chance: number): string {
  const stamp = new Date(at).toISOString().replaceAll(/[-:.Z]/g, "");
  const tail = Math.floor(chance * 36 ** 4)
    .toString(36)
    .padStart(4, "0");
  return `${job}.m${stamp}-${tail}.1`;
}

/** The next attempt's id of the same fire or request. */
export function retryRunId(run: string, attempt: number): string {
  return run.replace(/\.\d+$/, `.${attempt}`);
}

export interface NewRun {
  readonly id: string;
  readonly desired: DesiredJob;
  readonly cause: RunCause;
  readonly now: Instant;
  readonly attempt?: number;
  readonly fire?: string;
  readonly fireAt?: Instant;
  readonly notBefore?: Instant;
  /** Of a run that was found at the provider: it is known from the start, and never sent from here. */
  readonly handle?: RunHandle;
}

/** A run as it is recorded when it is created: with the limits and labels that hold for it from now on. */
export function newRun(input: NewRun): Run {
  const { job } = input.desired;
  return {
    run: input.id,
    job: job.name,
    environment: job.environment,
    placement: job.placement,
    cause: input.cause,
    ...(input.fire === undefined ? {} : { fire: input.fire }),
    ...(input.fireAt === undefined ? {} : { fireAt: input.fireAt }),
    attempt: input.attempt ?? 1,
    status: "queued",
    createdAt: input.now,
    ...(input.notBefore === undefined ? {} : { notBefore: input.notBefore }),
    ...(input.handle === undefined ? {} : { handle: input.handle }),
    limits: job.guard,
    labels: job.labels,
    ...(job.team === undefined ? {} : { team: job.team }),
    ...(job.costCenter === undefined ? {} : { costCenter: job.costCenter }),
    ...compute(job),
  };
}

/** What the meter multiplies. */
export function compute(job: Job): Pick<Run, "workload" | "cpu" | "memoryBytes" | "gpu"> {
  const w = job.workload;
  if (w.kind === "process") return { workload: w.kind, cpu: w.cpu, memoryBytes: w.memoryBytes, gpu: 0 };
  if (w.kind === "container") return { workload: w.kind, cpu: w.cpu, memoryBytes: w.memoryBytes, gpu: w.gpu ?? 0 };
  return { workload: w.kind, cpu: 0, memoryBytes: 0, gpu: 0 };
}

/** The variables every run gets (docs/jobs.md). */
export function runEnvironment(run: Run, namespace: string, fireAt: Instant): Record<string, string> {
  return {
    ROTA_JOB: run.job,
    ROTA_RUN: run.run,
    ROTA_FIRE: new Date(fireAt).toISOString(),
    ROTA_ATTEMPT: String(run.attempt),
    ROTA_ENV: run.environment,
    ROTA_NAMESPACE: namespace,
  };
}

/** Seconds before attempt `attempt` (2 or more): doubles from the first, up to the most. */
export function backoffSeconds(job: Job, attempt: number): number {
  return Math.min(job.retry.maxBackoffSeconds, job.retry.backoffSeconds * 2 ** (attempt - 2));
}

/** All that a run has printed, after one more sample. A run that empties its own output takes nothing back. */
export function printedBytes(before: number, sample: Sample): number {
  return Math.max(before + Math.max(0, sample.outputBytes ?? 0), sample.outputTotalBytes ?? 0);
}
