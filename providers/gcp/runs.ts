import { type Clock, HOUR, type Instant, type RunHandle } from "../../src/model/index.ts";
import { ProviderError, type RunState, type StartRequest } from "../../src/provider/index.ts";
import type { Api, Execution, Task } from "./api/index.ts";
import type { Deployments } from "./deployments.ts";
import { isEnded, jobOf, parseHandle, runJobOf as runJobName, runOf, stateOf, timeOf } from "./execution-state.ts";
import { Executions } from "./executions.ts";
import { CONTAINER, type Owner, runJobId, STARTED_BY_VARIABLE, scheduleId } from "./naming.ts";
import { type GcpOptions, parentOf } from "./options.ts";
import { runJobOf } from "./resources/run-job.ts";

type Signal = AbortSignal | undefined;
/** A start is looked for this far back; Cloud Run keeps the last thousand executions of a job. */
const KEPT_MS = 12 * HOUR;
export const START_KNOWN_SECONDS: number = KEPT_MS / 1000;
/** States of executions that have ended, which change no more. */
const MOST_REMEMBERED = 10_000;

/**
 * Runs as executions of Cloud Run jobs. A start bears no key at Google, so the key travels in the run's environment: it is
 * looked for before, and after; of two executions with one key the first is the run, and the other is cancelled.
 */
export class Runs {
  readonly #api: Api;
  readonly #owner: Owner;
  readonly #options: GcpOptions;
  readonly #deployments: Deployments;
  readonly #clock: Pick<Clock, "now">;
  readonly #executions: Executions;
  readonly #ended = new Map<string, RunState>();
  /** Starts under way, by key: two at once in this process are one. */
  readonly #starting = new Map<string, Promise<RunState>>();

  constructor(api: Api, owner: Owner, options: GcpOptions, deployments: Deployments, clock: Pick<Clock, "now">) {
    this.#api = api;
    this.#owner = owner;
    this.#options = options;
    this.#deployments = deployments;
    this.#clock = clock;
    this.#executions = new Executions(api, owner, options);
  }

  async start(request: StartRequest, signal: Signal): Promise<RunState> {
    const { job, run } = request;
    if (job.workload.kind !== "container") {
      const id = scheduleId(this.#owner, job.name, "1");
      throw new ProviderError("unsupported", `rota itself runs no ${job.workload.kind} on Google Cloud`, {
        fix: `let Cloud Scheduler do it: gcloud scheduler jobs run ${id} --location=${this.#options.location}`,
      });
    }
    const under = this.#starting.get(run);
    if (under) return under;
    const starting = this.#startOnce(request, signal);
    this.#starting.set(run, starting);
    try {
      return await starting;
    } finally {
      this.#starting.delete(run);
    }
  }

  async #startOnce(request: StartRequest, signal: Signal): Promise<RunState> {
    const known = await this.#first(request.job.name, request.run, signal);
    if (known) return this.#state(known, request.job.name, signal);
    await this.#send(request, signal);
    const started = await this.#first(request.job.name, request.run, signal);
    if (!started)
      throw new ProviderError("unavailable", "Cloud Run took the start, and does not show the execution yet");
    return this.#state(started, request.job.name, signal);
  }

  async #send({ run, job, env }: StartRequest, signal: Signal): Promise<void> {
    const { workload } = job;
    const args = workload.kind === "container" ? workload.command : [];
    const all = { ...env, ROTA_RUN: run, [STARTED_BY_VARIABLE]: "rota" };
    const override = {
      name: CONTAINER,
      env: Object.entries(all).map(([name, value]) => ({ name, value })),
      ...(args.length === 0 ? {} : { args: [...args] }),
    };
    const name = `${parentOf(this.#options)}/jobs/${runJobId(this.#owner, job.name)}`;
    const call = { name, overrides: { containerOverrides: [override] } };
    try {
      await this.#api.send("run:RunJob", call, signal);
    } catch (error) {
      if (!(error instanceof ProviderError && error.code === "missing")) throw error;
      // Somebody removed it: the run brings what it needs.
      const desired = runJobOf(job, this.#owner, this.#options);
      if (!desired) throw new ProviderError("unsupported", `Cloud Run has no size for "${job.name}"`, { cause: error });
      await this.#deployments.ensureRunJob(desired, signal);
      await this.#api.send("run:RunJob", call, signal);
    }
  }

  /** The execution under this key; those that came after it under the same are cancelled. */
  async #first(job: string, run: string, signal: Signal): Promise<Execution | undefined> {
    const since = this.#clock.now() - KEPT_MS;
    const same = (await this.#executions.createdAfter(runJobId(this.#owner, job), since, signal))
      .filter((each) => runOf(each) === run && jobOf(each, this.#owner) === job)
      .sort(byCreation);
    const [first, ...others] = same;
    for (const other of others) if (!isEnded(other)) await this.#cancel(other.name ?? "", signal);
    return first;
  }

  async find(run: string, signal: Signal): Promise<RunState | undefined> {
    const [first] = (await this.#executions.createdAfter("-", this.#clock.now() - KEPT_MS, signal))
      .filter((each) => runOf(each) === run && jobOf(each, this.#owner) !== undefined)
      .sort(byCreation);
    return first && this.#state(first, jobOf(first, this.#owner) ?? "", signal);
  }

  async list(since: Instant, signal: Signal): Promise<readonly RunState[]> {
    const own = [...(await this.#executions.since(since, signal))].sort(byCreation);
    const keys = new Set<string>();
    const states: RunState[] = [];
    for (const execution of own) {
      const run = runOf(execution);
      // A second execution under one key is no run: it was cancelled when it was seen, or will be.
      if (run !== undefined && keys.has(run)) continue;
      if (run !== undefined) keys.add(run);
      if ((timeOf(execution.completionTime) ?? since) < since) continue;
      states.push(await this.#state(execution, jobOf(execution, this.#owner) ?? "", signal));
    }
    return states;
  }

  async inspect(handle: RunHandle, signal: Signal): Promise<RunState> {
    const name = parseHandle(handle);
    const known = this.#ended.get(name);
    if (known) return known;
    const execution = await this.#api.send("run:GetExecution", { name }, signal);
    const job = jobOf(execution, this.#owner);
    if (job === undefined) throw foreign(name);
    return this.#state(execution, job, signal);
  }

  /** The execution, and others of its Cloud Run job that ran after an instant; throws as `inspect` does. */
  async withOthers(
    handle: RunHandle,
    after: Instant,
    signal: Signal,
  ): Promise<{ readonly execution: Execution; readonly others: readonly Execution[] }> {
    const name = parseHandle(handle);
    const execution = await this.#api.send("run:GetExecution", { name }, signal);
    if (jobOf(execution, this.#owner) === undefined) throw foreign(name);
    // Others have the same limit, unless it was changed meanwhile: none began longer before than that.
    const longestMs = Number(execution.template?.timeout?.seconds ?? 0) * 1000 + HOUR;
    const all = await this.#executions.createdAfter(runJobName(name), after - longestMs, signal);
    return { execution, others: all.filter((each) => each.name !== name) };
  }

  /** Cloud Run has one kind of stop: SIGTERM, ten seconds, SIGKILL. Sent again, it changes nothing. */
  async stop(handle: RunHandle, signal: Signal): Promise<void> {
    if ((await this.inspect(handle, signal)).phase === "ended") return;
    await this.#cancel(parseHandle(handle), signal);
  }

  /** One that has ended meanwhile cannot be cancelled, which is what was wanted. */
  async #cancel(name: string, signal: Signal): Promise<void> {
    try {
      await this.#api.send("run:CancelExecution", { name }, signal);
    } catch (error) {
      if (!(error instanceof ProviderError && error.code === "conflict")) throw error;
    }
  }

  async #state(execution: Execution, job: string, signal: Signal): Promise<RunState> {
    const name = execution.name ?? "";
    const known = this.#ended.get(name);
    if (known) return known;
    const ended = isEnded(execution);
    const state = stateOf(
      execution,
      job,
      ended && (execution.failedCount ?? 0) > 0 ? await this.#task(name, signal) : undefined,
    );
    if (!ended) return state;
    if (this.#ended.size >= MOST_REMEMBERED) this.#ended.delete(this.#ended.keys().next().value ?? "");
    this.#ended.set(name, state);
    return state;
  }

  /** The exit code is the task's. */
  async #task(parent: string, signal: Signal): Promise<Task | undefined> {
    const page = await this.#api.send("run:ListTasks", { parent, pageSize: 1 }, signal);
    return page.tasks?.[0];
  }
}

function foreign(name: string): ProviderError {
  return new ProviderError("denied", `the execution ${name} is not of this namespace and environment`);
}

function byCreation(a: Execution, b: Execution): number {
  const [at, bt] = [timeOf(a.createTime) ?? 0, timeOf(b.createTime) ?? 0];
  return at - bt || ((a.name ?? "") < (b.name ?? "") ? -1 : 1);
}
