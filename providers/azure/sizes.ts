const GIB = 2 ** 30;
/** A Consumption profile gives a replica from 0.25 to 4 vCPU in quarters, and 2 GiB for each (Container Apps, "Containers"). */
const STEP = 0.25;
const MOST_CPU = 4;
const GIB_PER_CPU = 2;

export interface Size {
  readonly cpu: number;
  readonly memoryGib: number;
  /** It is what was asked for, and not the next larger one. */
  readonly exact: boolean;
}

/** The smallest size that holds what a job asks for; undefined when none does. */
export function sizeOf(vcpu: number, memoryBytes: number): Size | undefined {
  const gib = memoryBytes / GIB;
  const steps = Math.max(1, Math.ceil(vcpu / STEP - 1e-9), Math.ceil(gib / (STEP * GIB_PER_CPU) - 1e-9));
  const cpu = steps * STEP;
  if (cpu > MOST_CPU) return undefined;
  const memoryGib = cpu * GIB_PER_CPU;
  return { cpu, memoryGib, exact: cpu === vcpu && memoryGib === gib };
}
