import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runInShell, type ShellOutcome } from "../../support/shell.ts";

const MANIFEST = `rota: 1
namespace: shop
timezone: UTC
providers: { local: {} }
environments:
  dev: { provider: local }
  prod: { provider: local, deploy: { allow: ["Thu 09:00-17:00"] } }
jobs:
`;
const JOBS = ["a", "b", "c", "d"].map((n) => `  ${n}: { process: { command: [echo, hi] }, schedule: "0 7 * * *" }\n`);
/** A Monday. */
const NOW = Date.UTC(2026, 10, 23, 12);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rota-plan-"));
  await writeFile(join(folder, "jobs.yaml"), MANIFEST + JOBS.join(""));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const rota = (...argv: readonly string[]): Promise<ShellOutcome> => runInShell(folder, argv, { now: NOW });

describe("a plan says what apply would refuse", () => {
  test("outside the deploy window: when it opens, and the way past it", async () => {
    const plan = await rota("plan", "--env", "prod");
    expect(plan.code).toBe(0);
    expect(plan.stdout).toContain(
      "✗ apply would refuse this now: prod may be changed only Thu 09:00-17:00; it opens 2026-11-26T09:00 (UTC)\n" +
        '      Wait for the window, or say why it cannot wait: --override "why" (recorded).\n',
    );
    const { applyRefusals } = JSON.parse((await rota("plan", "--env", "prod", "--json")).stdout);
    expect(applyRefusals).toMatchObject([{ code: "window", overridable: true }]);
    // And apply does not ask for what it would refuse; with --override it asks.
    const applied = await rota("apply", "--env", "prod");
    expect(applied).toMatchObject({ code: 1, stderr: expect.stringMatching(/^refused: prod may be changed only/) });
    const over = await rota("apply", "--env", "prod", "--override", "INC-42");
    expect(over.stderr).toContain("nobody is there to answer");
  });

  test("more deletes than the limit allows", async () => {
    expect((await rota("apply", "--yes")).code).toBe(0);
    await writeFile(join(folder, "jobs.yaml"), MANIFEST + JOBS[0]);
    const plan = await rota("plan", "--detailed-exitcode");
    expect(plan.code).toBe(2);
    expect(plan.stdout).toContain(
      "✗ apply would refuse this now: 3 of 4 resources would be deleted; safety.maxDeletes (10%, or one job) allows 1\n" +
        "      Check that no part of the manifest is missing.",
    );
    expect(await rota("apply", "--yes")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("3 of 4 resources"),
    });
  });

  test("what stands at a placement that the manifest no longer names", async () => {
    expect((await rota("apply", "--yes")).code).toBe(0);
    const moved = (MANIFEST + JOBS.join(""))
      .replaceAll("local: {}", "here: { type: local }")
      .replaceAll("r: local", "r: here");
    await writeFile(join(folder, "jobs.yaml"), moved);
    const plan = await rota("plan");
    expect(plan).toMatchObject({ code: 0, stdout: expect.stringContaining('4 jobs are deployed at "local" (a, …)') });
    expect(await rota("apply", "--yes")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('4 jobs are deployed at "local" (a, …)'),
    });
  });

  test("a state folder of another namespace or environment", async () => {
    expect((await rota("apply", "--yes")).code).toBe(0);
    await writeFile(join(folder, "jobs.yaml"), (MANIFEST + JOBS.join("")).replace("shop", "store"));
    const why = `${join(folder, ".rota")} holds the state of shop/dev, not of store/dev`;
    const plan = await rota("plan");
    expect(plan).toMatchObject({ code: 0, stdout: expect.stringContaining(`apply would refuse this now: ${why}\n`) });
    expect(JSON.parse((await rota("plan", "--json")).stdout).applyRefusals).toMatchObject([{ code: "state" }]);
    // Asked for a yes or not, it is refused with the same words.
    for (const yes of [[], ["--yes"]]) {
      expect(await rota("apply", ...yes)).toMatchObject({ code: 1, stderr: expect.stringContaining(why) });
    }
  });

  test("nothing, where nothing would be refused; of an offline plan only when it is saved", async () => {
    expect((await rota("plan")).stdout).not.toContain("would refuse");
    expect((await rota("plan", "--offline")).stdout).not.toContain("would refuse");
    const saved = await rota("plan", "--offline", "--out", "x.plan");
    expect(saved.stdout).toContain("apply would refuse this now: the plan was made without looking at local");
  });
});
