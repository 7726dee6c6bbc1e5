import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Ledger, LedgerError, openLedgerReader } from "../../../src/ledger/index.ts";
import { openSamples, openWriter } from "../../../src/ledger/store.ts";
import { SqliteLedger } from "../../../src/ledger/writer.ts";
import { aNote, aRun, openAt, T0 } from "./events.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rota-fault-"));
});
afterEach(() => {
  spawnSync("umount", [join(folder, "small")]);
  rmSync(folder, { recursive: true, force: true });
});

/** Appends until it is refused; answers what was acknowledged and the refusal's code. */
async function fill(ledger: Ledger): Promise<{ kept: number; code: string }> {
  for (let kept = 0; ; kept++) {
    try {
      await ledger.append([{ type: "run.created", run: aRun(`r${kept}`) }, aNote("x".repeat(2000), `r${kept}`)]);
    } catch (error) {
      return { kept, code: error instanceof LedgerError ? error.code : String(error) };
    }
  }
}

const mountable =
  process.getuid?.() === 0 &&
  spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "-o", "size=1m", "none", "/mnt"]).status === 0;

describe("a full disk", () => {
  test.skipIf(!mountable)("refuses, half-records nothing, and goes on by itself when there is room again", async () => {
    const small = join(folder, "small");
    mkdirSync(small);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "none", small]);
    const ballast = join(small, "ballast");
    writeFileSync(ballast, Buffer.alloc(1_000_000));
    const path = join(small, "ledger.db");
    const ledger = await openAt(path);
    const { kept, code } = await fill(ledger);
    expect(code).toBe("full");
    expect(kept).toBeGreaterThan(5);
    for (let i = 0; i < 3; i++)
      await expect(ledger.append([aNote("y".repeat(3000))])).rejects.toMatchObject({ code: "full" });
    expect(await ledger.verify()).toMatchObject({ ok: true, entries: 2 * kept });
    expect(await ledger.run(`r${kept}`)).toBeUndefined();
    const reader = await openLedgerReader(path);
    expect(await reader.run(`r${kept - 1}`)).toBeDefined();
    await reader.close();

    rmSync(ballast);
    const [entry] = await ledger.append([aNote("there is room again")]);
    expect(entry?.seq).toBe(2 * kept + 1);
    await ledger.close();
    const again = await openAt(path);
    expect(await again.verify()).toMatchObject({ ok: true, entries: 2 * kept + 1 });
    await again.close();
  });

  test("found in the middle of a batch undoes all of it, for each of its calls", async () => {
    const path = join(folder, "ledger.db");
    const first = await openAt(path);
    await first.append([aNote("before")]);
    await first.close();
    const entries = openWriter(path);
    const pages = Number(entries.prepare("PRAGMA page_count").get()?.page_count);
    entries.exec(`PRAGMA max_page_count = ${pages + 8}`);
    const samples = openSamples(`${path}-samples`);
    const ledger = new SqliteLedger({
      stores: { path, entries, samples },
      clock: { now: () => T0 },
      turn: setImmediate,
    });
    const calls = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) =>
        ledger.append([{ type: "run.created", run: aRun(`r${i}`) }, aNote("x".repeat(9000))]),
      ),
    );
    expect(calls.map((c) => (c.status === "rejected" ? (c.reason as LedgerError).code : "kept"))).toEqual(
      Array(10).fill("full"),
    );
    expect(await ledger.runs({})).toEqual([]);
    expect(await ledger.verify()).toMatchObject({ ok: true, entries: 1 });
    expect(await ledger.append([aNote("small")])).toMatchObject([{ seq: 2 }]);
    await ledger.close();
  });
});

test("another program's write lock is `busy`, and passes", async () => {
  const path = join(folder, "ledger.db");
  const ledger = await openAt(path);
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  await expect(ledger.append([aNote("now")])).rejects.toMatchObject({ code: "busy" });
  other.exec("ROLLBACK");
  other.close();
  expect(await ledger.append([aNote("now")])).toHaveLength(1);
  await ledger.close();
});

describe("a folder that may not be written", () => {
  /** As an ordinary user, since root may write anywhere. */
  function asNobody(script: string, ...args: string[]): string {
    const run = spawnSync(
      "setpriv",
      ["--reuid=65534", "--regid=65534", "--clear-groups", process.execPath, script, ...args],
      {
        encoding: "utf8",
      },
    );
    return `${run.stdout}${run.stderr}`.trim();
  }
  const unprivileged =
    process.getuid?.() === 0 &&
    spawnSync("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", process.execPath, "-e", "0"]).status ===
      0;

  test.skipIf(!unprivileged)(
    "is read when the ledger was closed in order; writing is refused as `readOnly`",
    async () => {
      const path = join(folder, "ledger.db");
      const ledger = await openAt(path);
      await ledger.append([aNote("kept")]);
      await ledger.close();
      for (const file of [path, `${path}-lock`, `${path}-samples`]) chmodSync(file, 0o444);
      chmodSync(folder, 0o555);
      expect(existsSync(`${path}-wal`)).toBe(false);
      const script = join(import.meta.dirname, "opener.ts");
      expect(asNobody(script, "read", path)).toBe("1 entries, verified");
      expect(asNobody(script, "write", path)).toBe("readOnly");
      expect(asNobody(script, "write", join(folder, "none", "ledger.db"))).toBe("readOnly");
    },
  );
});

test("the ledger's files are for their owner alone", async () => {
  const path = join(folder, "state", "ledger.db");
  const ledger = await openAt(path);
  await ledger.append([aNote("private")]);
  await ledger.saveSamples("r1", [{ from: 0, to: 1 }]);
  expect(statSync(join(folder, "state")).mode & 0o777).toBe(0o700);
  for (const end of ["", "-wal", "-shm", "-lock", "-samples"])
    expect([end, statSync(path + end).mode & 0o077]).toEqual([end, 0]);
  await ledger.close();
});
