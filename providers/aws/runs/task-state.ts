import type { Task } from "@aws-sdk/client-ecs";
import type { Instant } from "../../../src/model/index.ts";
import { ProviderError, type RunState } from "../../../src/provider/index.ts";
import { BY_SCHEDULE, CONTAINER, familyName, familyPrefix, isOwnedBy, type Owner, tagValue } from "../naming.ts";

/** A run's handle: the task's ARN names region, account, cluster and task for ever. */
export interface TaskHandle {
  readonly task: string;
}

const ARN = /^arn:aws[a-z-]*:ecs:[a-z0-9-]+:\d{12}:task\/(?:[A-Za-z0-9_-]+\/)?([0-9a-f-]{8,64})$/;
const SIGNALS: Readonly<Record<number, string>> = { 130: "SIGINT", 137: "SIGKILL", 143: "SIGTERM" };

/** The signal that ended a container with this exit code. */
export function signalOf(exitCode: number): string | undefined {
  return SIGNALS[exitCode];
}

export function isTaskHandle(handle: unknown): boolean {
  return handle !== null && typeof handle === "object" && "task" in handle;
}

/** The task's ARN and id; `invalid` for anything that is no handle of this adapter's. */
export function parseHandle(handle: unknown): { readonly arn: string; readonly id: string } {
  const arn = handle !== null && typeof handle === "object" ? (handle as Partial<TaskHandle>).task : undefined;
  const id = typeof arn === "string" ? ARN.exec(arn)?.[1] : undefined;
  if (arn === undefined || id === undefined) throw new ProviderError("invalid", "this is no handle of an ECS task");
  return { arn, id };
}

/**
 * The job that a task belongs to: by its tags, or, when a person started it in the console without any, by the family
 * of its definition, which is ours. Undefined for a task that is not of this namespace and environment.
 */
export function jobOf(task: Task, owner: Owner): string | undefined {
  const job = tagValue(task.tags, "job");
  if (job !== undefined) return isOwnedBy(owner, task.tags) ? job : undefined;
  const family = /\/([^/:]+):\d+$/.exec(task.taskDefinitionArn ?? "")?.[1] ?? "";
  const prefix = familyPrefix(owner);
  const rest = family.startsWith(prefix) ? family.slice(prefix.length) : "";
  return rest !== "" && /^[a-z0-9-]+$/.test(rest) && familyName(owner, rest) === family ? rest : undefined;
}

/** What ECS says of a task, in the port's words. */
export function stateOf(task: Task, job: string): RunState {
  const run = tagValue(task.tags, "run");
  const fireAt = instantOf(tagValue(task.tags, "fire"));
  const startedAt = timeOf(task.pullStartedAt) ?? timeOf(task.startedAt);
  return {
    handle: { task: task.taskArn ?? "" },
    ...(run === undefined ? {} : { run }),
    job,
    ...phaseOf(task, startedAt),
    startedBy: run !== undefined ? "rota" : isBySchedule(task.startedBy) ? "schedule" : "person",
    ...(fireAt === undefined ? {} : { fireAt }),
  };
}

/** A scheduled rule names itself. */
function isBySchedule(startedBy: string | undefined): boolean {
  return startedBy === BY_SCHEDULE || startedBy?.startsWith("events-rule/") === true;
}

type Phase = Pick<
  RunState,
  "phase" | "outcome" | "startedAt" | "endedAt" | "elapsedSeconds" | "exitCode" | "signal" | "reason"
>;

function phaseOf(task: Task, startedAt: Instant | undefined): Phase {
  const started = startedAt === undefined ? {} : { startedAt };
  if (task.lastStatus !== "STOPPED") {
    const hasBegun = startedAt !== undefined && !/^(?:PROVISIONING|PENDING|ACTIVATING)$/.test(task.lastStatus ?? "");
    return { phase: hasBegun ? "running" : "starting", ...started };
  }
  const endedAt = timeOf(task.stoppedAt) ?? timeOf(task.executionStoppedAt);
  const exitCode = task.containers?.find((each) => each.name === CONTAINER)?.exitCode;
  const outcome = outcomeOf(task, exitCode);
  const signal = exitCode === undefined || outcome === "succeeded" ? undefined : signalOf(exitCode);
  const reason = task.stoppedReason ?? task.containers?.find((each) => each.reason !== undefined)?.reason;
  return {
    phase: "ended",
    outcome,
    ...started,
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(startedAt === undefined || endedAt === undefined
      ? {}
      : { elapsedSeconds: Math.max(0, endedAt - startedAt) / 1000 }),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(signal === undefined ? {} : { signal }),
    // AWS says "Essential container in task exited" of every end, good or bad.
    ...(outcome === "succeeded" || reason === undefined ? {} : { reason }),
  };
}

/** `stopCode` says who ended it (ECS API reference, Task); an exit code alone is read as the container's own end. */
function outcomeOf({ stopCode }: Task, exitCode: number | undefined): NonNullable<RunState["outcome"]> {
  if (stopCode === "UserInitiated" || stopCode === "ServiceSchedulerInitiated") return "stopped";
  if (stopCode === "TaskFailedToStart" || stopCode === "SpotInterruption" || stopCode === "TerminationNotice")
    return "failed";
  if (exitCode !== undefined) return exitCode === 0 ? "succeeded" : "failed";
  return stopCode === undefined ? "lost" : "failed";
}

function timeOf(date: Date | undefined): Instant | undefined {
  const time = date === undefined ? Number.NaN : date.getTime();
  return Number.isFinite(time) ? time : undefined;
}

/** RFC 3339 in a tag. */
export function instantOf(text: string | undefined): Instant | undefined {
  if (text === undefined) return undefined;
  const at = Date.parse(text);
  return Number.isFinite(at) ? at : undefined;
}
