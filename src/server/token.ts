import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { lstat, readFile } from "node:fs/promises";
import { createOnce } from "../engine/index.ts";

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
  if (await createOnce(path, `${token}\n`)) return token;
  // Another process made one meanwhile.
  const winner = await readToken(path);
  if (winner === undefined) throw new TokenError(`the token file ${path} was there and is gone`, "start it again");
  return winner;
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
