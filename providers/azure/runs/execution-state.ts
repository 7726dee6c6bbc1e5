import { type Instant, MINUTE } from "../../../src/model/index.ts";
import type { RunState } from "../../../src/provider/index.ts";
import { CONTAINER, MARKS } from "../naming.ts";
import type { RawJob } from "../resources/job.ts";
import { expandOwn } from "../translate/index.ts";

/** One execution as ARM has it (Microsoft.App, JobExecution). */
export interface RawExecution {
  readonly name?: string;
  readonly properties?: {
    readonly status?: string;
    readonly startTime?: string;
    readonly endTime?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly template?: {
      readonly containers?: readonly {
        readonly name?: string;
        readonly env?: readonly { readonly name: string; readonly value?: string }[];
      }[];
    };
    readonly detailedStatus?: {
      readonly replicas?: readonly {
        readonly containers?: readonly {
          readonly name?: string;
          readonly code?: number;
          readonly status?: string;
          readonly additionalInformation?: string;
        }[];
      }[];
    };
  };
}

/** The job's own trigger starts its executions at most so long after their time. */
const LATE_MS = 10 * MINUTE;
const SIGNALS: Readonly<Record<number, string>> = { 130: "SIGINT", 137: "SIGKILL", 143: "SIGTERM" };
const OUTCOMES: Readonly<Record<string, NonNullable<RunState["outcome"]>>> = {
  succeeded: "succeeded",
  failed: "failed",
  stopped: "stopped",
};

/** A variable of an execution's container: what a start was given. */
export function variableOf(execution: RawExecution, name: string): string | undefined {
  const containers = execution.properties?.template?.containers ?? [];
  const own = containers.find((container) => container.name === CONTAINER) ?? containers[0];
  return own?.env?.find((variable) => variable.name === name)?.value;
}

/** What Azure says of an execution, in the port's words. */
export function executionState(execution: RawExecution, raw: RawJob, job: string): RunState {
  const run = variableOf(execution, MARKS.run);
  const { startTime, endTime } = execution.properties ?? {};
  const startedAt = timeOf(startTime);
  const fireAt = run === undefined ? undefined : timeOf(variableOf(execution, MARKS.fire));
  return {
    handle: { job: raw.name ?? "", execution: execution.name ?? "" },
    ...(run === undefined ? {} : { run }),
    job,
    ...phaseOf(execution, startedAt, timeOf(endTime)),
    startedBy: startedBy(execution, raw, startedAt),
    ...(fireAt === undefined ? {} : { fireAt }),
  };
}

/** A workflow says who it is. The job's own trigger does not: a start soon after one of its times is taken for it. */
function startedBy(execution: RawExecution, raw: RawJob, startedAt: Instant | undefined): RunState["startedBy"] {
  if (variableOf(execution, MARKS.run) !== undefined) return "rota";
  if (variableOf(execution, MARKS.trigger) === "schedule") return "schedule";
  const { triggerType, scheduleTriggerConfig } = raw.properties?.configuration ?? {};
  const cron = scheduleTriggerConfig?.cronExpression;
  if (triggerType !== "Schedule" || cron === undefined || startedAt === undefined) return "person";
  try {
    return expandOwn(cron, startedAt - LATE_MS, startedAt + MINUTE).length > 0 ? "schedule" : "person";
  } catch {
    // Somebody wrote an expression that rota does not read: whose start it was cannot be told.
    return "schedule";
  }
}

type Phase = Omit<RunState, "handle" | "run" | "job" | "startedBy" | "fireAt">;

/** `Unknown` and `Degraded` are no end: Azure says so when the replica cannot be asked. */
function phaseOf(execution: RawExecution, startedAt: Instant | undefined, endedAt: Instant | undefined): Phase {
  const { status = "Unknown" } = execution.properties ?? {};
  const outcome = OUTCOMES[status.toLowerCase()];
  const started = startedAt === undefined ? {} : { startedAt };
  if (outcome === undefined) {
    const isStarting = /^processing$/i.test(status) || startedAt === undefined;
    return { phase: isStarting ? "starting" : "running", ...started };
  }
  const container = ownContainer(execution);
  const exitCode = container?.code;
  const signal = exitCode === undefined || outcome === "succeeded" ? undefined : SIGNALS[exitCode];
  const reason = reasonOf(execution, container);
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
    ...(outcome === "succeeded" || reason === undefined ? {} : { reason }),
  };
}

type ContainerStatus = { readonly code?: number; readonly additionalInformation?: string; readonly name?: string };

function ownContainer({ properties }: RawExecution): ContainerStatus | undefined {
  const containers = properties?.detailedStatus?.replicas?.at(-1)?.containers ?? [];
  return containers.find(({ name }) => name === CONTAINER) ?? containers[0];
}

function reasonOf({ properties }: RawExecution, container: ContainerStatus | undefined): string | undefined {
  const { reason = "", message = "" } = properties ?? {};
  const words = [reason, message, container?.additionalInformation ?? ""].filter((text) => text !== "");
  return words.length === 0 ? undefined : [...new Set(words)].join(": ");
}

export function timeOf(text: string | undefined): Instant | undefined {
  const at = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isFinite(at) ? at : undefined;
}
