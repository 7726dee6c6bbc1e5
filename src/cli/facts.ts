import { statePaths } from "../engine/home/index.ts";
import type { LedgerReader } from "../ledger/index.ts";
import { askDaemon } from "./client.ts";
import { type CommonOptions, stateDir } from "./command.ts";
import { requireOwner } from "./owner.ts";
import type { World } from "./world.ts";

type Query = typeof import("../query/index.ts");

/** Reads the ledger of this state, with or without a daemon on it; closes it afterwards. */
export async function withLedger<T>(
  world: World,
  options: CommonOptions,
  work: (ledger: LedgerReader) => Promise<T>,
): Promise<T> {
  const paths = statePaths(await stateDir(world, options));
  await requireOwner(paths, options);
  const { openLedgerReader } = await import("../ledger/index.ts");
  const ledger = await openLedgerReader(paths.ledger);
  try {
    return await work(ledger);
  } finally {
    await ledger.close();
  }
}

/** As `withLedger`, and undefined where nothing was ever recorded. */
export async function withLedgerIfAny<T>(
  world: World,
  options: CommonOptions,
  work: (ledger: LedgerReader) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await withLedger(world, options, work);
  } catch (error) {
    const { LedgerError } = await import("../ledger/index.ts");
    if (error instanceof LedgerError && error.code === "missing") return undefined;
    throw error;
  }
}

/** The daemon's answer where one runs (it knows the costs of what is in flight), else the ledger's. */
export async function fact<T>(
  world: World,
  options: CommonOptions,
  path: string,
  offline: (ledger: LedgerReader, query: Query) => Promise<T>,
): Promise<T> {
  const answer = await askDaemon<T>(world, options, path);
  if (answer !== undefined) return answer;
  return withLedger(world, options, async (ledger) => offline(ledger, await import("../query/index.ts")));
}
