import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createRunCommand } from "../../../../src/engine/notices/index.ts";
import { MINUTE } from "../../../../src/model/index.ts";
import { CHANNEL, FAILED, hang, worldOf } from "./world.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rota-notices-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const run = (script: string, input = "", signal = new AbortController().signal) =>
  createRunCommand({ OUT: join(folder, "out") }, folder)({ command: [process.execPath, "-e", script], input, signal });

test("the command gets the input, the environment it was given, and no other", async () => {
  const script =
    'fs.writeFileSync(process.env.OUT, fs.readFileSync(0, "utf8") + Object.keys(process.env).includes("PATH"))';
  expect(await run(script, "notice\n")).toEqual({ exitCode: 0, signal: null });
  expect(await readFile(join(folder, "out"), "utf8")).toBe("notice\nfalse");
});

test("nothing is expanded: no shell is between", async () => {
  const script = "fs.writeFileSync(process.env.OUT, process.argv[1])";
  const command = [process.execPath, "-e", script, "$(touch pwned); `id` *"];
  const ran = createRunCommand({ OUT: join(folder, "out") }, folder);
  await ran({ command, input: "", signal: new AbortController().signal });
  expect(await readFile(join(folder, "out"), "utf8")).toBe("$(touch pwned); `id` *");
});

test("its exit code is told, also when it reads nothing of a large input", async () => {
  expect(await run("process.exit(3)", "x".repeat(1_000_000))).toEqual({ exitCode: 3, signal: null });
});

test("it is ended, with what it started, when its time is over", async () => {
  const ending = new AbortController();
  const script = `
    const child = require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    fs.writeFileSync(process.env.OUT + ".new", String(child.pid));
    fs.renameSync(process.env.OUT + ".new", process.env.OUT);
    process.on("SIGTERM", () => {});
    setInterval(() => {}, 1000)`;
  const running = run(script, "", ending.signal);
  let child = 0;
  while (child === 0) {
    child = Number(await readFile(join(folder, "out"), "utf8").catch(() => "0"));
    await new Promise((resolve) => setImmediate(resolve));
  }
  ending.abort();
  expect(await running).toEqual({ exitCode: null, signal: "SIGKILL" });
  const isAlive = async (): Promise<boolean> => {
    const stat = await readFile(`/proc/${child}/stat`, "utf8").catch(() => undefined);
    return stat !== undefined && !stat.includes(") Z ");
  };
  while (await isAlive()) await new Promise((resolve) => setImmediate(resolve));
});

test("a command that is not there is said once and not tried again", async () => {
  const channel = { name: "pager", command: [join(folder, "none")], on: CHANNEL.on, allowPrivate: false };
  const { notifier, clock, recorded } = worldOf(() => ({ status: 200 }), {
    channels: [channel],
    run: (request) => clock.during(createRunCommand({}, folder)(request)),
  });
  notifier.send(FAILED);
  await clock.advance(MINUTE);
  expect(recorded).toMatchObject([{ channel: "pager", ok: false, attempts: 1 }]);
  expect(recorded[0]?.detail).toContain("could not be started: ENOENT");
});

test.each([
  { name: "fails", result: async () => ({ exitCode: 2, signal: null }), detail: "/bin/pager exited with 2" },
  {
    name: "is killed",
    result: async () => ({ exitCode: null, signal: "SIGSEGV" }),
    detail: "/bin/pager was ended by SIGSEGV",
  },
  { name: "hangs", result: hang, detail: "/bin/pager was not done in 30s and was ended" },
])("a command that $name is tried again, six times in all", async ({ result, detail }) => {
  const channel = { name: "pager", command: ["/bin/pager", "--token", "s3cr3t"], on: CHANNEL.on, allowPrivate: false };
  const { notifier, clock, recorded } = worldOf(() => ({ status: 200 }), { channels: [channel], run: result });
  notifier.send(FAILED);
  await clock.advance(60 * MINUTE);
  expect(recorded).toMatchObject([{ ok: false, attempts: 6, detail }]);
});
