import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { ProviderError } from "../../src/provider/index.ts";
import { isPopulated, killCgroup, readCgroupPids, thawCgroup } from "./cgroup.ts";
import type { RunSpec } from "./folder.ts";
import { type Host, type LocalRun, treeKey } from "./host.ts";
import { isAlive, isSameProcess, type ProcessStat } from "./proc.ts";
import { sendSignal } from "./signal.ts";

const execute = promisify(execFile);
const GONE_MS = 10_000;
const LOOK_MS = 15;
const WALK_MS = 50;

// A pid may be given to somebody else between the walk and the signal: it is read again at the last moment.

/** SIGTERM to every process of the run, and SIGCONT, so that a stopped one sees it. The number reached. */
export async function stopPolitely(host: Host, target: LocalRun, spec: RunSpec): Promise<number> {
  if (!host.hasProc) return signalGroup(target, "SIGTERM");
  const recent = await processesOf(host, target, spec, host.context.clock.monotonic() - WALK_MS);
  const reached = terminate(recent) || terminate(await processesOf(host, target, spec));
  if (spec.cgroup !== undefined) thawCgroup(spec.cgroup);
  return reached;
}

function terminate(found: readonly ProcessStat[]): number {
  let reached = 0;
  for (const process of found) {
    if (!isSameProcess(process) || !sendSignal(process.pid, "SIGTERM")) continue;
    reached += 1;
    sendSignal(process.pid, "SIGCONT");
  }
  return reached;
}

/**
 * SIGKILL until no process of the run is left, those that were forked meanwhile included, and the keeper has
 * written what became of it. Throws `unavailable` when something is still there after ten seconds.
 */
export async function stopHard(host: Host, target: LocalRun, spec: RunSpec, signal?: AbortSignal): Promise<number> {
  const { clock } = host.context;
  const deadline = clock.monotonic() + GONE_MS;
  let reached = 0;
  if (!host.hasProc) return signalGroup(target, "SIGKILL");
  // What is forked after this walk is found by the next one.
  let found = await processesOf(host, target, spec, clock.monotonic() - WALK_MS);
  for (;;) {
    const killedAt = clock.monotonic();
    reached += killAll(found, spec);
    await clock.sleep(LOOK_MS);
    found = await processesOf(host, target, spec, killedAt);
    const isPopulatedStill = spec.cgroup !== undefined && isPopulated(spec.cgroup);
    if (found.length === 0 && !isPopulatedStill && (await isSettled(host, target))) return reached;
    if (clock.monotonic() < deadline && !signal?.aborted) continue;
    const pids = found.map((process) => process.pid).join(", ");
    throw new ProviderError("unavailable", `processes of ${target.run} are still there after SIGKILL: ${pids}`, {
      fix: "a process in uninterruptible sleep (state D) ends when its device answers",
    });
  }
}

/**
 * Without /proc: the process group of the keeper, while the keeper's own command line names this run. What left the
 * group is not reached; docs/local.md says so.
 */
async function signalGroup(target: LocalRun, signal: NodeJS.Signals): Promise<number> {
  const keeper = await target.folder.keeper();
  if (!keeper) return 0;
  const { stdout } = await execute("ps", ["-o", "command=", "-p", String(keeper.pid)]).catch(() => ({ stdout: "" }));
  if (!stdout.includes(target.folder.mark)) return 0;
  const reached = sendSignal(-keeper.pid, signal);
  sendSignal(-keeper.pid, "SIGCONT");
  return reached ? 1 : 0;
}

function killAll(found: readonly ProcessStat[], spec: RunSpec): number {
  let reached = 0;
  if (spec.cgroup !== undefined && isPopulated(spec.cgroup)) {
    reached += Math.max(1, readCgroupPids(spec.cgroup)?.length ?? 0);
    killCgroup(spec.cgroup);
  }
  // Stopped first, and all of them, so that a fork bomb does not outrun the walk.
  const live = found.filter((process) => isSameProcess(process));
  for (const process of live) sendSignal(process.pid, "SIGSTOP");
  for (const process of live) if (isSameProcess(process) && sendSignal(process.pid, "SIGKILL")) reached += 1;
  return reached;
}

/** The keeper has said how it ended, or cannot any more. */
async function isSettled(host: Host, target: LocalRun): Promise<boolean> {
  if ((await target.folder.exit()) || (await target.folder.verdict())) return true;
  const keeper = await target.folder.keeper();
  return !keeper || !isAlive(keeper, host.bootId);
}

/** Never the keeper, and never anybody when the machine was started anew since. */
async function processesOf(
  host: Host,
  target: LocalRun,
  spec: RunSpec,
  newerThan?: number,
): Promise<readonly ProcessStat[]> {
  if (spec.bootId !== host.bootId) return [];
  return host.processes.find(treeKey(target, spec.cgroup, await target.folder.child()), newerThan);
}
