import {
  type ContainerWorkload,
  HOUR,
  type Instant,
  type Job,
  type JsonObject,
  MINUTE,
  type RunHandle,
} from "../../../src/model/index.ts";
import { inParallel, next, ProviderError, type RunState, type StartRequest } from "../../../src/provider/index.ts";
import type { Api, BatchJob } from "../api/index.ts";
import { timeOf } from "../execution-state.ts";
import { type Owner, STARTED_BY_VARIABLE } from "../naming.ts";
import { type BatchJobOptions, type GcpOptions, parentOf } from "../options.ts";
import { batchJob, batchJobId } from "./job.ts";
import { batchStateOf, isBatchEnded, jobOfBatch, parseBatchHandle, runOfBatch } from "./state.ts";

type Signal = AbortSignal | undefined;
const PAGE = 100;
/** Creation times are not promised to come in order: what is newer than this is read again each time. */
const OVERLAP_MS = 10 * MINUTE;

/** What was read so far: all that Batch kept at first (it deletes jobs 60 days after their end), then what came since. */
interface Known {
  readonly newest: Instant;
  readonly own: ReadonlyMap<string, BatchJob>;
}

/** Runs as jobs of Batch: a start is a job under an id made of the run's key, so that the second one is refused by Batch. */
export class BatchRuns {
  readonly #api: Api;
  readonly #owner: Owner;
  readonly #options: GcpOptions;
  #known: Known | undefined;

  constructor(api: Api, owner: Owner, options: GcpOptions) {
    this.#api = api;
    this.#owner = owner;
    this.#options = options;
  }

  async start(
    { run, job, env }: StartRequest & { readonly job: Job & { readonly workload: ContainerWorkload } },
    options: BatchJobOptions,
    signal: Signal,
  ): Promise<RunState> {
    const jobId = batchJobId(this.#owner, job.name, run);
    const parent = parentOf(this.#options);
    const variables = { ...env, ROTA_RUN: run, [STARTED_BY_VARIABLE]: "rota" };
    const message = messageOf(batchJob(job, options, this.#owner, this.#options, variables));
    try {
      return await this.#state(
        await this.#api.send("batch:CreateJob", { parent, jobId, job: message }, signal),
        signal,
      );
    } catch (error) {
      if (!(error instanceof ProviderError && error.code === "exists")) throw error;
      const made = await this.#own(`${parent}/jobs/${jobId}`, signal).catch((problem: unknown) => {
        if (!(problem instanceof ProviderError && problem.code === "missing")) throw problem;
        throw new ProviderError("unavailable", "Batch has the job, and does not show it yet", { cause: problem });
      });
      return this.#state(made, signal);
    }
  }

  async find(run: string, signal: Signal): Promise<RunState | undefined> {
    const found = (await this.#all(signal)).find((each) => runOfBatch(each, this.#owner) === run);
    return found && this.#state(found, signal);
  }

  async list(since: Instant, signal: Signal): Promise<readonly RunState[]> {
    const states: RunState[] = [];
    for (const each of await this.#all(signal)) {
      const { endedAt } = batchStateOf(each, this.#owner);
      if ((endedAt ?? since) >= since) states.push(await this.#state(each, signal));
    }
    return states;
  }

  async inspect(handle: RunHandle, signal: Signal): Promise<RunState> {
    return this.#state(await this.#own(parseBatchHandle(handle), signal), signal);
  }

  /** Under which Batch writes the log of a job; throws as `inspect` does. */
  async uidOf(handle: RunHandle, signal: Signal): Promise<string> {
    return (await this.#own(parseBatchHandle(handle), signal)).uid ?? "";
  }

  /** Batch has one kind of stop. One that has ended meanwhile, or is being stopped, cannot be cancelled, which is what was wanted. */
  async stop(handle: RunHandle, signal: Signal): Promise<void> {
    const job = await this.#own(parseBatchHandle(handle), signal);
    if (isBatchEnded(job)) return;
    try {
      await this.#api.send("batch:CancelJob", { name: job.name ?? "" }, signal);
    } catch (error) {
      if (!(error instanceof ProviderError && error.code === "conflict")) throw error;
    }
  }

  async #own(name: string, signal: Signal): Promise<BatchJob> {
    const job = await this.#api.send("batch:GetJob", { name }, signal);
    if (jobOfBatch(job, this.#owner) !== undefined) return job;
    throw new ProviderError("denied", `the Batch job ${name} is not of this namespace and environment`);
  }

  /** Ours, as they are now: what came since the last reading, and again what had not ended. */
  async #all(signal: Signal): Promise<readonly BatchJob[]> {
    const known = this.#known;
    const after = known === undefined ? 0 : known.newest - OVERLAP_MS;
    const fresh = await this.#createdAfter(after, signal);
    const ours = fresh.filter((each) => jobOfBatch(each, this.#owner) !== undefined);
    const own = new Map(ours.map((each) => [each.name ?? "", each]));
    const older = [...(known?.own ?? [])].filter(([name]) => !own.has(name));
    for (const [name, each] of older) if (isBatchEnded(each)) own.set(name, each);
    const open = older.filter(([, each]) => !isBatchEnded(each)).map(([name]) => name);
    for (const each of await inParallel(open, (name) => this.#again(name, signal)))
      if (each) own.set(each.name ?? "", each);
    const kept = [...own].filter(([, each]) => !isForgotten(each, known?.newest ?? 0));
    const newest = fresh.reduce((latest, each) => Math.max(latest, timeOf(each.createTime) ?? 0), known?.newest ?? 0);
    this.#known = { newest, own: new Map(kept) };
    return kept.map(([, each]) => each);
  }

  /** Everybody's in the region, newest first, so that nobody reads further than needed. */
  async #createdAfter(after: Instant, signal: Signal): Promise<readonly BatchJob[]> {
    const found: BatchJob[] = [];
    const seen = new Set<string>();
    for (let token: string | undefined; ; ) {
      const call = {
        parent: parentOf(this.#options),
        pageSize: PAGE,
        orderBy: "create_time desc",
        ...next("pageToken", token),
      };
      const { jobs, nextPageToken, unreachable } = await this.#api.send("batch:ListJobs", call, signal);
      // What is not whole says nothing of what is not in it.
      if (unreachable?.length) throw new ProviderError("unavailable", `Batch did not reach ${unreachable.join(", ")}`);
      found.push(...(jobs ?? []).filter((each) => (timeOf(each.createTime) ?? after) >= after));
      const oldest = timeOf(jobs?.at(-1)?.createTime);
      token = nextPageToken ?? "";
      if (token === "" || (oldest !== undefined && oldest < after)) return found;
      if (seen.has(token)) throw new ProviderError("unavailable", "the same page came twice");
      seen.add(token);
    }
  }

  /** One that somebody deleted is gone. */
  async #again(name: string, signal: Signal): Promise<BatchJob | undefined> {
    try {
      return await this.#api.send("batch:GetJob", { name }, signal);
    } catch (error) {
      if (error instanceof ProviderError && error.code === "missing") return undefined;
      throw error;
    }
  }

  /** The exit code is the task's. */
  async #state(job: BatchJob, signal: Signal): Promise<RunState> {
    if (job.status?.state !== "FAILED") return batchStateOf(job, this.#owner);
    const parent = `${job.name}/taskGroups/group0`;
    const { tasks } = await this.#api.send("batch:ListTasks", { parent, pageSize: 1 }, signal);
    return batchStateOf(job, this.#owner, tasks?.[0]);
  }
}

/** Long ended: nobody asks for it any more. */
function isForgotten(job: BatchJob, newest: Instant): boolean {
  return isBatchEnded(job) && (timeOf(job.updateTime) ?? newest) < newest - 24 * HOUR;
}

/** By gRPC a duration is a message, which is text in JSON. */
function messageOf(json: JsonObject): BatchJob {
  const { taskGroups } = json as unknown as {
    readonly taskGroups: readonly { readonly taskSpec: { readonly maxRunDuration: string } }[];
  };
  const groups = taskGroups.map((group) => ({
    ...group,
    taskSpec: { ...group.taskSpec, maxRunDuration: { seconds: Number.parseInt(group.taskSpec.maxRunDuration, 10) } },
  }));
  return { ...json, taskGroups: groups } as BatchJob;
}
