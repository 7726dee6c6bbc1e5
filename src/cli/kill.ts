import { Argument, Option } from "commander";
import { tellDaemon } from "./client.ts";
import { type CommonOptions, saidReason, withCommon } from "./command.ts";
import type { DefineCommand } from "./commands.ts";
import { terminalOf } from "./terminal.ts";

interface KillOptions extends CommonOptions {
  readonly reason?: string;
  readonly force?: boolean;
}

export const defineKill: DefineCommand = (command, world) =>
  void withCommon(command, 'rota kill churn-score.20261123T0600.1 --reason "wrong data"')
    .addArgument(new Argument("<run>", "the run, as rota runs lists it"))
    .addOption(new Option("--reason <why>", "recorded, and told to the owner").argParser(saidReason))
    .addOption(new Option("--force", "also a run whose guard says protect: true"))
    .action(async (run: string, options: KillOptions) => {
      await tellDaemon(world, options, `/api/runs/${encodeURIComponent(run)}/kill`, {
        reason: options.reason ?? "stopped by a person",
        ...(options.force ? { force: true } : {}),
      });
      terminalOf(world).note(`stopping ${run}; rota explain ${run} tells what became of it`);
    });
