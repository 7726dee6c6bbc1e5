import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import type { FileStat, Files, ReadResult } from "../manifest/index.ts";

type Ask = (files: Files) => Promise<string>;

/**
 * Files that remember everything they were asked and what they answered: contents, kinds, and what patterns matched.
 * Asked again, they tell whether a second reading would find anything else, whoever wrote it, however and when.
 */
export class Reading implements Files {
  private readonly files: Files;
  private readonly asked: Map<string, { readonly ask: Ask; readonly answer: Promise<string> }> = new Map();
  private readonly paths: Set<string> = new Set();

  constructor(files: Files) {
    this.files = files;
  }

  async stat(path: string): Promise<FileStat | undefined> {
    this.paths.add(path);
    const found = this.files.stat(path);
    const ask: Ask = async (files) => statText(await files.stat(path));
    this.remember(`stat ${path}`, ask, found.then(statText));
    return found;
  }

  async read(path: string, maxBytes: number): Promise<ReadResult> {
    this.paths.add(path);
    const result = this.files.read(path, maxBytes);
    const ask: Ask = async (files) => readText(await files.read(path, maxBytes));
    this.remember(`read ${path} ${maxBytes}`, ask, result.then(readText));
    return result;
  }

  async glob(folder: string, pattern: string, limit: number): Promise<readonly string[]> {
    const found = this.files.glob(folder, pattern, limit);
    const ask: Ask = async (files) => JSON.stringify(await files.glob(folder, pattern, limit));
    const answer = found.then((paths) => JSON.stringify(paths));
    this.remember(`glob ${folder} ${pattern} ${limit}`, ask, answer);
    return found;
  }

  /** Whether every answer would be the same now. Reads all that was read. */
  async isCurrent(): Promise<boolean> {
    for (const { ask, answer } of this.asked.values()) {
      if ((await ask(this.files)) !== (await answer)) return false;
    }
    return true;
  }

  /** Differs when a file that was asked for was written, made, replaced or removed, or a pattern matches others. */
  async stamps(): Promise<string> {
    const texts = await Promise.all([...this.paths].map(stampOf));
    for (const [question, { ask }] of this.asked) {
      if (question.startsWith("glob ")) texts.push(await ask(this.files));
    }
    return texts.join("\n");
  }

  /** The first answer is the one that counts: it is the oldest that anything may have been made of. */
  private remember(question: string, ask: Ask, answer: Promise<string>): void {
    if (this.asked.has(question)) return;
    // Whoever asked hears of a failure; to the watch it is an answer like another.
    this.asked.set(question, { ask: (files) => ask(files).catch(String), answer: answer.catch(String) });
  }
}

function statText(found: FileStat | undefined): string {
  return found ? `${found.kind} ${found.kind === "file" ? found.bytes : ""} ${found.realPath}` : "-";
}

function readText(result: ReadResult): string {
  return result.ok ? createHash("sha256").update(result.bytes).digest("base64") : `${result.reason} ${result.detail}`;
}

/** With the time of the last change of any kind, which no copy that keeps a file's own time can set back. */
async function stampOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  // A folder's times change with anything that is made in it.
  return found?.isFile() ? `${path} ${found.mtimeNs} ${found.ctimeNs} ${found.size} ${found.ino}` : `${path} -`;
}
