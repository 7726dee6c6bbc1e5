import { Option } from "commander";
import { visible } from "../diagnostic/index.ts";
import type { RunStatus } from "../model/index.ts";
import { elapsedText } from "../model/index.ts";
import type { RunObject, RunsObject } from "../query/index.ts";
import { type CommonOptions, jsonOption, wholeNumber, withCommon } from "./command.ts";
import type { DefineCommand } from "./commands.ts";
import { fact } from "./facts.ts";
import { type Terminal, table, terminalOf } from "./terminal.ts";
import { amountText, parseSince, statusText } from "./text.ts";
import { CommandError, type World } from "./world.ts";

interface RunsOptions extends CommonOptions {
  readonly job?: string;
  readonly since?: string;
  readonly status?: string;
  readonly number: number;
}

const STATUSES: readonly RunStatus[] = [
  "queued",
  "starting",
  "running",
  "succeeded",
  "failed",
  "killed",
  "lost",
  "skipped",
];
const DEFAULT_NUMBER = 50;
/** As many as the API answers at once. */
const MOST = 1000;

export const defineRuns: DefineCommand = (command, world) =>
  void withCommon(command, "rota runs --job churn-score --since 7d\nrota runs --status failed,killed --json")
    .addOption(new Option("--job <name>", "of this job"))
    .addOption(new Option("--since <when>", "2h, 7d, a date or an instant"))
    .addOption(new Option("--status <list>", STATUSES.join(", ")))
    .addOption(new Option("-n, --number <count>", "how many").default(DEFAULT_NUMBER).argParser(wholeNumber(1, MOST)))
    .addOption(jsonOption())
    .action(async (options: RunsOptions) => {
      const terminal = terminalOf(world);
      const { job, number } = options;
      const status = options.status?.split(",").map(statusOf);
      const since = options.since === undefined ? undefined : await parseSince(options.since, world.clock.now());
      const query = new URLSearchParams({ limit: String(number) });
      if (job !== undefined) query.set("job", job);
      if (since !== undefined) query.set("since", new Date(since).toISOString());
      for (const one of status ?? []) query.append("status", one);
      const view = await fact<RunsObject>(world, options, `/api/runs?${query}`, (ledger, { runsView }) =>
        runsView(ledger, {
          limit: number,
          ...(job === undefined ? {} : { job }),
          ...(since === undefined ? {} : { since }),
          ...(status === undefined ? {} : { status }),
        }),
      );
      if (options.json) return terminal.json(view);
      if (view.runs.length === 0) return terminal.out("no runs");
      const heads = ["RUN", "STATUS", "STARTED (UTC)", "TOOK", "COST", "WHY"].map((h) => terminal.paint(h, "dim"));
      const rows = view.runs.map((run) => cells(run, world, terminal));
      terminal.out(table([heads, ...rows], { right: new Set([3, 4]), width: terminal.width }));
    });

function statusOf(text: string): RunStatus {
  const found = STATUSES.find((status) => status === text.trim());
  if (found === undefined) throw new CommandError(`"${text}" is no status`, `use ${STATUSES.join(", ")}`);
  return found;
}

function cells(run: RunObject, world: World, terminal: Terminal): readonly string[] {
  const end = run.endedAt === null ? world.clock.now() : Date.parse(run.endedAt);
  const why = run.verdict ? run.verdict.breaches.map((b) => b.limit).join(", ") : (run.reason ?? "");
  return [
    run.run,
    statusText(run.status, terminal),
    (run.startedAt ?? run.createdAt).slice(0, 19).replace("T", " "),
    run.startedAt === null ? "" : elapsedText((end - Date.parse(run.startedAt)) / 1000),
    run.cost ? amountText(run.cost) : run.unpriced ? "unpriced" : "",
    visible(why),
  ];
}
