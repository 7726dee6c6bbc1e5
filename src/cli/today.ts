import { InvalidArgumentError, Option } from "commander";
import { visible } from "../diagnostic/index.ts";
import { ControlError } from "../engine/control.ts";
import type { TodayObject } from "../query/index.ts";
import { tellDaemon } from "./client.ts";
import { type CommonOptions, jsonOption, requireProject, withCommon } from "./command.ts";
import type { DefineCommand } from "./commands.ts";
import { fact } from "./facts.ts";
import { type Terminal, table, terminalOf } from "./terminal.ts";
import { parseInstantOrDate } from "./text.ts";
import { CommandError, type ExitCode, type World } from "./world.ts";

interface TodayOptions extends CommonOptions {
  readonly date?: string;
  readonly check?: boolean;
  readonly excuse?: readonly string[];
  readonly reason?: string;
}

const MARKS: Readonly<Record<string, readonly [string, "green" | "red" | "yellow" | "dim" | "cyan"]>> = {
  ran: ["✓", "green"],
  running: ["…", "cyan"],
  late: ["…", "yellow"],
  missed: ["✗", "red"],
  failed: ["!", "red"],
  killed: ["⊘", "yellow"],
  excused: ["–", "dim"],
  skipped: ["–", "dim"],
  upcoming: ["·", "dim"],
};

export const defineToday: DefineCommand = (command, world, exit) =>
  void withCommon(
    command,
    'rota today\nrota today --check\nrota today --excuse invoices/2026-11-23T06:00/0 --reason "month end is late"',
  )
    .addOption(new Option("--date <date>", "2026-11-23 (default: today, in the manifest's zone)").argParser(dateOf))
    .addOption(new Option("--check", "exit code 2 when a fire was missed, failed or killed and nobody excused it"))
    .addOption(new Option("--excuse <fire...>", "sign fires off, with --reason"))
    .addOption(new Option("--reason <why>", "why the fires are excused"))
    .addOption(jsonOption())
    .action(async (options: TodayOptions) => {
      const terminal = terminalOf(world);
      if (options.excuse !== undefined) {
        if ((options.reason ?? "").trim() === "")
          throw new CommandError("an excuse needs a reason", 'add --reason "why"');
        await excuse(world, { ...options, excuse: options.excuse }, terminal, exit);
        return;
      }
      if (options.reason !== undefined) throw new CommandError("--reason belongs to --excuse", "add --excuse FIRE");
      const query = options.date === undefined ? "" : `?date=${encodeURIComponent(options.date)}`;
      const view = await fact<TodayObject>(world, options, `/api/today${query}`, async (ledger, { todayView }) => {
        const { manifest } = (await requireProject(world, options)).desired;
        return todayView({
          ledger,
          zone: manifest.timezone,
          environment: manifest.environment.name,
          now: world.clock.now(),
          ...(options.date === undefined ? {} : { date: options.date }),
        });
      });
      if (options.json) terminal.json(view);
      else print(view, terminal);
      const bad = view.fires.some((f) => f.state === "missed" || f.state === "failed" || f.state === "killed");
      if (options.check && bad) exit(2);
    });

interface Excused {
  readonly was: TodayObject["fires"][number]["state"];
  readonly run?: string;
}

/** One after the other; one that needs no excuse, or is none, keeps no other from it. */
async function excuse(
  world: World,
  options: TodayOptions & { readonly excuse: readonly string[] },
  terminal: Terminal,
  exit: (code: ExitCode) => void,
): Promise<void> {
  const refused: ControlError[] = [];
  for (const fire of new Set(options.excuse)) {
    try {
      const { was, run } = await tellDaemon<Excused>(world, options, "/api/fires/excuse", {
        fire,
        reason: options.reason,
      });
      terminal.note(excusedText(fire, was, run));
    } catch (error) {
      if (!(error instanceof ControlError) || options.excuse.length === 1) throw error;
      refused.push(error);
    }
  }
  for (const { message, fix } of refused) terminal.note(`not excused: ${message}${fix ? ` (${fix})` : ""}`);
  if (refused.length > 0) exit(1);
}

function excusedText(fire: string, was: Excused["was"], run = "its run"): string {
  if (was === "running") return `noted for ${fire}: it runs, and the excuse counts if ${run} does not succeed`;
  if (was === "upcoming") return `noted for ${fire}: it is to come, and the excuse counts if it does not run well`;
  return was === "excused" ? `excused ${fire}: by rule it was already` : `excused ${fire}: it was ${was}`;
}

function dateOf(text: string): string {
  if (/^\d{4}-\d\d-\d\d$/.test(text) && parseInstantOrDate(text) !== undefined) return text;
  throw new InvalidArgumentError("Write a date as 2026-11-23.");
}

/** A job with more fires than this on the day gets one line, and a line for each fire, or row of like fires, that needs a look. */
const MOST_LINES = 8;
const NEEDS_A_LOOK = new Set(["running", "late", "missed", "failed", "killed", "excused"]);

type Fire = TodayObject["fires"][number];

interface Line {
  readonly at: string;
  readonly cells: readonly string[];
}

function print(view: TodayObject, terminal: Terminal): void {
  const lines = [...Map.groupBy(view.fires, (f) => f.job).values()].flatMap((fires) => linesOf(fires, terminal));
  lines.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  terminal.out(terminal.paint(`${view.date} (${view.timezone})`, "bold"));
  const text = table(
    lines.map(({ cells }) => cells),
    { width: terminal.width },
  );
  terminal.out(lines.length === 0 ? "no fires are expected" : text);
  terminal.out(countsText(Object.entries(view.counts)));
}

/** The lines of one job: each fire, or for a job of many fires what became of them and which need a look. */
function linesOf(fires: readonly Fire[], terminal: Terminal): readonly Line[] {
  const [first] = fires;
  if (!first || fires.length <= MOST_LINES) return fires.map((f) => lineOf([f], terminal));
  const counts = [...Map.groupBy(fires, (f) => f.state)].map(([state, all]) => [state, all.length] as const);
  const whole = { at: first.at, cells: [" ", `${fires.length}×`, first.job, "", countsText(counts)] };
  const rows: Fire[][] = [];
  let before: Fire | undefined;
  for (const f of fires) {
    if (NEEDS_A_LOOK.has(f.state)) {
      const isAlike = before?.state === f.state && before.reason === f.reason && f.run === undefined;
      if (isAlike) rows.at(-1)?.push(f);
      else rows.push([f]);
    }
    before = f;
  }
  return [whole, ...rows.map((row) => lineOf(row, terminal))];
}

/** One fire, or several in a row of which the same is to be said. */
function lineOf(row: readonly Fire[], terminal: Terminal): Line {
  const [first] = row;
  const last = row.at(-1);
  if (!first || !last) return { at: "", cells: [] };
  const [mark, colour] = MARKS[first.state] ?? ["?", "red"];
  const time = (f: Fire): string => f.local.slice(11);
  const cells = [
    terminal.paint(mark, colour),
    row.length === 1 ? time(first) : `${time(first)}–${time(last)}`,
    first.job,
    terminal.paint(first.state, colour),
    [row.length === 1 ? "" : `${row.length}×`, visible(first.reason ?? ""), first.run ?? ""]
      .filter((part) => part !== "")
      .join("  "),
  ];
  return { at: first.at, cells };
}

function countsText(counts: readonly (readonly [state: string, count: number])[]): string {
  return counts
    .filter(([, n]) => n > 0)
    .map(([state, n]) => `${n} ${state}`)
    .join(", ");
}
