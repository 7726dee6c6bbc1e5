import type { OpenPlacement } from "../engine/index.ts";
import type { Run } from "../model/index.ts";
import { type LogChunk, ProviderError } from "../provider/index.ts";
import type { LogOptions } from "../server/index.ts";

/** The run's kept output, from the placement that ran it. */
export async function* runLogs(
  placements: ReadonlyMap<string, OpenPlacement>,
  run: Run,
  options: LogOptions,
): AsyncIterable<LogChunk> {
  const open = placements.get(run.placement);
  if (!open) throw new ProviderError("missing", `the placement "${run.placement}" is not in the manifest`);
  const handle = run.handle ?? (await open.provider.find(run.run, { signal: options.signal }))?.handle;
  if (handle === undefined) throw new ProviderError("missing", `run ${run.run} never started, so it printed nothing`);
  yield* open.provider.logs(handle, options);
}
