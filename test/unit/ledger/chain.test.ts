import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openLedgerReader, openMemoryLedger, type VerifyReport } from "../../../src/ledger/index.ts";
import { anyEvent } from "./arbitrary.ts";
import { aCharge, aNote, aRun, openAt, T0 } from "./events.ts";

let folder: string;
let sound: string;
let head: { seq: number; hash: string };

/** A closed ledger of forty entries, to be copied and harmed. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "rota-chain-"));
  sound = join(folder, "sound.db");
  const ledger = await openAt(sound);
  await ledger.append([{ type: "run.created", run: aRun("r1") }, aCharge("r1", "1.25", T0)]);
  for (let i = 0; i < 38; i++) await ledger.append([aNote(`something that happened: ${"x".repeat(i * 5)}`)]);
  const report = await ledger.verify();
  head = { seq: report.entries, hash: report.head };
  await ledger.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

async function verify(path: string, expect_?: typeof head): Promise<VerifyReport> {
  const reader = await openLedgerReader(path);
  try {
    return await reader.verify(expect_ === undefined ? {} : { expect: expect_ });
  } finally {
    await reader.close();
  }
}

async function harmed(sql: string, expect_?: typeof head): Promise<VerifyReport> {
  const path = join(folder, "harmed.db");
  copyFileSync(sound, path);
  const db = new DatabaseSync(path);
  db.exec(`DROP TRIGGER entries_no_update; DROP TRIGGER entries_no_delete; ${sql}`);
  db.close();
  return verify(path, expect_);
}

describe("verify", () => {
  test("is content with what the ledger wrote", async () => {
    expect(await verify(sound, head)).toEqual({ ok: true, entries: 40, head: head.hash });
  });

  test.each([
    ["a body", "UPDATE entries SET body = replace(body, 'happened', 'occurred') WHERE seq = 17", 17, /hash/],
    ["an instant", "UPDATE entries SET at = at + 1 WHERE seq = 17", 17, /hash/],
    ["a hash", "UPDATE entries SET hash = replace(hash, 'a', 'b') WHERE seq = 17", 17, /hash/],
    ["a link", "UPDATE entries SET prev = replace(prev, 'a', 'b') WHERE seq = 17", 17, /follow/],
    ["a type column", "UPDATE entries SET type = 'run.sent' WHERE seq = 17", 17, /column/],
    ["a run column", "UPDATE entries SET run = NULL WHERE seq = 17", 17, /column/],
    ["a job column", "UPDATE entries SET job = 'other' WHERE seq = 2", 2, /column/],
    ["a removed row", "DELETE FROM entries WHERE seq = 17", 17, /not there/],
    ["a removed first row", "DELETE FROM entries WHERE seq = 1", 1, /not there/],
    [
      "two rows swapped",
      "UPDATE entries SET seq = CASE seq WHEN 17 THEN -18 ELSE -17 END WHERE seq IN (17, 18); UPDATE entries SET seq = -seq WHERE seq < 0",
      17,
      /follow/,
    ],
    ["a removed tail", "DELETE FROM entries WHERE seq > 30", 31, /tail/],
    [
      "an added row",
      "INSERT INTO entries SELECT 41, at, type, run, job, body, prev, hash FROM entries WHERE seq = 40",
      41,
      /follow/,
    ],
    [
      "a row before the first",
      "INSERT INTO entries SELECT 0, at, type, run, job, body, prev, hash FROM entries WHERE seq = 40",
      41,
      /before the first/,
    ],
    ["a forged head", "UPDATE head SET seq = 39", 41, /head record/],
    ["a removed head", "DELETE FROM head", 41, /head record/],
    ["a charge made smaller", "UPDATE charges SET amount = '0.25'", 2, /"charges"/],
    ["a run made successful", "UPDATE runs SET status = 'succeeded'", 1, /"runs"/],
    [
      "an invented fire",
      "INSERT INTO fires VALUES (9, 'score', 'started', 1, 1, 1, 'a', 'a', 'r1', NULL, NULL)",
      9,
      /"fires"/,
    ],
    [
      "all of the ledger",
      "DELETE FROM entries; DELETE FROM head; DELETE FROM runs; DELETE FROM charges",
      undefined,
      /./,
    ],
  ])("finds %s", async (_, sql, seq, why) => {
    if (seq === undefined) {
      // Everything gone, head record and all: the file alone looks like a new one. A noted head tells.
      expect((await harmed(sql)).ok).toBe(true);
      expect(await harmed(sql, head)).toMatchObject({ ok: false, firstBad: { why: expect.stringMatching(/noted/) } });
    } else {
      expect(await harmed(sql)).toMatchObject({ ok: false, firstBad: { seq, why: expect.stringMatching(why) } });
    }
  });

  test("a noted head finds a tail that was rewritten with its hashes", async () => {
    const rewritten = join(folder, "rewritten.db");
    const ledger = await openAt(rewritten);
    for (let i = 0; i < 41; i++) await ledger.append([aNote(`another story ${i}`)]);
    await ledger.close();
    expect(await verify(rewritten)).toMatchObject({ ok: true });
    expect(await verify(rewritten, head)).toMatchObject({ ok: false, firstBad: { seq: 40 } });
  });

  test("the triggers refuse a change by hand", () => {
    const db = new DatabaseSync(sound);
    expect(() => db.exec("UPDATE entries SET at = 0")).toThrow(/append-only/);
    expect(() => db.exec("DELETE FROM entries")).toThrow(/append-only/);
    db.close();
  });

  test("finds one flipped bit anywhere in the stored bytes of an entry", async () => {
    const bytes = readFileSync(sound);
    const cells = leafCells(bytes).filter(([from, to]) => bytes.subarray(from, to).includes('"run.note"'));
    expect(cells).toHaveLength(38);
    const path = join(folder, "flipped.db");
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...cells), fc.nat(), fc.nat(7), async ([from, to, unread], offset, bit) => {
        const copy = Buffer.from(bytes);
        const at = from + (offset % (to - from));
        fc.pre(at !== unread || bit !== 3);
        copy[at] = (copy[at] ?? 0) ^ (1 << bit);
        writeFileSync(path, copy);
        expect((await verify(path)).ok).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});

/**
 * Where the rows of tables lie in a database file of 4096-byte pages (https://sqlite.org/fileformat2.html#b_tree_pages),
 * and where each says of what type its column `seq` is: the row's number is kept elsewhere, and SQLite takes the types
 * 0 and 8 alike.
 */
function leafCells(bytes: Buffer): [from: number, to: number, unread: number][] {
  const cells: [number, number, number][] = [];
  for (let page = 4096; page < bytes.length; page += 4096) {
    if (bytes[page] !== 0x0d) continue;
    for (let i = 0; i < bytes.readUInt16BE(page + 3); i++) {
      const from = page + bytes.readUInt16BE(page + 8 + 2 * i);
      const [high = 0, low = 0] = bytes.subarray(from, from + 2);
      const [length, sizes] = high < 128 ? [high, 2] : [(high - 128) * 128 + low, 3];
      cells.push([from, from + sizes + length, from + sizes + 1]);
    }
  }
  return cells;
}

test("any interleaving of appends gives a chain that verifies, and projections that can be made anew", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(anyEvent, { maxLength: 4 }), { maxLength: 12 }),
      fc.gen(),
      async (calls, gen) => {
        const ledger = await openMemoryLedger({ now: () => T0 });
        const appended: Promise<unknown>[] = [];
        for (const events of calls) {
          appended.push(ledger.append(events));
          if (gen(fc.boolean)) await appended.at(-1);
        }
        await Promise.all(appended);
        const before = await ledger.verify();
        expect(before).toMatchObject({ ok: true, entries: calls.flat().length });
        const runs = await ledger.runs({});
        await ledger.rebuild();
        expect(await ledger.verify()).toEqual(before);
        expect(await ledger.runs({})).toEqual(runs);
        await ledger.close();
      },
    ),
    { numRuns: 200 },
  );
});
