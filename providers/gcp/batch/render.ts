import type { ContainerWorkload, DesiredJob, Instant, Rendering } from "../../../src/model/index.ts";
import type { Owner } from "../naming.ts";
import type { GcpJobOptions, GcpOptions } from "../options.ts";
import { START_RETRIES, scheduledVariables, scheduleOf, startTarget } from "../resources/schedule.ts";
import { translate } from "../translate/index.ts";
import { batchJob, batchUri, LONGEST_SECONDS } from "./job.ts";

/** What Batch cannot be asked for; undefined when all is well. */
export function batchRefusal(
  { job }: DesiredJob,
  { gpu = 0 }: ContainerWorkload,
  { accelerator }: GcpJobOptions,
  options: GcpOptions,
): { readonly reason: string; readonly fix: string } | undefined {
  if (!options.batch) {
    const fix = "enable batch.googleapis.com and say batch: true under the placement";
    return { reason: "the placement does not use Batch", fix };
  }
  if (gpu > 0 && !accelerator) {
    return { reason: "gpu does not say which GPUs", fix: "add gcp: { accelerator: { type: nvidia-l4 } }, or drop gpu" };
  }
  if (accelerator && (accelerator.count ?? gpu) !== gpu) {
    return {
      reason: `the accelerator's count is ${accelerator.count}, and gpu is ${gpu}`,
      fix: "say the same in both",
    };
  }
  if (accelerator && gpu === 0) {
    return { reason: "an accelerator without gpu", fix: "say how many the container needs: gpu: 1" };
  }
  if ((job.guard.durationSeconds ?? 0) > LONGEST_SECONDS) {
    return { reason: "Batch ends every task after 14 days", fix: "set guard.duration to at most 14d" };
  }
  return undefined;
}

/** Schedules alone: each start makes a Batch job, whose whole text is the schedule's body. */
export function renderBatch(
  desired: DesiredJob,
  workload: ContainerWorkload,
  jobOptions: GcpJobOptions,
  { owner, options, now }: { readonly owner: Owner; readonly options: GcpOptions; readonly now: Instant },
): Rendering {
  const { job } = desired;
  const translation = translate(desired, now);
  if (!translation.ok) {
    const { reason, fix } = translation;
    return { resources: [], warnings: [], differences: [], refusal: { reason, fix } };
  }
  const variables = scheduledVariables(owner, job.name);
  const body = batchJob({ ...job, workload }, jobOptions, owner, options, variables);
  const target = { ...startTarget(options), uri: batchUri(options), body };
  const retries = START_RETRIES[job.schedule.catchUp.policy];
  return {
    resources: translation.natives.map((native) =>
      scheduleOf({ job }, native, owner, { target, retries, dependsOn: [] }),
    ),
    warnings: [
      ...(job.guard.idleSeconds === undefined
        ? []
        : ["guard.idle is not judged on Batch: of its machines no CPU, disk or network is read"]),
      ...translation.warnings,
    ],
    differences: translation.differences,
  };
}
