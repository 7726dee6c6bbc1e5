import { type Provider, ProviderError } from "../provider/index.ts";
import type { Agenda } from "./agenda.ts";
import type { EngineEnv } from "./env.ts";
import type { Recorder } from "./record.ts";
import type { EngineState } from "./state.ts";
import type { SteadyTime } from "./steady.ts";

/** What the parts of the engine share: the world, the clock, what is known, and the way to record more. */
export interface EngineContext {
  readonly env: EngineEnv;
  readonly time: SteadyTime;
  readonly state: EngineState;
  readonly recorder: Recorder;
  readonly agenda: Agenda;
  readonly signal: AbortSignal;
  /** The lease: carried by every verdict and stop (invariant H1). */
  readonly epoch: number;
}

export function providerOf(context: EngineContext, placement: string): Provider {
  const open = context.env.placements.get(placement);
  if (!open) {
    throw new ProviderError("unavailable", `the placement "${placement}" is not in the manifest`, {
      fix: `declare it again under providers, or remove what it holds with rota destroy`,
    });
  }
  return open.provider;
}

/** The error as a ProviderError: what an adapter throws beside its contract is a defect of the adapter. */
export function asProviderError(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  return new ProviderError("internal", error instanceof Error ? error.message : String(error), { cause: error });
}
