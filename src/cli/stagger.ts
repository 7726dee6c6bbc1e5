import { rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Option } from "commander";
import { LOCK_FILE, type Project } from "../engine/project/index.ts";
import type { DesiredState } from "../model/index.ts";
import {
  earliestWeek,
  findWrongGuesses,
  type Levelling,
  level,
  type Observation,
  type Realised,
  renderLock,
  simulatePeaks,
  staggerReport,
  staggerSvg,
  staggerText,
  withSlots,
} from "../stagger/index.ts";
import { type CommonOptions, jsonOption, requireProject, shownPath, wholeNumber, withCommon } from "./command.ts";
import type { DefineCommand } from "./commands.ts";
import { observeRuns } from "./observe.ts";
import { type Paint, type Terminal, terminalOf } from "./terminal.ts";
import type { World } from "./world.ts";

interface StaggerOptions extends CommonOptions {
  readonly write?: boolean;
  readonly fresh?: boolean;
  readonly moves?: number;
  readonly observed?: boolean;
  readonly svg?: string;
}

const MOST_MOVES = 1_000_000;

export const defineStagger: DefineCommand = (command, world) =>
  void withCommon(
    command,
    "rota stagger\nrota stagger --write\nrota stagger --observed --svg week.svg\nrota stagger --fresh --write",
  )
    .addOption(new Option("--write", `keep the slots in ${LOCK_FILE}, beside the manifest`))
    .addOption(
      new Option("--moves <count>", "jobs that may leave their slot to lower a peak (default 5)").argParser(
        wholeNumber(0, MOST_MOVES),
      ),
    )
    .addOption(new Option("--fresh", `forget ${LOCK_FILE}: the lowest peak, whatever moves`).conflicts("moves"))
    .addOption(new Option("--observed", "take durations and loads from the ledger where at least 5 runs are known"))
    .addOption(new Option("--svg <file>", "the heat maps as a picture"))
    .addOption(jsonOption())
    .action(async (options: StaggerOptions) => {
      const terminal = terminalOf(world);
      const project = await requireProject(world, options);
      const { manifest } = project.desired;
      const observed = options.observed ? await observeRuns(world, options, manifest.jobs) : undefined;
      const levelling = level(manifest.jobs, manifest.pools, project.lock, {
        at: world.clock.now(),
        ...(observed ? { observed } : {}),
        ...(options.moves === undefined ? {} : { moves: options.moves }),
        ...(options.fresh ? { fresh: true } : {}),
      });
      const realised = play(levelling, observed);
      const wrongGuesses = observed ? findWrongGuesses(manifest.jobs, observed) : [];
      if (options.json) terminal.json({ ...staggerReport(levelling, realised), ...(observed ? { wrongGuesses } : {}) });
      else terminal.out(staggerText(levelling, realised, { paint: painter(terminal) }).trimEnd());
      for (const guess of wrongGuesses) terminal.note(`${terminal.paintNote("!", "yellow")} ${guess.message}`);
      if (options.svg !== undefined) await writeSvg(world, options.svg, levelling, manifest.namespace, terminal);
      if (options.write) await writeLock(world, project, levelling, terminal);
      else if (levelling.moved.length > 0) terminal.note(`nothing was written; rota stagger --write keeps these slots`);
    });

/** The peak to expect when runs do not take as long as they should, now and with everything at its earliest slot. */
function play(levelling: Levelling, observed: ReadonlyMap<string, Observation> | undefined): Realised {
  const { problem, starts } = levelling;
  const durations = new Map([...(observed ?? [])].map(([job, { durationsSeconds }]) => [job, durationsSeconds]));
  return {
    now: simulatePeaks(problem, starts, { observed: durations }),
    before: simulatePeaks(problem, earliestWeek(problem).starts, { observed: durations }),
  };
}

function painter(terminal: Terminal): (text: string, share: number) => string {
  const colours: readonly (readonly [above: number, colour: Paint])[] = [
    [0.85, "red"],
    [0.6, "yellow"],
    [0, "green"],
  ];
  return (text, share) => {
    const colour = colours.find(([above]) => share > above)?.[1];
    return colour === undefined ? text : terminal.paint(text, colour);
  };
}

async function writeSvg(
  world: World,
  file: string,
  levelling: Levelling,
  namespace: string,
  terminal: Terminal,
): Promise<void> {
  await writeFile(resolve(world.cwd, file), staggerSvg(levelling, namespace));
  terminal.note(`wrote ${file}`);
}

/** Whole or not at all: the daemon reads this file while it runs. */
async function writeLock(
  world: World,
  project: Project & { readonly desired: DesiredState },
  levelling: Levelling,
  terminal: Terminal,
): Promise<void> {
  const lock = withSlots(project.lock, project.desired.manifest.environment.name, levelling.slots);
  const file = join(project.baseDir, LOCK_FILE);
  const birth = `${file}.new`;
  await writeFile(birth, renderLock(lock));
  await rename(birth, file);
  terminal.note(`wrote ${shownPath(world, file)}`);
}
