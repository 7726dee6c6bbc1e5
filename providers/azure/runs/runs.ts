import { type Clock, canonical, type Instant, MINUTE, type RunHandle, SECOND } from "../../../src/model/index.ts";
import { type LogChunk, ProviderError, type RunState, type StartRequest } from "../../../src/provider/index.ts";
import type { Api } from "../api/index.ts";
import type { Deployments } from "../deployments.ts";
import type { Place } from "../place.ts";
import type { Signal } from "../resources/world.ts";
import { Executions } from "./executions.ts";
import { parseHandle } from "./handle.ts";
import { Recent } from "./recent.ts";
import { WorkflowRuns } from "./workflow-runs.ts";

/** Starts that are remembered, so that the same key asked twice here is one start whatever a listing says yet. */
const MOST_REMEMBERED = 10_000;

/** After a start without an answer, a listing that does not show it counts from then on. */
const UNSURE_MS = 2 * MINUTE;
const ASK_AGAIN_MS = 15 * SECOND;
/** A run is measured right after it was looked at. */
const SEEN_MS = 10 * SECOND;

/** Runs of both kinds. Azure takes no key with a start: rota looks first, and of two at a time here the second waits. */
export class Runs {
  readonly #executions: Executions;
  readonly #workflows: WorkflowRuns;
  readonly #seen: Recent<true>;
  /** Starts that were sent and not acknowledged. */
  readonly #unsure: Recent<true>;
  readonly #starting = new Map<string, Promise<RunState>>();
  /** Run → handle and job of what this daemon started or met: a look by key then asks one job and not all. */
  readonly #known = new Map<string, { readonly handle: RunHandle; readonly job: string }>();

  constructor(api: Api, place: Place, deployments: Deployments, clock: Pick<Clock, "monotonic">) {
    this.#seen = new Recent(clock, SEEN_MS);
    this.#unsure = new Recent(clock, UNSURE_MS);
    this.#executions = new Executions(api, place, deployments.jobs, clock);
    this.#workflows = new WorkflowRuns(api, place, deployments.workflows);
  }

  async start(request: StartRequest, signal: Signal): Promise<RunState> {
    const under = this.#starting.get(request.run);
    if (under) return under;
    const work = this.#start(request, signal).finally(() => this.#starting.delete(request.run));
    this.#starting.set(request.run, work);
    return work;
  }

  async #start(request: StartRequest, signal: Signal): Promise<RunState> {
    const { run, job } = request;
    const { kind } = job.workload;
    if (kind === "process" || kind === "target") throw new ProviderError("unsupported", `Azure runs no ${kind}`);
    const runs = kind === "container" ? this.#executions : this.#workflows;
    const known = this.#known.get(run);
    const there = known ? await this.inspect(known.handle, signal) : await runs.find(run, job.name, signal);
    if (there) return this.#remember(there);
    this.#refuseUnsure(run);
    try {
      return this.#remember(await runs.start(request, signal));
    } catch (error) {
      if (error instanceof ProviderError && error.code === "unavailable") this.#unsure.set(run, true);
      throw error;
    }
  }

  /** That a listing does not show it proves nothing so soon: a second start would be a second run. */
  #refuseUnsure(run: string): void {
    if (this.#unsure.get(run) !== true) return;
    throw new ProviderError("unavailable", `whether the start of ${run} was carried out is not to be seen yet`, {
      retryAfterMs: ASK_AGAIN_MS,
    });
  }

  async find(run: string, signal: Signal): Promise<RunState | undefined> {
    const known = this.#known.get(run);
    if (known) return this.inspect(known.handle, signal);
    const found =
      (await this.#executions.find(run, undefined, signal)) ?? (await this.#workflows.find(run, undefined, signal));
    if (found) return this.#remember(found);
    this.#refuseUnsure(run);
    return undefined;
  }

  async list(since: Instant, signal: Signal): Promise<readonly RunState[]> {
    const [executions, workflows] = await Promise.all([
      this.#executions.list(since, signal),
      this.#workflows.list(since, signal),
    ]);
    return [...executions, ...workflows];
  }

  async inspect(handle: RunHandle, signal: Signal): Promise<RunState> {
    const parsed = parseHandle(handle);
    const state =
      "execution" in parsed
        ? await this.#executions.inspect(parsed.job, parsed.execution, signal, true)
        : await this.#workflows.inspect(parsed.workflow, parsed.run, signal);
    this.#seen.set(canonical(handle), true);
    return state;
  }

  /** Throws `missing` for a run that is not there; one that was looked at just now is taken to be. */
  async requireSeen(handle: RunHandle, signal: Signal): Promise<void> {
    if (this.#seen.get(canonical(handle)) !== true) await this.inspect(handle, signal);
  }

  async stop(handle: RunHandle, signal: Signal): Promise<void> {
    const parsed = parseHandle(handle);
    if ("execution" in parsed) await this.#executions.stop(parsed.job, parsed.execution, signal);
    else await this.#workflows.stop(parsed.workflow, parsed.run, signal);
  }

  /** What a workflow did, for people. */
  steps(workflow: string, run: string, signal: Signal): AsyncIterable<LogChunk> {
    return this.#workflows.steps(workflow, run, signal);
  }

  #remember(state: RunState): RunState {
    if (state.run === undefined) return state;
    const [oldest] = this.#known.keys();
    if (this.#known.size >= MOST_REMEMBERED && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(state.run, { handle: state.handle, job: state.job });
    return state;
  }
}
