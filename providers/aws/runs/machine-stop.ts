import { ProviderError } from "../../../src/provider/index.ts";
import type { Api } from "../api/index.ts";
import type { Signal } from "../resources/world.ts";
import { UP } from "./uptime.ts";

/** One of several machines may be why a call is refused as a whole. */
const REFUSED = /^(?:invalid|denied|missing|unsupported|conflict)$/;

export interface Stopped {
  /** It was this stop that stopped any of them. */
  readonly isOurs: boolean;
  /** Why some stay up, which it names. */
  readonly refusal?: ProviderError;
}

/**
 * `StopInstances` of all at once; where that is refused, one by one: one that cannot be stopped (protected, one-time spot)
 * keeps no other running. Never by force, which would cut off their file systems: EC2 waits for them to shut down.
 */
export async function stopMachines(api: Api, ids: readonly string[], signal: Signal): Promise<Stopped> {
  const all = await stopped(api, ids, signal);
  if (ids.length === 1 || !all.refusal || !REFUSED.test(all.refusal.code)) return all;
  let isOurs = false;
  const refusals: { readonly id: string; readonly refusal: ProviderError }[] = [];
  for (const id of ids) {
    const one = await stopped(api, [id], signal);
    isOurs ||= one.isOurs;
    if (one.refusal) refusals.push({ id, refusal: one.refusal });
  }
  // One that may have been taken after all counts first.
  const cause = (refusals.find(({ refusal }) => refusal.code === "unavailable") ?? refusals[0])?.refusal;
  if (!cause) return { isOurs };
  const text = refusals.map(({ id, refusal }) => `${id}: ${refusal.message}`).join("; ");
  return { isOurs, refusal: new ProviderError(cause.code, `not stopped: ${text}`, { cause }) };
}

async function stopped(api: Api, ids: readonly string[], signal: Signal): Promise<Stopped> {
  try {
    const { StoppingInstances = [] } = await api.send("ec2:StopInstances", { InstanceIds: [...ids] }, signal);
    return { isOurs: StoppingInstances.some(({ PreviousState }) => UP.test(PreviousState?.Name ?? "")) };
  } catch (error) {
    if (error instanceof ProviderError) return { isOurs: false, refusal: error };
    const refusal = new ProviderError("unavailable", "whether EC2 took the stop is not known", { cause: error });
    return { isOurs: false, refusal };
  }
}
