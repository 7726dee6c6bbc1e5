import type { ContainerWorkload, DesiredJob, Instant, Rendering } from "../../src/model/index.ts";
import type { Owner } from "./naming.ts";
import { type GcpOptions, gcpJobOptions } from "./options.ts";
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
  const misfit = misfitOf(desired, workload);
  if (misfit) return misfit;
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

function misfitOf({ job }: DesiredJob, workload: ContainerWorkload): Rendering | undefined {
  if (workload.gpu !== undefined && workload.gpu > 0) {
    return refuse("rota runs no GPUs on Cloud Run", "place the job on a provider that has them, or drop gpu");
  }
  const { durationSeconds } = job.guard;
  if (durationSeconds !== undefined && durationSeconds > LONGEST_SECONDS) {
    return refuse("Cloud Run ends every task after 7 days", "set guard.duration to at most 7d");
  }
  const wrong = Object.values(workload.secrets).find((reference) => !isSecretReference(reference));
  if (wrong === undefined) return undefined;
  return refuse(
    `"${wrong}" is no reference to Secret Manager`,
    "write NAME, NAME:VERSION, or projects/P/secrets/NAME/versions/VERSION",
  );
}

function sizeWarning({ exact, cpu, memory }: RunSize): string[] {
  return exact ? [] : [`it gets the next size that Cloud Run has, and costs as much: ${cpu} vCPU, ${memory}B`];
}

function refuse(reason: string, fix: string): Rendering {
  return { resources: [], warnings: [], differences: [], refusal: { reason, fix } };
}
