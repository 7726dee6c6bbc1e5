import { execFile } from "node:child_process";
import { type FileHandle, open, readFile, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { writeDurably } from "./durable.ts";

const execute = promisify(execFile);
/** Holes are made of whole blocks. */
const BLOCK = 4096;

/** What of a file is kept, and the tool that makes holes in files, where there is one. */
export interface OutputLimits {
  readonly headBytes: number;
  readonly tailBytes: number;
  readonly fallocate?: string;
}

/** The bytes [from, to) of what was written are gone. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

/**
 * One of a run's two output files, written with O_APPEND by the run itself. Its size is what was ever written, to
 * the byte, also when the middle has been dropped: what is dropped becomes a hole in a sparse file, and a writer
 * goes on at the end and notices nothing. Positions are positions in the whole output.
 */
export class OutputFile {
  readonly path: string;
  readonly #limits: OutputLimits;

  constructor(path: string, limits: OutputLimits) {
    this.path = path;
    this.#limits = limits;
  }

  async size(): Promise<number> {
    return (await stat(this.path).catch(() => undefined))?.size ?? 0;
  }

  async gap(): Promise<Gap | undefined> {
    const text = await readFile(`${this.path}.gap`, "utf8").catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as Gap);
  }

  /** Drops the middle when what is held is larger than head and twice the tail; true when it did. */
  async trim(): Promise<boolean> {
    const { headBytes, tailBytes } = this.#limits;
    const from = Math.ceil(headBytes / BLOCK) * BLOCK;
    const before = await this.gap();
    const size = await this.size();
    if (size - (before?.to ?? from) <= 2 * tailBytes) return false;
    const gap = { from, to: Math.floor((size - tailBytes) / BLOCK) * BLOCK };
    // Said first: a daemon that dies in between leaves bytes that nobody reads, never a hole that reads as zeros.
    await writeDurably(`${this.path}.gap`, JSON.stringify(gap));
    const start = before?.to ?? from;
    if (!(await this.#punch(start, gap.to - start))) await this.#rewrite(gap);
    return true;
  }

  /** At most `limit` bytes from `position` on; what lies in the gap is left out. */
  async read(
    position: number,
    limit: number,
  ): Promise<{ readonly bytes: Buffer; readonly position: number; readonly dropped: number }> {
    const gap = await this.gap();
    const inGap = gap !== undefined && position >= gap.from && position < gap.to;
    const start = inGap ? gap.to : position;
    const end = gap !== undefined && start < gap.from ? Math.min(gap.from, start + limit) : start + limit;
    await using file = await open(this.path, "r");
    const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
    return { bytes: buffer.subarray(0, bytesRead), position: start + bytesRead, dropped: start - position };
  }

  async #punch(offset: number, length: number): Promise<boolean> {
    if (this.#limits.fallocate === undefined) return false;
    try {
      await execute(this.#limits.fallocate, ["-p", "-o", String(offset), "-l", String(length), this.path]);
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Where no hole can be punched: the file is emptied, stretched to its size again and head and tail are written
   * back. What the run writes in the microseconds between the two calls is lost and not counted.
   */
  async #rewrite(gap: Gap): Promise<void> {
    await using file = await open(this.path, "r+");
    const head = await readAt(file, 0, gap.from);
    const { size } = await file.stat();
    const tail = await readAt(file, gap.to, size - gap.to);
    await file.truncate(0);
    await file.truncate(size);
    await file.write(head, 0, head.length, 0);
    await file.write(tail, 0, tail.length, gap.to);
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
