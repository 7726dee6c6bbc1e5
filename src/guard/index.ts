export { type StopAllowance, type StopFacts, stopAllowance } from "./allowance.ts";
export type { CostFacts, Metrics, RunFacts } from "./facts.ts";
export { actionFor, blindLimits, judge } from "./judge.ts";
export { tightenedLimits } from "./tightened.ts";
export { type PastRun, type TrialInput, tryLimits } from "./trial.ts";
export { vcpuOf } from "./vcpu.ts";
