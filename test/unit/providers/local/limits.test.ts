import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { command, Machine, shell } from "../../../support/machine.ts";

let machine: Machine;
beforeEach(async () => {
  machine = await Machine.open();
});
afterEach(() => machine.close());

describe("a daemon with 64 descriptors", () => {
  it("neither crashes nor takes a run for lost: what it cannot know is unavailable", async () => {
    const script = fileURLToPath(new URL("../../../support/crowd.ts", import.meta.url));
    const child = spawn(
      "sh",
      ["-c", 'ulimit -n 64; exec "$@"', "sh", process.execPath, script, machine.stateDir, "60"],
      {
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    const lines: string[] = [];
    let errors = "";
    child.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    for await (const line of createInterface({ input: child.stdout })) lines.push(line);
    expect(errors).toBe("");
    const answers = lines.map((line) => JSON.parse(line));
    expect(answers).toHaveLength(60 * 3);
    for (const answer of answers) expect(answer).toMatch(/^(running|unavailable|succeeded)$/);
    for (const state of await machine.provider.listRuns(0)) expect(["running", "starting"]).toContain(state.phase);
  });
});

describe("many runs at once", () => {
  it("start, are measured at the same time, and are stopped", async () => {
    const count = 60;
    const names = Array.from({ length: count }, (_, index) => `r${index}`);
    const states = await Promise.all(names.map((run) => machine.start(run, command("sleep", "1000"))));
    expect(new Set(states.map((state) => state.phase))).toEqual(new Set(["running"]));
    const measured = await Promise.all(states.map((state) => machine.provider.measure(state.handle, 0)));
    for (const sample of measured.flat()) expect(sample.to).toBeGreaterThanOrEqual(sample.from);
    await Promise.all(states.map((state) => machine.provider.stop(state.handle, "polite")));
    for (const { handle } of states) expect(await machine.ended(handle)).toMatchObject({ outcome: "stopped" });
  });
});

describe("a run's name", () => {
  it.each(["../../outside", "a/b", ".", "..", "x".repeat(500), "ü nicode\n", ""])("%j is no path", async (run) => {
    const { handle } = await machine.start(run, shell("true"));
    expect(await machine.ended(handle)).toMatchObject({ outcome: "succeeded", run });
    expect(await machine.provider.find(run)).toMatchObject({ run });
    expect(await readdir(`${machine.stateDir}/runs`)).toHaveLength(1);
  });
});
