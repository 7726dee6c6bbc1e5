import { createHash } from "node:crypto";
import { appendFile, mkdir, open, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Instant, Job, OwnershipMark, StopMode } from "../../src/model/index.ts";
import { writeDurably } from "./durable.ts";
import type { Identity } from "./proc.ts";

/** What a run was started as; written before anything runs. No secret and no value of the environment is in it. */
export interface RunSpec {
  readonly run: string;
  readonly mark: OwnershipMark;
  readonly attempt: number;
  readonly fireAt: Instant;
  readonly workload: Job["workload"]["kind"];
  readonly cpu: number;
  readonly createdAt: Instant;
  readonly bootId: string;
  /** Seconds since boot when it was written; absent where the machine does not say. */
  readonly uptimeSeconds?: number;
  /** Its own cgroup, when one could be made. */
  readonly cgroup?: string;
  /** The container's name, and the command that knows it. */
  readonly container?: { readonly tool: string; readonly name: string };
}

/** The command's own process, once it is about to run. */
export interface ChildRecord extends Identity {
  readonly at: Instant;
  readonly uptimeSeconds?: number;
  /** It joined the cgroup of the spec. */
  readonly inCgroup: boolean;
}

export interface ExitRecord {
  readonly at: Instant;
  /** As a shell says it: 128 + n after signal n, or the process said exit(128 + n) itself. */
  readonly code: number;
  readonly uptimeSeconds?: number;
  /** The shell's words when a signal ended it. */
  readonly words: string;
}

export interface StopRecord {
  readonly mode: StopMode;
  readonly at: Instant;
  /** A signal reached at least one process of the run. */
  readonly delivered: boolean;
}

/** An end that no exit status tells: the run is gone, or it could not be started. */
export interface VerdictRecord {
  readonly outcome: "succeeded" | "failed" | "stopped" | "lost";
  readonly at: Instant;
  readonly exitCode?: number;
  readonly reason?: string;
}

const EXIT_BYTES = 512;

/** The files of one run. All but `work` are rota's own; the folder is 0700. */
export class RunFolder {
  readonly path: string;
  /** In the environment of every process of the run: names this run of this state folder and no other. */
  readonly mark: string;

  constructor(runsDir: string, run: string) {
    this.path = join(runsDir, fileName(run));
    this.mark = createHash("sha256").update(this.path).digest("hex").slice(0, 32);
  }

  get out(): string {
    return join(this.path, "out");
  }
  get err(): string {
    return join(this.path, "err");
  }
  get work(): string {
    return join(this.path, "work");
  }
  get progress(): string {
    return join(this.path, "progress");
  }

  /** Makes the folder; false when the run was prepared already. */
  async prepare(spec: RunSpec): Promise<boolean> {
    await mkdir(this.work, { recursive: true, mode: 0o700 });
    if (await this.spec()) return false;
    for (const name of ["out", "err", "progress"]) {
      await appendFile(join(this.path, name), "", { mode: 0o600 });
    }
    // Room for the exit status, taken now: on a full disk a run still says how it ended.
    await writeDurably(join(this.path, "exit"), " ".repeat(EXIT_BYTES));
    await writeDurably(join(this.path, "spec.json"), JSON.stringify(spec));
    return true;
  }

  spec(): Promise<RunSpec | undefined> {
    return this.#json<RunSpec>("spec.json");
  }

  /** Takes the run for this process; false when somebody else has it. */
  async claim(words: string): Promise<boolean> {
    try {
      await writeFile(join(this.path, "claim"), words, { flag: "wx", mode: 0o600 });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    }
  }

  isClaimed(): Promise<boolean> {
    return this.has("claim");
  }

  async keeper(): Promise<Identity | undefined> {
    const [pid, startTicks, bootId] = (await this.#line("keeper"))?.words ?? [];
    return bootId === undefined ? undefined : { pid: Number(pid), startTicks: Number(startTicks), bootId };
  }

  writeKeeper(identity: Identity): Promise<void> {
    return writeDurably(join(this.path, "keeper"), `${identity.pid} ${identity.startTicks} ${identity.bootId} end\n`);
  }

  async child(): Promise<ChildRecord | undefined> {
    const line = await this.#line("child");
    const [pid, startTicks, bootId, uptime, cgroup] = line?.words ?? [];
    if (!line || bootId === undefined) return undefined;
    return {
      pid: Number(pid),
      startTicks: Number(startTicks),
      bootId,
      at: line.at,
      inCgroup: cgroup === "cgroup",
      ...uptimeOf(uptime),
    };
  }

  async exit(): Promise<ExitRecord | undefined> {
    const path = join(this.path, "exit");
    const text = await readFile(path, "utf8").catch(undefinedIfMissing);
    const record = text?.trimEnd();
    if (!record?.endsWith("\nend")) return undefined;
    const [code, uptime, words = ""] = record.split("\n");
    const at = Math.round((await stat(path)).mtimeMs);
    return { at, code: Number(code), words, ...uptimeOf(uptime) };
  }

  /** The beginning of what went to stderr. */
  async firstError(): Promise<string> {
    await using file = await open(this.err, "r");
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
    return buffer.toString("utf8", 0, bytesRead);
  }

  stop(): Promise<StopRecord | undefined> {
    return this.#json<StopRecord>("stop.json");
  }

  writeStop(record: StopRecord): Promise<void> {
    return writeDurably(join(this.path, "stop.json"), JSON.stringify(record));
  }

  verdict(): Promise<VerdictRecord | undefined> {
    return this.#json<VerdictRecord>("verdict.json");
  }

  writeVerdict(record: VerdictRecord): Promise<void> {
    return writeDurably(join(this.path, "verdict.json"), JSON.stringify(record));
  }

  /** `unstarted`: the command could not be executed. `limit`: the keeper's own watch ended it. */
  async has(name: "claim" | "unstarted" | "limit" | "collected"): Promise<boolean> {
    return (await stat(join(this.path, name)).catch(undefinedIfMissing)) !== undefined;
  }

  /** The end has been read, and the remains are dealt with. */
  markCollected(leftBehind: number): Promise<void> {
    return writeDurably(join(this.path, "collected"), `${leftBehind}\n`);
  }

  /** The exit status is on disk before anybody is told of it. */
  async syncExit(): Promise<void> {
    await using file = await open(join(this.path, "exit"), "r");
    await file.sync();
  }

  async #json<T>(name: string): Promise<T | undefined> {
    const text = await readFile(join(this.path, name), "utf8").catch(undefinedIfMissing);
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }

  /** A line that the keeper wrote; undefined until all of it is there. */
  async #line(name: string): Promise<{ readonly words: readonly string[]; readonly at: Instant } | undefined> {
    const path = join(this.path, name);
    const text = await readFile(path, "utf8").catch(undefinedIfMissing);
    if (!text?.endsWith("end\n")) return undefined;
    return { words: text.trim().split(" ").slice(0, -1), at: Math.round((await stat(path)).mtimeMs) };
  }
}

/** The runs that have a folder. */
export async function listRunFolders(runsDir: string): Promise<readonly string[]> {
  return (await readdir(runsDir).catch(undefinedIfMissing)) ?? [];
}

/** A name as a file name: itself when it is plain and short, else with a hash, never a path. */
export function fileName(name: string): string {
  if (/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/.test(name)) return name;
  const plain = name.replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(0, 60);
  return `${plain}~${createHash("sha256").update(name).digest("hex").slice(0, 32)}`;
}

/** Only absence is absence: a folder that may not be read is an error. */
export function undefinedIfMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT") return undefined;
  throw error;
}

function uptimeOf(word: string | undefined): { readonly uptimeSeconds?: number } {
  const uptimeSeconds = Number.parseFloat(word ?? "");
  return Number.isFinite(uptimeSeconds) ? { uptimeSeconds } : {};
}
