import type { Run } from "../model/index.ts";

/**
 * The vCPU of which `idleCpu` is a share: what was asked for; of machines what those have that are rented, or were last.
 * None where one of them does not say: then any CPU counts as work.
 */
export function vcpuOf({ workload, cpu, rented = [] }: Pick<Run, "workload" | "cpu" | "rented">): number {
  if (workload !== "vm") return cpu;
  const open = rented.filter(({ until }) => until === undefined);
  const counted = open.length > 0 ? open : rented;
  if (counted.some(({ vcpu }) => vcpu === undefined)) return 0;
  return counted.reduce((sum, { vcpu = 0 }) => sum + vcpu, 0);
}
