import { Argument } from "commander";
import { type CommonOptions, jsonOption, requireProject, shownPath, withCommon } from "./command.ts";
import type { DefineCommand } from "./commands.ts";
import { table, terminalOf } from "./terminal.ts";
import { CommandError } from "./world.ts";

export const defineShow: DefineCommand = (command, world) =>
  void withCommon(command, "rota show churn-score --env prod")
    .addArgument(new Argument("[job]", "one job; without it, all of them"))
    .addOption(jsonOption())
    .action(async (name: string | undefined, options: CommonOptions) => {
      const terminal = terminalOf(world);
      const { desired, origins } = await requireProject(world, options);
      const { manifest } = desired;
      const resolved = new Map(desired.jobs.map((d) => [d.job.name, d]));
      const names = name === undefined ? manifest.jobs.map((j) => j.name) : [name];
      const jobs = names.map((job) => {
        const values = origins(job);
        const slot = resolved.get(job);
        if (!values || !slot)
          throw new CommandError(`no job "${job}" in ${manifest.environment.name}`, "rota show lists them");
        return { job, values, resolved: slot };
      });
      if (options.json) {
        terminal.json({ schema: "rota.show/1", env: manifest.environment.name, jobs });
        return;
      }
      for (const { job, values, resolved: of } of jobs) {
        terminal.out(terminal.paint(`${job} (${manifest.environment.name}, ${of.job.placement})`, "bold"));
        const rows = values.map((v) => [
          `  ${v.path.join(".")}`,
          text(v.value),
          terminal.paint(shownPath(world, v.origin), "dim"),
        ]);
        terminal.out(`${table(rows)}\n`);
      }
    });

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
