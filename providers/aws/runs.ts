import type { RunTaskRequest, Task } from "@aws-sdk/client-ecs";
import type { Instant, RunHandle } from "../../src/model/index.ts";
import { next, ProviderError, pages, type RunState, type StartRequest } from "../../src/provider/index.ts";
import type { Api } from "./api/index.ts";
import type { Deployments } from "./deployments.ts";
import { CONTAINER, clientToken, familyName, type Owner, startedByOf, tagsOf } from "./naming.ts";
import type { AwsOptions } from "./options.ts";
import { taskDefinitionOf } from "./resources/task-definition.ts";
import { jobOf, parseHandle, stateOf } from "./task-state.ts";

type Signal = AbortSignal | undefined;
/** DescribeTasks takes so many at a time. */
const BATCH = 100;

/** Runs as ECS tasks: started under a token, found by `startedBy`, listed by cluster, so that nobody's start is missed. */
export class Runs {
  readonly #api: Api;
  readonly #owner: Owner;
  readonly #options: AwsOptions;
  readonly #deployments: Deployments;

  constructor(api: Api, owner: Owner, options: AwsOptions, deployments: Deployments) {
    this.#api = api;
    this.#owner = owner;
    this.#options = options;
    this.#deployments = deployments;
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
    const { tasks = [] } = await this.#api.send(
      "ecs:DescribeTasks",
      { cluster: this.#options.cluster, tasks: [arn], include: ["TAGS"] },
      signal,
    );
    const task = tasks.find((each) => each.taskArn === arn);
    if (!task) throw new ProviderError("missing", `ECS knows no task ${arn}`);
    const job = jobOf(task, this.#owner);
    if (job === undefined)
      throw new ProviderError("denied", `the task ${arn} is not of this namespace and environment`);
    return stateOf(task, job);
  }

  /** ECS has one kind of stop: SIGTERM, the definition's stop timeout, SIGKILL. Sent again, it changes nothing. */
  async stop(handle: RunHandle, reason: string, signal: Signal): Promise<void> {
    if ((await this.inspect(handle, signal)).phase === "ended") return;
    const { arn } = parseHandle(handle);
    await this.#api.send("ecs:StopTask", { cluster: this.#options.cluster, task: arn, reason }, signal);
  }

  #request({ run, job, fireAt, env }: StartRequest, command: readonly string[]): RunTaskRequest {
    const { cluster, subnets, securityGroups, assignPublicIp } = this.#options;
    const fire = Temporal.Instant.fromEpochMilliseconds(fireAt).toString({ smallestUnit: "second" });
    const environment = Object.entries(env).map(([name, value]) => ({ name, value }));
    return {
      cluster,
      taskDefinition: familyName(this.#owner, job.name),
      count: 1,
      launchType: "FARGATE",
      clientToken: clientToken(this.#owner.namespace, this.#owner.environment, run),
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
      tags: tagsOf({ ...this.#owner, job: job.name }, { run, fire }).map((tag) => ({ ...tag })),
    };
  }

  async #run(request: RunTaskRequest, signal: Signal): Promise<Task | undefined> {
    const { tasks = [], failures = [] } = await this.#api.send("ecs:RunTask", request, signal);
    const [failure] = failures;
    if (tasks.length > 0 || !failure) return tasks[0];
    const { reason = "", detail = "" } = failure;
    // Nothing was started; AWS gives these reasons when it has no room just now.
    const code = /^(?:RESOURCE|AGENT|Capacity)/i.test(reason) ? "throttled" : "invalid";
    throw new ProviderError(code, `ecs:RunTask: ${[reason, detail].filter((text) => text !== "").join(": ")}`);
  }

  async #ensureDefinition({ job }: StartRequest, signal: Signal): Promise<void> {
    const definition = taskDefinitionOf(job, this.#owner, this.#options);
    if (!definition) throw new ProviderError("unsupported", `Fargate has no size for "${job.name}"`);
    await this.#deployments.ensureDefinition(definition, signal);
  }

  /** Running and stopped are two listings; a stopped task can be seen for an hour or so. */
  async #list(filter: { readonly startedBy?: string }, signal: Signal): Promise<readonly string[]> {
    const cluster = this.#options.cluster;
    const found = await Promise.all(
      (["RUNNING", "STOPPED"] as const).map((desiredStatus) =>
        pages((nextToken) =>
          this.#api
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
      const { tasks = [], failures = [] } = await this.#api.send(
        "ecs:DescribeTasks",
        { cluster: this.#options.cluster, tasks: batch, include: ["TAGS"] },
        signal,
      );
      // A task that was listed a moment ago may be gone by now; any other failure makes the answer partial.
      const failure = failures.find(({ reason }) => reason !== "MISSING");
      if (failure) throw new ProviderError("unavailable", `ecs:DescribeTasks: ${failure.arn}: ${failure.reason}`);
      for (const task of tasks) {
        const job = jobOf(task, this.#owner);
        if (job !== undefined) states.push(stateOf(task, job));
      }
    }
    return states;
  }
}

function isUnknownDefinition(error: ProviderError): boolean {
  return /task ?definition/i.test(error.message) && (error.code === "invalid" || error.code === "missing");
}
