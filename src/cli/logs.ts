import { Argument, Option } from "commander";
import { streamDaemon } from "./client.ts";
import { type CommonOptions, wholeNumber, withCommon } from "./command.ts";
import type { DefineCommand } from "./commands.ts";
import { withLedger } from "./facts.ts";
import { readOutput } from "./output.ts";

interface LogsOptions extends CommonOptions {
  readonly follow?: boolean;
  readonly tail?: number;
}

const MOST_TAIL_LINES = 100_000;

export const defineLogs: DefineCommand = (command, world) =>
  void withCommon(
    command,
    "rota logs churn-score.20261123T0600.1 -f\nrota logs churn-score.20261123T0600.1 --tail 50",
    // Here -f is what it is with tail: follow.
    "--file <file>",
  )
    .addArgument(new Argument("<run>", "the run, as rota runs lists it"))
    .addOption(new Option("-f, --follow", "go on until the run has ended"))
    .addOption(new Option("--tail <lines>", "only the last lines").argParser(wholeNumber(0, MOST_TAIL_LINES)))
    .action(async (id: string, options: LogsOptions) => {
      const query = new URLSearchParams({
        follow: options.follow ? "1" : "0",
        ...(options.tail === undefined ? {} : { tail: String(options.tail) }),
      });
      const write = (text: string): void => void world.stdout.write(text);
      if (await streamDaemon(world, options, `/api/runs/${encodeURIComponent(id)}/logs?${query}`, write)) return;
      const { follow = false, tail } = options;
      const about = { follow, ...(tail === undefined ? {} : { tailLines: tail }) };
      await withLedger(world, options, (ledger) =>
        readOutput(world, options, ledger, id, { ...about, take: (chunk) => write(chunk.text) }),
      );
    });
