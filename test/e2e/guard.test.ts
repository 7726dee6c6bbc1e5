import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { registry } from "../../providers/index.ts";
import { priceBook } from "../../src/cost/index.ts";
import { realClock, realRandom } from "../../src/daemon/index.ts";
import { Engine, type OpenPlacement, steadyTime } from "../../src/engine/index.ts";
import { type Ledger, openMemoryLedger } from "../../src/ledger/index.ts";
import type { GuardLimits, Job } from "../../src/model/index.ts";
import type { Provider } from "../../src/provider/index.ts";
import { desiredState, job, RULES } from "../support/jobs.ts";

/** Idleness on real processes, judged and stopped by the real engine: exactly those that should go, go. */
const IDLE_SECONDS = 8;
const CPU = 0.1;

/** What it runs (a shell script, or `node -e`), and whether the guard must stop it. */
const CASES: Readonly<Record<string, { readonly sh?: string; readonly js?: string; readonly stopped: boolean }>> = {
  "busy-cpu": { js: "for (;;);", stopped: false },
  "disk-only": { sh: "while :; do cat /bin/ls > copy; cat copy > /dev/null; sleep 0.5; done", stopped: false },
  "network-only": {
    js: "setInterval(() => fetch(process.env.PEER).then((r) => r.arrayBuffer()).catch(() => {}), 700)",
    stopped: false,
  },
  "sleeping-with-progress": { sh: 'while :; do echo . >> "$ROTA_PROGRESS"; sleep 1; done', stopped: false },
  bursty: {
    js: "const burn = () => { const end = performance.now() + 400; while (performance.now() < end); }; setInterval(burn, 4000)",
    stopped: false,
  },
  "parent-waits-for-busy-child": { sh: "sh -c 'while :; do :; done' & wait", stopped: false },
  "silent-but-computing": { js: "let x = 0; for (;;) x = Math.sin(x + 1);", stopped: false },
  "truly-idle": { sh: "sleep 600", stopped: true },
  "idle-after-work": {
    js: "const end = performance.now() + 1500; while (performance.now() < end); setTimeout(() => {}, 600000)",
    stopped: true,
  },
  "stopped-by-sigstop": { js: 'process.kill(process.pid, "SIGSTOP"); for (;;);', stopped: true },
  "print-loop": {
    js: 'const { writeSync } = require("node:fs"); const line = "   order  price\\n0  17  3.50\\n".repeat(50); for (;;) writeSync(1, line);',
    stopped: true,
  },
};

let dir = "";
let peer: Server;
let engine: Engine;
let ledger: Ledger;
let provider: Provider;
let loop: Promise<void>;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "rota-guard-"));
  peer = createServer((_request, response) => response.end(Buffer.alloc(65_536)));
  await new Promise<void>((resolve) => peer.listen(0, "127.0.0.1", resolve));
  const clock = realClock();
  const time = steadyTime(clock);
  ledger = await openMemoryLedger(time);
  const module = await registry["local"]?.();
  if (!module) throw new Error("there is no local provider");
  provider = await module.open({
    placement: "memory",
    options: { intervalSeconds: 1 },
    namespace: "test",
    environment: "dev",
    stateDir: join(dir, "state"),
    baseDir: dir,
    clock,
    random: realRandom(),
    env: { PATH: process.env["PATH"], HOME: dir },
    log: () => undefined,
  });
  const placements = new Map<string, OpenPlacement>([["memory", { provider, options: {}, prices: priceBook() }]]);
  const safety = { maxStops: 1000, share: 1, perSeconds: 900, maxDeletes: 1 };
  engine = await Engine.open(
    {
      clock,
      time,
      random: realRandom(),
      ledger,
      placements,
      currency: "USD",
      cores: 2,
      notify: () => undefined,
      log: () => undefined,
      version: "test",
      pid: process.pid,
      bootId: "boot",
    },
    { namespace: "test", environment: "dev", safety, budgets: [] },
  );
  const outcome = await engine.deploy({ desired: desiredState(Object.keys(CASES).map(jobOf)), by: "test" });
  expect(outcome.ok).toBe(true);
  loop = engine.run();
}, 30_000);

afterAll(async () => {
  for (const tracked of [...engine.state.open.values()]) {
    if (tracked.handle !== undefined) await provider.stop(tracked.handle, "hard");
  }
  await engine.abandon();
  await loop;
  await provider.close();
  peer.close();
  peer.closeAllConnections();
  await rm(dir, { recursive: true, force: true });
}, 30_000);

it("stops exactly those that are idle, with the evidence", async () => {
  const names = Object.keys(CASES);
  for (const name of names) await engine.startRun(name, { name: "test", via: "cli" });
  const until = performance.now() + 60_000;
  const wanted = names.filter((n) => CASES[n]?.stopped).length;
  // The idle ones go within a window and some looks; the others have by then been watched for twice as long.
  while (performance.now() < until && (await endedJobs()).length < wanted) await new Promise((r) => setTimeout(r, 250));
  await new Promise((r) => setTimeout(r, 2 * IDLE_SECONDS * 1000));
  expect((await endedJobs()).sort()).toEqual(names.filter((n) => CASES[n]?.stopped).sort());
  for await (const { event } of ledger.entries({ types: ["run.judged"] })) {
    if (event.type !== "run.judged") continue;
    expect(event.breaches[0]?.limit).toBe("idle");
    expect(Object.keys(event.breaches[0]?.evidence ?? {}).length).toBeGreaterThan(2);
  }
}, 120_000);

async function endedJobs(): Promise<string[]> {
  return (await ledger.runs({ limit: 100 })).filter((r) => r.status === "killed").map((r) => r.job);
}

function jobOf(name: string): Job {
  const { sh, js = "" } = CASES[name] ?? {};
  const command = sh === undefined ? [process.execPath, "-e", js] : ["/bin/sh", "-c", sh];
  const guard: GuardLimits = { ...job("x").guard, idleSeconds: IDLE_SECONDS, graceSeconds: 1 };
  const { port } = peer.address() as AddressInfo;
  return job(name, {
    guard,
    schedule: { kind: "manual", ...RULES },
    workload: {
      kind: "process",
      command,
      shell: false,
      cpu: CPU,
      memoryBytes: 1 << 26,
      env: { PEER: `http://127.0.0.1:${port}/` },
      secrets: {},
    },
  });
}
