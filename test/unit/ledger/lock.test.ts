import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openLedgerReader } from "../../../src/ledger/index.ts";
import { aNote, openAt } from "./events.ts";

let folder: string;
let path: string;
let holder: ChildProcess;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "rota-lock-"));
  path = join(folder, "ledger.db");
  holder = spawn(process.execPath, [join(import.meta.dirname, "opener.ts"), "hold", path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said = await once(holder.stdout as NodeJS.ReadableStream, "data");
  expect(String(said[0]).trim()).toBe("open");
});
afterEach(async () => {
  await end();
  rmSync(folder, { recursive: true });
});

async function end(): Promise<void> {
  if (holder.exitCode !== null || holder.signalCode !== null) return;
  holder.kill("SIGKILL");
  await once(holder, "exit");
}

test("a second writer is refused within two seconds, with the pid of the first; readers are not", async () => {
  const since = performance.now();
  await expect(openAt(path)).rejects.toMatchObject({
    code: "locked",
    message: expect.stringContaining(`(pid ${holder.pid})`),
  });
  expect(performance.now() - since).toBeLessThan(2000);
  const reader = await openLedgerReader(path);
  expect(await reader.verify()).toMatchObject({ ok: true, entries: 0 });
  await reader.close();
});

test("kill -9 frees it at once, whatever the lock file says", async () => {
  await end();
  const ledger = await openAt(path);
  expect(await ledger.append([aNote("mine")])).toHaveLength(1);
  const row = new DatabaseSync(`${path}-lock`, { readOnly: true }).prepare("SELECT pid FROM holder").get();
  expect(row?.pid).toBe(process.pid);
  await ledger.close();
});

test("a second writer in the same process is refused as well, and closing frees it", async () => {
  await end();
  const first = await openAt(path);
  await expect(openAt(path)).rejects.toMatchObject({ code: "locked" });
  expect(await first.append([aNote("still mine")])).toHaveLength(1);
  await first.close();
  await (await openAt(path)).close();
});
