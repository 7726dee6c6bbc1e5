import type { JobDetail } from "@aws-sdk/client-batch";
import { ProviderError, type RunState } from "../../../src/provider/index.ts";
import { isOwnedBy, jobDefinitionName, type Owner, tagList, tagValue } from "../naming.ts";
import { instantOf, signalOf } from "./task-state.ts";

/** A run's handle: Batch's own id of the job, which is unique in an account and region. */
export interface BatchHandle {
  readonly batchJob: string;
}

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function isBatchHandle(handle: unknown): boolean {
  return handle !== null && typeof handle === "object" && "batchJob" in handle;
}

/** The job's id; `invalid` for anything that is none. */
export function parseBatchHandle(handle: unknown): string {
  const id = (handle as Partial<BatchHandle>).batchJob;
  if (typeof id !== "string" || !ID.test(id)) throw new ProviderError("invalid", "this is no handle of a Batch job");
  return id;
}

/**
 * The job of the manifest: by the tags, or, when a person or a rule submitted it without any, by its definition, which
 * is ours. Undefined for a job that is not of this namespace and environment.
 */
export function manifestJob(detail: JobDetail, owner: Owner): string | undefined {
  const tags = tagList(detail.tags);
  const job = tagValue(tags, "job");
  if (job !== undefined) return isOwnedBy(owner, tags) ? job : undefined;
  const name = /\/([^/:]+):\d+$/.exec(detail.jobDefinition ?? "")?.[1] ?? "";
  const rest = name.startsWith(jobDefinitionName(owner, "")) ? name.slice(jobDefinitionName(owner, "").length) : "";
  return /^[a-z0-9-]+$/.test(rest) && jobDefinitionName(owner, rest) === name ? rest : undefined;
}

/** What Batch says of a job, in the port's words. */
export function stateOfBatch(detail: JobDetail, job: string): RunState {
  const tags = tagList(detail.tags);
  const run = tagValue(tags, "run");
  const fireAt = instantOf(tagValue(tags, "fire"));
  // A rule tags nothing, and calls the job as its definition is called.
  const isOurs = tagValue(tags, "job") !== undefined || detail.jobDefinition?.includes(`/${detail.jobName}:`) === true;
  return {
    handle: { batchJob: detail.jobId ?? "" },
    ...(run === undefined ? {} : { run }),
    job,
    ...phaseOf(detail),
    startedBy: run !== undefined ? "rota" : isOurs ? "schedule" : "person",
    ...(fireAt === undefined ? {} : { fireAt }),
  };
}

type Phase = Pick<
  RunState,
  "phase" | "outcome" | "startedAt" | "endedAt" | "elapsedSeconds" | "exitCode" | "signal" | "reason"
>;

function phaseOf(detail: JobDetail): Phase {
  const { status, startedAt, stoppedAt, container, statusReason } = detail;
  const started = startedAt === undefined ? {} : { startedAt };
  if (status !== "SUCCEEDED" && status !== "FAILED") {
    // Between two attempts it is runnable again: it has begun, and goes on.
    return { phase: startedAt === undefined ? "starting" : "running", ...started };
  }
  const outcome =
    status === "SUCCEEDED" ? "succeeded" : detail.isTerminated || detail.isCancelled ? "stopped" : "failed";
  const exitCode = container?.exitCode;
  const signal = exitCode === undefined || outcome === "succeeded" ? undefined : signalOf(exitCode);
  const reason = [statusReason, container?.reason].filter((text) => text !== undefined && text !== "").join(": ");
  return {
    phase: "ended",
    outcome,
    ...started,
    ...(stoppedAt === undefined ? {} : { endedAt: stoppedAt }),
    ...(startedAt === undefined || stoppedAt === undefined
      ? {}
      : { elapsedSeconds: Math.max(0, stoppedAt - startedAt) / 1000 }),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(signal === undefined ? {} : { signal }),
    ...(outcome === "succeeded" || reason === "" ? {} : { reason }),
  };
}
