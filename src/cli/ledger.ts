import { Command, Option } from "commander";
import { type CommonOptions, jsonOption, withCommon } from "./command.ts";
import type { DefineCommand } from "./commands.ts";
import { withLedger } from "./facts.ts";
import { terminalOf } from "./terminal.ts";
import { parseSince } from "./text.ts";
import { CommandError, type ExitCode, type World } from "./world.ts";

interface VerifyOptions extends CommonOptions {
  readonly expect?: string;
}

interface ExportOptions extends CommonOptions {
  readonly since?: string;
}

export const defineLedger: DefineCommand = (ledger, world, exit) =>
  void ledger.addCommand(verifyCommand(world, exit)).addCommand(exportCommand(world));

function verifyCommand(world: World, exit: (code: ExitCode) => void): Command {
  const verify = new Command("verify").description(
    "check every entry, the hash chain, and that what is shown follows from it",
  );
  return withCommon(verify, "rota ledger verify\nrota ledger verify --expect 1532:9f2c…")
    .addOption(new Option("--expect <seq:hash>", "a head noted elsewhere: finds a tail that was cut off"))
    .addOption(jsonOption())
    .action(async (options: VerifyOptions) => {
      const terminal = terminalOf(world);
      const expect = options.expect === undefined ? undefined : headOf(options.expect);
      const report = await withLedger(world, options, (ledger) => ledger.verify(expect ? { expect } : {}));
      if (options.json) terminal.json({ schema: "rota.ledger.verify/1", ...report });
      else if (report.ok)
        terminal.out(
          `${terminal.paint("✓", "green")} ${report.entries} entries hold; head ${report.entries}:${report.head}`,
        );
      else terminal.out(`${terminal.paint("✗", "red")} entry ${report.firstBad?.seq}: ${report.firstBad?.why}`);
      if (!report.ok) exit(1);
    });
}

function exportCommand(world: World): Command {
  return withCommon(
    new Command("export").description("every entry as a line of JSON"),
    "rota ledger export --since 30d > ledger.jsonl",
  )
    .addOption(new Option("--since <when>", "2h, 7d, a date or an instant"))
    .action(async (options: ExportOptions) => {
      const since = options.since === undefined ? undefined : await parseSince(options.since, world.clock.now());
      const { ledgerExport } = await import("../query/index.ts");
      await withLedger(world, options, async (ledger) => {
        for await (const line of ledgerExport(ledger, since === undefined ? {} : { since })) world.stdout.write(line);
      });
    });
}

function headOf(text: string): { seq: number; hash: string } {
  const match = /^(\d+):([0-9a-f]{64})$/.exec(text);
  if (!match) throw new CommandError(`"${text}" is no head`, "write it as rota ledger verify prints it: SEQ:HASH");
  return { seq: Number(match[1]), hash: match[2] ?? "" };
}
