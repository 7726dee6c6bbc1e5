import type { RunTaskRequest, Task } from "@aws-sdk/client-ecs";
import type { Instant, RunHandle, Sample, StopMode } from "../../../src/model/index.ts";
import { next, ProviderError, pages, type RunState, type StartRequest } from "../../../src/provider/index.ts";
import type { Deployments } from "../deployments.ts";
import { CONTAINER, clientToken, familyName, logGroupName, startedByOf, tagsOf } from "../naming.ts";
import { LOG_PREFIX } from "../resources/container.ts";
import type { Signal, World } from "../resources/world.ts";
import { type Setting, workOf } from "../work/index.ts";
import type { RunKind } from "./kind.ts";
import { measureTask } from "./measure.ts";
import type { OutputOf } from "./output.ts";
import { isTaskHandle, jobOf, parseHandle, stateOf } from "./task-state.ts";

/** DescribeTasks takes so many at a time. */
const BATCH = 100;

/** Runs as ECS tasks: started under a token, found by `startedBy`, listed by cluster, so that nobody's start is missed. */
export class Tasks implements RunKind {
  readonly #world: World;
  readonly #setting: Setting;
  readonly #deployments: Deployments;

  constructor(world: World, setting: Setting, deployments: Deployments) {
    this.#world = world;
    this.#setting = setting;
    this.#deployments = deployments;
  }

  owns(handle: unknown): boolean {
    return isTaskHandle(handle);
  }

  async start(request: StartRequest, signal: Signal): Promise<RunState> {
    const { job, run } = request;
    if (job.workload.kind !== "container")
      throw new ProviderError("unsupported", `AWS runs no ${job.workload.kind} here`);
    const call = this.#request(request, job.workload.command);
    let task: Task | undefined;
    try {
      task = await this.#run(call, signal);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      if (isUnknownDefinition(error)) {
        // Somebody removed it: the run brings what it needs.
        await this.#ensureDefinition(request, signal);
        task = await this.#run(call, signal);
      } else if (error.code === "conflict") {
        // The token was used with other parameters: the run is there.
        const found = await this.find(run, signal);
        if (!found) throw error;
        return found;
      } else throw error;
    }
    if (!task) throw new ProviderError("unavailable", "ECS did not say what it started");
    return stateOf(task, job.name);
  }

  async find(run: string, signal: Signal): Promise<RunState | undefined> {
    const startedBy = startedByOf(run);
    const arns = await this.#list({ startedBy }, signal);
    const states = await this.#describe(arns, signal);
    return states.find((state) => state.run === run);
  }

  async list(since: Instant, signal: Signal): Promise<readonly RunState[]> {
    const states = await this.#describe(await this.#list({}, signal), signal);
    return states.filter((state) => state.phase !== "ended" || (state.endedAt ?? since) >= since);
  }

  async inspect(handle: RunHandle, signal: Signal): Promise<RunState> {
    const { arn } = parseHandle(handle);
    const { tasks = [] } = await this.#world.api.send(
      "ecs:DescribeTasks",
      { cluster: this.#world.options.cluster, tasks: [arn], include: ["TAGS"] },
      signal,
    );
    const task = tasks.find((each) => each.taskArn === arn);
    if (!task) throw new ProviderError("missing", `ECS knows no task ${arn}`);
    const job = jobOf(task, this.#world.owner);
    if (job === undefined)
      throw new ProviderError("denied", `the task ${arn} is not of this namespace and environment`);
    return stateOf(task, job);
  }

  /** ECS has one kind of stop: SIGTERM, the definition's stop timeout, SIGKILL. Sent again, it changes nothing. */
  async stop(handle: RunHandle, mode: StopMode, signal: Signal): Promise<void> {
    if ((await this.inspect(handle, signal)).phase === "ended") return;
    const { arn } = parseHandle(handle);
    await this.#world.api.send(
      "ecs:StopTask",
      { cluster: this.#world.options.cluster, task: arn, reason: `rota: ${mode} stop` },
      signal,
    );
  }

  async measure(handle: RunHandle, after: Instant, signal: Signal): Promise<readonly Sample[]> {
    await this.inspect(handle, signal);
    const { api, options } = this.#world;
    if (!options.containerInsights) return [];
    const log = await this.output(handle);
    return measureTask(api, { cluster: options.cluster, task: parseHandle(handle).id, log, after }, signal);
  }

  /** Where the awslogs driver writes a task's output: prefix, container, task id. */
  async output(handle: RunHandle): Promise<OutputOf> {
    const { id } = parseHandle(handle);
    return { logGroupName: logGroupName(this.#world.owner), logStreamName: `${LOG_PREFIX}/${CONTAINER}/${id}` };
  }

  #request({ run, job, fireAt, env }: StartRequest, command: readonly string[]): RunTaskRequest {
    const { cluster, subnets, securityGroups, assignPublicIp } = this.#world.options;
    const fire = Temporal.Instant.fromEpochMilliseconds(fireAt).toString({ smallestUnit: "second" });
    const environment = Object.entries(env).map(([name, value]) => ({ name, value }));
    return {
      cluster,
      taskDefinition: familyName(this.#world.owner, job.name),
      count: 1,
      launchType: "FARGATE",
      clientToken: clientToken(this.#world.owner.namespace, this.#world.owner.environment, run),
      startedBy: startedByOf(run),
      networkConfiguration: {
        awsvpcConfiguration: {
          subnets: [...subnets],
          securityGroups: [...securityGroups],
          assignPublicIp: assignPublicIp ? "ENABLED" : "DISABLED",
        },
      },
      overrides: {
        containerOverrides: [
          { name: CONTAINER, environment, ...(command.length === 0 ? {} : { command: [...command] }) },
        ],
      },
      tags: tagsOf({ ...this.#world.owner, job: job.name }, { run, fire }).map((tag) => ({ ...tag })),
    };
  }

  async #run(request: RunTaskRequest, signal: Signal): Promise<Task | undefined> {
    const { tasks = [], failures = [] } = await this.#world.api.send("ecs:RunTask", request, signal);
    const [failure] = failures;
    if (tasks.length > 0 || !failure) return tasks[0];
    const { reason = "", detail = "" } = failure;
    // Nothing was started; AWS gives these reasons when it has no room just now.
    const code = /^(?:RESOURCE|AGENT|Capacity)/i.test(reason) ? "throttled" : "invalid";
    throw new ProviderError(code, `ecs:RunTask: ${[reason, detail].filter((text) => text !== "").join(": ")}`);
  }

  async #ensureDefinition({ job }: StartRequest, signal: Signal): Promise<void> {
    const work = workOf(job, this.#setting);
    if (work.ok) for (const needed of work.needs) await this.#deployments.ensure(needed, signal);
  }

  /** Running and stopped are two listings; a stopped task can be seen for an hour or so. */
  async #list(filter: { readonly startedBy?: string }, signal: Signal): Promise<readonly string[]> {
    const cluster = this.#world.options.cluster;
    const found = await Promise.all(
      (["RUNNING", "STOPPED"] as const).map((desiredStatus) =>
        pages((nextToken) =>
          this.#world.api
            .send(
              "ecs:ListTasks",
              { cluster, desiredStatus, maxResults: BATCH, ...filter, ...next("nextToken", nextToken) },
              signal,
            )
            .then((page) => ({ items: page.taskArns ?? [], next: page.nextToken })),
        ),
      ),
    );
    return [...new Set(found.flat())];
  }

  async #describe(arns: readonly string[], signal: Signal): Promise<readonly RunState[]> {
    const states: RunState[] = [];
    for (let index = 0; index < arns.length; index += BATCH) {
      const batch = arns.slice(index, index + BATCH);
      const { tasks = [], failures = [] } = await this.#world.api.send(
        "ecs:DescribeTasks",
        { cluster: this.#world.options.cluster, tasks: batch, include: ["TAGS"] },
        signal,
      );
      // A task that was listed a moment ago may be gone by now; any other failure makes the answer partial.
      const failure = failures.find(({ reason }) => reason !== "MISSING");
      if (failure) throw new ProviderError("unavailable", `ecs:DescribeTasks: ${failure.arn}: ${failure.reason}`);
      for (const task of tasks) {
        const job = jobOf(task, this.#world.owner);
        if (job !== undefined) states.push(stateOf(task, job));
      }
    }
    return states;
  }
}

function isUnknownDefinition(error: ProviderError): boolean {
  return /task ?definition/i.test(error.message) && (error.code === "invalid" || error.code === "missing");
}
