import { InvalidArgumentError, Option } from "commander";
import { type GroupKey, reportCsv, reportTable } from "../cost/index.ts";
import { type CostViewObject, costView, parseMonth } from "../query/index.ts";
import { type CommonOptions, jsonOption, requireProject, withCommon } from "./command.ts";
import type { DefineCommand } from "./commands.ts";
import { reportOf } from "./cost-report.ts";
import { fact } from "./facts.ts";
import { type Terminal, table, terminalOf } from "./terminal.ts";
import { counted } from "./text.ts";
import { CommandError } from "./world.ts";

const FORMATS = ["table", "json", "csv"] as const;
type Format = (typeof FORMATS)[number];
/** Asked for by name elsewhere in the trade; said plainly rather than "invalid". */
const NOT_YET: ReadonlySet<string> = new Set(["focus", "html", "xlsx"]);
const DIMENSIONS: readonly string[] = ["team", "job", "provider", "costCenter", "environment"];

interface CostOptions extends CommonOptions {
  readonly month?: string;
  readonly by: readonly GroupKey[];
  readonly format: Format;
}

export const defineCost: DefineCommand = (command, world) =>
  void withCommon(
    command,
    "rota cost\nrota cost --month 2026-11 --by team,job\nrota cost --by costCenter --format csv > november.csv",
  )
    .addOption(new Option("--month <month>", "2026-11, in UTC (default: this one)").argParser(monthOf))
    .addOption(
      new Option("--by <list>", `${DIMENSIONS.join(", ")} or label:KEY, by commas`)
        .default(["team"], "team")
        .argParser(groupKeys),
    )
    .addOption(new Option("--format <format>", FORMATS.join(", ")).default("table").argParser(formatOf))
    .addOption(jsonOption())
    .action(async (options: CostOptions) => {
      const terminal = terminalOf(world);
      const { month, by } = options;
      const query = new URLSearchParams({ by: by.join(","), ...(month === undefined ? {} : { month }) });
      const view = await fact<CostViewObject>(world, options, `/api/cost?${query}`, async (ledger) => {
        const { manifest } = (await requireProject(world, options)).desired;
        const { offlineOutlook } = await import("../engine/index.ts");
        const now = world.clock.now();
        return costView({
          ledger,
          now,
          outlook: await offlineOutlook(ledger, manifest, { cores: world.cores, now }),
          by,
          currency: manifest.currency,
          budgets: manifest.budgets,
          environment: manifest.environment.name,
          ...(month === undefined ? {} : { month }),
        });
      });
      if (options.json || options.format === "json") return terminal.json(view);
      if (options.format === "csv") return void world.stdout.write(reportCsv(reportOf(view, by)));
      print(view, by, terminal);
    });

function print(view: CostViewObject, by: readonly GroupKey[], terminal: Terminal): void {
  const { cells, right, notes } = reportTable(reportOf(view, by));
  const [heads = [], ...rows] = cells;
  const painted = rows.map((row, i) => (i === rows.length - 1 ? row.map((cell) => terminal.paint(cell, "bold")) : row));
  terminal.out(table([heads.map((h) => terminal.paint(h.toUpperCase(), "dim")), ...painted], { right }));
  const { runs, leftOut } = view.live;
  const live = [
    ...(runs > 0 ? [`${counted(runs, "run")} in flight counted as far as they have got`] : []),
    ...(leftOut > 0 ? [`in no figure yet: ${counted(leftOut, "run")} in flight`] : []),
  ];
  for (const note of [...notes, ...live]) terminal.out(terminal.paint(note, "dim"));
}

function groupKeys(text: string): readonly GroupKey[] {
  return text.split(",").map((part) => {
    const key = part.trim();
    if (DIMENSIONS.includes(key) || /^label:./.test(key)) return key as GroupKey;
    throw new InvalidArgumentError(`Use ${DIMENSIONS.join(", ")} or label:KEY, by commas.`);
  });
}

function monthOf(text: string): string {
  if (parseMonth(text)) return text;
  throw new InvalidArgumentError("Write a month as 2026-11.");
}

function formatOf(text: string): Format {
  const found = FORMATS.find((format) => format === text);
  if (found !== undefined) return found;
  if (NOT_YET.has(text)) throw new CommandError(`--format ${text} is not in this version`, `use ${FORMATS.join(", ")}`);
  throw new InvalidArgumentError(`Use ${FORMATS.join(", ")}.`);
}
