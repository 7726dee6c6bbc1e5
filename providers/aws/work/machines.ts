import { durationText, type Job, type VmWorkload } from "../../../src/model/index.ts";
import { tagsOf } from "../naming.ts";
import { SCHEDULED_TIME, type Setting, universalTarget, type Work } from "./work.ts";

/** AWS's own runbooks: unlike EC2's calls they find machines by a tag, carry tags themselves, and are listed. */
export const RUNBOOKS = { start: "AWS-StartEC2Instance", stop: "AWS-StopEC2Instance" } as const;
const ID = /^i-[0-9a-f]{8,17}$/;
/** Values of a target (Systems Manager API reference, Target). */
const MOST_IDS = 50;

/** Machines that are there already, started or stopped by id or by a tag. */
export function machineWork(job: Job, workload: VmWorkload, setting: Setting): Work {
  const { instances, tags } = workload;
  const wrong = instances.find((id) => !ID.test(id));
  if (wrong !== undefined) return refuse(`"${wrong}" is no instance's id`, "write i-0123456789abcdef0, or name a tag");
  const pairs = Object.entries(tags);
  if (instances.length > 0 && pairs.length > 0) {
    return refuse("by id and by tag at once is two calls", "make it two jobs, or name the machines one way");
  }
  if (instances.length > MOST_IDS) {
    return refuse(`Systems Manager takes ${MOST_IDS} ids at a time`, "give the machines a tag, or make it two jobs");
  }
  if (pairs.length > 1) {
    return refuse(
      "Systems Manager takes one tag to find machines by",
      "give them a tag of their own for it, or name their ids",
    );
  }
  const start = {
    target: universalTarget(setting.options.region, "ssm:startAutomationExecution"),
    input: runbookRequest(job.name, workload, setting, { fire: SCHEDULED_TIME }),
  };
  return { ok: true, kind: "machines", needs: [], start, warnings: warningsOf(job, workload) };
}

export type RunbookRequest = {
  DocumentName: string;
  MaxConcurrency: string;
  MaxErrors: string;
  Tags: { Key: string; Value: string }[];
  TargetParameterName: string;
  Targets: { Key: string; Values: string[] }[];
};

/** StartAutomationExecution's parameters: one execution with one of its own for each machine, so that none holds up another. */
export function runbookRequest(
  job: string,
  { instances, tags, action }: VmWorkload,
  { owner }: Pick<Setting, "owner">,
  more: Readonly<Record<string, string>>,
): RunbookRequest {
  const [pair] = Object.entries(tags);
  const target = pair
    ? { Key: `tag:${pair[0]}`, Values: [pair[1]] }
    : { Key: "ParameterValues", Values: [...instances] };
  return {
    DocumentName: RUNBOOKS[action],
    MaxConcurrency: "100%",
    MaxErrors: "100%",
    Tags: tagsOf({ ...owner, job }, more).map(({ key, value }) => ({ Key: key, Value: value })),
    TargetParameterName: "InstanceId",
    Targets: [target],
  };
}

function warningsOf({ guard }: Job, { action }: VmWorkload): readonly string[] {
  if (action === "stop") return [];
  const lasts = "a run lasts until the machines that it started are stopped";
  const limits = [
    ...(guard.idleSeconds === undefined ? [] : [`idle for ${durationText(guard.idleSeconds)}`]),
    ...(guard.heartbeatSeconds === undefined ? [] : [`${durationText(guard.heartbeatSeconds)} without a beat`]),
    ...(guard.durationSeconds === undefined ? [] : [`${durationText(guard.durationSeconds)} after the start`]),
    ...(guard.cost === undefined ? [] : [`at a cost of ${guard.cost.amount} ${guard.cost.currency}`]),
  ];
  if (limits.length === 0) return [`${lasts}; the job has no limit, so nothing but a person or another job stops them`];
  const stops = guard.mode === "enforce" && guard.onBreach === "stop" && !guard.protect;
  const what = stops ? "the guard STOPS THE MACHINES (StopInstances)" : "the guard tells, and stops nothing:";
  return [`${lasts}: ${what} when they are ${limits.join(", or ")}; only while a daemon runs`];
}

function refuse(reason: string, fix: string): Work {
  return { ok: false, reason, fix };
}
