import { readFile } from "node:fs/promises";
import type { StateOwner, StatePaths } from "../engine/home/index.ts";
import type { CommonOptions } from "./command.ts";
import { CommandError } from "./world.ts";

/** With `--env`, the state has to be that environment's: another's facts would be shown under its name. */
export async function requireOwner(paths: StatePaths, { env }: CommonOptions): Promise<void> {
  if (env === undefined) return;
  const text = await readFile(paths.owner, "utf8").catch(() => undefined);
  if (text === undefined) return;
  const { namespace, environment } = JSON.parse(text) as Partial<StateOwner>;
  if (environment === env) return;
  throw new CommandError(
    `${paths.dir} holds the state of ${namespace}/${environment}, not of "${env}"`,
    `name the folder of ${env} with --state, or leave --env out`,
  );
}
