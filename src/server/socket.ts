import { chmod, lstat, mkdtemp, rename, rmdir, unlink } from "node:fs/promises";
import { connect } from "node:net";
import { basename, dirname, join } from "node:path";

/** `sun_path` of unix(7) takes 108 bytes with the closing zero; macOS takes 104. */
const LONGEST_PATH_BYTES = 103;

export class SocketError extends Error {
  override readonly name = "SocketError";
  readonly code: "inUse" | "notASocket" | "tooLong";
  readonly fix: string;
  constructor(code: SocketError["code"], message: string, fix: string) {
    super(message);
    this.code = code;
    this.fix = fix;
  }
}

/**
 * Listens on a unix socket that only its owner may use. It is bound inside a folder of mode 0700 and then
 * moved into place, so that it is never there with other rights, and a stale one is replaced in one step.
 * Returns what removes it again. Throws SocketError when a live daemon answers there already.
 */
export async function listenOnSocket(
  path: string,
  listen: (path: string) => Promise<unknown>,
): Promise<{ readonly remove: () => Promise<void> }> {
  await refuseTaken(path);
  const nursery = await mkdtemp(join(dirname(path), ".s-"));
  const birth = join(nursery, "s");
  try {
    refuseLong(path, birth);
    await listen(birth);
    await chmod(birth, 0o600);
    const { ino } = await lstat(birth);
    await rename(birth, path);
    return { remove: () => removeOwn(path, ino) };
  } finally {
    await rmdir(nursery).catch(() => undefined);
  }
}

function refuseLong(...paths: readonly string[]): void {
  const longest = paths.reduce((a, b) => (Buffer.byteLength(a) > Buffer.byteLength(b) ? a : b));
  if (Buffer.byteLength(longest) <= LONGEST_PATH_BYTES) return;
  throw new SocketError(
    "tooLong",
    `the socket's path is too long for the system (${Buffer.byteLength(longest)} bytes, ${LONGEST_PATH_BYTES} at most): ${longest}`,
    "choose a shorter state folder with --state",
  );
}

async function refuseTaken(path: string): Promise<void> {
  const info = await lstat(path).catch(() => undefined);
  if (!info) return;
  if (!info.isSocket()) {
    throw new SocketError("notASocket", `${path} is in the way: it is not a socket`, `move ${basename(path)} away`);
  }
  if (await answers(path)) {
    throw new SocketError("inUse", `another daemon answers on ${path}`, "stop it first, or use another --state");
  }
}

/** Whether somebody accepts connections there. Only a refusal or an absence means that nobody does. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code !== "ECONNREFUSED" && error.code !== "ENOENT");
    });
  });
}

async function removeOwn(path: string, ino: number): Promise<void> {
  const info = await lstat(path).catch(() => undefined);
  if (info?.ino === ino) await unlink(path).catch(() => undefined);
}
