import { Argument, Option } from "commander";
import { nextView } from "../query/index.ts";
import { type CommonOptions, jsonOption, requireProject, wholeNumber, withCommon } from "./command.ts";
import type { DefineCommand } from "./commands.ts";
import { table, terminalOf } from "./terminal.ts";
import { parseInstantOrDate } from "./text.ts";
import { CommandError } from "./world.ts";

interface NextOptions extends CommonOptions {
  readonly from?: string;
  readonly to?: string;
  readonly number?: number;
}

const DEFAULT_NUMBER = 20;
/** With --to, all fires up to there, within reason. */
const MOST = 100_000;

export const defineNext: DefineCommand = (command, world) =>
  void withCommon(command, "rota next\nrota next churn-score --from 2027-03-13 --to 2027-03-15")
    .addArgument(new Argument("[job]", "one job; without it, all"))
    .addOption(new Option("--from <instant>", "RFC 3339 or a date (default: now)"))
    .addOption(new Option("--to <instant>", "up to here, instead of a number"))
    .addOption(
      new Option("-n, --number <count>", `how many (default ${DEFAULT_NUMBER})`).argParser(wholeNumber(1, MOST)),
    )
    .addOption(jsonOption())
    .action(async (name: string | undefined, options: NextOptions) => {
      const terminal = terminalOf(world);
      const { desired } = await requireProject(world, options);
      if (name !== undefined && !desired.jobs.some((d) => d.job.name === name)) {
        throw new CommandError(`no job "${name}" in ${desired.manifest.environment.name}`, "rota show lists them");
      }
      const to = options.to === undefined ? undefined : instant(options.to);
      const from = options.from === undefined ? world.clock.now() : instant(options.from);
      if (to !== undefined && to < from) {
        const start = options.from === undefined ? "now" : "--from";
        throw new CommandError(`--to lies before ${start}`, "name the earlier one with --from");
      }
      const view = nextView(desired.jobs, {
        from,
        ...(to === undefined ? {} : { to }),
        ...(name === undefined ? {} : { job: name }),
        limit: options.number ?? (to === undefined ? DEFAULT_NUMBER : MOST),
      });
      if (options.json) return terminal.json(view);
      const rows = view.fires.map((f) => [
        f.local.replace("T", " "),
        f.timezone,
        terminal.paint(f.at, "dim"),
        f.job,
        f.note === undefined ? "" : terminal.paint(f.note, "yellow"),
      ]);
      terminal.out(rows.length === 0 ? "no fires to come" : table(rows, { width: terminal.width }));
    });

function instant(text: string): number {
  const at = parseInstantOrDate(text);
  if (at === undefined) throw new CommandError(`"${text}" is no instant`, "write 2026-12-01T09:00:00Z, or a date");
  return at;
}
