import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { TestProject } from "../support/cli.ts";

// Real processes on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** How the command line behaves in a shell: help, colours, pipes, completion. */
const MANIFEST = `rota: 1
namespace: shop
providers: { local: {} }
environments: { dev: { provider: local }, night: { provider: local } }
jobs:
  score: { process: { command: [echo, hi] }, schedule: "0 6 * * *" }
  sweep: { process: { command: [echo, hi] }, schedule: manual }
`;
const COMMANDS =
  "init validate schema show next stagger estimate plan apply drift destroy permissions up status runs run kill logs explain guard today cost budget ledger doctor completion".split(
    " ",
  );

let project: TestProject;
beforeAll(async () => {
  project = await TestProject.make(MANIFEST);
});
afterAll(() => project.remove());

test("help lists every command, loads none of them, and is data", async () => {
  const { code, stdout, stderr } = await project.rota(["--help"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  for (const name of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, "m"));
  const none = await project.rota([]);
  expect(none).toMatchObject({ code: 1, stdout: "", stderr: stdout });
});

test("the version is the package's", async () => {
  const { stdout } = await project.rota(["--version"]);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test.each([
  [{}, false],
  [{ FORCE_COLOR: "1" }, true],
  [{ FORCE_COLOR: "1", NO_COLOR: "1" }, false],
])("colour with %j: %s", async (env, coloured) => {
  const { stdout } = await project.rota(["validate"], { env });
  expect(stdout.includes("\u001b[")).toBe(coloured);
});

test("a reader that goes away is no error", async () => {
  const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
  const script = `"${process.execPath}" "${main}" next --to 2029-01-01 | head -n 1; echo "\${PIPESTATUS[0]}"`;
  const { output } = await bash(script);
  expect(output.trimEnd().split("\n")).toEqual([expect.stringContaining("score"), "0"]);
});

test("completion in bash, by its own script", async () => {
  const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
  const script = `rota() { "${process.execPath}" "${main}" "$@"; }
    eval "$(rota completion bash)"
    COMP_WORDS=(rota run sw); COMP_CWORD=2; _rota; echo "\${COMPREPLY[@]}"
    COMP_WORDS=(rota ""); COMP_CWORD=1; _rota; echo "\${#COMPREPLY[@]}"`;
  const { output } = await bash(script);
  // All commands, and help.
  expect(output).toBe(`sweep\n${COMMANDS.length + 1}\n`);
});

async function bash(script: string): Promise<{ readonly output: string }> {
  const shell = spawn("bash", ["-c", script], { cwd: project.folder, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [shell.stdout, shell.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  await once(shell, "close");
  return { output };
}
