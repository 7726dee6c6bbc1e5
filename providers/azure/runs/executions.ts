import { type Clock, type Instant, MINUTE } from "../../../src/model/index.ts";
import { inParallel, ProviderError, type RunState, type StartRequest } from "../../../src/provider/index.ts";
import type { Api } from "../api/index.ts";
import { MARKS, resourceName } from "../naming.ts";
import type { Place } from "../place.ts";
import { containerOf, type JobFields, jobResource, type RawJob } from "../resources/job.ts";
import type { Jobs } from "../resources/jobs.ts";
import { readOnce, type Signal } from "../resources/world.ts";
import { executionState, type RawExecution } from "./execution-state.ts";
import { Recent } from "./recent.ts";

/** Whose a job is changes rarely, and each look at a run asks: once a minute is enough, and a stop asks anew. */
const OWNED_MS = MINUTE;

interface Owned {
  readonly raw: RawJob;
  readonly job: string;
}

/** Runs as executions of Container Apps jobs: each carries its run's key in its environment, and is found by it. */
export class Executions {
  readonly #api: Api;
  readonly #place: Place;
  readonly #jobs: Jobs;
  readonly #recent: Recent<Owned>;

  constructor(api: Api, place: Place, jobs: Jobs, clock: Pick<Clock, "monotonic">) {
    this.#recent = new Recent(clock, OWNED_MS);
    this.#api = api;
    this.#place = place;
    this.#jobs = jobs;
  }

  /** One start, sent once: Azure takes no key for it. Whether the run is there already was asked before. */
  async start(request: StartRequest, signal: Signal): Promise<RunState> {
    const { job, run, fireAt, env } = request;
    const resource = jobResource(job, this.#place, undefined);
    if (!resource) throw new ProviderError("unsupported", `Container Apps have no size for "${job.name}"`);
    const owned = (await this.#jobs.owned(resource.id, signal)) ?? (await this.#made(resource, signal));
    const fire = Temporal.Instant.fromEpochMilliseconds(fireAt).toString({ smallestUnit: "second" });
    const variables = { ...env, [MARKS.run]: run, [MARKS.fire]: fire };
    const body = { containers: [containerOf(resource.fields as unknown as JobFields, variables)] };
    const path = this.#jobs.path(resource.id, "/start");
    const answer = await this.#api.change({ method: "POST", path, body, repeatable: false, follow: true }, signal);
    const name = (answer.body as { readonly name?: unknown } | undefined)?.name;
    const seen =
      typeof name === "string" ? await this.#execution(owned, name, signal) : await this.#findIn(owned, run, signal);
    if (seen) return { ...seen, run, startedBy: "rota" };
    if (typeof name !== "string") throw new ProviderError("unavailable", "Azure did not say what it started");
    // Accepted, and not to be seen yet.
    return { handle: { job: resource.id, execution: name }, run, job: job.name, phase: "starting", startedBy: "rota" };
  }

  async #made(resource: Parameters<Jobs["ensure"]>[0], signal: Signal): Promise<Owned> {
    await this.#jobs.ensure(resource, signal);
    const owned = await this.#jobs.owned(resource.id, signal);
    if (!owned) throw new ProviderError("unavailable", `job/${resource.id} was made, and cannot be read yet`);
    return owned;
  }

  /** Of the job that is named, else of every one: a key alone does not say whose it is. */
  async find(run: string, job: string | undefined, signal: Signal): Promise<RunState | undefined> {
    if (job !== undefined) {
      const owned = await this.#jobs.owned(resourceName(this.#place.owner, job), signal);
      return owned && this.#findIn(owned, run, signal);
    }
    const all = await inParallel(await this.#jobs.raw(signal), (owned) => this.#findIn(owned, run, signal));
    return all.find((state) => state !== undefined);
  }

  /** Complete or an error; a job that was deleted meanwhile has no runs. */
  async list(since: Instant, signal: Signal): Promise<readonly RunState[]> {
    const all = await inParallel(await this.#jobs.raw(signal), (owned) => this.#of(owned, signal));
    return all.flat().filter((state) => state.phase !== "ended" || (state.endedAt ?? since) >= since);
  }

  /** `trusted`: whose the job is may be known from a minute ago. */
  async inspect(job: string, execution: string, signal: Signal, trusted: boolean): Promise<RunState> {
    const owned = (trusted ? this.#recent.get(job) : undefined) ?? (await this.#jobs.owned(job, signal, "looks"));
    if (!owned) throw new ProviderError("missing", `there is no job ${job} of this namespace and environment`);
    this.#recent.set(job, owned);
    const state = await this.#execution(owned, execution, signal);
    if (!state) throw new ProviderError("missing", `Azure knows no execution ${execution} of ${job}`);
    return state;
  }

  /** SIGTERM, 30 seconds, SIGKILL: Azure has one kind of stop. Sent again, it changes nothing. */
  async stop(job: string, execution: string, signal: Signal): Promise<void> {
    if ((await this.inspect(job, execution, signal, false)).phase === "ended") return;
    const path = this.#jobs.path(job, `/executions/${execution}/stop`);
    await this.#api.change({ method: "POST", path, repeatable: true }, signal);
  }

  async #execution({ raw, job }: Owned, name: string, signal: Signal): Promise<RunState | undefined> {
    const path = this.#jobs.path(raw.name ?? "", `/executions/${name}`);
    const found = await readOnce<RawExecution>(this.#api, path, signal, "looks");
    return found && executionState(found, raw, job);
  }

  async #findIn(owned: Owned, run: string, signal: Signal): Promise<RunState | undefined> {
    return (await this.#of(owned, signal)).find((state) => state.run === run);
  }

  async #of({ raw, job }: Owned, signal: Signal): Promise<readonly RunState[]> {
    try {
      const all = await this.#api.list<RawExecution>(this.#jobs.path(raw.name ?? "", "/executions"), signal);
      return all.map((execution) => executionState(execution, raw, job));
    } catch (error) {
      if (error instanceof ProviderError && error.code === "missing") return [];
      throw error;
    }
  }
}
