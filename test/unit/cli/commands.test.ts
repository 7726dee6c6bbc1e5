import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
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
  [["apply", "no-such.plan"], "no-such.plan cannot be read: there is no such file"],
  [["next", "--from", "2026-12-02", "--to", "2026-12-01"], "--to lies before --from"],
  [["today", "--reason", "x"], "--reason belongs to --excuse"],
  [["today", "--excuse", "score/2026-11-23T06:00/0", "--reason", " "], "an excuse needs a reason"],
  [["guard", "release", "--reason", ""], "Say why."],
  [["kill", "score.x", "--reason", ""], "Say why."],
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

test.each(["local", "aws", "azure", "gcp"])("init for %s writes a manifest that holds", async (provider) => {
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
    expect(stdout).toMatch(/^tight\.yaml:7:13 error\[R1204\] pool "small" holds 2, but 3 jobs must run within/);
  });

  test("is told with a plan", async () => {
    const { code, stderr } = await rota(["plan", "-f", "tight.yaml", "--offline", "--state", "tight-state"]);
    expect(code).toBe(0);
    expect(stderr).toContain("warning[R1204]");
  });
});

describe("a mistake in the manifest", () => {
  const manifest = `${MANIFEST}  monthly:
    process: { command: [echo] }
    schedule: { within: ["Mon-Fri 09:00-17:00"], every: month }
`;
  const wrong = (argv: readonly string[], options?: ShellOptions): Promise<ShellOutcome> =>
    rota([...argv, "-f", "wrong.yaml"], options);
  beforeAll(() => writeFile(join(folder, "wrong.yaml"), manifest));

  test("is shown with the file as seen from here, and the key to blame underlined", async () => {
    const { stdout } = await wrong(["validate"]);
    expect(stdout).toMatch(/^wrong\.yaml:11:50 error\[R1201\]/);
    expect(stdout).toMatch(/\n {5}\| {50}\^{5} /);
  });

  test("is in colour on a terminal, and never with NO_COLOR", async () => {
    expect((await wrong(["plan"], { columns: 100 })).stderr).toContain("\u001b[");
    expect((await wrong(["plan"], { columns: 100, env: { NO_COLOR: "1" } })).stderr).not.toContain("\u001b[");
  });
});

test("show tells what a job may say of catch-up once, from where it is said", async () => {
  const text = MANIFEST.replace('"0 6 * * *"', '{ cron: "0 6 * * *", catchUp: { policy: all } }');
  await writeFile(join(folder, "catch.yaml"), text);
  const { stdout } = await rota(["show", "score", "-f", "catch.yaml"]);
  expect(stdout).toMatch(/schedule\.catchUp\.policy +all +catch\.yaml:7\n/);
  expect(stdout).not.toMatch(/schedule\.catchUp +last/);
});

test("what was applied is on record with a name: that of the environment, else of the account", async () => {
  const applied = async (state: string, env: Readonly<Record<string, string>>): Promise<string> => {
    expect((await rota(["apply", "--yes", "--state", state], { env })).code).toBe(0);
    return (await rota(["ledger", "export", "--state", state])).stdout;
  };
  expect(await applied("by-env", { USER: "mina" })).toContain('"by":"mina (cli)"');
  expect(await applied("by-account", {})).toContain('"by":"svc-rota (cli)"');
});

test("destroy that nobody confirms points to --yes alone", async () => {
  const state = ["--state", "gone-state"];
  expect((await rota(["apply", "--yes", ...state])).code).toBe(0);
  const { code, stderr } = await rota(["destroy", ...state]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/nobody is there to answer\n {2}use --yes\n/);
});

test("a slot that was edited to a time outside its window is told at its line in the lock", async () => {
  const place = join(folder, "edited");
  await mkdir(place);
  const manifest = `rota: 1
namespace: shop
providers: { local: {} }
environments: { dev: { provider: local } }
jobs:
  a: { process: { command: [echo], cpu: 1, memory: 64MiB }, schedule: { every: week, within: ["Mon 06:00-07:00"] } }
`;
  await writeFile(join(place, "jobs.yaml"), manifest);
  const lock = (time: string): string => `rotaLock: 1\nenvironments:\n  dev:\n    # by hand\n    a: "${time}"\n`;
  await writeFile(join(place, "jobs.lock.yaml"), lock("Mon 07:00"));
  const file = join(place, "jobs.yaml");
  const wrong = await rota(["validate", "-f", file]);
  expect(wrong.code).toBe(0);
  expect(wrong.stdout + wrong.stderr).toMatch(/jobs\.lock\.yaml:5:1 warning\[R1205\] "a" may not start at "Mon 07:00"/);
  expect((await rota(["stagger", "-f", file, "--write"])).code).toBe(0);
  const mended = await rota(["validate", "-f", file, "--strict"]);
  expect(mended).toMatchObject({ code: 0, stderr: "" });
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

  test("a cost that is not known is null in an estimate", async () => {
    const { jobs } = JSON.parse((await rota(["estimate", "--json"])).stdout);
    expect(jobs[0]).toMatchObject({ job: "score", fires: 31, perRun: null, cost: null });
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
