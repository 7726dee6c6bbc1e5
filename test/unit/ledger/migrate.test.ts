import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openLedgerReader } from "../../../src/ledger/index.ts";
import { migrate, STEPS, versionOf } from "../../../src/ledger/schema.ts";
import { aNote, openAt } from "./events.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rota-migrate-"));
  path = join(folder, "ledger.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

async function aLedger(): Promise<DatabaseSync> {
  const ledger = await openAt(path);
  await ledger.append([aNote("from before")]);
  await ledger.close();
  return new DatabaseSync(path);
}

test("a store of a later version is refused with words, and left as it is", async () => {
  const db = await aLedger();
  db.exec(`PRAGMA user_version = ${STEPS.length + 1}`);
  db.close();
  const before = readFileSync(path);
  const refusal = { code: "newer", message: expect.stringMatching(/version 2.*up to 1.*Nothing was changed/) };
  await expect(openAt(path)).rejects.toMatchObject(refusal);
  await expect(openLedgerReader(path)).rejects.toMatchObject(refusal);
  expect(readFileSync(path).equals(before)).toBe(true);
});

test("an older store goes through every step that it lacks, once", async () => {
  const db = await aLedger();
  const steps = [...STEPS, "CREATE TABLE second (a)", "ALTER TABLE second ADD COLUMN b"];
  migrate(db, steps);
  migrate(db, steps);
  expect(versionOf(db, steps)).toBe(STEPS.length + 2);
  expect(db.prepare("SELECT count(*) AS n FROM entries").get()?.n).toBe(1);
  db.exec("INSERT INTO second (a, b) VALUES (1, 2)");
  db.close();
});

test("a store whose making was interrupted is made", async () => {
  for (const begun of ["", "PRAGMA journal_mode = WAL"]) {
    const db = new DatabaseSync(path);
    db.exec(begun);
    db.close();
    await expect(openLedgerReader(path)).rejects.toMatchObject({ code: "missing" });
  }
  const ledger = await openAt(path);
  expect(await ledger.append([aNote("at last")])).toHaveLength(1);
  await ledger.close();
});

test("a step that fails leaves the store at the version before it", async () => {
  const db = await aLedger();
  const steps = [...STEPS, "CREATE TABLE second (a)", "CREATE TABLE third (a); INSERT INTO nowhere VALUES (1)"];
  expect(() => migrate(db, steps)).toThrow(/nowhere/);
  expect(versionOf(db, steps)).toBe(STEPS.length + 1);
  expect(db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'third'").get()?.n).toBe(0);
  db.close();
});
