import { Option } from "commander";
import { hasErrors, sortDiagnostics, strict } from "../diagnostic/index.ts";
import { overloadWarnings } from "./capacity.ts";
import { type CommonOptions, diagnosticsText, jsonOption, readProject, shownPath, withCommon } from "./command.ts";
import type { DefineCommand } from "./commands.ts";
import { terminalOf } from "./terminal.ts";
import { counted } from "./text.ts";
import { CommandError } from "./world.ts";

interface ValidateOptions extends CommonOptions {
  readonly strict?: boolean;
  readonly maxSize?: string;
}

export const defineValidate: DefineCommand = (command, world, exit) =>
  void withCommon(command, "rota validate\nrota validate -f team/jobs.yaml --strict")
    .addOption(jsonOption())
    .addOption(new Option("--strict", "warnings are errors, and so is a pool that cannot hold its jobs"))
    .addOption(new Option("--max-size <size>", "the largest file that is read (default 16MiB)"))
    .action(async (options: ValidateOptions) => {
      const terminal = terminalOf(world);
      const maxBytes = options.maxSize === undefined ? undefined : await bytesOf(options.maxSize);
      const project = await readProject(world, options, maxBytes);
      const found = options.strict
        ? strict([...project.diagnostics, ...(await overloadWarnings(project, world.clock.now()))])
        : project.diagnostics;
      const diagnostics = sortDiagnostics(found);
      const ok = !hasErrors(diagnostics);
      const jobs = project.desired?.jobs.length ?? 0;
      if (options.json) terminal.json({ schema: "rota.validate/1", ok, jobs, diagnostics });
      else {
        const text = diagnosticsText(world, diagnostics, project, terminal.colour);
        if (text !== "") terminal.out(text);
        if (ok)
          terminal.out(
            `${terminal.paint("✓", "green")} ${shownPath(world, project.file)}: ${counted(jobs, "job")} in ${project.desired?.manifest.environment.name}`,
          );
      }
      if (!ok) exit(1);
    });

async function bytesOf(size: string): Promise<number> {
  const { parseBytes } = await import("../manifest/index.ts");
  const read = parseBytes(size);
  if (read.ok) return read.value;
  throw new CommandError(`"${size}" is no size`, "write 16MiB or 1GiB");
}
