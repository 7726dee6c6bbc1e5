import { describe, expect, it } from "vitest";
import { type Budget, HOUR, MINUTE, SECOND } from "../../../src/model/index.ts";
import { Stand } from "../../support/engine.ts";
import { cron, desiredState, job } from "../../support/jobs.ts";

const START = Date.UTC(2026, 10, 24, 6);
const budgets: readonly Budget[] = [
  {
    name: "all",
    match: {},
    per: "month",
    limit: { amount: "0.15", currency: "USD" },
    warnAt: [],
    atLimit: "stop",
  },
];

describe("what a budget adds up", () => {
  it("is of one moment: a run that ends while fires are counted is not spent twice", async () => {
    const stand = await Stand.open({ startAt: START });
    stand.world.script = ({ job: { name } }) => ({ durationSeconds: name === "dear" ? 360 : 30 });
    await stand.start(
      desiredState(
        [
          job("dear", { schedule: cron("55 6 24 11 *"), expect: { durationSeconds: 360 } }),
          job("unknown", { schedule: cron("0 20 * * *") }),
        ],
        { budgets },
      ),
    );
    await stand.clock.advance(HOUR - MINUTE);
    // The hour after the first look at what jobs took, they are looked at again, by a ledger that takes its time.
    const { ledger, clock } = stand;
    const runs = ledger.runs.bind(ledger);
    let slow = 0;
    ledger.runs = async (query) => {
      if (query.job === "unknown") {
        slow += 1;
        await clock.sleep(90 * SECOND);
      }
      return runs(query);
    };
    await stand.clock.advance(5 * MINUTE);
    expect(slow).toBeGreaterThan(0);
    expect(await stand.events("run.ended")).toHaveLength(1);
    expect(await stand.events("budget.reached")).toEqual([]);
    const [all] = (await stand.engine.status()).budgets;
    expect(Number(all?.spent.amount)).toBeCloseTo(0.1, 2);
    await stand.stop();
  });
});
