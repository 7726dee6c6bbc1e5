import type { Instant, RunHandle, Sample, StopMode } from "../../../src/model/index.ts";
import type { RunState, StartRequest } from "../../../src/provider/index.ts";
import type { Signal } from "../resources/world.ts";
import type { OutputOf } from "./output.ts";

/** One way in which runs exist at AWS. Each knows its own handles, and no other's. */
export interface RunKind {
  /** It has this handle's shape; whether there is such a run is another question. */
  owns(handle: unknown): boolean;
  start(request: StartRequest, signal: Signal): Promise<RunState>;
  find(run: string, signal: Signal): Promise<RunState | undefined>;
  list(since: Instant, signal: Signal): Promise<readonly RunState[]>;
  inspect(handle: RunHandle, signal: Signal): Promise<RunState>;
  /** Why none of them can be stopped, where `stop` throws that of whatever still runs. */
  readonly unstoppable?: string;
  stop(handle: RunHandle, mode: StopMode, signal: Signal): Promise<void>;
  measure(handle: RunHandle, after: Instant, signal: Signal): Promise<readonly Sample[]>;
  /** Where its output is; undefined when there is none, or none yet. */
  output(handle: RunHandle, signal: Signal): Promise<OutputOf | undefined>;
}
