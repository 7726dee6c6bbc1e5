import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { TestProject } from "../support/cli.ts";

// Real processes on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** `rota up`: how it starts, what it says while it runs, and how it ends. */
const manifest = (about: { onExit?: string; extra?: string } = {}): string => `rota: 1
namespace: shop
timezone: UTC
providers: { local: { price: 0.20 USD/h${about.onExit === undefined ? "" : `, onExit: ${about.onExit}`} } }
environments: { dev: { provider: local } }
defaults: { process: { cpu: 1, memory: 64MiB }, guard: { grace: 2s } }
jobs:
  wait: { process: { command: [node, -e, "setTimeout(() => {}, 60000)"] }, schedule: manual }
  quick: { process: { command: [node, -e, ""] }, schedule: manual }
${about.extra ?? ""}`;
const DEFAULT_PORT = 7420;

let project: TestProject;
const occupied: Server[] = [];
beforeEach(async () => {
  project = await TestProject.make(manifest());
});
afterEach(async () => {
  await project.remove();
  for (const server of occupied.splice(0)) server.close();
});

/** Listens there, unless somebody does already. */
async function occupy(port: number): Promise<number> {
  const server = createServer().listen(port, "127.0.0.1");
  occupied.push(server);
  const error = await Promise.race([
    once(server, "error").then(([e]) => e as { code: string }),
    once(server, "listening").then(() => undefined),
  ]);
  if (error) expect(error.code).toBe("EADDRINUSE");
  const address = server.address();
  return typeof address === "object" && address ? address.port : port;
}

test("a manifest with errors starts nothing, and every error is told", async () => {
  await project.write(
    manifest({ extra: '  a: { schedule: never }\n  b: { process: { command: [x] }, schedule: "61 * * * *" }\n' }),
  );
  const { code, stdout, stderr } = await project.rota(["up", "--port", "0"]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  for (const words of ["jobs.yaml:10:", "jobs.yaml:11:", "the manifest has errors; nothing was started"])
    expect(stderr).toContain(words);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(await project.files()).toEqual(["jobs.yaml"]);
});

test("a taken port is refused when it was asked for, and passed by when it was not", async () => {
  const port = await occupy(0);
  const refused = await project.rota(["up", "--port", String(port)]);
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toContain(`port ${port} of 127.0.0.1 is taken\n  choose another with --port`);

  await occupy(DEFAULT_PORT);
  const daemon = await project.up([]);
  expect(daemon.output.stderr).toContain(`port ${DEFAULT_PORT} is taken, so the page is at another one`);
  const [, url = ""] = /The page: (\S+)\/#token/.exec(daemon.output.stdout) ?? [];
  expect((await fetch(`${url}/livez`)).status).toBe(200);
});

test("a second one is refused also while the first stands still", async () => {
  const daemon = await project.up();
  process.kill(daemon.pid, "SIGSTOP");
  try {
    const { code, stderr } = await project.rota(["up", "--port", "0"]);
    expect(code).toBe(1);
    expect(stderr).toContain(`already (pid ${daemon.pid}), and does not answer`);
  } finally {
    process.kill(daemon.pid, "SIGCONT");
  }
});

test("beyond loopback it wants a token of one's own", async () => {
  const { code, stderr } = await project.rota(["up", "--port", "0", "--host", "0.0.0.0"]);
  expect(code).toBe(1);
  expect(stderr).toContain("not a loopback address");
});

test("it follows its manifest, and goes on with the old one while the new one is wrong", async () => {
  const daemon = await project.up();
  await project.write(manifest({ extra: '  more: { process: { command: [node, -e, ""] }, schedule: manual }\n' }));
  await daemon.says("more deployed to local");
  await project.write(manifest({ extra: "  more: { schedule: 7 }\n" }));
  await daemon.says("the manifest has errors: the daemon goes on with the one before");
  expect(await project.json(["run", "more", "--wait"], 0)).toMatchObject({ status: "succeeded" });
});

describe("after Ctrl-C", () => {
  test("with onExit: stop nothing runs on", async () => {
    await project.write(manifest({ onExit: "stop" }));
    const daemon = await project.up();
    const { run } = await project.json<{ readonly run: string }>(["run", "wait"]);
    await daemon.says(`${run} started`);
    const { code, stdout, stderr } = await daemon.stop();
    expect(code).toBe(130);
    expect(stderr).toContain("stopped; nothing runs on.");
    expect(stdout).toContain(`${run} killed: the daemon was stopped (onExit: stop)`);
    expect(await project.json(["runs"])).toMatchObject({ runs: [{ run, status: "killed" }] });
  });

  test("with keep, the default, runs go on and the next daemon finds them", async () => {
    const daemon = await project.up();
    expect(daemon.output.stdout).toContain("runs in flight go on, and the next rota up finds them.");
    const { run } = await project.json<{ readonly run: string }>(["run", "wait"]);
    await daemon.says(`${run} started`);
    const { code, stderr } = await daemon.stop("SIGTERM");
    expect(code).toBe(0);
    expect(stderr).toContain(`stopped; 1 run goes on unguarded until the next rota up finds it: ${run}`);
    expect(await project.json(["status"])).toMatchObject({
      daemon: { up: false },
      running: [{ run, status: "running" }],
    });

    const next = await project.up();
    expect(await project.json(["status"])).toMatchObject({
      daemon: { up: true },
      running: [{ run, status: "running" }],
    });
    await project.rota(["kill", run]);
    await next.says(`${run} killed`);
    expect((await next.stop()).stderr).toContain("stopped; nothing runs on.");
  });
});

test("it ends in order when nobody reads it any more", async () => {
  const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
  const script = `"${process.execPath}" "${main}" up --port 0 | head -n 1`;
  const shell = spawn("bash", ["-c", script], { cwd: project.folder, stdio: ["ignore", "pipe", "ignore"] });
  let output = "";
  shell.stdout.setEncoding("utf8").on("data", (text) => (output += text));
  const closed = once(shell, "close");
  await once(shell.stdout, "data");
  // The next line that it writes finds no reader, if the one before has not found that out already.
  await project.rota(["run", "quick"]);
  await closed;
  expect(output).toMatch(/^rota is up\. .*\n$/);
  const { stdout } = await project.rota(["ledger", "export"]);
  expect(JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({ event: { type: "daemon.stopped" } });
});
