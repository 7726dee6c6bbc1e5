import { Argument } from "commander";
import { visible } from "../diagnostic/index.ts";
import type { LedgerReader } from "../ledger/index.ts";
import { parseFireKey } from "../model/index.ts";
import type { LogChunk } from "../provider/index.ts";
import type { ExplainFireObject, ExplainObject } from "../query/index.ts";
import { type CommonOptions, jsonOption, withCommon } from "./command.ts";
import type { DefineCommand } from "./commands.ts";
import { fact } from "./facts.ts";
import { readOutput } from "./output.ts";
import { table, terminalOf } from "./terminal.ts";
import { CommandError, type World } from "./world.ts";

/** As many lines of standard error as the daemon reads for the evidence. */
const TAIL_LINES = 20;

export const defineExplain: DefineCommand = (command, world) =>
  void withCommon(command, "rota explain churn-score.20261123T0600.1\nrota explain churn-score/2026-11-23T06:00/0")
    .addArgument(new Argument("<run>", "a run, or the key of a fire: JOB/2026-11-23T06:00/0"))
    .addOption(jsonOption())
    .action(async (id: string, options: CommonOptions) => {
      const terminal = terminalOf(world);
      const view = await explanation(world, options, id);
      if (options.json) return terminal.json(view);
      const rows = view.timeline.map((t) => [
        terminal.paint(`${t.at.slice(0, 19).replace("T", " ")}Z`, "dim"),
        t.component,
        t.event,
        visible(t.detail),
      ]);
      terminal.out(table(rows, { width: terminal.width }));
      const { component, evidence, fix } = view.responsible;
      const about = [
        [terminal.paint("responsible", "bold"), component],
        ...[evidence].flat().map((line, i) => [i === 0 ? terminal.paint("evidence", "bold") : "", visible(line)]),
        [terminal.paint("what to do", "bold"), visible(fix)],
      ];
      terminal.out(`\n${table(about, { width: terminal.width })}`);
    });

/** Of a run, or of a fire; where a fire started a run, that run is what happened to it. */
async function explanation(
  world: World,
  options: CommonOptions,
  id: string,
): Promise<ExplainObject | ExplainFireObject> {
  if (parseFireKey(id) === undefined) {
    const path = `/api/runs/${encodeURIComponent(id)}/explain`;
    const view = await fact<ExplainObject | undefined>(world, options, path, (ledger) =>
      explainRun(world, options, ledger, id),
    );
    if (!view) throw new CommandError(`there is no run "${id}"`, "rota runs lists them");
    return view;
  }
  const path = `/api/fires/explain?fire=${encodeURIComponent(id)}`;
  const view = await fact<ExplainFireObject | undefined>(world, options, path, (ledger, query) =>
    query.explainFireView(ledger, id, world.clock.now()),
  );
  if (!view) throw new CommandError(`there is no fire "${id}"`, "rota today lists them");
  return view.run === undefined ? view : explanation(world, options, view.run);
}

async function explainRun(
  world: World,
  options: CommonOptions,
  ledger: LedgerReader,
  id: string,
): Promise<ExplainObject | undefined> {
  const { explainView } = await import("../query/index.ts");
  let text = "";
  const take = (chunk: LogChunk): void => {
    if (chunk.stream === "stderr") text += chunk.text;
  };
  // Without the output the rest is still worth showing.
  await readOutput(world, options, ledger, id, { follow: false, tailLines: TAIL_LINES * 10, take }).catch(
    () => undefined,
  );
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return explainView(ledger, id, lines.slice(-TAIL_LINES));
}
