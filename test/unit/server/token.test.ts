import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { beatToken, readOrCreateToken, TokenError } from "../../../src/server/index.ts";
import { sameSecret } from "../../../src/server/token.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rota-token-"));
  path = join(folder, "token");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("readOrCreateToken", () => {
  test("makes a file for its owner alone, and reads the same token ever after", async () => {
    const token = await readOrCreateToken(path);
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, "utf8")).toBe(`${token}\n`);
    expect(await readOrCreateToken(path)).toBe(token);
  });

  test("twenty at once agree on one, and leave nothing behind", async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => readOrCreateToken(path)));
    expect(new Set(tokens).size).toBe(1);
    const { readdir } = await import("node:fs/promises");
    expect(await readdir(folder)).toEqual(["token"]);
  });

  const good = "a".repeat(43);
  test.each([0o644, 0o640, 0o604, 0o660, 0o610])("refuses a file of mode %o", async (mode) => {
    await writeFile(path, good);
    await chmod(path, mode);
    await expect(readOrCreateToken(path)).rejects.toThrow(TokenError);
  });

  test.each(["", "short", `${good} ${good}`, "ü".repeat(43)])("refuses %j for a token", async (content) => {
    await writeFile(path, content, { mode: 0o600 });
    await expect(readOrCreateToken(path)).rejects.toThrow("does not hold a token");
  });

  test("refuses a link and a folder", async () => {
    const elsewhere = join(folder, "elsewhere");
    await writeFile(elsewhere, good, { mode: 0o600 });
    await symlink(elsewhere, path);
    await expect(readOrCreateToken(path)).rejects.toThrow("not a plain file");
    await rm(path);
    await mkdir(path);
    await expect(readOrCreateToken(path)).rejects.toThrow("not a plain file");
  });
});

test("beat tokens differ by run and by token, and are stable", () => {
  const tokens = [beatToken("t", "a"), beatToken("t", "b"), beatToken("u", "a")];
  expect(new Set(tokens).size).toBe(3);
  expect(beatToken("t", "a")).toBe(tokens[0]);
});

test.each([
  ["abc", "abc", true],
  ["abc", "abd", false],
  ["abc", "ab", false],
  ["", "", true],
  ["a", "", false],
])("sameSecret(%j, %j) is %s", (a, b, same) => {
  expect(sameSecret(a, b)).toBe(same);
});
