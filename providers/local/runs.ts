import { rm } from "node:fs/promises";
import type { Instant, Job, RunHandle, Sample, StopMode } from "../../src/model/index.ts";
import { ProviderError, type RunState, type StartRequest } from "../../src/provider/index.ts";
import { removeCgroup } from "./cgroup.ts";
import { containerCommand, containerName, killContainer } from "./container.ts";
import { buildEnvironment } from "./environment.ts";
import { listRunFolders, type RunSpec } from "./folder.ts";
import { folderOf, type Host, type LocalRun, treeKey } from "./host.ts";
import { HttpRuns } from "./http.ts";
import { launch, specOf } from "./launch.ts";
import { type Known, readState } from "./state.ts";
import { stopHard, stopPolitely } from "./stop.ts";
import { RunWatch } from "./watch.ts";

/** A run that is known, with where it is kept. */
export type Found = Known & { readonly target: LocalRun };

/** The runs of this namespace and environment on this machine. */
export class LocalRuns {
  readonly #host: Host;
  readonly #watch: RunWatch;
  readonly #http: HttpRuns;
  /** Ended runs whose remains have been dealt with: nothing about them changes any more. */
  readonly #ended = new Map<string, Known>();

  constructor(host: Host) {
    this.#host = host;
    this.#watch = new RunWatch(host);
    this.#http = new HttpRuns(host);
  }

  async start(request: StartRequest): Promise<RunState> {
    const target = folderOf(this.#host, request.run);
    const { workload } = request.job;
    if (workload.kind === "vm" || workload.kind === "target")
      throw unsupported(`a ${workload.kind} cannot be run on this machine`, "give the job another provider");
    const fresh = !(await target.folder.isClaimed());
    // All that may be refused comes before anything is left on disk.
    const command = fresh && workload.kind !== "http" ? this.#commandOf(target, request) : [];
    const env = fresh ? await buildEnvironment(this.#host.context, request, target.folder) : {};
    if (fresh) await target.folder.prepare(this.#specOf(target, request));
    const spec = await target.folder.spec();
    if (spec?.mark.job !== request.job.name) {
      throw new ProviderError("exists", `the key ${request.run} is that of a run of ${spec?.mark.job}`);
    }
    if (fresh) {
      if (workload.kind === "http") await this.#http.start(target, workload);
      else await launch(this.#host, target, request, command, env, spec);
    }
    const known = await this.#read(target, fresh);
    if (!known) {
      throw new ProviderError("unavailable", `the keeper of ${request.run} did not come up: nothing was started`);
    }
    return known.state;
  }

  /** Undefined when the run surely was not started. */
  async find(run: string): Promise<RunState | undefined> {
    return (await this.#read(folderOf(this.#host, run)))?.state;
  }

  /** Throws `missing` when this machine does not know the run. */
  async get(handle: RunHandle): Promise<Found> {
    const run = handle !== null && typeof handle === "object" && "run" in handle ? handle.run : undefined;
    if (typeof run !== "string") throw new ProviderError("invalid", "this is no handle of a local run");
    const target = folderOf(this.#host, run);
    const known = await this.#read(target);
    if (!known) throw new ProviderError("missing", `this machine knows no run ${run}`);
    return { ...known, target };
  }

  async list(since: Instant): Promise<readonly RunState[]> {
    const states: RunState[] = [];
    for (const { state } of await this.#all()) {
      if ((state.endedAt ?? Number.POSITIVE_INFINITY) >= since) states.push(state);
    }
    return states;
  }

  async measure(handle: RunHandle): Promise<readonly Sample[]> {
    const { state, target } = await this.get(handle);
    return state.phase === "ended" ? [] : this.#watch.measure(target.run);
  }

  async stop(handle: RunHandle, mode: StopMode, signal: AbortSignal | undefined): Promise<void> {
    const { state, spec, target } = await this.get(handle);
    if (state.phase === "ended") return;
    const { folder } = target;
    const at = this.#host.context.clock.now();
    // Nobody has taken the run yet: taken here, a keeper that comes late finds nothing to do.
    if (!(await folder.isClaimed()) && (await folder.claim("stopped\n"))) {
      return folder.writeVerdict({ outcome: "stopped", at, reason: "stopped before it began" });
    }
    const before = await folder.stop();
    // Intent first: when the daemon dies in between, a run that a signal ended was ended by us.
    await folder.writeStop({ mode, at, delivered: before?.delivered ?? false });
    if (await this.#signal(target, spec, mode, signal)) await folder.writeStop({ mode, at, delivered: true });
  }

  /** Removes what is kept of runs that ended before, when their end has been read. The number removed. */
  async prune(before: Instant): Promise<number> {
    const read: { readonly run: string; readonly endedAt: Instant; readonly cgroup: string | undefined }[] = [];
    for (const { state, spec } of await this.#all({ onlyCollected: true })) {
      if (state.endedAt !== undefined) read.push({ run: spec.run, endedAt: state.endedAt, cgroup: spec.cgroup });
    }
    read.sort((a, b) => b.endedAt - a.endedAt);
    const old = read.filter((each, index) => each.endedAt < before || index >= this.#host.options.keepRuns);
    for (const { run, cgroup } of old) {
      if (cgroup !== undefined) removeCgroup(cgroup);
      await rm(folderOf(this.#host, run).folder.path, { recursive: true, force: true });
      this.#ended.delete(run);
    }
    return old.length;
  }

  async close(): Promise<void> {
    await Promise.all([this.#watch.close(), this.#http.close()]);
    const parent = this.#ended.size > 0 ? this.#host.cgroupParent() : undefined;
    // Empty when no run is left; else it stays for them.
    if (parent !== undefined) removeCgroup(parent);
  }

  async #signal(target: LocalRun, spec: RunSpec, mode: StopMode, signal: AbortSignal | undefined): Promise<boolean> {
    if (spec.workload === "http") return this.#http.stop(target.run);
    if (mode === "polite") return (await stopPolitely(this.#host, target, spec)) > 0;
    if (spec.container) await killContainer(this.#host, spec.container);
    return (await stopHard(this.#host, target, spec, signal)) > 0;
  }

  async #all(filter: { readonly onlyCollected?: boolean } = {}): Promise<readonly Known[]> {
    const found: Known[] = [];
    const { namespace, environment } = this.#host.context;
    for (const name of await listRunFolders(this.#host.runsDir)) {
      const { run, mark } = (await folderOf(this.#host, name).folder.spec()) ?? {};
      if (run === undefined || mark?.namespace !== namespace || mark.environment !== environment) continue;
      const target = folderOf(this.#host, run);
      if (filter.onlyCollected && !(await target.folder.has("collected"))) continue;
      const known = await this.#read(target);
      if (known) found.push(known);
    }
    return found;
  }

  async #read(target: LocalRun, fresh = false): Promise<Known | undefined> {
    const ended = this.#ended.get(target.run);
    if (ended) return ended;
    const known = await readState(this.#host, target, this.#http);
    if (!known) return undefined;
    if (known.state.phase !== "ended") {
      if (known.spec.workload !== "http") this.#watch.add(target, known.spec, fresh);
      return known;
    }
    const collected = await this.#collect(target, known);
    this.#ended.set(target.run, collected);
    return collected;
  }

  /** Deals with the remains of an ended run, once: processes it left behind, its cgroup, the middle of its output. */
  async #collect(target: LocalRun, known: Known): Promise<Known> {
    const { folder } = target;
    const { spec, state } = known;
    await this.#watch.remove(target.run);
    if (await folder.has("collected")) return known;
    if (await folder.exit()) await folder.syncExit();
    const key = treeKey(target, spec.cgroup, await folder.child());
    const left = spec.bootId === this.#host.bootId ? this.#host.processes.find(key).length : 0;
    if (left > 0) await stopHard(this.#host, target, spec);
    if (spec.cgroup !== undefined) removeCgroup(spec.cgroup);
    await folder.markCollected(left);
    if (left === 0) return known;
    const words = `${left} ${left === 1 ? "process" : "processes"} that it left behind ${left === 1 ? "was" : "were"} ended`;
    this.#host.context.log("warn", words, { run: target.run, job: state.job });
    return { spec, state: { ...state, reason: state.reason === undefined ? words : `${state.reason}; ${words}` } };
  }

  #specOf(target: LocalRun, request: StartRequest): RunSpec {
    const spec = specOf(this.#host, target, request);
    const tool = this.#host.containerTool;
    if (request.job.workload.kind !== "container" || tool === undefined) return spec;
    return { ...spec, container: { tool, name: containerName(target) } };
  }

  #commandOf(target: LocalRun, { job, env }: StartRequest): readonly string[] {
    const { workload } = job as Job & {
      readonly workload: Exclude<Job["workload"], { kind: "vm" | "http" | "target" }>;
    };
    if (workload.kind === "process") {
      return workload.shell ? ["/bin/sh", "-c", workload.command[0] ?? ""] : workload.command;
    }
    const tool = this.#host.containerTool;
    if (tool === undefined) {
      throw unsupported(
        "neither podman nor docker is in PATH",
        "install one of them, or say process instead of container",
      );
    }
    const names = [...Object.keys(workload.env), ...Object.keys(workload.secrets), ...Object.keys(env)];
    return containerCommand(tool, target, workload, job, names);
  }
}

function unsupported(message: string, fix: string): ProviderError {
  return new ProviderError("unsupported", message, { fix });
}
