import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { Argument, Option } from "commander";
import { type ApplyOutcome, claimState, deploy, statePaths, steadyTime } from "../engine/index.ts";
import { openLedger } from "../ledger/index.ts";
import { jobLabel } from "../model/index.ts";
import { type Plan, parsePlan, summary } from "../plan/index.ts";
import { askDaemon, tellDaemon, userName } from "./client.ts";
import { type CommonOptions, jsonOption, stateDir, withCommon } from "./command.ts";
import type { DefineCommand } from "./commands.ts";
import { type OpenedWorld, withPlacements } from "./placements.ts";
import { foresee, makePlan } from "./plan.ts";
import { planText } from "./plan-text.ts";
import { type Terminal, terminalOf } from "./terminal.ts";
import { CommandError, type ExitCode, type World } from "./world.ts";

interface ApplyOptions extends CommonOptions {
  readonly yes?: boolean;
  readonly override?: string;
}

export const defineApply: DefineCommand = (command, world, exit) =>
  void withCommon(
    command,
    'rota apply --env prod\nrota apply friday.plan\nrota apply --yes --override "hotfix for INC-42"',
  )
    .addArgument(new Argument("[planfile]", "a plan saved by rota plan --out"))
    .addOption(new Option("--yes", "do not ask"))
    .addOption(new Option("--override <why>", "past a deploy window or a trial of limits; recorded"))
    .addOption(jsonOption())
    .action(async (planfile: string | undefined, options: ApplyOptions) => {
      const saved = planfile === undefined ? undefined : await readPlan(resolve(world.cwd, planfile));
      await carryOut(world, options, "apply", saved, exit);
    });

export const defineDestroy: DefineCommand = (command, world, exit) =>
  void withCommon(command, "rota destroy --env dev")
    .addOption(new Option("--yes", "do not ask"))
    .addOption(new Option("--override <why>", "past a deploy window; recorded"))
    .addOption(jsonOption())
    .action((options: ApplyOptions) => carryOut(world, options, "destroy", undefined, exit));

async function carryOut(
  world: World,
  options: ApplyOptions,
  purpose: "apply" | "destroy",
  saved: Plan | undefined,
  exit: (code: ExitCode) => void,
): Promise<void> {
  const terminal = terminalOf(world);
  await withPlacements(world, options, async (opened) => {
    const plan = saved ?? (await makePlan(world, options, opened, purpose));
    if (!options.json) terminal.out(planText(plan, terminal));
    if (saved === undefined && !options.yes && summary(plan).hasChanges) {
      const refusals = foresee(world, opened, plan, options.override);
      // Nobody is asked for what would be refused.
      if (refusals.length > 0) {
        tell({ ok: false, plan, refusals }, terminal, options.json ?? false);
        return exit(1);
      }
      const answer = await confirm(world, purpose);
      if (answer === "no") throw new CommandError("nothing was done", "say yes, or use --yes");
      if (answer === "interrupted") {
        terminal.note("\nnothing was done");
        return exit(130);
      }
    }
    const outcome = await apply(world, options, opened, plan, purpose);
    tell(outcome, terminal, options.json ?? false);
    if (!outcome.ok || outcome.result.failures.length > 0) exit(1);
  });
}

/** Through the daemon while one runs; without one, here, holding the ledger's lock meanwhile. */
async function apply(
  world: World,
  options: ApplyOptions,
  opened: OpenedWorld,
  plan: Plan,
  purpose: "apply" | "destroy",
): Promise<ApplyOutcome> {
  const { desired } = opened.project;
  const order = { desired, plan, purpose, ...(options.override === undefined ? {} : { override: options.override }) };
  if ((await askDaemon(world, options, "/api/status")) !== undefined)
    return tellDaemon<ApplyOutcome>(world, options, "/api/apply", order);
  const paths = statePaths(await stateDir(world, options));
  await claimState(paths, { namespace: desired.manifest.namespace, environment: desired.manifest.environment.name });
  const time = steadyTime(world.clock);
  const ledger = await openLedger({ path: paths.ledger, clock: time });
  try {
    return await deploy(
      {
        ledger,
        placements: opened.placements,
        now: () => time.now(),
        signal: world.interrupted,
        record: async (events) => {
          if (events.length > 0) await ledger.append(events);
        },
      },
      { ...order, by: `${userName(world)} (cli)`, progress: progress(world) },
    );
  } finally {
    await ledger.close();
  }
}

function progress(world: World): (done: number, of: number) => void {
  return (done, of) => {
    if (world.stderr.isTTY === true) world.stderr.write(`\r${done}/${of}${done === of ? "\n" : ""}`);
  };
}

function tell(outcome: ApplyOutcome, terminal: Terminal, json: boolean): void {
  if (json)
    terminal.json({
      schema: "rota.apply/1",
      ok: outcome.ok,
      ...(outcome.ok ? { result: outcome.result } : { refusals: outcome.refusals }),
    });
  if (!outcome.ok) {
    for (const r of outcome.refusals) terminal.note(`${terminal.paint("refused", "red")}: ${r.reason}\n  ${r.fix}`);
    return;
  }
  const { created, updated, deleted, kept, failures } = outcome.result;
  for (const f of failures)
    terminal.note(
      `${terminal.paint("failed", "red")}: ${f.action} ${f.resource} of ${jobLabel(f.job)} at ${f.placement}: ${f.code}: ${f.message}${f.fix === undefined ? "" : `\n  ${f.fix}`}`,
    );
  if (!json) terminal.out(`${created} created, ${updated} updated, ${deleted} deleted, ${kept} unchanged`);
  if (failures.length > 0) terminal.note(`${failures.length} failed; the rest stands. rota apply tries them again`);
}

async function confirm(world: World, purpose: string): Promise<"yes" | "no" | "interrupted"> {
  if (world.stdin.isTTY !== true)
    throw new CommandError(
      `${purpose} asks before it changes anything, and nobody is there to answer`,
      purpose === "apply" ? "use --yes, or a plan file" : "use --yes",
    );
  const reader = createInterface({
    input: world.stdin as NodeJS.ReadableStream,
    output: world.stderr as NodeJS.WritableStream,
  });
  // On a terminal the reader takes Ctrl-C for itself; a closed input answers nothing. Neither is a yes.
  const ended = new Promise<"no" | "interrupted">((answer) => {
    reader.once("SIGINT", () => answer("interrupted"));
    reader.once("close", () => answer("no"));
  });
  try {
    const asked = reader.question(`Carry it out? Only "yes" does: `, { signal: world.interrupted });
    const answer = (await Promise.race([asked, ended])).trim();
    return answer === "yes" || answer === "interrupted" ? answer : "no";
  } finally {
    reader.close();
  }
}

async function readPlan(file: string): Promise<Plan> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    const why = error.code === "ENOENT" ? "there is no such file" : (error.code ?? error.message);
    throw new CommandError(`${file} cannot be read: ${why}`, "make a plan with: rota plan --out FILE");
  });
  const parsed = parsePlan(text);
  if (!parsed.ok) throw new CommandError(`${file}: ${parsed.reason}`, parsed.fix);
  return parsed.plan;
}
