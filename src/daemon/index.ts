import type { DaemonOptions, DaemonWorld, RunningDaemon } from "./daemon.ts";

export { realClock, realRandom } from "./clock.ts";
export type { DaemonOptions, DaemonWorld, RunningDaemon } from "./daemon.ts";

/** Everything of `rota up`, put together. What it needs, the server above all, is loaded on first use. */
export async function startDaemon(world: DaemonWorld, options: DaemonOptions): Promise<RunningDaemon> {
  return (await import("./daemon.ts")).startDaemon(world, options);
}
