import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Ledger, openMemoryLedger } from "../../../src/ledger/index.ts";
import { decimal, type LedgerEvent, money, nanos, SECOND } from "../../../src/model/index.ts";
import { ledgerExport, runsView, runView } from "../../../src/query/index.ts";
import { VirtualClock } from "../../support/clock.ts";
import { SampleWriter, sampleRun, writeSampleMorning } from "../../support/sample.ts";

let clock: VirtualClock;
let ledger: Ledger;
let writer: SampleWriter;
beforeEach(async () => {
  clock = new VirtualClock();
  ledger = await openMemoryLedger(clock);
  writer = new SampleWriter(ledger, clock);
});
afterEach(() => ledger.close());

describe("runsView", () => {
  test("gives what the ledger knows of a run, and null for what it does not", async () => {
    const at = clock.now();
    const run = await writer.start(sampleRun("train-model", at));
    expect((await runsView(ledger, {})).runs).toEqual([
      {
        run: run.run,
        job: "train-model",
        environment: "dev",
        provider: "local",
        cause: "fire",
        fire: "train-model/2026-11-23T06:00/0",
        fireAt: "2026-11-23T06:00:00Z",
        attempt: 1,
        status: "running",
        createdAt: "2026-11-23T06:00:00Z",
        startedAt: "2026-11-23T06:00:00.4Z",
        endedAt: null,
        exitCode: null,
        team: "churn",
        costCenter: "CC-104",
        labels: { tier: "gold" },
        cost: null,
      },
    ]);
  });

  test("has the cost of a run that began before it went on record, as those of a vendor's schedule do", async () => {
    const run = sampleRun("native", clock.now());
    const startedAt = run.createdAt - 40 * SECOND;
    const handle = { execution: "1" };
    await ledger.append([
      { type: "run.created", run },
      { type: "run.started", run: run.run, handle, startedAt },
      {
        type: "run.ended",
        run: run.run,
        status: "succeeded",
        endedAt: startedAt + SECOND,
        reason: "",
        component: "workload",
      },
      {
        type: "charge",
        run: run.run,
        job: run.job,
        amount: money(5n, "USD"),
        basis: "metered",
        from: startedAt,
        to: startedAt + SECOND,
        how: "test",
      },
    ]);
    expect((await runsView(ledger, {})).runs).toMatchObject([{ cost: { amount: "0.000000005" } }]);
  });

  test("sums charges exactly, reversals taken out, whatever they are", async () => {
    const amounts = fc.array(fc.record({ nanos: fc.bigInt(0n, 10n ** 15n), reversed: fc.boolean() }), {
      maxLength: 12,
    });
    let number = 0;
    await fc.assert(
      fc.asyncProperty(amounts, async (all) => {
        const run = sampleRun(`job-${number++}`, clock.now());
        await ledger.append([{ type: "run.created", run }]);
        let expected = 0n;
        for (const { nanos: value, reversed } of all) {
          const [entry] = await ledger.append([charge(run.run, run.job, value)]);
          if (reversed)
            await ledger.append([{ type: "charge.reversed", seq: entry?.seq ?? 0, run: run.run, reason: "x" }]);
          else expected += value;
        }
        const cost = (await runView(ledger, run.run))?.cost;
        const kept = all.filter(({ reversed }) => !reversed);
        if (kept.length === 0) expect(cost).toBeNull();
        else expect(cost).toEqual({ amount: decimal(expected), currency: "USD", basis: "metered" });
      }),
      { numRuns: 40 },
    );
  });

  const charge = (run: string, job: string, value: bigint, currency = "USD"): LedgerEvent => ({
    type: "charge",
    run,
    job,
    amount: money(value, currency),
    basis: "metered",
    from: clock.now(),
    to: clock.now() + SECOND,
    how: "test",
  });

  test("one run costs the same alone and in a list", async () => {
    await writeSampleMorning(writer);
    const { runs } = await runsView(ledger, { limit: 1000 });
    expect(runs).toHaveLength(43);
    for (const listed of runs) expect(await runView(ledger, listed.run)).toMatchObject({ ...listed });
  });

  test("money in two currencies is never added: it says so instead", async () => {
    const run = await writer.start(sampleRun("mixed", clock.now()));
    await ledger.append([charge(run.run, run.job, 5n), charge(run.run, run.job, 7n, "CAD")]);
    expect(await runView(ledger, run.run)).toMatchObject({
      cost: null,
      unpriced: "it was charged in more than one currency",
    });
  });

  test("what has no price is unpriced, not zero", async () => {
    await writeSampleMorning(writer);
    const { runs } = await runsView(ledger, { job: "invoices" });
    expect(runs[0]).toMatchObject({ cost: null, unpriced: "a price for local: price" });
  });

  test("a run in flight costs what the meter says, and only while it is in flight", async () => {
    const { running } = await writeSampleMorning(writer);
    const liveCost = (): { amount: string; currency: string } => ({ amount: "0.5", currency: "USD" });
    const { runs } = await runsView(ledger, { limit: 1000 }, { liveCost });
    const live = runs.filter(({ cost }) => cost?.live === true);
    expect(live.map(({ run }) => run)).toEqual([running.run]);
    expect(live[0]?.cost).toEqual({ amount: "0.5", currency: "USD", basis: "metered", live: true });
  });

  test("shows the guard's verdict with its evidence", async () => {
    const { killed } = await writeSampleMorning(writer);
    expect((await runView(ledger, killed.run))?.verdict).toMatchObject({
      at: "2026-11-23T05:35:00Z",
      action: "stop",
      breaches: [{ limit: "idle", declared: "30m", evidence: { windowSeconds: 1812 } }],
    });
  });

  test("a run that is not there is undefined", async () => {
    expect(await runView(ledger, "none")).toBeUndefined();
    expect(await runsView(ledger, {})).toEqual({ schema: "rota.runs/1", runs: [] });
  });
});

test("the export is every entry with its chain, one JSON line each", async () => {
  await writeSampleMorning(writer);
  const lines = await Array.fromAsync(ledgerExport(ledger));
  const entries = lines.map((line) => JSON.parse(line));
  expect(entries.every((entry, index) => index === 0 || entry.prev === entries[index - 1].hash)).toBe(true);
  expect(entries.length).toBe((await ledger.verify()).entries);
  const charged = entries.flatMap(({ event }) => (event.type === "charge" ? [nanos(event.amount.amount)] : []));
  expect(charged.reduce((sum, value) => sum + value, 0n)).toBe(1_355_434_546n);
});
