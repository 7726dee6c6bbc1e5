import type { LedgerReader } from "../ledger/index.ts";
import type { LogChunk } from "../provider/index.ts";
import type { CommonOptions } from "./command.ts";
import { withPlacements } from "./placements.ts";
import { CommandError, type World } from "./world.ts";

export interface OutputOptions {
  readonly follow: boolean;
  readonly tailLines?: number;
}

/** What a run printed, from the placement that ran it, without a daemon. Throws CommandError when there is none. */
export async function readOutput(
  world: World,
  options: CommonOptions,
  ledger: LedgerReader,
  id: string,
  about: OutputOptions & { readonly take: (chunk: LogChunk) => void },
): Promise<void> {
  const run = await ledger.run(id);
  if (!run) throw new CommandError(`there is no run "${id}"`, "rota runs lists them");
  await withPlacements(world, options, async ({ placements }) => {
    const provider = placements.get(run.placement)?.provider;
    if (!provider) throw new CommandError(`the placement "${run.placement}" of ${id} is not in the manifest`);
    if (run.handle === undefined)
      throw new CommandError(`run ${id} never started, so it printed nothing`, `rota explain ${id} tells why`);
    const { take, ...wanted } = about;
    for await (const chunk of provider.logs(run.handle, { ...wanted, signal: world.interrupted })) take(chunk);
  });
}
