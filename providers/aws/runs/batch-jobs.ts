import type { JobDetail, JobSummary, SubmitJobRequest } from "@aws-sdk/client-batch";
import { DAY, type Instant, MINUTE, type RunHandle, type Sample, type StopMode } from "../../../src/model/index.ts";
import { next, ProviderError, pages, type RunState, type StartRequest } from "../../../src/provider/index.ts";
import { instantText } from "../../../src/schedule/index.ts";
import type { Deployments } from "../deployments.ts";
import { batchJobName, jobDefinitionName, logGroupName, runSuffix, tagsOf } from "../naming.ts";
import { PAGE, type Signal, type World } from "../resources/world.ts";
import { type Setting, workOf } from "../work/index.ts";
import { isBatchHandle, manifestJob, parseBatchHandle, stateOfBatch } from "./batch-state.ts";
import type { RunKind } from "./kind.ts";
import { type OutputOf, readOutput } from "./output.ts";

const IN_FLIGHT = ["SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING"] as const;
/** A job that ended lately was submitted at most this long before, or was seen in flight. */
const LONGEST_MS = DAY;
/** Log lines of a minute have come in by then. */
const LOG_DELAY_MS = 3 * MINUTE;
/** Of minutes that nobody asked about at once: a daemon that was away reads no more than that. */
const MOST_MINUTES = 30;

/** Runs as jobs of AWS Batch: named after the run, looked up before they are submitted, because Batch has no token. */
export class BatchJobs implements RunKind {
  readonly #world: World;
  readonly #queue: string;
  readonly #setting: Setting;
  readonly #deployments: Deployments;
  /** Starts under way, by run: two at a time of one run are one. */
  readonly #starting = new Map<string, Promise<RunState>>();

  constructor(world: World, queue: string, setting: Setting, deployments: Deployments) {
    this.#world = world;
    this.#queue = queue;
    this.#setting = setting;
    this.#deployments = deployments;
  }

  owns(handle: unknown): boolean {
    return isBatchHandle(handle);
  }

  start(request: StartRequest, signal: Signal): Promise<RunState> {
    const known = this.#starting.get(request.run);
    if (known) return known;
    const starting = this.#start(request, signal).finally(() => this.#starting.delete(request.run));
    this.#starting.set(request.run, starting);
    return starting;
  }

  async #start(request: StartRequest, signal: Signal): Promise<RunState> {
    const held = await this.find(request.run, signal);
    if (held) return held;
    const call = this.#request(request);
    try {
      await this.#world.api.send("batch:SubmitJob", call, signal);
    } catch (error) {
      if (!(error instanceof ProviderError) || !/job ?definition/i.test(error.message) || error.code !== "invalid")
        throw error;
      // Somebody removed it: the run brings what it needs.
      const work = workOf(request.job, this.#setting);
      if (work.ok) for (const needed of work.needs) await this.#deployments.ensure(needed, signal);
      await this.#world.api.send("batch:SubmitJob", call, signal);
    }
    const made = await this.#onlyOne(request.run, signal);
    if (!made) throw new ProviderError("unavailable", "Batch does not list what it was just given");
    return made;
  }

  /** Of several jobs of one run (two daemons, or an answer that was lost) the first stays, and the others end. */
  async #onlyOne(run: string, signal: Signal): Promise<RunState | undefined> {
    const [first, ...others] = await this.#byRun(run, signal);
    for (const each of others) {
      if (each.status === "SUCCEEDED" || each.status === "FAILED") continue;
      const { api } = this.#world;
      await api.send("batch:TerminateJob", { jobId: each.jobId, reason: "rota: a second start of one run" }, signal);
    }
    return first && this.#state(first);
  }

  async find(run: string, signal: Signal): Promise<RunState | undefined> {
    const [first] = await this.#byRun(run, signal);
    return first && this.#state(first);
  }

  /** The jobs of a run, the first first. Batch shows ended ones for a week. */
  async #byRun(run: string, signal: Signal): Promise<readonly JobDetail[]> {
    const { owner } = this.#world;
    // A run's key begins with its job's name; where it does not, what stands for the run ends the name all the same.
    const [job = ""] = run.split(".");
    const suffix = runSuffix(run);
    const listed = await this.#named(run.includes(".") ? batchJobName(owner, job, run) : `${this.#prefix()}*`, signal);
    const ids = listed.filter(({ jobName }) => jobName?.endsWith(suffix)).map(({ jobId = "" }) => jobId);
    const details = await this.#describe(ids, signal);
    return details
      .filter((each) => each.tags?.["rota:run"] === run && manifestJob(each, owner) !== undefined)
      .sort((a, b) => (a.createdAt ?? 0) - (b.createdAt ?? 0) || ((a.jobId ?? "") < (b.jobId ?? "") ? -1 : 1));
  }

  async list(since: Instant, signal: Signal): Promise<readonly RunState[]> {
    const inFlight = await Promise.all(IN_FLIGHT.map((jobStatus) => this.#jobs({ jobStatus }, signal)));
    const after = String(Math.max(0, Math.floor(since - LONGEST_MS)));
    const lately = await this.#jobs({ filters: [{ name: "AFTER_CREATED_AT", values: [after] }] }, signal);
    const ended = lately.filter(({ stoppedAt }) => stoppedAt !== undefined && stoppedAt >= since);
    const prefix = this.#prefix();
    // A person may have submitted one of our definitions under any name.
    const ours = [...inFlight.flat(), ...ended].filter(
      ({ jobName, jobDefinition }) => jobName?.startsWith(prefix) || jobDefinition?.includes(`/${prefix}`),
    );
    const ids = [...new Set(ours.map(({ jobId = "" }) => jobId))];
    const states = (await this.#describe(ids, signal)).flatMap((each) => this.#state(each) ?? []);
    return states.filter((state) => state.phase !== "ended" || (state.endedAt ?? since) >= since);
  }

  /** What the names of all our definitions and jobs begin with. */
  #prefix(): string {
    return jobDefinitionName(this.#world.owner, "");
  }

  /** Whatever their state: a filter by name lists them all, those of a week. */
  #named(name: string, signal: Signal): Promise<readonly JobSummary[]> {
    return this.#jobs({ filters: [{ name: "JOB_NAME", values: [name] }] }, signal);
  }

  #jobs(
    which: { jobStatus?: (typeof IN_FLIGHT)[number]; filters?: { name: string; values: string[] }[] },
    signal: Signal,
  ): Promise<readonly JobSummary[]> {
    return pages((nextToken) =>
      this.#world.api
        .send(
          "batch:ListJobs",
          { jobQueue: this.#queue, maxResults: PAGE, ...which, ...next("nextToken", nextToken) },
          signal,
        )
        .then((page) => ({ items: page.jobSummaryList ?? [], next: page.nextToken })),
    );
  }

  async #describe(ids: readonly string[], signal: Signal): Promise<readonly JobDetail[]> {
    const details: JobDetail[] = [];
    for (let index = 0; index < ids.length; index += PAGE) {
      const { jobs = [] } = await this.#world.api.send(
        "batch:DescribeJobs",
        { jobs: ids.slice(index, index + PAGE) },
        signal,
      );
      details.push(...jobs);
    }
    return details;
  }

  async inspect(handle: RunHandle, signal: Signal): Promise<RunState> {
    const detail = await this.#detail(handle, signal);
    const state = this.#state(detail);
    if (!state) throw new ProviderError("denied", `the job ${detail.jobId} is not of this namespace and environment`);
    return state;
  }

  async #detail(handle: RunHandle, signal: Signal): Promise<JobDetail> {
    const id = parseBatchHandle(handle);
    const detail = (await this.#describe([id], signal)).find(({ jobId }) => jobId === id);
    if (!detail) throw new ProviderError("missing", `Batch knows no job ${id}`);
    return detail;
  }

  #state(detail: JobDetail): RunState | undefined {
    const job = manifestJob(detail, this.#world.owner);
    return job === undefined ? undefined : stateOfBatch(detail, job);
  }

  /** Batch has one kind of stop: SIGTERM, 30 seconds, SIGKILL; what has not begun never does. */
  async stop(handle: RunHandle, mode: StopMode, signal: Signal): Promise<void> {
    const { phase } = await this.inspect(handle, signal);
    if (phase === "ended") return;
    const jobId = parseBatchHandle(handle);
    await this.#world.api.send("batch:TerminateJob", { jobId, reason: `rota: ${mode} stop` }, signal);
  }

  /** What it wrote, minute by minute: of CPU, disk and network AWS tells nothing, and so does the sample. */
  async measure(handle: RunHandle, after: Instant, signal: Signal): Promise<readonly Sample[]> {
    const { startedAt } = await this.inspect(handle, signal);
    const stream = await this.output(handle, signal);
    if (startedAt === undefined || !stream) return [];
    const until = this.#world.clock.now() - LOG_DELAY_MS;
    const samples: Sample[] = [];
    let from = Math.max(after, startedAt, until - MOST_MINUTES * MINUTE);
    for (; from + MINUTE <= until; from += MINUTE) {
      const span = { from, to: from + MINUTE };
      samples.push({ ...span, ...(await readOutput(this.#world.api, stream, span, signal)) });
    }
    return samples;
  }

  async output(handle: RunHandle, signal: Signal): Promise<OutputOf | undefined> {
    const { container, attempts = [] } = await this.#detail(handle, signal);
    const logStreamName = container?.logStreamName ?? attempts.at(-1)?.container?.logStreamName;
    return logStreamName === undefined ? undefined : { logGroupName: logGroupName(this.#world.owner), logStreamName };
  }

  #request({ run, job, fireAt, env }: StartRequest): SubmitJobRequest {
    const { owner } = this.#world;
    const command = job.workload.kind === "container" ? job.workload.command : [];
    const tags = tagsOf({ ...owner, job: job.name }, { run, fire: instantText(fireAt) });
    return {
      jobName: batchJobName(owner, job.name, run),
      jobQueue: this.#queue,
      jobDefinition: jobDefinitionName(owner, job.name),
      containerOverrides: {
        ...(command.length === 0 ? {} : { command: [...command] }),
        environment: Object.entries(env).map(([name, value]) => ({ name, value })),
      },
      propagateTags: true,
      tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
    };
  }
}
