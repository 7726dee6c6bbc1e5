import { createHash } from "node:crypto";
import type { Entry } from "../../src/model/index.ts";
import { DRAIN_MS, Driver } from "./driver.ts";
import { examine } from "./oracle/index.ts";
import { Rig, type RigOptions } from "./rig.ts";
import type { Story, Violation } from "./story.ts";

export interface SimulationResult {
  readonly seed: number;
  readonly story: Story;
  readonly violations: readonly Violation[];
  /** Statements that were checked. */
  readonly checks: number;
  /** Of the ledger and of every request that left: the same for the same seed. */
  readonly digest: string;
  readonly virtualMs: number;
  readonly events: number;
}

/** Lives through one seed and lets the oracle examine what happened. */
export async function simulate(options: RigOptions): Promise<SimulationResult> {
  const restore = options.planted?.patch?.();
  try {
    const rig = await Rig.open(options);
    await new Driver(rig).live(options.forMs);
    rig.bury("is looked at no more");
    if (rig.mortal) rig.mortal.dead = true;
    const entries: Entry[] = [];
    for await (const entry of rig.ledger.entries({ limit: Number.MAX_SAFE_INTEGER })) entries.push(entry);
    rig.story.entries = entries;
    const { violations, checks } = await examine(rig);
    return {
      seed: options.seed,
      story: rig.story,
      violations,
      checks,
      digest: digestOf(rig.story),
      virtualMs: options.forMs + DRAIN_MS,
      events: rig.clock.wakes,
    };
  } finally {
    restore?.();
  }
}

function digestOf({ entries, calls }: Story): string {
  const hash = createHash("sha256").update(entries.at(-1)?.hash ?? "");
  for (const c of calls) hash.update(`${c.at} ${c.method} ${c.run ?? c.handle ?? ""} ${c.answered ?? ""}\n`);
  return hash.digest("hex");
}
