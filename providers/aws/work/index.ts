import type { Job } from "../../../src/model/index.ts";
import { batchWork } from "./batch.ts";
import { jobOptionsOf } from "./job-options.ts";
import { taskWork } from "./task.ts";
import type { Setting, Work } from "./work.ts";

export { jobOptionsOf } from "./job-options.ts";
export { SCHEDULED_TIME, type Setting, type StartCall, type Work } from "./work.ts";

/** What a job becomes at AWS, by its workload and its own options. */
export function workOf(job: Job, setting: Setting): Work {
  const options = jobOptionsOf(job, setting.options);
  if (!options.ok) return options;
  return options.runner === "batch" ? batchWork(job, options, setting) : taskWork(job, setting);
}
