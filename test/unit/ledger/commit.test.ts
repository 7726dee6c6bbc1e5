import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Ledger, LedgerError, openLedger, openLedgerReader } from "../../../src/ledger/index.ts";
import { SAMPLES } from "../../../src/ledger/schema.ts";
import { openWriter } from "../../../src/ledger/store.ts";
import { SqliteLedger } from "../../../src/ledger/writer.ts";
import type { LedgerEvent } from "../../../src/model/index.ts";
import { aNote, aRun, openAt, T0 } from "./events.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rota-ledger-"));
  path = join(folder, "state", "ledger.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

function code(error: unknown): string {
  return error instanceof LedgerError ? error.code : String(error);
}

async function texts(ledger: Pick<Ledger, "entries">): Promise<unknown[]> {
  return (await Array.fromAsync(ledger.entries({}))).map(({ event }) =>
    event.type === "run.note" ? event.text : event.type,
  );
}

describe("a commit", () => {
  test("is shared by the appends of one turn, in the order of their calls", async () => {
    const turns: (() => void)[] = [];
    const ledger = await openLedger({ path, clock: { now: () => T0 }, turn: (next) => void turns.push(next) });
    const order: number[] = [];
    const calls = [1, 2, 3].map(async (n) => {
      const entries = await ledger.append([aNote(`${n}a`), aNote(`${n}b`)]);
      order.push(n);
      return entries;
    });
    expect(turns).toHaveLength(1);
    expect(await texts(ledger)).toEqual([]);
    turns[0]?.();
    expect((await Promise.all(calls)).map((entries) => entries.map((e) => e.seq))).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(order).toEqual([1, 2, 3]);
    const appended = (await Promise.all(calls)).flat();
    expect(await Array.fromAsync(ledger.entries({}))).toEqual(appended);
    await ledger.close();
  });

  test("takes the instant at which append was called, and what the event was then", async () => {
    let now = T0;
    const ledger = await openLedger({ path, clock: { now: () => now }, turn: setImmediate });
    const event = { ...aNote("as it was") } as { type: "run.note"; run: string; component: "daemon"; text: string };
    const appended = ledger.append([event]);
    now += 5000;
    event.text = "as it became";
    expect(await appended).toMatchObject([{ at: T0, event: { text: "as it was" } }]);
    expect(await ledger.append([])).toEqual([]);
    await ledger.close();
  });

  test("that one bad event spoils goes on without its call", async () => {
    const ledger = await openAt(path);
    const bad = { type: "fire.missed", job: "score" } as unknown as LedgerEvent;
    const calls = await Promise.allSettled([
      ledger.append([aNote("one")]),
      ledger.append([aNote("with the bad one"), bad]),
      ledger.append([aNote("three")]),
      ledger.append([{ type: "run.note", text: 1n } as unknown as LedgerEvent]),
      ledger.append([undefined as unknown as LedgerEvent]),
    ]);
    expect(calls.map((c) => (c.status === "fulfilled" ? "kept" : code(c.reason)))).toEqual([
      "kept",
      "invalid",
      "kept",
      "invalid",
      "invalid",
    ]);
    expect(await texts(ledger)).toEqual(["one", "three"]);
    expect((await ledger.verify()).ok).toBe(true);
    await ledger.close();
  });

  test("is not kept from beginning by one that could not be rolled back", async () => {
    const entries = openWriter(":memory:");
    const samples = new DatabaseSync(":memory:");
    samples.exec(SAMPLES);
    const stores = { path: ":memory:", entries, samples };
    const ledger = new SqliteLedger({ stores, clock: { now: () => T0 }, turn: queueMicrotask });
    entries.exec("BEGIN IMMEDIATE; INSERT INTO head VALUES (1, 99, 'half done')");
    expect(await ledger.append([aNote("whole")])).toMatchObject([{ seq: 1 }]);
    expect(await ledger.verify()).toMatchObject({ ok: true, entries: 1 });
    await ledger.close();
  });

  test("pending at close is kept; after it everything is refused", async () => {
    const ledger = await openAt(path);
    const pending = ledger.append([aNote("just in time")]);
    await ledger.close();
    expect(await pending).toHaveLength(1);
    await ledger.close();
    for (const late of [
      ledger.append([aNote("late")]),
      ledger.run("r1"),
      ledger.verify(),
      ledger.saveSamples("r1", []),
    ])
      await expect(late).rejects.toMatchObject({ code: "closed" });
    const again = await openAt(path);
    expect(await texts(again)).toEqual(["just in time"]);
    await again.append([aNote("and on")]);
    expect((await again.verify()).ok).toBe(true);
    await again.close();
  });
});

describe("a reader", () => {
  test("sees what is committed while the daemon writes, and never blocks it", async () => {
    const ledger = await openAt(path);
    await ledger.append([{ type: "run.created", run: aRun("r1") }]);
    const reader = await openLedgerReader(path);
    const slow = reader.entries({})[Symbol.asyncIterator]();
    expect((await slow.next()).value).toMatchObject({ seq: 1 });
    for (let i = 0; i < 50; i++) await ledger.append([aNote(`${i}`)]);
    expect((await texts(reader)).length).toBe(51);
    await ledger.saveSamples("r1", [{ from: 0, to: 1 }]);
    expect(await (await openLedgerReader(path)).samples("r1")).toEqual([{ from: 0, to: 1 }]);
    expect(await reader.verify()).toMatchObject({ ok: true, entries: 51 });
    await ledger.close();
    expect(await reader.run("r1")).toBeDefined();
    await reader.close();
  });

  test("verifies a snapshot while entries are being appended", async () => {
    const ledger = await openAt(path);
    for (let i = 0; i < 4500; i++) void ledger.append([aNote(`${i}`)]);
    await ledger.append([aNote("first part")]);
    const reader = await openLedgerReader(path, setImmediate);
    const verifying = reader.verify();
    for (let i = 0; i < 20; i++) await ledger.append([{ type: "run.created", run: aRun(`r${i}`) }]);
    expect(await verifying).toMatchObject({ ok: true, entries: 4501 });
    expect(await reader.verify()).toMatchObject({ ok: true, entries: 4521 });
    await reader.close();
    await ledger.close();
  });

  test("is told when there is no ledger yet, and makes none", async () => {
    await expect(openLedgerReader(path)).rejects.toMatchObject({ code: "missing" });
    const ledger = await openAt(path);
    await ledger.close();
    await expect(openLedgerReader(join(folder, "state", "other.db"))).rejects.toMatchObject({ code: "missing" });
    expect(await (await openLedgerReader(path)).runs({})).toEqual([]);
  });
});

describe("another file under the ledger's name is left as it is", () => {
  test.each([
    ["text", (db: string) => rmSync(db), "not a database at all ".repeat(300)],
    ["another program's database", (db: string) => new DatabaseSync(db).exec("CREATE TABLE theirs (a)"), undefined],
  ])("%s", async (_, make, text) => {
    const { mkdirSync, readFileSync, writeFileSync } = await import("node:fs");
    mkdirSync(join(folder, "state"));
    writeFileSync(path, "");
    make(path);
    if (text !== undefined) writeFileSync(path, text);
    const before = readFileSync(path);
    await expect(openAt(path)).rejects.toMatchObject({ code: "corrupt" });
    await expect(openLedgerReader(path)).rejects.toMatchObject({ code: "corrupt" });
    expect(readFileSync(path).equals(before)).toBe(true);
  });
});

test("samples that cannot be read are begun anew; the ledger is not touched", async () => {
  const { writeFileSync } = await import("node:fs");
  const first = await openAt(path);
  await first.append([aNote("kept")]);
  await first.close();
  writeFileSync(`${path}-samples`, "not a database at all ".repeat(300));
  const ledger = await openAt(path);
  expect(await texts(ledger)).toEqual(["kept"]);
  await ledger.saveSamples("r1", [{ from: 0, to: 1 }]);
  expect(await ledger.samples("r1")).toHaveLength(1);
  await ledger.close();
});
