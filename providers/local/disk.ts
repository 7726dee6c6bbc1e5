import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";

const ENTRIES = 20_000;
const BLOCK = 512;

/**
 * Bytes that a folder holds on disk, links not followed, a file with two names counted once. It gives up after
 * 20,000 entries: then it is what was found so far, which is never more than there is.
 */
export async function folderBytes(path: string): Promise<number> {
  let bytes = 0;
  let left = ENTRIES;
  const inodes = new Set<number>();
  const folders = [path];
  for (let folder = folders.pop(); folder !== undefined && left > 0; folder = folders.pop()) {
    for await (const entry of await opendir(folder).catch(() => [])) {
      left -= 1;
      if (left <= 0) break;
      const full = join(folder, entry.name);
      // Gone meanwhile: then it holds nothing.
      const facts = await lstat(full).catch(() => undefined);
      if (!facts || (facts.nlink > 1 && !facts.isDirectory() && inodes.has(facts.ino))) continue;
      if (facts.nlink > 1) inodes.add(facts.ino);
      bytes += facts.blocks * BLOCK;
      if (entry.isDirectory()) folders.push(full);
    }
  }
  return bytes;
}
