import { Argument } from "commander";
import type { PermissionDocument } from "../provider/index.ts";
import { type CommonOptions, jsonOption, withCommon } from "./command.ts";
import type { DefineCommand } from "./commands.ts";
import { type OpenedWorld, withPlacements } from "./placements.ts";
import { terminalOf } from "./terminal.ts";
import { CommandError } from "./world.ts";

interface Granted {
  readonly placement: string;
  readonly type: string;
  readonly documents: readonly PermissionDocument[];
}

export const definePermissions: DefineCommand = (command, world) =>
  void withCommon(command, "rota permissions aws --env prod")
    .addArgument(
      new Argument("[placement]", "a placement's name or a provider's type; all of the environment otherwise"),
    )
    .addOption(jsonOption())
    .action(async (wanted: string | undefined, options: CommonOptions) => {
      const terminal = terminalOf(world);
      const granted = await withPlacements(world, options, async (opened) => grantsOf(opened, wanted));
      if (options.json) return terminal.json({ schema: "rota.permissions/1", placements: granted });
      for (const { placement, documents } of granted) {
        if (documents.length === 0) terminal.note(`${placement}: there is nothing to grant`);
        for (const { name, purpose, document, command: make } of documents) {
          terminal.note(`${placement}: ${name}: ${purpose}${make === undefined ? "" : `\n  ${make}`}`);
          terminal.out(JSON.stringify(document, null, 2));
        }
      }
    });

/** Of the environment's placements, or of those that the word names; each with the jobs that run there. */
function grantsOf({ project, placements }: OpenedWorld, wanted: string | undefined): readonly Granted[] {
  const { jobs } = project.desired;
  const used = new Set(jobs.map(({ job }) => job.placement));
  const chosen = [...placements].filter(([name, { provider }]) =>
    wanted === undefined ? used.has(name) : name === wanted || provider.type === wanted,
  );
  if (wanted !== undefined && chosen.length === 0)
    throw new CommandError(
      `there is no placement "${wanted}" here`,
      `name one of ${[...placements.keys()].join(", ")}, or another environment with --env`,
    );
  return chosen.map(([placement, { provider }]) => ({
    placement,
    type: provider.type,
    documents: provider.permissions?.(jobs.filter(({ job }) => job.placement === placement)) ?? [],
  }));
}
