import type { Instant } from "../../src/model/index.ts";
import { ProviderError, type RunState } from "../../src/provider/index.ts";
import type { Execution, Task } from "./api/index.ts";
import { jobOfLabels, lastPart, type Owner, RUN_VARIABLE, STARTED_BY_VARIABLE } from "./naming.ts";

/** A run's handle: the execution's whole name is its own for ever, and its uid tells a later one of that name apart. */
export interface ExecutionHandle {
  readonly execution: string;
}

const NAME = /^projects\/[a-z0-9:.-]+\/locations\/[a-z0-9-]+\/jobs\/[a-z0-9-]+\/executions\/[a-z0-9-]+$/;
const SIGNALS: Readonly<Record<number, string>> = { 2: "SIGINT", 9: "SIGKILL", 15: "SIGTERM" };

/** The execution's name; `invalid` for anything that is no handle of this adapter's. */
export function parseHandle(handle: unknown): string {
  const name =
    handle !== null && typeof handle === "object" ? (handle as Partial<ExecutionHandle>).execution : undefined;
  if (typeof name !== "string" || !NAME.test(name)) {
    throw new ProviderError("invalid", "this is no handle of a Cloud Run execution");
  }
  return name;
}

/** The job that an execution belongs to: it inherits the labels of its Cloud Run job, whoever started it. */
export function jobOf(execution: Execution, owner: Owner): string | undefined {
  return jobOfLabels(owner, execution.labels);
}

/** The key under which rota started it. */
export function runOf(execution: Execution): string | undefined {
  return variable(execution, RUN_VARIABLE);
}

export function isEnded({ completionTime }: Execution): boolean {
  return timeOf(completionTime) !== undefined;
}

/** What Cloud Run says of an execution, in the port's words; `task`: its one task, where it ended badly. */
export function stateOf(execution: Execution, job: string, task?: Task): RunState {
  const run = runOf(execution);
  const requestedAt = timeOf(execution.createTime);
  const startedAt = timeOf(execution.startTime);
  return {
    handle: { execution: execution.name ?? "" },
    ...(run === undefined ? {} : { run }),
    job,
    ...(isEnded(execution) ? endOf(execution, startedAt, task) : begunOf(execution, startedAt)),
    startedBy:
      run !== undefined ? "rota" : variable(execution, STARTED_BY_VARIABLE) === "schedule" ? "schedule" : "person",
    ...(requestedAt === undefined ? {} : { requestedAt }),
  };
}

function begunOf({ runningCount }: Execution, startedAt: Instant | undefined): Pick<RunState, "phase" | "startedAt"> {
  // Its time runs from the start on: the image is pulled before.
  const phase = startedAt !== undefined && (runningCount ?? 0) > 0 ? "running" : "starting";
  return { phase, ...(startedAt === undefined ? {} : { startedAt }) };
}

function endOf(
  execution: Execution,
  startedAt: Instant | undefined,
  task: Task | undefined,
): Omit<RunState, "handle" | "job" | "startedBy"> {
  const endedAt = timeOf(execution.completionTime);
  const outcome = outcomeOf(execution);
  const { exitCode, termSignal } = task?.lastAttemptResult ?? {};
  const signal = termSignal ? (SIGNALS[termSignal] ?? `signal ${termSignal}`) : undefined;
  const reason = completed(execution)?.message;
  return {
    phase: "ended",
    outcome,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(startedAt === undefined || endedAt === undefined
      ? {}
      : { elapsedSeconds: Math.max(0, endedAt - startedAt) / 1000 }),
    ...(outcome === "succeeded" ? { exitCode: 0 } : exitCode ? { exitCode } : {}),
    ...(signal === undefined || outcome === "succeeded" ? {} : { signal }),
    ...(outcome === "succeeded" || !reason ? {} : { reason }),
  };
}

function outcomeOf(execution: Execution): NonNullable<RunState["outcome"]> {
  const reason = completed(execution)?.executionReason;
  if ((execution.cancelledCount ?? 0) > 0 || reason === "CANCELLED" || reason === "CANCELLING") return "stopped";
  if ((execution.failedCount ?? 0) > 0) return "failed";
  if ((execution.succeededCount ?? 0) >= (execution.taskCount ?? 1)) return "succeeded";
  return completed(execution)?.state === "CONDITION_FAILED" ? "failed" : "lost";
}

function completed({ conditions }: Execution): NonNullable<Execution["conditions"]>[number] | undefined {
  return conditions?.find(({ type }) => type === "Completed");
}

function variable({ template }: Execution, name: string): string | undefined {
  const value = template?.containers?.[0]?.env?.find((each) => each.name === name)?.value;
  return value === undefined || value === null || value === "" ? undefined : value;
}

interface Timestamp {
  readonly seconds?: unknown;
  readonly nanos?: number | null;
}

export function timeOf(timestamp: Timestamp | null | undefined): Instant | undefined {
  const seconds = Number(timestamp?.seconds ?? Number.NaN);
  return Number.isFinite(seconds) && seconds > 0
    ? seconds * 1000 + Math.floor((timestamp?.nanos ?? 0) / 1e6)
    : undefined;
}

export function timestamp(at: Instant): { readonly seconds: number; readonly nanos: number } {
  const seconds = Math.floor(at / 1000);
  return { seconds, nanos: Math.round((at - seconds * 1000) * 1e6) };
}

/** `rota-acme-dev-job-1a2b3c4d` of an execution's name. */
export function runJobOf(execution: string): string {
  return execution.split("/").at(-3) ?? "";
}

export function shortName(execution: string): string {
  return lastPart(execution);
}
