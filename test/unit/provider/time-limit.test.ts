import { describe, expect, it } from "vitest";
import type { GuardLimits } from "../../../src/model/index.ts";
import { timeLimitOf } from "../../../src/provider/index.ts";
import { job } from "../../support/jobs.ts";

const HOURLY = 500_000_000n; // 0.50 an hour
const cost = { amount: "1", currency: "USD" };

function limit(guard: Partial<GuardLimits>, hourly: bigint | undefined = HOURLY) {
  const made = job("churn");
  return timeLimitOf({ guard: { ...made.guard, mode: "enforce", onBreach: "stop", protect: false, ...guard } }, hourly);
}

describe("the time limit that a platform is told", () => {
  it.each([
    [{ durationSeconds: 3600 }, { seconds: 3600, by: "duration" }],
    [{ durationSeconds: 90.2 }, { seconds: 91, by: "duration" }],
    [{ cost }, { seconds: 7200, by: "cost" }],
    [
      { cost, durationSeconds: 3600 },
      { seconds: 3600, by: "duration" },
    ],
    [
      { cost, durationSeconds: 86_400 },
      { seconds: 7200, by: "cost" },
    ],
    [{}, undefined],
    [{ durationSeconds: 3600, mode: "observe" }, undefined],
    [{ durationSeconds: 3600, onBreach: "notify" }, undefined],
    [{ durationSeconds: 3600, protect: true }, undefined],
  ] as const)("of %j is %j", (guard, expected) => {
    expect(limit(guard)).toEqual(expected);
  });

  it("an unknown rate, or none, says nothing of the cost", () => {
    expect(limit({ cost, durationSeconds: 86_400 }, 0n)).toEqual({ seconds: 86_400, by: "duration" });
    expect(timeLimitOf({ guard: { ...job("a").guard, cost } }, undefined)).toBeUndefined();
  });
});
