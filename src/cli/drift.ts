import { jobLabel } from "../model/index.ts";
import { type DriftItem, drift } from "../plan/index.ts";
import { heldJobs } from "../query/index.ts";
import { type CommonOptions, jsonOption, withCommon } from "./command.ts";
import type { DefineCommand } from "./commands.ts";
import { withLedgerIfAny } from "./facts.ts";
import { withPlacements } from "./placements.ts";
import { terminalOf } from "./terminal.ts";
import { whileWaiting } from "./waiting.ts";
import type { World } from "./world.ts";

export const defineDrift: DefineCommand = (command, world, exit) =>
  void withCommon(command, "rota drift --env prod")
    .addOption(jsonOption())
    .action(async (options: CommonOptions) => {
      const terminal = terminalOf(world);
      const items = await whileWaiting(world, "asking what is there", findDrift(world, options));
      if (options.json) terminal.json({ schema: "rota.drift/1", drift: items });
      else if (items.length === 0) terminal.out("no drift: what is there is what was applied");
      for (const item of options.json ? [] : items) {
        terminal.out(
          `${terminal.paint(item.kind, "yellow")}  ${jobLabel(item.job)} (${item.placement}: ${item.resource})  ${item.detail}`,
        );
        for (const f of item.fields)
          terminal.out(`      ${f.path}: ${JSON.stringify(f.from)} → ${JSON.stringify(f.to)}`);
      }
      if (items.length > 0) exit(2);
    });

function findDrift(world: World, options: CommonOptions): Promise<readonly DriftItem[]> {
  return withPlacements(world, options, async ({ placements, project }) => {
    const { budgets } = project.desired.manifest;
    const recorded = await withLedgerIfAny(world, options, async (ledger) => {
      const standing = await ledger.deployments();
      const jobs = standing.map((d) => d.desired.job);
      return { standing, held: await heldJobs(ledger, budgets, jobs) };
    });
    const deployed = recorded?.standing ?? [];
    const found: DriftItem[] = [];
    for (const [placement, { provider }] of placements) {
      const here = deployed.filter((d) => d.placement === placement);
      const applied = here.flatMap((d) => provider.render(d.desired, world.clock.now()).resources);
      const atFirst = here.flatMap((d) => provider.render(d.desired, d.since).resources);
      const actual = await provider.listDeployments({ signal: world.interrupted, fresh: true });
      found.push(...drift({ placement, applied, atFirst, actual, ...(recorded ? { heldJobs: recorded.held } : {}) }));
    }
    return found;
  });
}
