const GIB = 2 ** 30;

/**
 * What Cloud Run jobs have ("Configure CPU limits", "Configure memory limits"): whole CPUs, at least so much memory for
 * many of them, and at most so much for few.
 */
const SIZES: readonly { readonly cpu: number; readonly leastBytes: number; readonly mostBytes: number }[] = [
  { cpu: 1, leastBytes: GIB / 2, mostBytes: 4 * GIB },
  { cpu: 2, leastBytes: GIB / 2, mostBytes: 8 * GIB },
  { cpu: 4, leastBytes: 2 * GIB, mostBytes: 16 * GIB },
  { cpu: 8, leastBytes: 4 * GIB, mostBytes: 32 * GIB },
];

export interface RunSize {
  /** As Cloud Run takes them: `1`, and `512Mi`. */
  readonly cpu: string;
  readonly memory: string;
  /** It is what was asked for, and not the next larger one. */
  readonly exact: boolean;
}

/** The smallest size that holds what a job asks for; undefined when none does. */
export function runSize(vcpu: number, memoryBytes: number): RunSize | undefined {
  for (const { cpu, leastBytes, mostBytes } of SIZES) {
    if (cpu < vcpu || mostBytes < memoryBytes) continue;
    const mib = Math.ceil(Math.max(leastBytes, memoryBytes) / 2 ** 20);
    return { cpu: String(cpu), memory: `${mib}Mi`, exact: cpu === vcpu && mib * 2 ** 20 === memoryBytes };
  }
  return undefined;
}
