import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

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

/** The folder is another manifest's or another environment's: their fires would be taken for each other's. */
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
  const known = await ownerOf(paths);
  if (known === undefined) {
    await writeFile(paths.owner, `${JSON.stringify(owner)}\n`, { mode: 0o600 });
    return;
  }
  const foreign = foreignTo(owner, known, paths);
  if (foreign) throw foreign;
}

/** Why the folder cannot be claimed; undefined where it is the owner's, or nobody's yet. */
export async function foreignState(paths: StatePaths, owner: StateOwner): Promise<StateError | undefined> {
  const known = await ownerOf(paths);
  return known && foreignTo(owner, known, paths);
}

async function ownerOf(paths: StatePaths): Promise<Partial<StateOwner> | undefined> {
  const text = await readFile(paths.owner, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  return text === undefined ? undefined : (JSON.parse(text) as Partial<StateOwner>);
}

function foreignTo(owner: StateOwner, known: Partial<StateOwner>, { dir }: StatePaths): StateError | undefined {
  if (known.namespace === owner.namespace && known.environment === owner.environment) return undefined;
  return new StateError(
    `${dir} holds the state of ${known.namespace}/${known.environment}, not of ${owner.namespace}/${owner.environment}`,
    `give this one a folder of its own: --state ${dir}-${owner.environment}`,
  );
}
