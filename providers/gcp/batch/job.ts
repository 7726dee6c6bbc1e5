import type { ContainerWorkload, Job, JsonObject } from "../../../src/model/index.ts";
import { digest } from "../../../src/provider/index.ts";
import { labelsOf, type Owner, runJobId } from "../naming.ts";
import { type BatchJobOptions, type GcpOptions, parentOf } from "../options.ts";
import { secretText, timeoutOf } from "../resources/run-job.ts";

/** A task of Batch may take at most so long (task.proto, max_run_duration; Quotas and limits: 14 days). */
export const LONGEST_SECONDS = 1_209_600;
const RUN_LENGTH = 12;
const MIB = 2 ** 20;

/**
 * The Batch job's id of a run that rota starts: the same for the same key, so that Batch itself refuses the second. At most
 * 62 of 63 characters, lower case.
 */
export function batchJobId(owner: Owner, job: string, run: string): string {
  return `${runJobId(owner, job)}-${digest(run, RUN_LENGTH)}`;
}

/** Where a start is sent: by Cloud Scheduler with the job as its body, under an id that Batch generates. */
export function batchUri(options: GcpOptions): string {
  return `https://batch.googleapis.com/v1/${parentOf(options)}/jobs`;
}

/** The whole Batch job of one start, as JSON: one task on a machine of its own, with rota's labels on it and on the machine. */
export function batchJob(
  job: Job & { readonly workload: ContainerWorkload },
  { machineType, accelerator }: BatchJobOptions,
  owner: Owner,
  options: GcpOptions,
  env: Readonly<Record<string, string>>,
): JsonObject {
  const { image, command, cpu, memoryBytes, secrets, gpu = 0 } = job.workload;
  const labels = { ...labelsOf({ ...owner, job: job.name }) };
  const accelerators = accelerator ? [{ type: accelerator.type, count: String(accelerator.count ?? gpu) }] : [];
  const policy = { ...(machineType === undefined ? {} : { machineType }), ...(accelerator ? { accelerators } : {}) };
  return {
    labels,
    taskGroups: [
      {
        taskCount: "1",
        parallelism: "1",
        taskSpec: {
          runnables: [{ container: { imageUri: image, ...(command.length === 0 ? {} : { commands: [...command] }) } }],
          computeResource: { cpuMilli: String(Math.ceil(cpu * 1000)), memoryMib: String(Math.ceil(memoryBytes / MIB)) },
          maxRunDuration: `${timeoutOf(job, LONGEST_SECONDS)}s`,
          // A failed run is tried again by its job's own rule, each attempt on record.
          maxRetryCount: 0,
          environment: {
            variables: { ...job.workload.env, ...env },
            secretVariables: Object.fromEntries(
              Object.entries(secrets).map(([name, reference]) => [name, secretVersion(reference, options)]),
            ),
          },
        },
      },
    ],
    allocationPolicy: {
      labels,
      serviceAccount: { email: options.serviceAccount },
      ...(Object.keys(policy).length === 0
        ? {}
        : { instances: [{ policy, ...(accelerator ? { installGpuDrivers: true } : {}) }] }),
    },
    logsPolicy: { destination: "CLOUD_LOGGING" },
  };
}

/** Batch takes a secret by its whole name. */
function secretVersion(reference: string, { project }: GcpOptions): string {
  const text = secretText(reference);
  const at = text.lastIndexOf(":");
  const secret = text.slice(0, at);
  const whole = secret.startsWith("projects/") ? secret : `projects/${project}/secrets/${secret}`;
  return `${whole}/versions/${text.slice(at + 1)}`;
}
