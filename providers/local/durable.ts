import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** Writes the whole file or none of it, and it is there after a power cut: temporary file, fsync, rename, fsync of the folder. */
export async function writeDurably(path: string, text: string): Promise<void> {
  const { file, temporary } = await openTemporary(path);
  try {
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** A new file beside `path` that nobody else has: the first free number, for processes and calls at the same time. */
export async function openTemporary(path: string): Promise<{ readonly file: FileHandle; readonly temporary: string }> {
  for (let number = 0; ; number += 1) {
    const temporary = `${path}.${number}.tmp`;
    try {
      return { file: await open(temporary, "wx", 0o600), temporary };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

/** Makes renames and removals in the folder durable. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, "r");
  await folder.sync();
}
