const MIB = 2 ** 20;
const GIB_IN_MIB = 1024;

/**
 * The sizes that Fargate has (ECS developer guide, "Task CPU and memory"): CPU units (1024 a vCPU), and memory in MiB
 * from `least` to `most` in steps.
 */
const SIZES: readonly { readonly cpu: number; readonly least: number; readonly most: number; readonly step: number }[] =
  [
    { cpu: 256, least: 512, most: 512, step: 512 },
    { cpu: 256, least: GIB_IN_MIB, most: 2 * GIB_IN_MIB, step: GIB_IN_MIB },
    { cpu: 512, least: GIB_IN_MIB, most: 4 * GIB_IN_MIB, step: GIB_IN_MIB },
    { cpu: 1024, least: 2 * GIB_IN_MIB, most: 8 * GIB_IN_MIB, step: GIB_IN_MIB },
    { cpu: 2048, least: 4 * GIB_IN_MIB, most: 16 * GIB_IN_MIB, step: GIB_IN_MIB },
    { cpu: 4096, least: 8 * GIB_IN_MIB, most: 30 * GIB_IN_MIB, step: GIB_IN_MIB },
    { cpu: 8192, least: 16 * GIB_IN_MIB, most: 60 * GIB_IN_MIB, step: 4 * GIB_IN_MIB },
    { cpu: 16384, least: 32 * GIB_IN_MIB, most: 120 * GIB_IN_MIB, step: 8 * GIB_IN_MIB },
  ];

export interface FargateSize {
  /** As ECS takes them: CPU units and MiB, in decimal text. */
  readonly cpu: string;
  readonly memory: string;
  /** It is what was asked for, and not the next larger one. */
  readonly exact: boolean;
}

/** The smallest size that holds what a job asks for; undefined when none does. */
export function fargateSize(vcpu: number, memoryBytes: number): FargateSize | undefined {
  const units = vcpu * 1024;
  const mib = memoryBytes / MIB;
  for (const { cpu, least, most, step } of SIZES) {
    if (cpu < units || most < mib) continue;
    const memory = Math.max(least, least + Math.ceil((mib - least) / step) * step);
    return { cpu: String(cpu), memory: String(memory), exact: cpu === units && memory === mib };
  }
  return undefined;
}
