import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Workload } from "../../../../src/model/index.ts";
import type { RunState } from "../../../../src/provider/index.ts";
import { command, Machine, shell } from "../../../support/machine.ts";

let machine: Machine;
beforeEach(async () => {
  machine = await Machine.open();
});
afterEach(() => machine.close());

async function run(workload: Workload) {
  const { handle } = await machine.start("r", workload);
  const state = await machine.ended(handle);
  return { state, text: await machine.output(handle) };
}

describe("how a run ended", () => {
  it.each<[string, Partial<RunState>]>([
    ["exit 0", { outcome: "succeeded", exitCode: 0 }],
    ["exit 1", { outcome: "failed", exitCode: 1 }],
    ["exit 127", { outcome: "failed", exitCode: 127 }],
    ["exit 137", { outcome: "failed", exitCode: 137 }],
    ["exit 143", { outcome: "failed", exitCode: 143 }],
    ["exit 255", { outcome: "failed", exitCode: 255 }],
    ["kill -9 $$", { outcome: "failed", signal: "SIGKILL", reason: "ended by SIGKILL" }],
    ["kill -15 $$", { outcome: "failed", signal: "SIGTERM" }],
    ["kill -1 $$", { outcome: "failed", signal: "SIGHUP" }],
    ["kill -6 $$", { outcome: "failed", signal: "SIGABRT" }],
    ["kill -11 $$", { outcome: "failed", signal: "SIGSEGV" }],
    // Shells say nothing of these two: they stay exit codes, as documented.
    ["kill -2 $$", { outcome: "failed", exitCode: 130 }],
    ["kill -13 $$", { outcome: "failed", exitCode: 141 }],
  ])("%s", async (line, expected) => {
    const { state } = await run(shell(line));
    expect(state).toMatchObject(expected);
    expect(state.signal === undefined).toBe(expected.signal === undefined);
    expect(state.exitCode === undefined).toBe(expected.exitCode === undefined);
    expect(state.elapsedSeconds).toBeLessThan(5);
  });

  it("survives a run that signals its whole group", async () => {
    const { state } = await run(shell("kill -9 0"));
    expect(state).toMatchObject({ outcome: "failed", signal: "SIGKILL" });
  });

  it("ends what a run leaves behind, and says so", async () => {
    const { state } = await run(shell("setsid sleep 1000 & exit 0"));
    expect(state).toMatchObject({ outcome: "succeeded", reason: "1 process that it left behind was ended" });
    expect(await machine.provider.inspect(state.handle)).toEqual(state);
  });
});

describe("what cannot be started is a failed run with a reason", () => {
  it.each([
    ["a command that is not there", command("no-such-command"), /command not found: no-such-command/, 127],
    ["a path that is not there", command("./no/such"), /command not found/, 127],
    ["a directory", command("./folder"), /command not found/, 127],
    ["a file that is not executable", command("./plain"), /not executable/, 126],
    [
      "a working directory that is not there",
      shell("true", { cwd: "no/such" }),
      /working directory .* does not exist/,
      127,
    ],
    ["a working directory that is a file", shell("true", { cwd: "plain" }), /working directory .* does not exist/, 127],
  ])("%s", async (_what, workload, reason, exitCode) => {
    await writeFile(join(machine.stateDir, "plain"), "text");
    await mkdir(join(machine.stateDir, "folder"));
    const state = await machine.start("r", workload);
    expect(state).toMatchObject({ phase: "ended", outcome: "failed", exitCode });
    expect(state.reason).toMatch(reason);
    expect(await machine.start("r", workload)).toEqual(state);
  });

  it("a script whose interpreter is not there", async () => {
    const path = join(machine.stateDir, "script");
    await writeFile(path, "#!/no/such/interpreter\n");
    await chmod(path, 0o755);
    const { state } = await run(command("./script"));
    expect(state).toMatchObject({
      outcome: "failed",
      exitCode: 127,
      reason: expect.stringContaining("could not be executed"),
    });
  });

  it("arguments beyond what the kernel takes", async () => {
    const huge = Array.from({ length: 40 }, () => "x".repeat(100_000));
    const state = await machine.start("r", command("true", ...huge));
    expect(state).toMatchObject({
      phase: "ended",
      outcome: "failed",
      reason: expect.stringContaining("longer than the kernel takes"),
    });
  });
});

describe("what a run is given", () => {
  it.each([
    [["a b", "", "c\nd", "ü€🎉", "\"'`$(x)", "-n", "--", "*", "\\n", "\t"]],
    [["$HOME", "$(pwd)", ";exit 9", "| cat", "> file"]],
  ])("argv as it is: %j", async (words) => {
    const script = "process.stdout.write(JSON.stringify(process.argv.slice(1)))";
    const { text } = await run(command(process.execPath, "-e", script, "--", ...words));
    expect(JSON.parse(text)).toEqual(words);
  });

  it("no more of the daemon's environment than it needs, its own, and rota's", async () => {
    await machine.close();
    machine = await Machine.open({ env: { PATH: process.env.PATH, HOME: "/home/x", TZ: "UTC", AWS_SECRET: "no" } });
    const { text } = await run({ ...command("env"), env: { MODE: "full", _rota_dir: "mine" } } as Workload);
    const names = text.split("\n").map((line) => line.split("=")[0]);
    expect(names.filter((name) => name !== "" && name !== "PWD" && name !== "SHLVL").sort()).toEqual(
      [
        "HOME",
        "MODE",
        "PATH",
        "ROTA_JOB",
        "ROTA_PROGRESS",
        "ROTA_RUN",
        "ROTA_TREE",
        "ROTA_WORKDIR",
        "TZ",
        "_rota_dir",
      ].sort(),
    );
    expect(text).toContain("ROTA_RUN=r\n");
  });

  it("works with no environment at all", async () => {
    await machine.close();
    machine = await Machine.open({ env: {} });
    expect((await run(shell("echo $PATH"))).text).toBe("/usr/local/bin:/usr/bin:/bin\n");
  });

  it("secrets by reference, never in an argument, never in a file", async () => {
    await machine.close();
    machine = await Machine.open({ env: { PATH: process.env.PATH, TOKEN: "s3cr3t-value" } });
    await writeFile(join(machine.stateDir, "key"), "file-value\n");
    const secrets = { A: "env:TOKEN", B: "file:key" };
    const { state, text } = await run(
      shell('cat /proc/$$/cmdline | tr "\\0" " "; test "$A" != "$B" && printenv A B | wc -c | grep -qx 24', {
        secrets,
      }),
    );
    expect(state.outcome).toBe("succeeded");
    expect(text).not.toContain("s3cr3t");
    for (const file of await readdir(machine.folder("r"))) {
      const path = join(machine.folder("r"), file);
      const facts = await stat(path);
      expect(facts.mode & 0o077, file).toBe(
        facts.isFile() && /^(claim|keeper|child|exit|keeper\.err)$/.test(file) ? facts.mode & 0o077 : 0,
      );
      if (facts.isFile()) expect(await readFile(path, "utf8")).not.toMatch(/s3cr3t|file-value/);
    }
    expect((await stat(machine.folder("r"))).mode & 0o777).toBe(0o700);
  });

  it.each([
    ["env:MISSING", /not set/],
    ["file:missing", /cannot be read/],
    ["churn/db", /no reference/],
  ])("a secret that cannot be resolved (%s) starts nothing", async (reference, words) => {
    const request = machine.request("r", shell("true", { secrets: { A: reference } }));
    await expect(machine.provider.start(request)).rejects.toMatchObject({
      code: "invalid",
      message: expect.stringMatching(words),
    });
  });

  it("its folder as working directory, nothing on stdin, and a group of its own", async () => {
    await mkdir(join(machine.stateDir, "sub"));
    const { text } = await run(shell("pwd; cat; ps -o pgid= -p $$ | tr -d ' '; echo $$", { cwd: "sub" }));
    const [cwd, group, pid] = text.split("\n");
    expect(cwd).toBe(join(machine.stateDir, "sub"));
    expect(group).toBe(pid);
  });
});
