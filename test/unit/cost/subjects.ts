import type { Run } from "../../../src/model/index.ts";

export const T0: number = Date.UTC(2026, 10, 23);

export function aRun(run: string, more: Partial<Run> = {}): Run {
  return {
    run,
    job: "score",
    environment: "prod",
    placement: "aws",
    cause: "fire",
    attempt: 1,
    status: "succeeded",
    createdAt: T0,
    limits: { mode: "enforce", onBreach: "stop", protect: false, graceSeconds: 30, idleCpu: 0.02, costWarn: 0.8 },
    labels: {},
    workload: "container",
    cpu: 1,
    memoryBytes: 2 ** 30,
    gpu: 0,
    ...more,
  };
}

export function usd(amount: string): { readonly amount: string; readonly currency: string } {
  return { amount, currency: "USD" };
}
