import { expect } from "vitest";
import { priceBook, readOverrides } from "../../../src/cost/index.ts";
import { type DeployContext, deploy } from "../../../src/engine/deploy/deployer.ts";
import { Engine } from "../../../src/engine/engine.ts";
import type { OpenPlacement } from "../../../src/engine/env.ts";
import { steadyTime } from "../../../src/engine/steady.ts";
import { type Ledger, openMemoryLedger } from "../../../src/ledger/index.ts";
import { loadManifest } from "../../../src/manifest/index.ts";
import { type DesiredState, type JsonObject, MINUTE } from "../../../src/model/index.ts";
import { wrapProvider } from "../../../src/provider/index.ts";
import type { VirtualClock } from "../../support/clock.ts";
import { SeededRandom } from "../../support/random.ts";
import type { AwsWorld } from "./world.ts";

/** One manifest, from its text; nothing else is there. */
export async function load(text: string): Promise<DesiredState> {
  const bytes = new TextEncoder().encode(text);
  const { manifest, diagnostics } = await loadManifest({
    file: "jobs.yaml",
    files: {
      stat: async () => ({ kind: "file", bytes: bytes.length, realPath: "jobs.yaml" }),
      read: async () => ({ ok: true, bytes }),
      glob: async () => [],
    },
  });
  if (!manifest) throw new Error(diagnostics.map(({ message }) => message).join("; "));
  return { manifest, jobs: manifest.jobs.map((job) => ({ job })) };
}

export interface Daemon {
  readonly engine: Engine;
  readonly ledger: Ledger;
  readonly running: Promise<void>;
  /** Stops it. */
  stop(): Promise<void>;
  /** Stops it, and closes the world. */
  end(): Promise<void>;
}

/** The state applied as `rota apply` does it where no daemon runs; answers the ledger. */
export async function applied(
  world: AwsWorld<VirtualClock>,
  state: DesiredState,
  more: JsonObject = {},
  kept?: Ledger,
): Promise<Ledger> {
  const { clock } = world;
  const ledger = kept ?? (await openMemoryLedger(clock));
  const provider = wrapProvider(await world.provider(world.owner, more), (_call, proceed) => clock.during(proceed()));
  const options = { ...world.options, ...more };
  const placements = new Map<string, OpenPlacement>([["aws", { provider, options, prices: priceBook() }]]);
  const record: DeployContext["record"] = async (events) => {
    if (events.length > 0) await ledger.append(events);
  };
  const outcome = await deploy({ ledger, placements, now: () => clock.now(), record }, { desired: state, by: "test" });
  expect(outcome).toMatchObject({ ok: true, result: { failures: [] } });
  await provider.close();
  return ledger;
}

/**
 * Engine and ledger on a world of the test's clock, with the state applied; `more`: what the placement says beside the
 * world's own; `kept`: the ledger of a daemon before this one.
 */
export async function daemon(
  world: AwsWorld<VirtualClock>,
  state: DesiredState,
  more: JsonObject = {},
  kept?: Ledger,
): Promise<Daemon> {
  const { clock } = world;
  const ledger = kept ?? (await openMemoryLedger(clock));
  const { prices: _prices, ...own } = more;
  const options = { ...world.options, ...more };
  // The adapter reads and writes files, too, of which the clock knows nothing: it stands still for the whole of a call.
  const provider = wrapProvider(await world.provider(world.owner, own), (_call, proceed) => clock.during(proceed()));
  const placements = new Map<string, OpenPlacement>([
    ["aws", { provider, options, prices: priceBook(readOverrides("aws", options).overrides) }],
  ]);
  const engine = await Engine.open(
    {
      clock,
      time: steadyTime(clock),
      random: new SeededRandom(1),
      ledger,
      placements,
      currency: "USD",
      cores: 1,
      notify: () => {},
      log: () => {},
      version: "test",
      pid: 1,
      bootId: "boot",
    },
    { ...world.owner, safety: state.manifest.safety, budgets: [] },
  );
  const outcome = await engine.deploy({ desired: state, by: "test" });
  if (!outcome.ok) throw new Error(outcome.refusals.map(({ reason }) => reason).join("; "));
  expect(outcome.result.failures).toEqual([]);
  const running = engine.run();
  const stop = async (): Promise<void> => {
    const stopping = engine.stop("test");
    await clock.advance(MINUTE);
    await stopping;
    await running;
  };
  const end = async (): Promise<void> => {
    await stop();
    await world.close();
  };
  return { engine, ledger, running, stop, end };
}
