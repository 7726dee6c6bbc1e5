import { Argument, Command, Option } from "commander";
import { tellDaemon } from "./client.ts";
import { type CommonOptions, saidReason, withCommon } from "./command.ts";
import type { DefineCommand } from "./commands.ts";
import { terminalOf } from "./terminal.ts";

interface ReleaseOptions extends CommonOptions {
  readonly reason: string;
}

const reason = (): Option => new Option("--reason <why>", "recorded").argParser(saidReason).makeOptionMandatory();

export const defineGuard: DefineCommand = (guard, world) =>
  void guard.addCommand(
    withCommon(
      new Command("release").description("let a held guard stop runs again"),
      'rota guard release --reason "looked at all ten, they were idle"',
    )
      .addOption(reason())
      .action(async (options: ReleaseOptions) => {
        await tellDaemon(world, options, "/api/guard/release", { reason: options.reason });
        terminalOf(world).note("the guard stops runs again");
      }),
  );

export const defineBudget: DefineCommand = (budgets, world) =>
  void budgets.addCommand(
    withCommon(
      new Command("release").description("let the jobs of a held budget start again"),
      'rota budget release churn --reason "approved by finance"',
    )
      .addArgument(new Argument("<budget>", "its name in the manifest"))
      .addOption(reason())
      .action(async (budget: string, options: ReleaseOptions) => {
        await tellDaemon(world, options, `/api/budgets/${encodeURIComponent(budget)}/release`, {
          reason: options.reason,
        });
        terminalOf(world).note(`budget ${budget} holds nothing more in this period`);
      }),
  );
