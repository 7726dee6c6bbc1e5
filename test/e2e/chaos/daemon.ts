/**
 * A daemon as `rota up` puts it together, on a clock that runs faster, so that a fire comes every second.
 * Prints what the ledger has acknowledged: `ack SEQ HASH`, one line each. Ended by kill -9 only.
 *
 *   node test/e2e/chaos/daemon.ts MANIFEST STATE REAL0 VIRTUAL0 SPEED
 */
import { readFileSync, writeSync } from "node:fs";
import { pino } from "pino";
import { registry } from "../../../providers/index.ts";
import { realClock, realRandom, startDaemon } from "../../../src/daemon/index.ts";
import { diskFiles } from "../../../src/engine/index.ts";
import type { Clock } from "../../../src/model/index.ts";

const [file = "", stateDir = "", real0 = "0", virtual0 = "0", speedText = "60"] = process.argv.slice(2);
const speed = Number(speedText);
const real = realClock();
const clock: Clock = {
  now: () => Number(virtual0) + (real.now() - Number(real0)) * speed,
  monotonic: () => real.monotonic() * speed,
  sleep: (ms, signal) => real.sleep(ms / speed, signal),
};

const daemon = await startDaemon(
  {
    clock,
    random: realRandom(),
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"] },
    registry,
    files: diskFiles,
    logger: pino({ level: process.env["ROTA_LOG"] ?? "error" }, pino.destination(2)),
    version: "chaos",
    pid: process.pid,
    bootId: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
    cores: 2,
    say: (text) => process.stderr.write(`${text}\n`),
  },
  { file, stateDir, port: 0, autoApply: false, acceptClock: false },
);
daemon.subscribe((entry) => void writeSync(1, `ack ${entry.seq} ${entry.hash}\n`), new AbortController().signal);
writeSync(1, "up\n");
