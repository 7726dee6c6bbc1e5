import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../../..");
const files = listFiles().filter((file) => file !== "" && !/\.(png|gif|ico|woff2?|sqlite|gz)$/.test(file));

/** What git tracks; in a copy without git, everything but what git would ignore. */
function listFiles(): string[] {
  if (existsSync(join(root, ".git")))
    return execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" }).split("\0");
  const ignored = new Set(["node_modules", "dist", ".rota", "coverage", "work"]);
  return globSync("**/*", { cwd: root, exclude: (path) => ignored.has(basename(path)) }).filter((file) =>
    statSync(join(root, file)).isFile(),
  );
}

interface Finding {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

function search(wrong: RegExp, among: readonly string[] = files): Finding[] {
  const found: Finding[] = [];
  for (const file of among) {
    let text: string;
    try {
      text = readFileSync(join(root, file), "utf8");
    } catch {
      continue; // deleted in the working tree, not yet in the index
    }
    for (const [at, line] of text.split("\n").entries())
      if (wrong.test(line)) found.push({ file, line: at + 1, text: line.slice(0, 120) });
  }
  return found;
}

test("there is something to search", () => {
  expect(files.length).toBeGreaterThan(20);
  expect(files).toContain("package-lock.json");
});

test("the lock file names no place that packages were fetched from", () => {
  const lock = readFileSync(join(root, "package-lock.json"), "utf8");
  expect(lock).not.toMatch(/"resolved"/);
  expect(lock).toMatch(/"integrity": "sha512-/);
});

test("the lock file knows the packages of every platform: without them `npm ci` refuses it", () => {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  const isLocked = (from: string, name: string): boolean => {
    for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
      if (`${folder === "" ? "" : `${folder}/`}node_modules/${name}` in lock.packages) return true;
      if (folder === "") return false;
    }
  };
  const wanted = Object.entries(lock.packages).flatMap(([from, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).map((name) => ({ from, name })),
  );
  expect(wanted.length).toBeGreaterThan(20);
  expect(wanted.filter(({ from, name }) => !isLocked(from, name))).toEqual([]);
});

test("no file names a package registry's host", () => {
  // Assembled, so that this file does not find itself.
  const hosts = [
    "registry\\.npm(js|mirror)",
    "npm\\.pkg\\.github",
    "files\\.pythonhosted",
    "jfrog\\.io",
    "pkgs\\.dev\\.azure",
  ];
  expect(search(new RegExp(`\\b(${hosts.join("|")})`))).toEqual([]);
});

test("no file holds an absolute path of somebody's machine", () => {
  // A short one ("/app") is no sign of anything.
  if (root.split("/").length > 3) {
    const here = root.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    expect(search(new RegExp(`${here}(/|\\b)`))).toEqual([]);
  }
  const homes = ["/ho" + "me/", "/Us" + "ers/", "/ro" + "ot/", "/wo" + "rk/", "C:\\\\Us" + "ers"];
  expect(search(new RegExp(`(^|[\\s"'\`(=:])(${homes.join("|")})[a-z]\\w+`))).toEqual([]);
});

test("no file holds a private key or a cloud's access key", () => {
  expect(search(/-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA(?!\w*EXAMPLE)[0-9A-Z]{16}\b/)).toEqual([]);
});
