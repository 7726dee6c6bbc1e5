import type { Instant } from "../../../src/model/index.ts";
import { ProviderError, type RunState } from "../../../src/provider/index.ts";
import type { BatchJob, BatchTask } from "../api/index.ts";
import { timeOf } from "../execution-state.ts";
import { jobOfLabels, lastPart, type Owner, RUN_VARIABLE, STARTED_BY_VARIABLE } from "../naming.ts";
import { batchJobId } from "./job.ts";

const NAME = /^projects\/[a-z0-9:.-]+\/locations\/[a-z0-9-]+\/jobs\/[a-z0-9-]+$/;
const ENDED = ["SUCCEEDED", "FAILED", "CANCELLED"];
/** Exit codes that Batch gives by itself ("Troubleshooting: reserved exit codes"). */
const RESERVED: Readonly<Record<number, string>> = {
  50001: "the machine was preempted",
  50002: "the machine no longer reported",
  50003: "the machine was started anew",
  50004: "the task no longer answered",
  50005: "the time limit was exceeded (maxRunDuration)",
  50006: "the machine was made anew",
};
const LARGEST_EXIT_CODE = 255;

export function isBatchHandle(handle: unknown): boolean {
  return handle !== null && typeof handle === "object" && "batchJob" in handle;
}

/** The Batch job's whole name; `invalid` for anything that is no handle of this kind. */
export function parseBatchHandle(handle: unknown): string {
  const name = isBatchHandle(handle) ? (handle as { readonly batchJob: unknown }).batchJob : undefined;
  if (typeof name === "string" && NAME.test(name)) return name;
  throw new ProviderError("invalid", "this is no handle of a Batch job");
}

export function jobOfBatch({ labels }: BatchJob, owner: Owner): string | undefined {
  return jobOfLabels(owner, labels);
}

/** The key under which rota started it; a copy that a person made of such a job has another id, and no key. */
export function runOfBatch(job: BatchJob, owner: Owner): string | undefined {
  const run = variable(job, RUN_VARIABLE);
  const name = jobOfBatch(job, owner);
  if (run === undefined || name === undefined) return undefined;
  return lastPart(job.name) === batchJobId(owner, name, run) ? run : undefined;
}

export function isBatchEnded({ status }: BatchJob): boolean {
  return ENDED.includes(String(status?.state));
}

/** What Batch says of a job, in the port's words; `task`: its one task, where it ended badly. */
export function batchStateOf(job: BatchJob, owner: Owner, task?: BatchTask): RunState {
  const run = runOfBatch(job, owner);
  const requestedAt = timeOf(job.createTime);
  const startedAt = becameAt(job, ["RUNNING"]);
  const by = variable(job, STARTED_BY_VARIABLE) === "schedule" ? "schedule" : "person";
  return {
    handle: { batchJob: job.name ?? "" },
    ...(run === undefined ? {} : { run }),
    job: jobOfBatch(job, owner) ?? "",
    ...(isBatchEnded(job)
      ? endOf(job, startedAt, task)
      : { phase: startedAt === undefined ? "starting" : "running", ...(startedAt === undefined ? {} : { startedAt }) }),
    startedBy: run === undefined ? by : "rota",
    ...(requestedAt === undefined ? {} : { requestedAt }),
  };
}

type Ending = Omit<RunState, "handle" | "job" | "startedBy">;

function endOf(job: BatchJob, startedAt: Instant | undefined, task: BatchTask | undefined): Ending {
  const state = String(job.status?.state);
  const endedAt = becameAt(job, ENDED) ?? timeOf(job.updateTime);
  const outcome = state === "SUCCEEDED" ? "succeeded" : state === "CANCELLED" ? "stopped" : "failed";
  const code = outcome === "failed" ? exitCodeOf(task) : undefined;
  const told = job.status?.statusEvents?.at(-1)?.description;
  const reason = (code === undefined ? undefined : RESERVED[code]) ?? told;
  return {
    phase: "ended",
    outcome,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(startedAt === undefined || endedAt === undefined
      ? {}
      : { elapsedSeconds: Math.max(0, endedAt - startedAt) / 1000 }),
    ...(outcome === "succeeded" ? { exitCode: 0 } : code && code <= LARGEST_EXIT_CODE ? { exitCode: code } : {}),
    ...(outcome === "succeeded" || !reason ? {} : { reason }),
  };
}

/** When it came into one of the states: that stands in the words of its events alone ("Job state is set from A to B for …"). */
function becameAt({ status }: BatchJob, states: readonly string[]): Instant | undefined {
  const event = status?.statusEvents?.find(({ description }) =>
    states.includes(/ from \w+ to (\w+)/.exec(description ?? "")?.[1] ?? ""),
  );
  return timeOf(event?.eventTime);
}

function exitCodeOf(task: BatchTask | undefined): number | undefined {
  const codes = (task?.status?.statusEvents ?? []).map(({ taskExecution }) => taskExecution?.exitCode ?? 0);
  return codes.findLast((code) => code !== 0);
}

function variable({ taskGroups }: BatchJob, name: string): string | undefined {
  const value = taskGroups?.[0]?.taskSpec?.environment?.variables?.[name];
  return value === undefined || value === "" ? undefined : value;
}
