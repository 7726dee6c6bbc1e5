import type { RunState } from "../../src/provider/index.ts";
import { ProviderError } from "../../src/provider/index.ts";
import type { ChildRecord, ExitRecord, RunSpec, VerdictRecord } from "./folder.ts";
import { type Host, type LocalRun, treeKey } from "./host.ts";
import { isAlive, readUptime } from "./proc.ts";
import { signalName } from "./signal.ts";

/** A folder without a claim is of a start under way for this long; after it the keeper never came. */
const CLAIM_SECONDS = 5;

export type Known = { readonly state: RunState; readonly spec: RunSpec };

/** What the folder and the machine say of a run now; undefined when it has none, or surely was not started. */
export async function readState(
  host: Host,
  target: LocalRun,
  http: { has(run: string): boolean },
): Promise<Known | undefined> {
  const spec = await target.folder.spec();
  if (!spec) return undefined;
  const { namespace, environment } = host.context;
  if (spec.mark.namespace !== namespace || spec.mark.environment !== environment) {
    throw new ProviderError("denied", `the run ${target.run} is not of ${namespace}/${environment}`);
  }
  const state = await stateOf(host, target, spec, http);
  return state && { state, spec };
}

async function stateOf(
  host: Host,
  target: LocalRun,
  spec: RunSpec,
  http: { has(run: string): boolean },
): Promise<RunState | undefined> {
  const { folder } = target;
  const verdict = await folder.verdict();
  const child = await folder.child();
  const base = {
    handle: { run: target.run, ...(child && { pid: child.pid, startTicks: child.startTicks, bootId: child.bootId }) },
    run: spec.run,
    job: spec.mark.job,
    startedBy: "rota" as const,
    fireAt: spec.fireAt,
    ...(child && { startedAt: child.at }),
    ...(spec.workload === "http" && { startedAt: spec.createdAt }),
  };
  if (verdict) return fromVerdict(base, verdict);
  const exit = await folder.exit();
  if (exit) return { ...base, phase: "ended", ...(await outcomeOf(target, exit)), ...elapsedBetween(child, exit) };
  const keeper = await folder.keeper();
  if (keeper && isAlive(keeper, host.bootId)) {
    if (spec.workload === "http") {
      // Its keeper is the daemon: this one, when it still knows of the request.
      if (keeper.pid !== process.pid || http.has(target.run)) {
        return { ...base, phase: "running", ...elapsedNow(spec) };
      }
      return withoutKeeper(host, target, spec, base, child);
    }
    if (!child) return { ...base, phase: "starting" };
    return { ...base, phase: "running", ...elapsedNow(child) };
  }
  if (!(await folder.isClaimed())) return mayStillStart(host, spec) ? { ...base, phase: "starting" } : undefined;
  if (!keeper && mayStillStart(host, spec)) return { ...base, phase: "starting" };
  return withoutKeeper(host, target, spec, base, child);
}

/** The keeper is gone, or the machine was started anew. */
async function withoutKeeper(
  host: Host,
  target: LocalRun,
  spec: RunSpec,
  base: Omit<RunState, "phase">,
  child: ChildRecord | undefined,
): Promise<RunState> {
  const { folder } = target;
  const restarted = spec.bootId !== host.bootId;
  if (!restarted && host.processes.find(treeKey(target, spec.cgroup, child)).length > 0) {
    return { ...base, phase: "running", ...(child && elapsedNow(child)) };
  }
  // Asked again: the keeper may have written it, or the request have ended, after the first look.
  const exit = await folder.exit();
  if (exit) return { ...base, phase: "ended", ...(await outcomeOf(target, exit)), ...elapsedBetween(child, exit) };
  const verdict = await folder.verdict();
  if (verdict) return fromVerdict(base, verdict);
  const reason = whyLost(spec, restarted, child !== undefined);
  const stop = await folder.stop();
  const outcome = stop?.delivered === true && !restarted ? ("stopped" as const) : ("lost" as const);
  const record = { outcome, at: host.context.clock.now(), reason };
  await folder.writeVerdict(record);
  return { ...base, phase: "ended", outcome, reason, endedAt: record.at };
}

function fromVerdict(base: Omit<RunState, "phase">, { at, ...facts }: VerdictRecord): RunState {
  return { ...base, phase: "ended", ...facts, endedAt: at };
}

function whyLost(spec: RunSpec, restarted: boolean, began: boolean): string {
  if (restarted) return "the machine was restarted while it ran";
  if (spec.workload === "http") return "the daemon ended while it waited for the answer";
  if (!began) return "its keeper was killed before the command began";
  return "its processes are gone and no exit status was left: its keeper was killed too";
}

async function outcomeOf(
  target: LocalRun,
  exit: ExitRecord,
): Promise<
  Pick<RunState, "exitCode" | "signal" | "reason" | "endedAt"> & { outcome: "succeeded" | "failed" | "stopped" }
> {
  const { folder } = target;
  const signal = exit.words === "" ? undefined : signalName(exit.code - 128);
  const ended = { endedAt: exit.at, ...(signal === undefined ? { exitCode: exit.code } : { signal }) };
  const unstarted = await whyUnstarted(target, exit);
  if (unstarted !== undefined) return { ...ended, outcome: "failed", reason: unstarted };
  if (await folder.has("limit")) {
    return { ...ended, outcome: "stopped", reason: "ended by its own watch: past its duration and grace" };
  }
  const stop = await folder.stop();
  if (stop?.delivered || (stop && signal !== undefined)) {
    return { ...ended, outcome: "stopped", reason: `stopped on request (${stop.mode})` };
  }
  if (signal !== undefined) return { ...ended, outcome: "failed", reason: `ended by ${signal}` };
  return { ...ended, outcome: exit.code === 0 ? "succeeded" : "failed" };
}

/** A script whose interpreter is missing passes for executable until the kernel is asked. */
async function whyUnstarted({ folder }: LocalRun, exit: ExitRecord): Promise<string | undefined> {
  if (await folder.has("unstarted")) return "the command could not be executed";
  if (exit.code !== 126 && exit.code !== 127) return undefined;
  const words = /^setsid: failed to execute .*: (.*)$/m.exec(await folder.firstError());
  return words ? `the command could not be executed: ${words[1]}` : undefined;
}

function mayStillStart(host: Host, spec: RunSpec): boolean {
  if (spec.bootId !== host.bootId) return false;
  const now = readUptime();
  if (now === undefined || spec.uptimeSeconds === undefined) {
    return Math.abs(host.context.clock.now() - spec.createdAt) < CLAIM_SECONDS * 1000;
  }
  return now - spec.uptimeSeconds < CLAIM_SECONDS;
}

function elapsedNow(child: { readonly uptimeSeconds?: number }): { readonly elapsedSeconds?: number } {
  const now = readUptime();
  if (now === undefined || child.uptimeSeconds === undefined) return {};
  return { elapsedSeconds: Math.max(0, now - child.uptimeSeconds) };
}

function elapsedBetween(child: ChildRecord | undefined, exit: ExitRecord): { readonly elapsedSeconds?: number } {
  if (child?.uptimeSeconds === undefined || exit.uptimeSeconds === undefined) return {};
  return { elapsedSeconds: Math.max(0, exit.uptimeSeconds - child.uptimeSeconds) };
}
