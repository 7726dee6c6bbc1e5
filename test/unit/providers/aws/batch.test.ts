import { describe, expect, it } from "vitest";
import type { DesiredJob, GuardLimits, JsonObject, Rendering } from "../../../../src/model/index.ts";
import { cron, job, NOW } from "../../../support/jobs.ts";
import { OWNER, openFake } from "./support.ts";

const GUARD: Partial<GuardLimits> = { mode: "enforce", onBreach: "stop", protect: false };

function batch(guard: Partial<GuardLimits>, options: JsonObject = {}, attempts = 1): DesiredJob {
  const made = job("churn", {
    ...OWNER,
    workload: { kind: "container", image: "a:1", command: [], cpu: 1, memoryBytes: 2 ** 31, env: {}, secrets: {} },
    schedule: cron("0 6 * * *"),
    options: { runner: "batch", ...options },
  });
  return { job: { ...made, guard: { ...made.guard, ...GUARD, ...guard }, retry: { ...made.retry, attempts } } };
}

async function rendered(desired: DesiredJob, options: JsonObject = { jobQueue: "jobs" }): Promise<Rendering> {
  // Half a dollar an hour.
  const { provider } = await openFake({}, options, { hourlyNanos: () => 500_000_000n });
  return provider.render(desired, NOW);
}

const fieldsOf = async (desired: DesiredJob) => (await rendered(desired)).resources[0]?.fields;

describe("a container on Batch", () => {
  it.each([
    [{ durationSeconds: 7200 }, 7200],
    [{ durationSeconds: 7200, cost: { amount: "0.5", currency: "USD" } }, 3600],
    [{ durationSeconds: 30 }, 60],
    [{ durationSeconds: 7200, mode: "observe" }, undefined],
    [{}, undefined],
  ] as const)("with %j has the time limit %s of its own", async (guard, limitSeconds) => {
    const fields = await fieldsOf(batch(guard));
    expect(fields?.["limitSeconds"]).toBe(limitSeconds);
  });

  it("shares what it may cost among its attempts, and says that the limit holds for each", async () => {
    const desired = batch({ cost: { amount: "3", currency: "USD" } }, { attempts: 3 }, 2);
    const { resources, warnings } = await rendered(desired);
    expect(resources[0]?.fields).toMatchObject({ attempts: 3, limitSeconds: 7200 });
    expect(warnings.join("\n")).toMatch(/for each of 3 attempts/);
    expect(warnings.join("\n")).toMatch(/multiply: 6 starts at most/);
  });

  it("says that nothing is known of its CPU", async () => {
    const { warnings } = await rendered(batch({ idleSeconds: 600, durationSeconds: 3600 }));
    expect(warnings).toEqual([expect.stringContaining("idle and disk are not judged")]);
  });

  it("is refused without a queue, and an option that nobody knows with its place", async () => {
    expect((await rendered(batch({}), {})).refusal?.fix).toContain("jobQueue");
    expect((await rendered(batch({}, { runer: "batch" }))).refusal?.reason).toContain("runer");
    expect((await rendered(batch({}, { runner: "lambda" }))).refusal?.reason).toContain(
      "aws.runner: must be ecs or batch",
    );
    expect((await rendered(batch({}, { runner: "ecs", attempts: 2 }))).refusal?.reason).toContain("aws.attempts");
  });
});
