import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createOnce } from "./create.ts";

/** Where a daemon keeps what it must: the ledger, the socket, the token, and its placements' folders. */
export interface StatePaths {
  readonly dir: string;
  readonly ledger: string;
  readonly socket: string;
  readonly token: string;
  /** What the running daemon is: pid, address, version. */
  readonly daemon: string;
  /** Whose state this is: namespace and environment. */
  readonly owner: string;
}

export function statePaths(dir: string): StatePaths {
  return {
    dir,
    ledger: join(dir, "ledger.db"),
    socket: join(dir, "rota.sock"),
    token: join(dir, "token"),
    daemon: join(dir, "daemon.json"),
    owner: join(dir, "owner.json"),
  };
}

export interface StateOwner {
  readonly namespace: string;
  readonly environment: string;
}

/** The folder is another manifest's or another environment's (their fires would be taken for each other's), or does not say. */
export class StateError extends Error {
  override readonly name = "StateError";
  readonly fix: string;
  constructor(message: string, fix: string) {
    super(message);
    this.fix = fix;
  }
}

/** Makes the folder for its owner alone and marks whose it is; refuses one that belongs to another environment. */
export async function claimState(paths: StatePaths, owner: StateOwner): Promise<void> {
  await mkdir(paths.dir, { recursive: true, mode: 0o700 });
  // Where another process claims it at the same time, one of the two is refused.
  if ((await textOf(paths)) === undefined && (await createOnce(paths.owner, `${JSON.stringify(owner)}\n`))) return;
  const foreign = await foreignState(paths, owner);
  if (foreign) throw foreign;
}

/** Why the folder cannot be claimed; undefined where it is the owner's, or nobody's yet. */
export async function foreignState(paths: StatePaths, owner: StateOwner): Promise<StateError | undefined> {
  const text = await textOf(paths);
  if (text === undefined) return undefined;
  const known = parse(text);
  const apart = `give this one a folder of its own: --state ${paths.dir}-${owner.environment}`;
  const mine = `${owner.namespace}/${owner.environment}`;
  if (known === undefined) {
    // What stands beside it may be anybody's: a person has to say whose.
    return new StateError(
      `${paths.owner} is damaged: it does not say whose state ${paths.dir} holds; nothing in there was touched`,
      `if it is that of ${mine}, write this into the file: ${JSON.stringify(owner)}; if not, ${apart}`,
    );
  }
  if (known.namespace === owner.namespace && known.environment === owner.environment) return undefined;
  return new StateError(
    `${paths.dir} holds the state of ${known.namespace}/${known.environment}, not of ${mine}`,
    apart,
  );
}

function textOf({ owner }: StatePaths): Promise<string | undefined> {
  return readFile(owner, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}

function parse(text: string): StateOwner | undefined {
  try {
    const { namespace, environment } = JSON.parse(text) as Partial<StateOwner>;
    return typeof namespace === "string" && typeof environment === "string" ? { namespace, environment } : undefined;
  } catch {
    return undefined;
  }
}
