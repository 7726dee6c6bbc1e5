import { randomBytes } from "node:crypto";
import { link, open, unlink } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes a file for its owner alone (0600): whole or not at all, also when the power goes. False where one is there
 * already, by another process at the same time, say: it stays as it is.
 */
export async function createOnce(path: string, text: string): Promise<boolean> {
  const partial = `${path}.${randomBytes(6).toString("hex")}`;
  const file = await open(partial, "wx", 0o600);
  try {
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    // A link, unlike a rename, replaces nothing.
    await link(partial, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await unlink(partial);
  }
  await using folder = await open(dirname(path), "r");
  await folder.sync();
  return true;
}
