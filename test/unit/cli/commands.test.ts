import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { runInShell, type ShellOptions, type ShellOutcome } from "../../support/shell.ts";

const MANIFEST = `rota: 1
namespace: shop
timezone: America/Toronto
providers: { local: {} }
environments: { dev: { provider: local }, night: { provider: local } }
jobs:
  score: { process: { command: [echo, hi] }, schedule: "0 6 * * *" }
  sweep: { process: { command: [echo, hi] }, schedule: manual }
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rota-cli-"));
  await writeFile(join(folder, "jobs.yaml"), MANIFEST);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const rota = (argv: readonly string[], options?: ShellOptions): Promise<ShellOutcome> =>
  runInShell(folder, argv, options);

describe("help", () => {
  test.each(COMMANDS.map(({ name }) => name))("%s has an example, here or in its parts", async (name) => {
    const { code, stdout, stderr } = await rota([name, "--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^Example:\n {2}\$ rota |^Commands:/m);
    expect((await rota(["help", name])).stdout).toBe(stdout);
  });

  test("fits a narrow terminal and uses a wide one", async () => {
    const widest = async (columns: number): Promise<number> => {
      const { stdout } = await rota(["--help"], { columns });
      return Math.max(
        ...stdout
          .split("\n")
          .slice(0, -4)
          .map((line) => line.length),
      );
    };
    expect(await widest(60)).toBeLessThanOrEqual(60);
    expect(await widest(200)).toBeGreaterThan(90);
  });

  test("every summary is there, in groups", async () => {
    const { stdout } = await rota(["--help"], { columns: 200 });
    for (const { name, summary, group } of COMMANDS) {
      expect(stdout).toContain(`\n${group}\n`);
      expect(stdout).toMatch(new RegExp(`^ {2}${name} +${summary.replaceAll(/[.*+?^$()|[\]\\]/g, "\\$&")}$`, "m"));
    }
  });
});

test.each<[readonly string[], string]>([
  [["run", "score"], "start it with: rota up"],
  [["kill", "score.x"], "start it with: rota up"],
  [["guard", "release", "--reason", "x"], "start it with: rota up"],
  [["budget", "release", "b", "--reason", "x"], "start it with: rota up"],
  [["guard", "release"], "required option '--reason <why>'"],
  [["runs"], "there is no ledger here yet"],
  [["today", "--check"], "there is no ledger here yet"],
  [["cost"], "there is no ledger here yet"],
  [["stagger", "--observed"], "nothing was observed yet"],
  [["stagger", "--fresh", "--moves", "3"], "cannot be used with"],
  [["next", "nope"], 'no job "nope" in dev\n  rota show lists them'],
  [["show", "nope"], 'no job "nope" in dev'],
  [["next", "-n", "abc"], "Write a whole number from 1"],
  [["next", "-n", "0"], "Write a whole number from 1"],
  [["next", "-n", "1e3"], "Write a whole number from 1"],
  [["next", "--from", "yesterday"], '"yesterday" is no instant'],
  [["runs", "-n", "1001"], "from 1 to 1000"],
  [["runs", "--status", "sleeping"], '"sleeping" is no status'],
  [["runs", "--since", "tomorrowish"], '"tomorrowish" is no time'],
  [["logs", "x", "--tail", "-5"], "Write a whole number from 0"],
  [["cost", "--format", "focus"], "--format focus is not in this version"],
  [["cost", "--format", "pdf"], "Use table, json, csv"],
  [["cost", "--by", "planet"], "Use team, job"],
  [["cost", "--month", "2026-13"], "Write a month as 2026-11"],
  [["estimate", "--month", "soon"], '"soon" is no month'],
  [["up", "--port", "x"], "Write a whole number from 0 to 65535"],
  [["up", "--port", "70000"], "Write a whole number from 0 to 65535"],
  [["ledger", "verify", "--expect", "1:2"], '"1:2" is no head'],
  [["validate", "--max-size", "big"], '"big" is no size'],
  [["validate", "extra"], "too many arguments"],
  [["init", "--provider", "moon"], "Allowed choices are local"],
  [["init"], "is there already; it was left as it is"],
  [["plann"], "unknown command 'plann'\n(Did you mean plan?)"],
  [["help", "plann"], "unknown command 'plann'"],
  [["plan", "--offlin"], "Did you mean --offline?"],
  [["ledger", "verifi"], "Did you mean verify?"],
  [["apply", "no-such.plan"], "the plan cannot be read"],
  [["apply", "jobs.yaml"], "jobs.yaml: "],
  [["apply"], "nobody is there to answer\n  use --yes, or a plan file"],
  [["today", "--excuse", "score/2026-11-23T06:00/0"], "an excuse needs a reason"],
  [["validate", "-f", "absent.yaml"], "absent.yaml"],
  [["plan", "--env", "staging"], "staging"],
])("rota %j says what is wrong and ends with 1", async (argv, words) => {
  const { code, stdout, stderr } = await rota(argv);
  expect(argv[0] === "validate" ? stderr + stdout : stderr).toContain(words);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(code).toBe(1);
});

describe("completion", () => {
  test.each<[readonly string[], readonly string[]]>([
    [["ru"], ["runs", "run"]],
    [
      ["run", ""],
      ["score", "sweep"],
    ],
    [["run", "--wait", "sw"], ["sweep"]],
    [["show", "sw"], ["sweep"]],
    [["plan", "--off"], ["--offline"]],
    [
      ["plan", "--env", ""],
      ["dev", "night"],
    ],
    [["runs", "--job", "sc"], ["score"]],
    [["init", "--provider", "l"], ["local"]],
    [["ledger", "v"], ["verify"]],
    [["ledger", "verify", "--ex"], ["--expect"]],
    [["kill", ""], []],
    [["next", "--from", ""], []],
    [["run", "score", ""], []],
    [["nonsense", "x"], []],
    [["plan", "-f", "absent.yaml", "--env", ""], []],
  ])("of %j", async (words, expected) => {
    const { code, stdout, stderr } = await rota(["completion", "words", "--", ...words]);
    const found = stdout.split("\n").filter((line) => line !== "");
    expect({ code, stderr, found: found.map((line) => line.split("\t")[0]) }).toEqual({
      code: 0,
      stderr: "",
      found: expected,
    });
  });

  test.each(["bash", "zsh", "fish"])("for %s is a script that asks for words", async (shell) => {
    expect(await rota(["completion", shell])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("rota completion words -- "),
    });
  });
});

test.each(["local", "aws"])("init for %s writes a manifest that holds", async (provider) => {
  const file = `for-${provider}.yaml`;
  expect((await rota(["init", "--provider", provider, "-f", file])).code).toBe(0);
  expect(await rota(["validate", "--strict", "-f", file])).toMatchObject({ code: 0, stderr: "" });
});

describe("a pool that cannot hold its jobs", () => {
  const manifest = `rota: 1
namespace: shop
providers: { local: {} }
environments: { dev: { provider: local } }
windows: { early: "Mon 06:00-06:10" }
pools: { small: { capacity: 2 } }
defaults: { pool: small, process: { command: [echo], cpu: 1, memory: 64MiB } }
jobs:
  a: { schedule: { every: week, within: [early] }, expect: { duration: 10m } }
  b: { schedule: { every: week, within: [early] }, expect: { duration: 10m } }
  c: { schedule: { every: week, within: [early] }, expect: { duration: 10m } }
`;
  beforeAll(() => writeFile(join(folder, "tight.yaml"), manifest));

  test("is an error under --strict, and no concern of validate otherwise", async () => {
    expect((await rota(["validate", "-f", "tight.yaml"])).code).toBe(0);
    const { code, stdout } = await rota(["validate", "-f", "tight.yaml", "--strict"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/tight\.yaml:\d+:1 error\[R1204\] pool "small" holds 2, but 3 jobs must run within/);
  });

  test("is told with a plan", async () => {
    const { code, stderr } = await rota(["plan", "-f", "tight.yaml", "--offline", "--state", "tight-state"]);
    expect(code).toBe(0);
    expect(stderr).toContain("warning[R1204]");
  });
});

describe("without a daemon", () => {
  test("status of a place where nothing ever ran", async () => {
    const { code, stdout } = await rota(["status", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: "rota.status/1",
      daemon: { up: false },
      nextFires: [{ job: "score", at: "2026-11-24T11:00:00Z" }, {}, {}],
    });
  });

  test("next tells local time and UTC", async () => {
    expect((await rota(["next", "-n", "1"])).stdout).toBe(
      "2026-11-24 06:00  America/Toronto  2026-11-24T11:00:00Z  score\n",
    );
  });

  test("stagger says the same twice", async () => {
    const once = await rota(["stagger"]);
    expect(once.stdout).toContain("no schedule below");
    expect(await rota(["stagger"])).toEqual(once);
  });
});
