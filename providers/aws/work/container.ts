import type { ContainerWorkload, Job } from "../../../src/model/index.ts";
import { type FargateSize, fargateSize } from "./fargate.ts";

/** RunTask: overrides, and a schedule's whole input, have to fit. */
const MOST_ENV_BYTES = 8_192;

export type Sized =
  | {
      readonly ok: true;
      readonly workload: ContainerWorkload;
      readonly size: FargateSize;
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly reason: string; readonly fix: string };

/** A container with the size that Fargate gives it, or why it gives it none. */
export function sizedContainer({ name, workload }: Pick<Job, "name" | "workload">): Sized {
  if (workload.kind !== "container") {
    return refuse(`a ${workload.kind} cannot be run on AWS by rota`, "make it a container, or place it elsewhere");
  }
  if (workload.gpu !== undefined && workload.gpu > 0) {
    return refuse("Fargate has no GPUs", "place the job on a provider that has, or drop gpu");
  }
  const size = fargateSize(workload.cpu, workload.memoryBytes);
  if (!size) {
    const reason = `Fargate has no size for ${workload.cpu} vCPU and ${workload.memoryBytes} bytes`;
    return refuse(reason, "at most 16 vCPU and 120GiB");
  }
  const tooLarge = Object.entries({ ...workload.env, ...workload.secrets }).join().length > MOST_ENV_BYTES;
  if (tooLarge) return refuse("its variables are larger than 8 KiB", "put them into a file that the job reads");
  if (size.exact) return { ok: true, workload, size, warnings: [] };
  const given = `${Number(size.cpu) / 1024} vCPU, ${Number(size.memory) / 1024} GiB`;
  const warning = `"${name}" gets the next size that Fargate has: ${given}; that is what it costs`;
  return { ok: true, workload, size, warnings: [warning] };
}

function refuse(reason: string, fix: string): Sized {
  return { ok: false, reason, fix };
}
