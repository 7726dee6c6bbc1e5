import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { diskFiles } from "../../../src/engine/project/files.ts";
import { loadManifest } from "../../../src/manifest/index.ts";

const root = mkdtempSync(join(tmpdir(), "rota-files-"));
const at = (path: string): string => join(root, path);
const job = (name: string): string => `jobs: { ${name}: { process: { command: [x] }, schedule: manual } }\n`;

beforeAll(() => {
  mkdirSync(at("m/teams/deep"), { recursive: true });
  mkdirSync(at("outside"));
  writeFileSync(at("m/jobs.yaml"), `rota: 1\nnamespace: acme\ninclude: ["teams/**/*.yaml"]\n${job("a")}`);
  writeFileSync(at("m/teams/b.yaml"), job("b"));
  writeFileSync(at("m/teams/deep/c.yaml"), job("c"));
  writeFileSync(at("m/teams/.hidden.yaml"), job("h"));
  writeFileSync(at("m/teams/b.txt"), "");
  writeFileSync(at("outside/d.yaml"), job("d"));
  symlinkSync(at("outside"), at("m/teams/folder"));
  symlinkSync(at("m"), at("m/teams/loop"));
  writeFileSync(at("huge.yaml"), "");
  truncateSync(at("huge.yaml"), 100_000_000);
  execFileSync("mkfifo", [at("pipe.yaml")]);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("glob", () => {
  const find = async (pattern: string): Promise<readonly string[]> =>
    (await diskFiles.glob(at("m"), pattern, 100)).map((path) => path.slice(at("m/").length));
  test.each([
    ["*.yaml", ["jobs.yaml"]],
    ["teams/*.yaml", ["teams/b.yaml"]],
    ["teams/**/*.yaml", ["teams/b.yaml", "teams/deep/c.yaml"]],
    ["**/c.yaml", ["teams/deep/c.yaml"]],
    ["teams/?.yaml", ["teams/b.yaml"]],
    ["teams/b.yaml", ["teams/b.yaml"]],
    ["nowhere/*.yaml", []],
    ["teams/*a*a*a*a*a*a*a*a*a*b", []],
  ])("%s", async (pattern, expected) => expect(await find(pattern)).toEqual(expected));
  test("does not go through a link into a folder, so a loop of links ends", async () => {
    expect((await find("**/*")).filter((path) => path.startsWith("teams/loop/"))).toEqual([]);
    expect(await find("teams/folder/*.yaml")).toEqual([]);
  });
});

test("a folder of files loads", async () => {
  const { manifest, diagnostics } = await loadManifest({ file: at("m/jobs.yaml"), files: diskFiles });
  expect(diagnostics).toEqual([]);
  expect(manifest?.jobs.map(({ name }) => name)).toEqual(["a", "b", "c"]);
});

test("a link to a file outside of the folder is refused", async () => {
  symlinkSync(at("outside/d.yaml"), at("m/teams/link.yaml"));
  const { manifest, diagnostics } = await loadManifest({ file: at("m/jobs.yaml"), files: diskFiles });
  rmSync(at("m/teams/link.yaml"));
  expect(manifest).toBeUndefined();
  expect(diagnostics).toMatchObject([{ code: "R1016", line: 3 }]);
});

test.each([
  ["a FIFO with no writer", () => at("pipe.yaml"), "R1002"],
  ["a device that never ends", () => "/dev/zero", "R1002"],
  ["a directory", () => at("m"), "R1002"],
  ["nothing", () => at("nothing.yaml"), "R1001"],
  ["100 MB", () => at("huge.yaml"), "R1003"],
])("%s is refused at once", async (_name, path, code) => {
  const { diagnostics } = await loadManifest({ file: path(), files: diskFiles });
  expect(diagnostics.map((diagnostic) => diagnostic.code)).toEqual([code]);
});

test("reading asks again what it opened, and counts what comes", async () => {
  expect(await diskFiles.read(at("pipe.yaml"), 100)).toMatchObject({ ok: false, reason: "notAFile" });
  expect(await diskFiles.read("/dev/zero", 100)).toMatchObject({ ok: false, reason: "notAFile" });
  expect(await diskFiles.read(at("m"), 100)).toMatchObject({ ok: false, reason: "notAFile" });
  expect(await diskFiles.read(at("nothing"), 100)).toMatchObject({ ok: false, reason: "missing" });
  // /proc files say 0 bytes and have some.
  expect(await diskFiles.read("/proc/self/status", 10)).toMatchObject({ ok: false, reason: "tooLarge" });
  const status = await diskFiles.read("/proc/self/status", 1_000_000);
  expect(status.ok && status.bytes.length).toBeGreaterThan(100);
});
