import type { Rig } from "../rig.ts";
import type { Violation } from "../story.ts";
import { Facts } from "./facts.ts";
import { examineFires } from "./fire.ts";
import { examineKills } from "./kill.ts";
import { examineMoney } from "./money.ts";
import { examineReconcile } from "./reconcile.ts";
import { examineRuns } from "./run.ts";

/**
 * Holds what really happened against the invariants of docs/reliability.md. Nothing here is taken from the engine's
 * own bookkeeping but the ledger, which is what is examined.
 */
export async function examine(
  rig: Rig,
): Promise<{ readonly violations: readonly Violation[]; readonly checks: number }> {
  const facts = new Facts(rig);
  const { story, check } = facts;
  for (const defect of story.defects) check(false, "defect", story.endAt, () => defect);
  examineKills(facts);
  examineFires(facts);
  examineRuns(facts);
  examineReconcile(facts);
  await examineMoney(facts);
  return { violations: facts.violations.sort((a, b) => a.at - b.at), checks: facts.checks };
}
