/**
 * kill -9 of the daemon at random points: no fire twice, none lost without a reason, no acknowledged row
 * missing, no orphan left unguarded.
 *
 *   npm run chaos -- --kills 100 --seed 7
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { SeededRandom } from "../../support/random.ts";
import { examine, livingRuns } from "./oracle.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
    keep: { type: "boolean", default: false },
  },
});
const kills = Number(values.kills);
const random = new SeededRandom(Number(values.seed));
/** One real second is one virtual minute. */
const SPEED = 60;
/** How long a daemon lives before it is killed, in real ms: some from before their first record, most for a few fires. */
const MOST_LIFE_MS = 5000;
const EARLY_SHARE = 0.25;
const START_MS = 1500;
const SETTLE_MS = 60_000;

const dir = mkdtempSync(join(tmpdir(), "rota-chaos-"));
const manifest = join(dir, "jobs.yaml");
const state = join(dir, "state");
const witness = join(dir, "witness");
mkdirSync(witness);
writeFileSync(
  join(dir, "work.sh"),
  `#!/bin/sh
# One line a start and one an end, each in a single append: what really ran, told by the runs themselves.
echo "start $ROTA_RUN $ROTA_FIRE" >> "${witness}/log"
sleep "$1"
echo "end $ROTA_RUN" >> "${witness}/log"
exit "\${2:-0}"
`,
  { mode: 0o755 },
);
writeFileSync(
  manifest,
  `rota: 1
namespace: chaos
timezone: UTC
currency: USD
safety: { maxStops: 100000, share: 100%, per: 15m }
providers: { local: { price: 1 USD/h } }
environments: { dev: { provider: local } }
defaults: { process: { cpu: 0.1, memory: 16MiB } }
jobs:
  quick:    { process: { command: [./work.sh, "0.05"] }, schedule: { cron: "* * * * *", catchUp: all } }
  overlap:  { process: { command: [./work.sh, "0.7"] },  schedule: { cron: "* * * * *", overlap: allow } }
  queued:   { process: { command: [./work.sh, "0.3"] },  schedule: { cron: "* * * * *", overlap: queue, catchUp: none } }
  after:    { process: { command: [./work.sh, "0.05"] }, schedule: { cron: "* * * * *", after: [quick] } }
  failing:  { process: { command: [./work.sh, "0.05", "3"] }, schedule: "*/2 * * * *", retry: { attempts: 2, backoff: 5s } }
  runaway:  { process: { command: [./work.sh, "600"] },  schedule: "*/5 * * * *", guard: { duration: 2s, grace: 5s } }
`,
);

const started = Date.now();
const virtual0 = Date.UTC(2026, 10, 23, 6);
const acknowledged = new Map<number, string>();
let killed = 0;

for (; killed < kills; killed += 1) {
  const daemon = launch();
  const life = random.next() < EARLY_SHARE ? random.next() * START_MS : START_MS + random.next() * MOST_LIFE_MS;
  await pause(life);
  await end(daemon);
}
const last = launch();
const until = Date.now() + SETTLE_MS;
await pause(8000);
while (Date.now() < until && livingRuns(state).some(({ ageSeconds }) => ageSeconds > 15)) await pause(500);
// In order, so that what is in flight is a handful of seconds old at most; then nothing may be left but that.
await end(last);
const virtualEnd = virtual0 + (Date.now() - started) * SPEED;
const report = await examine({ state, witness: join(witness, "log"), acknowledged, virtualEnd, speed: SPEED });
console.log(
  `${killed} kills, ${report.fires} fires due, ${report.starts} runs started, ${report.passed} passed with a reason, ${acknowledged.size} rows acknowledged`,
);
for (const fault of report.faults.slice(0, 40)) console.log(`FAULT ${fault}`);
for (const { pid } of livingRuns(state)) process.kill(pid, "SIGKILL");
if (report.faults.length === 0 && !values.keep) rmSync(dir, { recursive: true, force: true });
else console.log(`kept: ${dir}`);
console.log(`${report.checks - report.faults.length} passed, ${report.faults.length} failed`);
process.exitCode = report.faults.length === 0 ? 0 : 1;

function launch(): ChildProcess {
  const args = [
    join(import.meta.dirname, "daemon.ts"),
    manifest,
    state,
    String(started),
    String(virtual0),
    String(SPEED),
  ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (part: string) => {
    text += part;
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) {
      const [word, seq, hash] = line.split(" ");
      if (word === "ack" && seq !== undefined && hash !== undefined) acknowledged.set(Number(seq), hash);
    }
  });
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) throw new Error(`the daemon ended by itself (exit code ${child.exitCode}); see ${dir}`);
  const gone = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGKILL");
  await gone;
}
