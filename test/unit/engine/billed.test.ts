import { describe, expect, it } from "vitest";
import { type Billed, HOUR, MINUTE } from "../../../src/model/index.ts";
import { type Provider, type RunState, wrapProvider } from "../../../src/provider/index.ts";
import { Stand } from "../../support/engine.ts";
import { cron, desiredState, job } from "../../support/jobs.ts";

const AT_START: Billed = { service: "lambda", memoryBytes: 2 ** 27 };
const AT_END: Billed = { service: "lambda-arm", memoryBytes: 2 ** 27, billedMs: 1200, starts: 2 };

/** A vendor that says what it bills, and at the end of a run something else than at its start, or no more. */
const saying =
  (atEnd: Billed | undefined) =>
  (provider: Provider): Provider => ({
    ...wrapProvider(provider, async (_call, proceed) => {
      const add = (value: unknown): unknown => {
        if (Array.isArray(value)) return value.map(add);
        const state = value as RunState | undefined;
        if (state?.phase === undefined) return value;
        const billed = state.phase === "ended" ? atEnd : AT_START;
        return { ...state, ...(billed && { billed }) };
      };
      return add(await proceed()) as never;
    }),
    type: "aws",
  });

describe("what the vendor says that it bills", () => {
  it("is recorded as a fact of the run, and at its end prices it", async () => {
    const stand = await Stand.open({
      placementOptions: { schedules: "native", intervalSeconds: 10 },
      around: saying(AT_END),
    });
    stand.world.script = () => ({ durationSeconds: 20 * 60 });
    const workload = { kind: "target" } as const;
    await stand.start(desiredState([job("n", { workload, schedule: cron("0 * * * *") })]));
    await stand.clock.advance(HOUR + 5 * MINUTE);
    expect((await stand.ledger.runs({ job: "n" })).map(({ billed }) => billed)).toEqual([AT_START]);
    await stand.clock.advance(20 * MINUTE);
    expect((await stand.ledger.runs({ job: "n" })).map(({ billed }) => billed)).toEqual([AT_END]);
    // This placement has no region, so no price: what is missing is that of the rule which was asked for.
    expect((await stand.events("charge.unpriced")).map(({ missing }) => missing)).toEqual([
      expect.stringContaining("lambda.durationArm"),
    ]);
    await stand.stop();
  });

  it("is not taken from the start of a run at whose end the vendor can no longer say it", async () => {
    const placementOptions = { schedules: "native", intervalSeconds: 10 };
    const stand = await Stand.open({ placementOptions, around: saying(undefined) });
    stand.world.script = () => ({ durationSeconds: 20 * 60 });
    await stand.start(desiredState([job("n", { workload: { kind: "target" }, schedule: cron("0 * * * *") })]));
    await stand.clock.advance(HOUR + 30 * MINUTE);
    expect((await stand.events("charge.unpriced")).map(({ missing }) => missing)).toEqual([
      expect.stringContaining("at its end it did not tell"),
    ]);
    await stand.stop();
  });
});
