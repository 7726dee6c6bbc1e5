import { constants } from "node:fs";
import { lstat, open, readdir, realpath, stat } from "node:fs/promises";
import type { FileStat, Files, ReadResult } from "../../manifest/index.ts";

/** Folders looked into by one pattern: a pattern on `/` must end. */
const MOST_FOLDERS = 10_000;
const FAILURES: ReadonlyMap<string, { readonly reason: "missing" | "denied" | "notAFile"; readonly detail: string }> =
  new Map([
    ["ENOENT", { reason: "missing", detail: "there is no such file" }],
    ["ENOTDIR", { reason: "missing", detail: "there is no such file" }],
    ["EACCES", { reason: "denied", detail: "permission denied" }],
    ["EPERM", { reason: "denied", detail: "permission denied" }],
    ["EISDIR", { reason: "notAFile", detail: "it is a directory" }],
    ["ENXIO", { reason: "notAFile", detail: "it is a pipe or a socket" }],
  ]);

/** Manifest files on this machine's disks. */
export const diskFiles: Files = { stat: statFile, read: readFile, glob: globFiles };

async function statFile(path: string): Promise<FileStat | undefined> {
  try {
    const found = await stat(path);
    const kind = found.isFile() ? "file" : found.isDirectory() ? "directory" : "other";
    return { kind, bytes: found.size, realPath: await realpath(path) };
  } catch {
    return undefined;
  }
}

/** What was looked at may have been replaced since: the kind is asked again of the open file, and the cap counts what comes. */
async function readFile(path: string, maxBytes: number): Promise<ReadResult> {
  try {
    // Without O_NONBLOCK, opening a FIFO waits for a writer.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await file.stat();
    if (!found.isFile()) return { ok: false, reason: "notAFile", detail: "it is no regular file" };
    const tooLarge: ReadResult = { ok: false, reason: "tooLarge", detail: `more than ${maxBytes} bytes` };
    if (found.size > maxBytes) return tooLarge;
    // One byte more than it should have shows a file that grows, or one of /proc that says 0.
    let buffer = Buffer.allocUnsafe(Math.min(maxBytes, Math.max(found.size, 65_536)) + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
      length += bytesRead;
      if (length > maxBytes) return tooLarge;
      if (bytesRead === 0) return { ok: true, bytes: buffer.subarray(0, length) };
      if (length === buffer.length) {
        buffer = Buffer.concat([buffer, Buffer.allocUnsafe(Math.min(length, maxBytes + 1 - length))]);
      }
    }
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const known = FAILURES.get(code);
    if (known) return { ok: false, ...known };
    return { ok: false, reason: "failed", detail: code === "" ? String(error) : code };
  }
}

async function globFiles(folder: string, pattern: string, limit: number): Promise<readonly string[]> {
  const parts = pattern.split("/").filter((part) => part !== "" && part !== ".");
  const found = new Set<string>();
  const walk = { folders: 0, limit, found };
  await match(folder, parts, walk);
  return [...found].sort();
}

interface Walk {
  folders: number;
  readonly limit: number;
  readonly found: Set<string>;
}

async function match(folder: string, parts: readonly string[], walk: Walk): Promise<void> {
  const [part, ...rest] = parts;
  if (part === undefined || walk.found.size > walk.limit || ++walk.folders > MOST_FOLDERS) return;
  if (part === "**") await match(folder, rest.length > 0 ? rest : ["*"], walk);
  if (part !== "**" && !/[*?]/.test(part)) {
    await visit(join(folder, part), rest, walk);
    return;
  }
  const entries = await readdir(folder === "" ? "." : folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (entry.name.startsWith(".")) continue;
    if (part === "**") {
      if (entry.isDirectory()) await match(join(folder, entry.name), parts, walk);
    } else if (matchesName(entry.name, part)) await visit(join(folder, entry.name), rest, walk);
  }
}

async function visit(path: string, rest: readonly string[], walk: Walk): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (rest.length === 0) {
    if (!found.isDirectory() && walk.found.size <= walk.limit) walk.found.add(path);
  } else if (found.isDirectory()) await match(path, rest, walk);
}

/** `*` and `?` in one name, in time at most the product of both lengths (a pattern like `*a*a*a*b` must not explode). */
function matchesName(name: string, pattern: string): boolean {
  let n = 0;
  let p = 0;
  let star = -1;
  let starName = 0;
  while (n < name.length) {
    if (p < pattern.length && pattern[p] !== "*" && (pattern[p] === "?" || pattern[p] === name[n])) {
      n++;
      p++;
    } else if (pattern[p] === "*") {
      star = p++;
      starName = n;
    } else if (star >= 0) {
      p = star + 1;
      n = ++starName;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

function join(folder: string, name: string): string {
  return folder === "" ? name : folder.endsWith("/") ? `${folder}${name}` : `${folder}/${name}`;
}
