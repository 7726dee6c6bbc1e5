import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openLedgerReader } from "../../../src/ledger/index.ts";
import { SeededRandom } from "../../support/random.ts";
import { openAt } from "./events.ts";

/** ROTA_KILLS=1000 for a long campaign, ROTA_SEED for other moments. */
const kills = Number(process.env.ROTA_KILLS ?? 20);
const random = new SeededRandom(Number(process.env.ROTA_SEED ?? 1));
const appender = join(import.meta.dirname, "appender.ts");

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rota-crash-"));
  path = join(folder, "ledger.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** One writer, killed some milliseconds after its first acknowledgement; answers all that it acknowledged. */
async function appendUntilKilled(afterMs: number): Promise<Map<number, string>> {
  const child = spawn(process.execPath, [appender, path], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (said === "") setTimeout(() => child.kill("SIGKILL"), afterMs);
    said += text;
  });
  await once(child, "close");
  const whole = said.slice(0, said.lastIndexOf("\n")).split("\n");
  return new Map(whole.map((line) => [Number(line.split(" ")[0]), line.split(" ")[1] ?? ""]));
}

test(`L1: nothing acknowledged is lost over ${kills} kills -9, and the chain holds`, {
  timeout: 5000 * kills,
}, async () => {
  const acknowledged = new Map<number, string>();
  for (let n = 0; n < kills; n++) {
    for (const [seq, hash] of await appendUntilKilled(random.next() * 40)) acknowledged.set(seq, hash);
    const reader = await openLedgerReader(path);
    expect((await reader.verify()).ok).toBe(true);
    const kept = new Map<number, string>();
    for await (const { seq, hash } of reader.entries({})) kept.set(seq, hash);
    for (const [seq, hash] of acknowledged) expect(kept.get(seq)).toBe(hash);
    await reader.close();
  }
  expect(acknowledged.size).toBeGreaterThan(kills * 5);
  const ledger = await openAt(path);
  expect((await ledger.verify()).ok).toBe(true);
  await ledger.close();
});

const traceable = spawnSync("strace", ["-f", "-e", "trace=none", "true"]).status === 0;

test.skipIf(!traceable)("L1: every append is synced to disk before it is acknowledged", () => {
  const trace = join(folder, "trace");
  const appends = 12;
  const calls = ["-f", "-y", "-s", "8", "-e", "trace=fsync,fdatasync,write,writev,pwrite64", "-o", trace];
  const run = spawnSync("strace", [...calls, process.execPath, appender, path, String(appends)], { encoding: "utf8" });
  expect(run.stdout.trim().split("\n")).toHaveLength(33);
  let dirty = false;
  let acknowledgements = 0;
  for (const line of readFileSync(trace, "utf8").split("\n")) {
    if (line.includes("ledger.db-wal>")) dirty = !/f(data)?sync\(/.test(line);
    if (/ write\(1</.test(line) && /"\d/.test(line)) {
      acknowledgements++;
      expect(dirty).toBe(false);
    }
  }
  expect(acknowledgements).toBe(33);
  const syncs = readFileSync(trace, "utf8").match(/f(data)?sync\(\d+<[^>]*ledger\.db-wal>/g) ?? [];
  expect(syncs.length).toBeGreaterThanOrEqual(appends);
});
