import { foreignState, statePaths } from "../engine/home/index.ts";
import { closePlacements, type OpenPlacement, openPlacements, type Project } from "../engine/index.ts";
import type { LedgerReader } from "../ledger/index.ts";
import type { DesiredState } from "../model/index.ts";
import { type CommonOptions, requireProject, stateDir } from "./command.ts";
import { withLedgerIfAny } from "./facts.ts";
import type { World } from "./world.ts";

export interface OpenedWorld {
  readonly project: Project & { readonly desired: DesiredState };
  readonly placements: ReadonlyMap<string, OpenPlacement>;
  /** What stands deployed by the ledger, also where the manifest names the placement no more. */
  readonly deployed: readonly { readonly job: string; readonly placement: string }[];
  /** Why the state folder is not this manifest's and environment's. */
  readonly foreign?: { readonly message: string; readonly fix: string };
}

/** The manifest with its placements opened, those that hold deployed jobs by the ledger included. Close them afterwards. */
async function openWorld(world: World, options: CommonOptions): Promise<OpenedWorld> {
  const project = await requireProject(world, options);
  const dir = await stateDir(world, options);
  // Without a ledger nothing was ever deployed from here.
  const deployed = (await withLedgerIfAny(world, options, deployedBy)) ?? [];
  const { namespace, environment } = project.desired.manifest;
  const foreign = await foreignState(statePaths(dir), { namespace, environment: environment.name });
  const placements = await openPlacements({
    manifest: project.desired.manifest,
    registry: world.registry,
    stateDir: dir,
    baseDir: project.baseDir,
    clock: world.clock,
    random: world.random,
    env: world.env,
    log: (level, message, fields) => {
      if (level === "warn" || level === "error") world.stderr.write(`${message} ${JSON.stringify(fields ?? {})}\n`);
    },
    holding: deployed.map(({ placement }) => placement),
  });
  return { project, placements, deployed, ...(foreign && { foreign }) };
}

/** As `openWorld`, closed whatever happens. */
export async function withPlacements<T>(
  world: World,
  options: CommonOptions,
  work: (opened: OpenedWorld) => Promise<T>,
): Promise<T> {
  const opened = await openWorld(world, options);
  try {
    return await work(opened);
  } finally {
    await closePlacements(opened.placements);
  }
}

async function deployedBy(ledger: LedgerReader): Promise<OpenedWorld["deployed"]> {
  return (await ledger.deployments()).map(({ desired, placement }) => ({ job: desired.job.name, placement }));
}
