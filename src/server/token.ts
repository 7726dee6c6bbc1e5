import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { link, lstat, open, readFile, unlink } from "node:fs/promises";

const TOKEN = /^[A-Za-z0-9_-]{32,256}$/;

/** The token file is not one that may be trusted; `fix` says what to do. */
export class TokenError extends Error {
  override readonly name = "TokenError";
  readonly fix: string;
  constructor(message: string, fix: string) {
    super(message);
    this.fix = fix;
  }
}

/**
 * The daemon's token: 256 random bits in a file that only its owner may read (0600), made when it is
 * not there. A file that others can read, of somebody else, or no plain file, is refused: it may have
 * been read or planted already.
 */
export async function readOrCreateToken(path: string): Promise<string> {
  return (await readToken(path)) ?? (await createToken(path));
}

async function readToken(path: string): Promise<string | undefined> {
  const info = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (!info) return undefined;
  const renew = `delete ${path}; the daemon makes a new one when it starts`;
  if (!info.isFile()) throw new TokenError(`the token file ${path} is not a plain file`, renew);
  if (process.getuid && info.uid !== process.getuid()) {
    throw new TokenError(`the token file ${path} belongs to another user`, renew);
  }
  if ((info.mode & 0o077) !== 0) {
    throw new TokenError(
      `the token file ${path} can be read by others (mode ${(info.mode & 0o777).toString(8)})`,
      renew,
    );
  }
  const token = (await readFile(path, "utf8")).trim();
  if (!TOKEN.test(token)) throw new TokenError(`the token file ${path} does not hold a token`, renew);
  return token;
}

async function createToken(path: string): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  const partial = `${path}.${randomBytes(6).toString("hex")}`;
  const file = await open(partial, "wx", 0o600);
  try {
    await file.writeFile(`${token}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    // A link, unlike a rename, never replaces the token that another process made meanwhile.
    await link(partial, path);
    return token;
  } catch (error) {
    const winner = await readToken(path);
    if (winner === undefined) throw error;
    return winner;
  } finally {
    await unlink(partial);
  }
}

/** Whether two secrets are equal, in a time that tells nothing about them. */
export function sameSecret(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** What a run may report progress with (POST to its beat address), and nothing else; it cannot be turned back into the token. */
export function beatToken(token: string, run: string): string {
  return createHmac("sha256", token).update(`beat:${run}`).digest("base64url");
}
