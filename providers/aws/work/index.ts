import type { Job } from "../../../src/model/index.ts";
import { batchWork } from "./batch.ts";
import { existingWork } from "./existing.ts";
import { jobOptionsOf } from "./job-options.ts";
import { machineWork } from "./machines.ts";
import { requestWork } from "./request.ts";
import { taskWork } from "./task.ts";
import type { Setting, Work } from "./work.ts";

export { eventsOf } from "./events.ts";
export { glueTimeout, unseenTarget } from "./existing.ts";
export { jobOptionsOf } from "./job-options.ts";
export { RUNBOOKS, runbookRequest } from "./machines.ts";
export * from "./mark.ts";
export { REQUEST_DELAY_SECONDS } from "./request.ts";
export { rulesOf, unseenByRule } from "./rule-target.ts";
export type { Target } from "./target-options.ts";
export type { Setting, Work, WorkKind } from "./work.ts";

/** What a job becomes at AWS, by its workload and its own options. */
export function workOf(job: Job, setting: Setting): Work {
  const options = jobOptionsOf(job, setting.options);
  if (!options.ok) return options;
  if (options.instanceType !== undefined && job.workload.kind !== "vm") {
    return { ok: false, reason: "aws.instanceType is for vm jobs", fix: "leave it out: Fargate rents by vCPU and GB" };
  }
  if (job.workload.kind === "target") {
    if (options.target) return existingWork(job, options.target, setting);
    return { ok: false, reason: "the job names no target", fix: "say which: aws: { target: { stateMachine: arn:… } }" };
  }
  if (job.workload.kind === "vm") return machineWork(job, job.workload, setting);
  if (job.workload.kind === "http") return requestWork(job, job.workload, options, setting);
  return options.runner === "batch" ? batchWork(job, options, setting) : taskWork(job, setting);
}
