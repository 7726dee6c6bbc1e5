import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Option } from "commander";
import type { Diagnostic } from "../diagnostic/index.ts";
import { type Project, planDeployment, trialOf } from "../engine/index.ts";
import { type ApplyRefusal, checkApply, checkPlacements, type Plan, savePlan, summary, toJson } from "../plan/index.ts";
import { overloadWarnings } from "./capacity.ts";
import { type CommonOptions, diagnosticsText, jsonOption, withCommon } from "./command.ts";
import type { DefineCommand } from "./commands.ts";
import { withLedgerIfAny } from "./facts.ts";
import { type OpenedWorld, withPlacements } from "./placements.ts";
import { planText } from "./plan-text.ts";
import { terminalOf } from "./terminal.ts";
import { whileWaiting } from "./waiting.ts";
import type { World } from "./world.ts";

interface PlanOptions extends CommonOptions {
  readonly out?: string;
  readonly offline?: boolean;
  readonly detailedExitcode?: boolean;
}

export const definePlan: DefineCommand = (command, world, exit) =>
  void withCommon(command, "rota plan --env prod --out friday.plan\nrota plan --offline")
    .addOption(new Option("--out <file>", "save the plan, for rota apply FILE"))
    .addOption(new Option("--offline", "ask no provider what is there"))
    .addOption(new Option("--detailed-exitcode", "exit code 2 when there are changes"))
    .addOption(jsonOption())
    .action(async (options: PlanOptions) => {
      const terminal = terminalOf(world);
      const { plan, foreseen } = await withPlacements(world, options, async (opened) => {
        const made = await makePlan(world, options, opened, "apply", options.offline);
        return { plan: made, foreseen: foresee(world, opened, made) };
      });
      // `apply` without the file looks for itself; what the plan refuses, it says itself.
      const isNews = ({ code }: ApplyRefusal): boolean =>
        code === "offline" ? options.out !== undefined : code !== "refused";
      const refusals = foreseen.filter(isNews);
      if (options.out !== undefined) await writeFile(resolve(world.cwd, options.out), savePlan(plan), { mode: 0o600 });
      if (options.json) terminal.json(toJson(plan, refusals));
      else terminal.out(planText(plan, terminal, refusals));
      if (options.out !== undefined) terminal.note(`saved; carry it out with: rota apply ${options.out}`);
      if (options.detailedExitcode && summary(plan).hasChanges) exit(2);
    });

/** Why `apply` would not carry the plan out now. */
export function foresee(
  world: World,
  { project, placements, deployed, foreign }: OpenedWorld,
  plan: Plan,
  override?: string,
): readonly ApplyRefusal[] {
  const { manifest } = project.desired;
  const orphaned = checkPlacements(deployed, new Set(placements.keys()));
  const checked = checkApply({
    plan,
    now: world.clock.now(),
    timezone: manifest.timezone,
    deployWindows: manifest.environment.deployWindows,
    maxDeletes: manifest.safety.maxDeletes,
    ...(override === undefined ? {} : { override }),
  });
  const elsewhere: readonly ApplyRefusal[] = foreign
    ? [{ code: "state", reason: foreign.message, fix: foreign.fix, overridable: false }]
    : [];
  return [...elsewhere, ...(orphaned ? [orphaned] : []), ...checked];
}

export async function makePlan(
  world: World,
  options: CommonOptions,
  { project, placements }: Pick<OpenedWorld, "project" | "placements">,
  purpose: "apply" | "destroy",
  offline = false,
): Promise<Plan> {
  const now = world.clock.now();
  const trial = purpose === "destroy" ? [] : await trials(world, options, { project, placements });
  if (project.stale.length > 0) {
    world.stderr.write(
      `jobs.lock.yaml is stale for ${project.stale.length} ${project.stale.length === 1 ? "job" : "jobs"} (${project.stale.slice(0, 5).join(", ")}): rota stagger --write\n`,
    );
  }
  if (purpose === "apply") tellOverload(world, project, await overloadWarnings(project, now));
  const work = planDeployment({
    placements,
    desired: project.desired,
    now,
    purpose,
    offline,
    trial,
    signal: world.interrupted,
  });
  return whileWaiting(world, offline ? "planning" : `asking ${[...placements.keys()].join(", ")}`, work);
}

function tellOverload(world: World, project: Project, warnings: readonly Diagnostic[]): void {
  const terminal = terminalOf(world);
  if (warnings.length > 0) terminal.note(diagnosticsText(world, warnings, project, terminal.colourNotes));
}

async function trials(
  world: World,
  options: CommonOptions,
  { project, placements }: Pick<OpenedWorld, "project" | "placements">,
): ReturnType<typeof trialOf> {
  const found = await withLedgerIfAny(world, options, async (ledger) =>
    trialOf(ledger, placements, await ledger.deployments(), project.desired, world.clock.now()),
  );
  return found ?? [];
}
