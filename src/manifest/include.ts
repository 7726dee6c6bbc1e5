import type { Files } from "./files.ts";
import { readManifestFile } from "./read.ts";
import type { ManifestFile, Problem, Report } from "./report.ts";

const MOST_FILES = 1000;
/** All included files together may have this many times the cap of one. */
const MOST_CAPS = 16;

/** The files that `include` names, read, in the order of the patterns and then by name. */
export async function readIncludes(
  patterns: readonly string[],
  main: ManifestFile,
  files: Files,
  maxBytes: number,
  report: Report,
): Promise<readonly ManifestFile[]> {
  const read: ManifestFile[] = [];
  for (const { path, bytes } of await findIncludes(patterns, main, files, report)) {
    const over = bytes + read.reduce((sum, file) => sum + file.bytes, 0) > MOST_CAPS * maxBytes;
    if (over || read.length >= MOST_FILES) {
      const message = `more than ${MOST_FILES} files, or more than ${MOST_CAPS * maxBytes} bytes in all`;
      report.add(main, ["include"], { code: "R1003", message, hint: "raise the cap", at: "key" });
      return read;
    }
    const file = await readManifestFile(path, files, maxBytes, report);
    if (file) read.push(file);
  }
  return read;
}

interface Found {
  readonly path: string;
  readonly bytes: number;
}

/** What the patterns match, each file once (by its real path), nothing outside the manifest's folder. */
async function findIncludes(
  patterns: readonly string[],
  main: ManifestFile,
  files: Files,
  report: Report,
): Promise<readonly Found[]> {
  const folder = folderOf(main.file);
  const root = (await files.stat(folder === "" ? "." : folder))?.realPath;
  const seen = new Set([(await files.stat(main.file))?.realPath]);
  const found: Found[] = [];
  for (const [i, pattern] of patterns.entries()) {
    const say = (problem: Problem): void => report.add(main, ["include", i], problem);
    const problem = patternProblem(pattern);
    if (problem) {
      say(problem);
      continue;
    }
    const paths = await files.glob(folder, pattern, MOST_FILES);
    if (paths.length === 0) say({ code: "R1016", message: "no file matches this pattern", severity: "warning" });
    for (const path of paths) {
      const stat = await files.stat(path);
      if (stat && root !== undefined && !isInside(stat.realPath, root)) {
        say({ code: "R1016", message: `${path} leads out of the manifest's folder`, hint: "move the file inside" });
      } else if (stat === undefined || !seen.has(stat.realPath)) {
        seen.add(stat?.realPath);
        found.push({ path, bytes: stat?.bytes ?? 0 });
      }
    }
  }
  return found;
}

function patternProblem(pattern: string): Problem | undefined {
  if (pattern.startsWith("/") || /^[A-Za-z]:/.test(pattern) || pattern.startsWith("~") || pattern.includes("\\")) {
    return {
      code: "R1016",
      message: "a pattern is relative to this file, with / between its parts",
      hint: "like teams/*.yaml",
    };
  }
  if (pattern.split("/").includes("..")) {
    return { code: "R1016", message: "a pattern cannot lead out of the manifest's folder", hint: "like teams/*.yaml" };
  }
  return undefined;
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

/** The folder part of a path, "" for a bare name. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : slash === 0 ? "/" : path.slice(0, slash);
}
