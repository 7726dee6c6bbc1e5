type Json = Readonly<Record<string, unknown>>;

/** How a test's execution lives: `quick` ends well after a minute, `failing` with exit code 3, `endless` when it is stopped. */
export interface Execution {
  readonly id: string;
  readonly name: string;
  readonly job: string;
  readonly createdAt: number;
  readonly template: Json;
  readonly timeoutMs: number;
  stoppedAt?: number;
}

const PULL_MS = 5_000;
const RUN_MS = 60_000;

export interface Life {
  readonly status: "Processing" | "Running" | "Succeeded" | "Failed" | "Stopped";
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly exitCode?: number;
  readonly reason?: string;
}

export function lifeOf(execution: Execution, now: number): Life {
  const { createdAt, stoppedAt, timeoutMs } = execution;
  const startedAt = createdAt + PULL_MS;
  const kind = wordOf(execution);
  const ends = kind === "quick" || kind === "failing" ? startedAt + RUN_MS : Number.POSITIVE_INFINITY;
  const limit = startedAt + timeoutMs;
  const endedAt = Math.min(stoppedAt ?? Number.POSITIVE_INFINITY, ends, limit);
  if (endedAt <= now) {
    if (endedAt === stoppedAt) return { status: "Stopped", startedAt, endedAt, exitCode: 143 };
    if (endedAt === limit && ends > limit)
      return { status: "Failed", startedAt, endedAt, exitCode: 137, reason: "DeadlineExceeded" };
    return kind === "failing"
      ? { status: "Failed", startedAt, endedAt, exitCode: 3 }
      : { status: "Succeeded", startedAt, endedAt, exitCode: 0 };
  }
  return { status: now < startedAt ? "Processing" : "Running", startedAt };
}

/** As ARM answers it (Microsoft.App, JobExecution). */
export function executionBody(execution: Execution, now: number): Json {
  const life = lifeOf(execution, now);
  const time = (at: number | undefined): string | undefined =>
    at === undefined ? undefined : new Date(at).toISOString();
  return {
    id: execution.id,
    name: execution.name,
    type: "Microsoft.App/jobs/executions",
    properties: {
      status: life.status,
      ...(life.status === "Processing" ? {} : { startTime: time(life.startedAt) }),
      ...(life.endedAt === undefined ? {} : { endTime: time(life.endedAt) }),
      ...(life.reason === undefined ? {} : { reason: life.reason }),
      template: execution.template,
      ...(life.exitCode === undefined
        ? {}
        : {
            detailedStatus: {
              replicas: [
                {
                  name: `${execution.name}-abcde`,
                  containers: [{ name: "job", code: life.exitCode, status: "Terminated" }],
                },
              ],
            },
          }),
    },
  };
}

function wordOf({ template }: Execution): string | undefined {
  const [container] = (template["containers"] ?? []) as readonly { readonly args?: readonly string[] }[];
  return container?.args?.[0];
}
