import type { ContainerWorkload, DesiredJob, Instant, Rendering } from "../../src/model/index.ts";
import { batchRefusal, renderBatch } from "./batch/render.ts";
import type { Owner } from "./naming.ts";
import { type GcpJobOptions, type GcpOptions, gcpJobOptions } from "./options.ts";
import { callRefusal, callSchedules, isCall, UNSEEN } from "./resources/calls.ts";
import { isSecretReference, LONGEST_SECONDS, runJobOf } from "./resources/run-job.ts";
import { startSchedule } from "./resources/schedule.ts";
import { type RunSize, runSize } from "./sizes.ts";
import { translate } from "./translate/index.ts";

/** What a job becomes at Google Cloud: its Cloud Run job first, then its schedules. Pure. */
export function render(desired: DesiredJob, owner: Owner, options: GcpOptions, now: Instant): Rendering {
  const { job } = desired;
  const { workload } = job;
  if (workload.kind !== "container" && !isCall(workload)) {
    return refuse(
      `a ${workload.kind} cannot be run on Google Cloud by rota`,
      "make it a container, or place it elsewhere",
    );
  }
  const parsed = gcpJobOptions.safeParse(job.options);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse(
      `gcp: ${issue?.path.join(".") ?? ""} ${issue?.message ?? "is wrong"}`.replace("  ", " "),
      "correct it",
    );
  }
  if (isCall(workload)) return renderCall(desired, workload, owner, options, now);
  const misfit = misfitOf(desired, workload, parsed.data, options);
  if (misfit) return misfit;
  if (parsed.data.runner === "batch") return renderBatch(desired, workload, parsed.data, { owner, options, now });
  const runJob = runJobOf(job, owner, options);
  const size = runSize(workload.cpu, workload.memoryBytes);
  if (!runJob || !size) {
    return refuse(
      `Cloud Run has no size for ${workload.cpu} vCPU and ${workload.memoryBytes} bytes`,
      "at most 8 vCPU and 32GiB",
    );
  }
  const translation = translate(desired, now);
  if (!translation.ok) return refuse(translation.reason, translation.fix);
  const schedules = translation.natives.map((native) => startSchedule(desired, native, owner, options));
  return {
    resources: [runJob, ...schedules],
    warnings: [...sizeWarning(size), ...translation.warnings],
    differences: translation.differences,
  };
}

function renderCall(
  desired: DesiredJob,
  workload: Parameters<typeof callSchedules>[1],
  owner: Owner,
  options: GcpOptions,
  now: Instant,
): Rendering {
  const refusal = callRefusal(workload);
  if (refusal) return refuse(refusal.reason, refusal.fix);
  const translation = translate(desired, now);
  if (!translation.ok) return refuse(translation.reason, translation.fix);
  const unseen = `${UNSEEN}: no run is observed, limited or stopped, and no fire is missed`;
  return {
    resources: translation.natives.flatMap((native) => callSchedules(desired, workload, native, owner, options)),
    warnings: [unseen, ...translation.warnings],
    differences: translation.differences,
  };
}

function misfitOf(
  desired: DesiredJob,
  workload: ContainerWorkload,
  jobOptions: GcpJobOptions,
  options: GcpOptions,
): Rendering | undefined {
  const refusal =
    jobOptions.runner === "batch"
      ? batchRefusal(desired, workload, jobOptions, options)
      : runRefusal(desired, workload, jobOptions);
  if (refusal) return refuse(refusal.reason, refusal.fix);
  const wrong = Object.values(workload.secrets).find((reference) => !isSecretReference(reference));
  if (wrong === undefined) return undefined;
  return refuse(
    `"${wrong}" is no reference to Secret Manager`,
    "write NAME, NAME:VERSION, or projects/P/secrets/NAME/versions/VERSION",
  );
}

function runRefusal(
  { job }: DesiredJob,
  { gpu = 0 }: ContainerWorkload,
  { machineType, accelerator }: GcpJobOptions,
): { readonly reason: string; readonly fix: string } | undefined {
  if (gpu > 0) return { reason: "rota runs no GPUs on Cloud Run", fix: "use gcp: { runner: batch }, or drop gpu" };
  if (machineType !== undefined || accelerator !== undefined) {
    return {
      reason: "Cloud Run has no machine types and accelerators",
      fix: "use gcp: { runner: batch }, or drop them",
    };
  }
  if ((job.guard.durationSeconds ?? 0) > LONGEST_SECONDS) {
    const fix = "set guard.duration to at most 7d, or use gcp: { runner: batch }";
    return { reason: "Cloud Run ends every task after 7 days", fix };
  }
  return undefined;
}

function sizeWarning({ exact, cpu, memory }: RunSize): string[] {
  return exact ? [] : [`it gets the next size that Cloud Run has, and costs as much: ${cpu} vCPU, ${memory}B`];
}

function refuse(reason: string, fix: string): Rendering {
  return { resources: [], warnings: [], differences: [], refusal: { reason, fix } };
}
