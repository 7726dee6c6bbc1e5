import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Which process, beyond doubt: a pid is used again, its start time within one boot of the machine is not. */
export interface Identity {
  readonly pid: number;
  /** Clock ticks between boot and its start: field 22 of /proc/PID/stat (proc_pid_stat(5)). */
  readonly startTicks: number;
  readonly bootId: string;
}

export interface ProcessStat {
  readonly pid: number;
  readonly state: string;
  readonly parent: number;
  readonly session: number;
  readonly startTicks: number;
  /** Of its own and of the children it has waited for, in ticks. */
  readonly cpuTicks: number;
  /** Of those children alone. */
  readonly childTicks: number;
}

/** USER_HZ: what /proc shows ticks in, 100 on every architecture that Node runs on. */
export const TICKS_PER_SECOND = 100;

/** Gone, hidden or somebody else's. Anything else (no descriptor left, say) is no answer, and must not be taken for one. */
const ABSENT: ReadonlySet<string | undefined> = new Set(["ENOENT", "ESRCH", "EACCES", "EPERM", "ENOTDIR", "EINVAL"]);

function undefinedIfAbsent<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (ABSENT.has((error as NodeJS.ErrnoException).code)) return undefined;
    throw error;
  }
}

/** Reads a file of /proc; undefined when the process is gone, hidden or somebody else's. */
export function readProc(path: string): string | undefined {
  return undefinedIfAbsent(() => readFileSync(path, "latin1"));
}

/** Whether this machine has a Linux /proc; without one a run is known by its process group alone. */
export function hasProc(): boolean {
  return readProc("/proc/self/stat") !== undefined;
}

export function readBootId(): string {
  return readProc("/proc/sys/kernel/random/boot_id")?.trim() ?? "unknown";
}

/** Seconds since boot, the time in suspend included: what wall-clock steps do not touch. */
export function readUptime(): number | undefined {
  const uptime = Number.parseFloat(readProc("/proc/uptime") ?? "");
  return Number.isFinite(uptime) ? uptime : undefined;
}

export function readStat(pid: number): ProcessStat | undefined {
  const text = readProc(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The command's name may hold spaces and brackets: what follows the last bracket is numbers.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const at = (field: number): number => Number(fields[field - 3]);
  return {
    pid,
    state: fields[0] ?? "?",
    parent: at(4),
    session: at(6),
    startTicks: at(22),
    cpuTicks: at(14) + at(15) + at(16) + at(17),
    childTicks: at(16) + at(17),
  };
}

/** A zombie has ended: it only waits to be collected. */
export function isAlive(identity: Identity, bootId: string): boolean {
  if (identity.bootId !== bootId) return false;
  if (!hasProc()) return answersSignals(identity.pid);
  const stat = readStat(identity.pid);
  return stat !== undefined && stat.startTicks === identity.startTicks && stat.state !== "Z" && stat.state !== "X";
}

/** Read again: whether the pid is still this process, and lives. */
export function isSameProcess(found: ProcessStat): boolean {
  const stat = readStat(found.pid);
  return stat?.startTicks === found.startTicks && stat.state !== "Z" && stat.state !== "X";
}

function answersSignals(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export function listPids(): number[] {
  return listNumbers("/proc");
}

function listNumbers(folder: string): number[] {
  const names = undefinedIfAbsent(() => readdirSync(folder)) ?? [];
  return names.flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
}

/** `NAME=VALUE` as the process was started with, or undefined when it may not be read. */
export function readEnviron(pid: number): readonly string[] | undefined {
  return readProc(`/proc/${pid}/environ`)?.split("\0");
}

/** Bytes through read(2) and write(2), page cache and sockets included, with those of children it has waited for. */
export function readIo(pid: number): { readonly read: number; readonly written: number } | undefined {
  const text = readProc(`/proc/${pid}/io`);
  if (text === undefined) return undefined;
  return {
    read: Number(/^rchar: (\d+)/m.exec(text)?.[1] ?? 0),
    written: Number(/^wchar: (\d+)/m.exec(text)?.[1] ?? 0),
  };
}

/** Bytes read by its living threads; unlike those of the process, these do not hold those of ended children. */
export function readOwnReadBytes(pid: number): number {
  let bytes = 0;
  for (const thread of listNumbers(`/proc/${pid}/task`)) {
    bytes += Number(/^rchar: (\d+)/m.exec(readProc(`/proc/${pid}/task/${thread}/io`) ?? "")?.[1] ?? 0);
  }
  return bytes;
}

export function readResidentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readProc(`/proc/${pid}/status`) ?? "")?.[1] ?? 0) * 1024;
}

/** It has another pid of its own inside: it is in a container, not the tool that waits for one. */
export function isInContainer(found: ProcessStat): boolean {
  return /^NSpid:\t\d+\t\d+/m.test(readProc(`/proc/${found.pid}/status`) ?? "");
}

/** Inodes of the sockets it holds; undefined when its descriptors may not be read. */
export function readSocketInodes(pid: number): readonly string[] | undefined {
  return undefinedIfAbsent(() => readdirSync(`/proc/${pid}/fd`))?.flatMap((fd) => {
    const target = undefinedIfAbsent(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? "";
    return /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? [];
  });
}

export function readNetworkNamespace(pid: number | "self"): string | undefined {
  return undefinedIfAbsent(() => readlinkSync(`/proc/${pid}/ns/net`));
}
