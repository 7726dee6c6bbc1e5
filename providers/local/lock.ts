import { link, readFile, rename, rm } from "node:fs/promises";
import type { Clock } from "../../src/model/index.ts";
import { ProviderError } from "../../src/provider/index.ts";
import { openTemporary } from "./durable.ts";
import { isAlive, readBootId, readStat } from "./proc.ts";

const WAIT_MS = 5000;
const LOOK_MS = 5;

/**
 * One process at a time, on this machine: the file is made with O_EXCL and names its maker, so that the lock of a
 * process that was killed is taken over. Throws `unavailable` when it is held for longer than five seconds.
 */
export async function withFileLock<T>(path: string, clock: Clock, work: () => Promise<T>): Promise<T> {
  const deadline = clock.monotonic() + WAIT_MS;
  while (!(await take(path))) {
    await removeIfAbandoned(path);
    if (clock.monotonic() >= deadline) throw new ProviderError("unavailable", `${path} is held by another process`);
    await clock.sleep(LOOK_MS);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

/** Linked into place whole: there is never a lock that does not say whose it is. */
async function take(path: string): Promise<boolean> {
  const { file, temporary } = await openTemporary(path);
  try {
    await file.writeFile(`${process.pid} ${readStat(process.pid)?.startTicks ?? 0} ${readBootId()}`);
    await link(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await file.close();
    await rm(temporary, { force: true });
  }
}

/** Moved aside before it is removed: of two that find it abandoned, one takes it away, and a fresh one is put back. */
async function removeIfAbandoned(path: string): Promise<void> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  const [pid, startTicks, bootId] = text?.split(" ") ?? [];
  if (text === undefined || bootId === undefined) return;
  if (isAlive({ pid: Number(pid), startTicks: Number(startTicks), bootId }, readBootId())) return;
  const aside = `${path}.aside`;
  try {
    await rename(path, aside);
    if ((await readFile(aside, "utf8")) === text) await rm(aside);
    else await rename(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
