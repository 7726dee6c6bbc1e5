import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { registry } from "../../../providers/index.ts";
import { type RunningDaemon, realClock, realRandom, startDaemon } from "../../../src/daemon/index.ts";
import { diskFiles } from "../../../src/engine/index.ts";
import type { Clock } from "../../../src/model/index.ts";

const real = realClock();
/** Real time, and short sleeps: what looks every two seconds looks every few milliseconds. */
const hurried: Clock = { ...real, sleep: (ms, signal) => real.sleep(Math.min(ms, 20), signal) };
const job = (name: string): string => `  ${name}: { process: { command: ["true"] }, schedule: manual }\n`;
const head = "rota: 1\nnamespace: t\nproviders: { local: {} }\nenvironments: { dev: { provider: local } }\n";

let folder = "";
let said: string[] = [];
let logged: string[] = [];
let daemon: RunningDaemon | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rota-daemon-"));
  said = [];
  logged = [];
});
afterEach(async () => {
  await daemon?.stop("test");
  daemon = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function start(manifest: string): Promise<RunningDaemon> {
  await writeFile(join(folder, "jobs.yaml"), manifest);
  daemon = await startDaemon(
    {
      clock: hurried,
      random: realRandom(),
      env: { PATH: process.env["PATH"], SECRET: "hunter22" },
      registry,
      files: diskFiles,
      logger: pino({ level: "debug" }, { write: (line: string) => logged.push(line) }),
      version: "test",
      pid: process.pid,
      bootId: "boot",
      cores: 1,
      say: (text) => void said.push(text),
    },
    { file: join(folder, "jobs.yaml"), stateDir: join(folder, ".rota"), port: 0, autoApply: false, acceptClock: false },
  );
  return daemon;
}

const jobsOf = (d: RunningDaemon): string[] => [...d.engine.state.deployed.keys()].sort();

it("follows its manifest: edits, mistakes and their mending, files that come to be included", async () => {
  await mkdir(join(folder, "teams"));
  const d = await start(`${head}include: [teams/*.yaml]\njobs:\n${job("a")}`);
  expect(jobsOf(d)).toEqual(["a"]);
  await writeFile(join(folder, "teams", "x.yaml"), `jobs:\n${job("b")}`);
  await vi.waitFor(() => expect(jobsOf(d)).toEqual(["a", "b"]), 5000);
  await writeFile(join(folder, "teams", "y.yaml"), "jobs:\n  c: { process: 5 }\n");
  await vi.waitFor(() => expect(said.join()).toContain("goes on with the one before"), 5000);
  await writeFile(join(folder, "teams", "y.yaml"), `jobs:\n${job("c")}`);
  await vi.waitFor(() => expect(jobsOf(d)).toEqual(["a", "b", "c"]), 5000);
});

it("removes no more jobs at once than the limit, says why and how to go on, and goes on", async () => {
  const names = ["a", "b", "c", "d", "e", "f"];
  const d = await start(`${head}jobs:\n${names.map(job).join("")}`);
  await writeFile(join(folder, "jobs.yaml"), `${head}jobs:\n${job("a")}`);
  await vi.waitFor(() => expect(said.join()).toContain("safety.maxDeletes"), 5000);
  expect(jobsOf(d)).toEqual(names);
  await writeFile(join(folder, "jobs.yaml"), `${head}safety: { maxDeletes: 90% }\njobs:\n${job("a")}`);
  await vi.waitFor(() => expect(jobsOf(d)).toEqual(["a"]), 5000);
});

it("lets no secret of the manifest into what it logs", async () => {
  const secret = `  s: { process: { command: ["true"], secrets: { PW: "env:SECRET" } }, schedule: manual }\n`;
  const d = await start(`${head}jobs:\n${secret}`);
  const run = await d.engine.startRun("s", { name: "hunter22", via: "cli" });
  await vi.waitFor(async () => expect((await d.ledger.run(run.run))?.status).toBe("succeeded"), 5000);
  expect(logged.join("")).not.toContain("hunter22");
});

it("knows the secrets of every manifest that was in force, and a secret's file that is written anew", async () => {
  const job = (secrets: string) =>
    `  s: { process: { command: ["true"], secrets: ${secrets} }, schedule: { at: "2099-01-01T00:00", overlap: allow } }\n`;
  await writeFile(join(folder, "pw"), "first-word\n");
  const d = await start(`${head}jobs:\n${job('{ A: "env:SECRET", B: "file:pw" }')}`);
  // A person writes it by mistake: where it goes from there is what counts.
  const leaves = async (word: string): Promise<boolean> => {
    const { run } = await d.engine.startRun("s", { name: word, via: "cli" });
    const notes: string[] = [];
    for await (const entry of d.ledger.entries({ run })) notes.push(JSON.stringify(entry));
    return notes.join().includes(word);
  };
  expect(await leaves("an-open-word")).toBe(true);
  expect(await leaves("first-word")).toBe(false);
  await writeFile(join(folder, "pw"), "second-word\n");
  await vi.waitFor(async () => expect(await leaves("second-word")).toBe(false), 5000);
  await writeFile(join(folder, "jobs.yaml"), `${head}jobs:\n${job("{}")}`);
  await vi.waitFor(() => expect(d.project().desired?.jobs[0]?.job.workload).toMatchObject({ secrets: {} }), 5000);
  for (const word of ["hunter22", "first-word", "second-word"]) expect(await leaves(word)).toBe(false);
});

it("ends once, however often it is asked, and leaves nothing that says it runs", async () => {
  const d = await start(`${head}jobs:\n${job("a")}`);
  const [first, second] = await Promise.all([d.stop("one"), d.stop("two")]);
  expect(first).toEqual([]);
  expect(second).toBe(first);
  await expect(diskFiles.stat(join(folder, ".rota", "daemon.json"))).resolves.toBeUndefined();
});
