import { elapsedText } from "../model/index.ts";
import type { StatusObject } from "../query/index.ts";
import { askDaemon } from "./client.ts";
import { type CommonOptions, jsonOption, requireProject, withCommon } from "./command.ts";
import type { DefineCommand } from "./commands.ts";
import { withLedgerIfAny } from "./facts.ts";
import { type Terminal, table, terminalOf } from "./terminal.ts";
import { amountText, counted, statusText } from "./text.ts";
import type { World } from "./world.ts";

const NEXT_SHOWN = 3;

export const defineStatus: DefineCommand = (command, world) =>
  void withCommon(command, "rota status")
    .addOption(jsonOption())
    .action(async (options: CommonOptions) => {
      const terminal = terminalOf(world);
      const view = (await askDaemon<StatusObject>(world, options, "/api/status")) ?? (await offline(world, options));
      if (options.json) terminal.json(view);
      else print(view, terminal);
    });

/** What the ledger alone tells; nothing yet, where there is none. */
async function offline(world: World, options: CommonOptions): Promise<StatusObject> {
  const { manifest, jobs } = (await requireProject(world, options)).desired;
  const { nextView, offlineStatusView, todayView } = await import("../query/index.ts");
  const about = {
    namespace: manifest.namespace,
    environment: manifest.environment.name,
    timezone: manifest.timezone,
  };
  const seen = await withLedgerIfAny(world, options, async (ledger) => {
    const zone = { zone: manifest.timezone, environment: about.environment };
    const today = await todayView({ ledger, ...zone, now: world.clock.now() });
    return offlineStatusView(ledger, { ...about, today: today.counts, budgets: [] });
  });
  if (seen) return seen;
  const next = nextView(jobs, { from: world.clock.now(), limit: NEXT_SHOWN });
  return {
    schema: "rota.status/1",
    ...about,
    daemon: { up: false },
    placements: [],
    running: [],
    today: {},
    budgets: [],
    problems: ["rota never ran here; start it with `rota up`"],
    nextFires: next.fires.map(({ job, at }) => ({ job, at })),
  };
}

function print(view: StatusObject, terminal: Terminal): void {
  const { daemon } = view;
  const rows: string[][] = [];
  const add = (name: string, text: string): void => void rows.push([terminal.paint(name, "bold"), text]);
  add("rota", `${view.namespace}/${view.environment}`);
  add(
    "daemon",
    daemon.up
      ? `${terminal.paint("up", "green")} for ${elapsedText(daemon.uptimeSeconds)} (pid ${daemon.pid}, ${daemon.version})`
      : terminal.paint("down", "red"),
  );
  for (const problem of view.problems) add("problem", terminal.paint(problem, "red"));
  for (const p of view.placements) {
    const state = p.ok ? terminal.paint("ok", "green") : terminal.paint(p.problem ?? "trouble", "red");
    const drifted =
      p.drifted === undefined ? "" : terminal.paint(`, ${p.drifted} not as applied: rota drift`, "yellow");
    add("placement", `${p.placement} (${p.type}): ${state}, ${counted(p.jobs, "job")}${drifted}`);
  }
  const today = Object.entries(view.today).filter(([, n]) => n > 0);
  add("today", today.map(([state, n]) => `${n} ${state}`).join(", ") || "no fires");
  for (const b of view.budgets) {
    const leftOut = b.upcomingLeftOut ? ` without ${counted(b.upcomingLeftOut, "fire")} of unknown cost` : "";
    const forecast = b.forecast ? `, forecast ${amountText(b.forecast)}${leftOut}` : "";
    add(
      "budget",
      `${b.budget}: ${amountText(b.spent)} of ${amountText(b.limit)} in ${b.period} (${b.state})${forecast}`,
    );
  }
  for (const r of view.running)
    add(
      "in flight",
      [r.run, statusText(r.status, terminal), r.startedAt ?? "", r.cost ? amountText(r.cost) : ""].join("  ").trimEnd(),
    );
  for (const next of view.nextFires.slice(0, NEXT_SHOWN)) add("next", `${next.at}  ${next.job}`);
  terminal.out(table(rows));
}
