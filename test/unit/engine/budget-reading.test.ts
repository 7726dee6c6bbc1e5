import { afterEach, describe, expect, it, vi } from "vitest";
import { Tally } from "../../../src/cost/index.ts";
import { Spendings } from "../../../src/engine/money/spendings.ts";
import { openMemoryLedger } from "../../../src/ledger/index.ts";
import { type Budget, DAY, type Entry, HOUR, type LedgerEvent, MINUTE } from "../../../src/model/index.ts";
import { VirtualClock } from "../../support/clock.ts";
import { Stand } from "../../support/engine.ts";
import { cron, desiredState, job } from "../../support/jobs.ts";
import { sampleRun } from "../../support/sample.ts";

const START = Date.UTC(2026, 10, 24, 6);
const budget: Budget = {
  name: "all",
  match: {},
  per: "month",
  limit: { amount: "0.05", currency: "USD" },
  warnAt: [],
  atLimit: "stop",
};

const FREE = { type: "charge", job: "old", basis: "metered", from: START, to: START, how: "test" } as const;

afterEach(() => {
  vi.restoreAllMocks();
});

/** A budget that one run has used up, and a daemon that is about to be started again. */
async function usedUp(): Promise<{ readonly stand: Stand; readonly start: () => Promise<unknown> }> {
  const stand = await Stand.open({ startAt: START });
  stand.world.script = () => ({ durationSeconds: 360 });
  const desired = desiredState([job("dear", { schedule: cron("0 * * * *") })], { budgets: [budget] });
  await stand.start(desired);
  await stand.clock.advance(HOUR + 30 * MINUTE);
  expect(await stand.events("budget.reached")).toHaveLength(1);
  await stand.crash();
  return { stand, start: () => stand.start(desired) };
}

async function staysUsedUp(stand: Stand): Promise<void> {
  expect(await stand.events("budget.released")).toEqual([]);
  expect(await stand.events("run.started")).toHaveLength(1);
  await stand.clock.advance(2 * MINUTE);
  const [all] = (await stand.engine.status()).budgets;
  expect(all).toMatchObject({ state: "held" });
  expect(Number(all?.spent.amount)).toBeGreaterThanOrEqual(0.05);
  await stand.stop();
}

describe("charges that a budget adds up", () => {
  it("are read again where they could not be read: a budget is not released for what is not known", async () => {
    const { stand, start } = await usedUp();
    const { ledger } = stand;
    const charges = ledger.charges.bind(ledger);
    let refused = 0;
    ledger.charges = async (query) => {
      if (query.run !== undefined || refused === 2) return charges(query);
      refused += 1;
      throw new Error("busy");
    };
    await start();
    await stand.clock.advance(3 * HOUR);
    expect(refused).toBe(2);
    await staysUsedUp(stand);
  });

  it("and where corrections came while they were read, as often as that may be", async () => {
    const ledger = await openMemoryLedger(new VirtualClock({ startAt: START }));
    const run = sampleRun("old", START);
    await ledger.append([
      { type: "run.created", run },
      { ...FREE, run: run.run, amount: { amount: "0.1", currency: "USD" } },
    ]);
    const charges = ledger.charges.bind(ledger);
    let hear: (entry: Entry) => void = () => undefined;
    let corrected = 0;
    ledger.charges = async (query) => {
      const all = await charges(query);
      corrected += 1;
      // Of a run that the daemon knows no more: what was read may be about it.
      const event: LedgerEvent = { ...FREE, run: "gone", amount: { amount: "0", currency: "USD" } };
      if (corrected <= 5) hear({ seq: 10 + corrected, at: START, event, prev: "", hash: "" });
      return all;
    };
    const spendings = new Spendings({
      env: { ledger },
      recorder: {
        subscribe: (listener) => {
          hear = listener;
        },
      },
      state: { lastEnded: new Map(), open: new Map() },
      signal: new AbortController().signal,
    });
    await expect(spendings.since([budget], START)).rejects.toThrow("corrected while they were read");
    expect((await spendings.since([budget], START)).map(({ amount }) => amount.amount)).toEqual(["0.1"]);
    expect(corrected).toBe(6);
    await ledger.close();
  });

  it("are one list that grows while nothing is corrected, so that each is added once, beside a rolling window too", async () => {
    const of = vi.spyOn(Tally.prototype, "of");
    const stand = await Stand.open({ startAt: START });
    stand.world.script = () => ({ durationSeconds: 60 });
    const rolling: Budget = {
      ...budget,
      name: "rolling",
      per: { rollingSeconds: (40 * DAY) / 1000 },
      atLimit: "notify",
    };
    const both = { budgets: [{ ...budget, atLimit: "notify" } as const, rolling] };
    await stand.start(desiredState([job("a", { schedule: cron("*/10 * * * *") })], both));
    await stand.clock.advance(12 * HOUR);
    expect(of.mock.calls.length).toBeGreaterThan(100);
    expect(new Set(of.mock.calls.map(([, , charges]) => charges)).size).toBe(1);
    expect(of.mock.calls.at(-1)?.[2].length).toBeGreaterThan(60);
    await stand.stop();
  });
});
