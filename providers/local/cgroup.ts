import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readProc } from "./proc.ts";

/** The folder in which this provider makes one cgroup (v2) for each run, or undefined where none can be made. */
export function findCgroupParent(name: string, wanted: string | boolean): string | undefined {
  if (wanted === false) return undefined;
  const folders = typeof wanted === "string" ? [wanted] : delegatedFolders();
  for (const folder of folders) {
    const parent = join(folder, name);
    if (canMake(parent)) return parent;
  }
  return undefined;
}

/** The daemon's own cgroup: what is delegated to it, if anything is (cgroups(7), "delegation"). */
function delegatedFolders(): readonly string[] {
  const mounts = (readProc("/proc/self/mountinfo") ?? "").split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ");
    const mountPoint = before.split(" ")[4];
    return after.startsWith("cgroup2 ") && mountPoint !== undefined ? [mountPoint.replaceAll("\\040", " ")] : [];
  });
  const own = /^0::(.*)$/m.exec(readProc("/proc/self/cgroup") ?? "")?.[1];
  return own === undefined ? [] : mounts.map((mount) => join(mount, own));
}

/** Tried once, with a process of its own moved by nobody: the keeper's child joins by itself and says whether it could. */
function canMake(parent: string): boolean {
  const probe = join(parent, "probe");
  try {
    mkdirSync(probe, { recursive: true });
    accessSync(join(probe, "cgroup.procs"), constants.W_OK);
    accessSync(join(probe, "cgroup.kill"), constants.W_OK);
    return true;
  } catch {
    return false;
  } finally {
    removeCgroup(probe);
  }
}

export function createCgroup(path: string): boolean {
  try {
    mkdirSync(path, { recursive: true });
    return true;
  } catch {
    return false;
  }
}

/** The pids in it and in what was made below it by the run; undefined when it is not there. */
export function readCgroupPids(path: string): readonly number[] | undefined {
  const text = readProc(join(path, "cgroup.procs"));
  return text?.split("\n").flatMap((line) => (line === "" ? [] : [Number(line)]));
}

/** Some process is in it, or in a cgroup below it. */
export function isPopulated(path: string): boolean {
  return /^populated 1$/m.test(readProc(join(path, "cgroup.events")) ?? "");
}

/** CPU of everything that ever ran in it, in seconds. */
export function readCgroupCpuSeconds(path: string): number | undefined {
  const usage = /^usage_usec (\d+)$/m.exec(readProc(join(path, "cpu.stat")) ?? "")?.[1];
  return usage === undefined ? undefined : Number(usage) / 1e6;
}

/** Kills every process in it and below it at once, forks under way included. False when the kernel would not. */
export function killCgroup(path: string): boolean {
  try {
    writeFileSync(join(path, "cgroup.kill"), "1");
    return true;
  } catch {
    return false;
  }
}

/** Stopped by cgroup.freeze, a process neither runs nor sees a signal. */
export function thawCgroup(path: string): void {
  try {
    if (readFileSync(join(path, "cgroup.freeze"), "utf8").trim() === "1")
      writeFileSync(join(path, "cgroup.freeze"), "0");
  } catch {
    // Not there any more, or no freezer: then nothing is frozen.
  }
}

export function removeCgroup(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // Still populated or never made; an empty one left behind costs a directory and is tried again when the run is pruned.
  }
}
