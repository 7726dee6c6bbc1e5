import { matches } from "../../../src/cost/index.ts";
import { DAY, nanos } from "../../../src/model/index.ts";
import { HERE } from "../manifest.ts";
import type { Facts, Told } from "./facts.ts";
import { hourlyOf } from "./kill.ts";
import { costNanos } from "./truth.ts";

/** L2, L3: the chain holds, and the money is what the runs really took, however it is added up. */
export async function examineMoney(facts: Facts): Promise<void> {
  const { ledger } = facts.rig;
  const end = facts.story.endAt;
  const verified = await ledger.verify();
  facts.check(verified.ok, "L2", end, () => `the ledger does not verify: ${JSON.stringify(verified.firstBad)}`);
  const perRun = new Map<string, bigint>();
  let entries = 0n;
  for (const { event } of facts.of("charge")) {
    const amount = nanos(event.amount.amount);
    entries += amount;
    perRun.set(event.run, (perRun.get(event.run) ?? 0n) + amount);
  }
  let total = 0n;
  for (const charge of await ledger.charges({ from: 0, to: Number.MAX_SAFE_INTEGER }))
    total += nanos(charge.amount.amount);
  facts.check(total === entries, "L3", end, () => `charges add up to ${total}, their entries to ${entries}`);
  const unpriced = new Map<string, number>();
  for (const { event } of facts.of("charge.unpriced")) unpriced.set(event.run, (unpriced.get(event.run) ?? 0) + 1);
  let real = 0n;
  for (const told of facts.told.values()) {
    const due = examineCharge(facts, told, perRun.get(told.run.run), unpriced.get(told.run.run) ?? 0);
    real += due;
  }
  facts.check(real === total, "L3", end, () => `the runs that ended cost ${real}, and ${total} is charged`);
  for (const entry of facts.of("budget.reached")) examineBudget(facts, entry.event.budget, entry.at);
  examineHolds(facts);
}

/** Answers what the run really cost, once it has ended on record. */
function examineCharge(facts: Facts, told: Told, charged: bigint | undefined, unpriced: number): bigint {
  const { run } = told.run;
  const ended = told.ended[0];
  const life = facts.lifeOf.get(run)?.[0];
  const hourly = hourlyOf(facts, told);
  const at = ended?.at ?? facts.story.endAt;
  const began = life !== undefined && facts.startOf(life) <= facts.endOf(life).at;
  if (!ended || !life || !began) {
    facts.check(
      charged === undefined && unpriced === 0,
      "L3",
      at,
      () => `${run} never ran to an end, and ${charged} is charged`,
      { run },
    );
    return 0n;
  }
  if (hourly === undefined) {
    facts.check(
      charged === undefined && unpriced === 1,
      "L3",
      at,
      () => `${run} has no price; ${charged ?? "nothing"} is charged, ${unpriced} times unpriced`,
      { run },
    );
    return 0n;
  }
  const due = costNanos(hourly, facts.endOf(life).at - facts.startOf(life));
  facts.check(charged === due, "L3", at, () => `${run} cost ${due} nanos, and ${charged ?? "nothing"} is charged`, {
    run,
  });
  return due;
}

/** A budget is reached when at least so much can have been spent: everything that ran in the period, to its full. */
function examineBudget(facts: Facts, name: string, at: number): void {
  const budget = facts.rig.declared.state.manifest.budgets.find((b) => b.name === name);
  if (!budget) return;
  const from = typeof budget.per === "string" ? Math.floor(at / DAY) * DAY : at - budget.per.rollingSeconds * 1000;
  let most = 0n;
  for (const told of facts.told.values()) {
    const life = facts.lifeOf.get(told.run.run)?.[0];
    const hourly = hourlyOf(facts, told);
    if (!life || hourly === undefined || !matches(budget.match, told.run)) continue;
    const [start, end] = [facts.startOf(life), Math.min(at, facts.endOf(life).at)];
    if (start <= at && end >= from) most += costNanos(hourly, end - start);
  }
  const limit = nanos(budget.limit.amount);
  facts.check(
    most >= limit,
    "L3",
    at,
    () => `budget ${name} was reached at ${limit} nanos, and at most ${most} were spent`,
  );
}

/** What a budget holds starts nothing in that period, but for a person. */
function examineHolds(facts: Facts): void {
  const held = new Map<string, string>();
  const { budgets } = facts.rig.declared.state.manifest;
  for (const { event, at } of facts.story.entries) {
    if (event.type === "budget.reached" && event.action !== "notify") held.set(event.budget, event.period);
    if (event.type === "budget.released") held.delete(event.budget);
    if (event.type !== "run.sent" || held.size === 0) continue;
    const run = facts.told.get(event.run)?.run;
    if (!run || run.cause === "person" || run.placement !== HERE) continue;
    const today = new Date(at).toISOString().slice(0, 10);
    const by = budgets.find((b) => {
      const period = held.get(b.name);
      return period !== undefined && (b.per !== "day" || period === today) && matches(b.match, run);
    });
    facts.check(by === undefined, "L3", at, () => `${run.run} was sent while budget ${by?.name} held it`, {
      run: run.run,
    });
  }
}
