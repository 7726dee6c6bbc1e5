import { type OpenContext, type ProviderModule, parseOptions } from "../../src/provider/index.ts";
import { memoryOptions } from "./options.ts";
import { MemoryProvider } from "./provider.ts";
import { MemoryWorld } from "./world.ts";

export type { Fault, FaultCall, FaultFor } from "./fault.ts";
export { MemoryProvider } from "./provider.ts";
export { busySample, idleSample, loopingSample, type RunScript, type SampleValues, type ScriptFor } from "./script.ts";
export { MemoryWorld, type WorldOptions, type WorldResource } from "./world.ts";

/** A provider on a world of the caller's, which may outlive it. */
export function openMemory(context: OpenContext, world: MemoryWorld): MemoryProvider {
  return new MemoryProvider(context, parseOptions(memoryOptions, context), world);
}

/** The reference provider: everything in this process, on the injected clock, gone when it ends. */
export const memory: ProviderModule = {
  type: "memory",
  open: async (context) => openMemory(context, new MemoryWorld(context.clock)),
};
