import type { DesiredJob, Instant, Rendering, Resource } from "../../src/model/index.ts";
import { durationText } from "../../src/model/index.ts";
import { fargateSize } from "./fargate.ts";
import { groupName, type Owner } from "./naming.ts";
import type { AwsOptions } from "./options.ts";
import { scheduleOf } from "./resources/schedule.ts";
import { taskDefinitionOf } from "./resources/task-definition.ts";
import { translate } from "./translate/index.ts";

/** RunTask: overrides, and a schedule's whole input, have to fit. */
const MOST_ENV_BYTES = 8_192;

/** What a job becomes at AWS: its task definition first, then its schedules. Pure. */
export function render(desired: DesiredJob, owner: Owner, options: AwsOptions, now: Instant): Rendering {
  const { job } = desired;
  const { workload } = job;
  if (workload.kind !== "container") {
    return refuse(`a ${workload.kind} cannot be run on AWS by rota yet`, "make it a container, or place it elsewhere");
  }
  if (workload.gpu !== undefined && workload.gpu > 0) {
    return refuse("Fargate has no GPUs", "place the job on a provider that has, or drop gpu");
  }
  const unknown = Object.keys(job.options);
  if (unknown.length > 0) {
    return refuse(`aws knows no option ${unknown.map((name) => `"${name}"`).join(", ")} for a job`, "remove it");
  }
  const size = fargateSize(workload.cpu, workload.memoryBytes);
  const definition = taskDefinitionOf(job, owner, options);
  if (!size || !definition) {
    return refuse(
      `Fargate has no size for ${workload.cpu} vCPU and ${workload.memoryBytes} bytes`,
      "at most 16 vCPU and 120GiB",
    );
  }
  const tooLarge = Object.entries({ ...workload.env, ...workload.secrets }).join().length > MOST_ENV_BYTES;
  if (tooLarge) return refuse("its variables are larger than 8 KiB", "put them into a file that the job reads");
  const translation = translate(desired, now);
  if (!translation.ok) return refuse(translation.reason, translation.fix);
  const schedules = translation.natives.map((native) => scheduleOf(desired, native, owner, options));
  return {
    resources: [definition, ...schedules] satisfies readonly Resource[],
    warnings: [...sizeWarning(size, job.name), ...translation.warnings, ...limitWarnings(desired, owner)],
    differences: translation.differences,
  };
}

function sizeWarning(
  size: { readonly exact: boolean; readonly cpu: string; readonly memory: string },
  job: string,
): string[] {
  if (size.exact) return [];
  const vcpu = Number(size.cpu) / 1024;
  return [
    `"${job}" gets the next size that Fargate has: ${vcpu} vCPU, ${Number(size.memory) / 1024} GiB; that is what it costs`,
  ];
}

/** A plain ECS task has no time limit of its own (see docs/aws.md). */
function limitWarnings({ job }: DesiredJob, owner: Owner): string[] {
  if (job.guard.durationSeconds === undefined && job.guard.cost === undefined) return [];
  const limit = job.guard.durationSeconds === undefined ? "its cost limit" : durationText(job.guard.durationSeconds);
  return [
    `ECS ends no task by itself: past ${limit} only the daemon stops it (schedule group ${groupName(owner)} fires whether it is up or not)`,
  ];
}

function refuse(reason: string, fix: string): Rendering {
  return { resources: [], warnings: [], differences: [], refusal: { reason, fix } };
}
