import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { monthOf } from "../../../src/cost/index.ts";
import { Outlook } from "../../../src/engine/money/outlook.ts";
import { type Ledger, openMemoryLedger } from "../../../src/ledger/index.ts";
import { HOUR, type Job } from "../../../src/model/index.ts";
import { VirtualClock } from "../../support/clock.ts";
import { cron, job } from "../../support/jobs.ts";

const START = Date.UTC(2026, 10, 24, 6);
const JOBS = Array.from({ length: 400 }, (_, i) => job(`j${i}`, { schedule: cron("0 23 * * *") }));

/** An outlook over these jobs, and how often the ledger was asked for a job's past. */
async function open(jobs: readonly Job[]): Promise<{ outlook: Outlook; ledger: Ledger; asked: () => number }> {
  const ledger = await openMemoryLedger(new VirtualClock({ startAt: START }));
  let count = 0;
  const deployed = jobs.map((each) => ({ desired: { job: each }, fingerprint: each.name }));
  const outlook = new Outlook({
    ledger: new Proxy(ledger, {
      get: (of, key: keyof Ledger) => {
        if (key === "runs") count += 1;
        const value: unknown = of[key];
        return typeof value === "function" ? value.bind(of) : value;
      },
    }),
    deployed: () => deployed,
    rate: () => ({ kind: "unpriced", missing: "a price" }),
  });
  return { outlook, ledger, asked: () => count };
}

describe("the outlook over many jobs", () => {
  it("reads the past of a few at a time, also when their fires are counted already", async () => {
    const { outlook, ledger, asked } = await open(JOBS);
    await outlook.fires(monthOf(START), START);
    const before = asked();
    const later = outlook.fires(monthOf(START), START + HOUR);
    await setImmediate();
    expect(asked() - before).toBeGreaterThan(0);
    expect(asked() - before).toBeLessThanOrEqual(40);
    await later;
    expect(asked() - before).toBe(JOBS.length);
    await ledger.close();
  });

  it("keeps the counts of the month that is, and of none that has not begun", async () => {
    let looks = 0;
    const { schedule, ...rest } = job("a", { schedule: cron("0 23 * * *") });
    const watched = Object.defineProperty({ ...rest, schedule }, "schedule", {
      enumerable: true,
      get: () => {
        looks += 1;
        return schedule;
      },
    });
    const { outlook, ledger } = await open([watched]);
    /** How often the schedule is looked at when it was counted a moment ago. */
    const again = async (month: number): Promise<number> => {
      await outlook.fires(monthOf(month), START);
      const before = looks;
      expect(await outlook.fires(monthOf(month), START)).toHaveLength(1);
      return looks - before;
    };
    const kept = await again(START);
    expect(await again(Date.UTC(2030, 5))).toBeGreaterThan(kept);
    await ledger.close();
  });
});
