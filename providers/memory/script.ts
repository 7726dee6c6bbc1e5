import type { GuardLimits, Sample } from "../../src/model/index.ts";
import type { LogChunk, StartRequest } from "../../src/provider/index.ts";

export type SampleValues = Omit<Sample, "from" | "to" | "monotonicTo">;

/** How one run lives and ends, decided when it starts; told by the injected clock alone. */
export interface RunScript {
  /** From accepted to running. Default 0. */
  readonly startDelaySeconds?: number;
  /** From running to its own end; Infinity never ends by itself. Default 1. */
  readonly durationSeconds?: number;
  /** Default `succeeded`. */
  readonly outcome?: "succeeded" | "failed" | "lost";
  readonly exitCode?: number;
  readonly signal?: string;
  readonly reason?: string;
  /** What interval number `index` (from 0) used; undefined is a gap. Default: a busy vCPU. */
  readonly sample?: (index: number, seconds: number) => SampleValues | undefined;
  readonly output?: readonly (LogChunk & { readonly afterSeconds: number })[];
  /** How long it survives a stop of each kind; Infinity ignores it. Default 0. */
  readonly politeSeconds?: number;
  readonly hardSeconds?: number;
}

export type ScriptFor = (
  start: Pick<StartRequest, "job" | "attempt" | "fireAt"> & { readonly run?: string },
) => RunScript;

/** Everything is measured, and nothing happens. */
export function idleSample(): SampleValues {
  return { cpuSeconds: 0, readBytes: 0, writtenBytes: 0, networkBytes: 0, outputBytes: 0, progress: false };
}

/** One vCPU works the whole interval. */
export function busySample(_index: number, seconds: number): SampleValues {
  return { ...idleSample(), cpuSeconds: seconds };
}

/** The forgotten print: next to no CPU, and the same line again and again. */
export function loopingSample(_index: number, seconds: number): SampleValues {
  return {
    ...idleSample(),
    cpuSeconds: 0.001 * seconds,
    outputBytes: 1000 * seconds,
    repeatingShare: 1,
    repeatingLine: "still here",
  };
}

/** The seconds after which a platform with a limit of its own ends the run. */
export function nativeLimitSeconds(guard: GuardLimits): number | undefined {
  if (guard.mode !== "enforce" || guard.onBreach !== "stop" || guard.protect) return undefined;
  return guard.durationSeconds;
}
