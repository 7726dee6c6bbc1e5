import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { shownPath } from "../../../src/cli/command.ts";
import { runInShell } from "../../support/shell.ts";

const MANIFEST = `rota: 1
namespace: shop
providers: { local: {} }
environments: { dev: { provider: local } }
jobs:
  close: { process: { command: [echo, hi] }, schedule: "0 7 * * *" }
`;

let folder: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "rota-path-")));
  await mkdir(join(folder, "team", "deep"), { recursive: true });
  await writeFile(join(folder, "jobs.yaml"), MANIFEST);
  await writeFile(join(folder, "team", "jobs.yaml"), MANIFEST);
  await writeFile(join(folder, "bad.yaml"), MANIFEST.replace("jobs:", "jbos:"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  [".", [], "jobs.yaml"],
  [".", ["-f", "team/jobs.yaml"], "team/jobs.yaml"],
  ["team/deep", [], "../jobs.yaml"],
  ["team/deep", ["-f", "../../jobs.yaml"], "../../jobs.yaml"],
])("validate in %s with %j names the manifest as it is found from there", async (cwd, argv, shown) => {
  const { code, stdout } = await runInShell(join(folder, cwd), ["validate", ...argv]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: `✓ ${shown}: 1 job in dev\n` });
});

test("so do mistakes", async () => {
  const { stdout } = await runInShell(join(folder, "team"), ["validate", "-f", "../bad.yaml"]);
  expect(stdout).toContain("../bad.yaml:5:1 error");
  expect(stdout).not.toContain(folder);
});

test("a file far away keeps its whole name, which is shorter", () => {
  const world = { cwd: "/srv/team/models/churn" };
  expect(shownPath(world, "/etc/rota/jobs.yaml")).toBe("/etc/rota/jobs.yaml");
  expect(shownPath(world, "/srv/team/models/churn")).toBe("/srv/team/models/churn");
  expect(shownPath(world, "teams/b.yaml")).toBe("teams/b.yaml");
});
