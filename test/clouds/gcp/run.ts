import { timestampOf } from "./scheduler.ts";
import { type Handler, type Message, Refusal } from "./server.ts";

/** How a test's execution lives: `quick` ends well after a minute, `failing` with exit code 3, `endless` when it is stopped. */
export type Kind = "quick" | "failing" | "endless";

export interface Life {
  readonly name: string;
  readonly job: string;
  readonly kind: Kind;
  readonly createdAt: number;
  readonly template: Message;
  readonly labels: Record<string, string>;
  readonly timeoutMs: number;
  stoppedAt?: number;
}

const PULL_MS = 5_000;
const RUN_MS = 60_000;
const TERM_MS = 10_000;
/** "Configure CPU limits" and "Configure memory limits" for jobs: CPUs and the memory that they go with, in MiB. */
const MEMORY: Readonly<Record<string, readonly [least: number, most: number]>> = {
  "1": [512, 4096],
  "2": [512, 8192],
  "4": [2048, 16_384],
  "8": [4096, 32_768],
};
/** Set by Cloud Run itself ("Container runtime contract"). */
const RESERVED = new Set([
  "CLOUD_RUN_JOB",
  "CLOUD_RUN_EXECUTION",
  "CLOUD_RUN_TASK_INDEX",
  "CLOUD_RUN_TASK_ATTEMPT",
  "CLOUD_RUN_TASK_COUNT",
]);

/** Cloud Run jobs, as their proto describes them, with executions that live by the test's clock. */
export class RunFake {
  readonly jobs: Map<string, Message> = new Map();
  readonly lives: Map<string, Life> = new Map();
  pageSize = 100;
  readonly #parent: string;
  readonly #now: () => number;
  #count = 0;

  constructor(parent: string, now: () => number) {
    this.#parent = parent;
    this.#now = now;
  }

  /** Executions that run now. */
  running(): readonly Life[] {
    return [...this.lives.values()].filter((life) => this.#phaseOf(life).phase === "running");
  }

  readonly handlers: Readonly<Record<string, Handler>> = {
    "run:ListJobs": ({ parent, pageSize, pageToken }) => {
      if (parent !== this.#parent) throw new Refusal("PERMISSION_DENIED", `no access to ${parent}`);
      const { items, nextPageToken } = this.#page([...this.jobs.values()].reverse(), pageSize, pageToken);
      return { jobs: items, nextPageToken };
    },
    "run:GetJob": ({ name }) => this.#job(name),
    "run:CreateJob": ({ parent, jobId, job }) => {
      if (parent !== this.#parent) throw new Refusal("PERMISSION_DENIED", `no access to ${parent}`);
      const name = `${parent}/jobs/${jobId}`;
      if (!/^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$/.test(String(jobId))) invalid(`job_id ${jobId}`);
      if (this.jobs.has(name)) throw new Refusal("ALREADY_EXISTS", `Resource ${jobId} already exists.`);
      if ((job as Message)["name"] !== "") invalid("name must be empty on create");
      this.#put(name, job as Message, crypto.randomUUID(), 1);
      return this.#operation();
    },
    "run:UpdateJob": ({ job }) => {
      const { name, etag } = job as Message;
      const held = this.#job(name);
      if (etag !== "" && etag !== held["etag"]) throw new Refusal("ABORTED", "the etag is not the current one");
      this.#put(String(name), job as Message, String(held["uid"]), Number(held["generation"]) + 1);
      return this.#operation();
    },
    "run:DeleteJob": ({ name, etag }) => {
      const held = this.#job(name);
      if (etag !== "" && etag !== held["etag"]) throw new Refusal("ABORTED", "the etag is not the current one");
      this.jobs.delete(String(name));
      // What ran of it goes with it.
      for (const life of this.lives.values()) if (life.job === name) this.lives.delete(life.name);
      return this.#operation();
    },
    "run:RunJob": ({ name, overrides }) => {
      this.run(String(name), (overrides ?? {}) as Message);
      return this.#operation();
    },
    "run:ListExecutions": ({ parent, pageSize, pageToken }) => {
      const job = String(parent);
      if (!job.startsWith(`${this.#parent}/jobs/`)) throw new Refusal("PERMISSION_DENIED", `no access to ${job}`);
      if (!job.endsWith("/-")) this.#job(job);
      const lives = [...this.lives.values()].filter((life) => job.endsWith("/-") || life.job === job).reverse();
      const { items, nextPageToken } = this.#page(lives, pageSize, pageToken);
      return { executions: items.map((life) => this.execution(life)), nextPageToken };
    },
    "run:GetExecution": ({ name }) => this.execution(this.#life(name)),
    "run:CancelExecution": ({ name }) => {
      const life = this.#life(name);
      if (this.#phaseOf(life).phase === "ended") throw new Refusal("FAILED_PRECONDITION", "the execution has ended");
      life.stoppedAt ??= this.#now();
      return this.#operation();
    },
    "run:ListTasks": ({ parent }) => {
      const life = this.#life(parent);
      const { exitCode } = this.#phaseOf(life);
      return {
        tasks: [{ name: `${parent}/tasks/0`, lastAttemptResult: { exitCode: exitCode ?? 0 } }],
        nextPageToken: "",
      };
    },
  };

  /** Starts an execution; what Cloud Scheduler's request and a person in the console do as well. */
  run(name: string, overrides: Message = {}): string {
    const job = this.#job(name);
    const template = structuredClone((job["template"] as Message)["template"]) as { containers: Message[] };
    const labels = ((job["template"] as Message)["labels"] ?? {}) as Record<string, string>;
    const [container = {}] = template.containers;
    for (const override of (overrides["containerOverrides"] ?? []) as Message[]) {
      if (override["name"] !== "" && override["name"] !== container["name"])
        invalid(`no container ${override["name"]}`);
      const env = [...(container["env"] as Message[]), ...((override["env"] ?? []) as Message[])];
      container["env"] = [...new Map(env.map((each) => [each["name"], each])).values()];
      checkEnv(container["env"] as Message[]);
      if (((override["args"] ?? []) as string[]).length > 0) container["args"] = override["args"];
    }
    this.#count += 1;
    const execution = `${name}/executions/${name.split("/").at(-1)}-${this.#count.toString(36).padStart(5, "0")}`;
    const [word = "quick"] = container["args"] as string[];
    const timeout = Number(((template as unknown as Message)["timeout"] as Message | null)?.["seconds"] ?? 600);
    this.lives.set(execution, {
      name: execution,
      job: name,
      kind: word as Kind,
      createdAt: this.#now(),
      template: template as unknown as Message,
      labels,
      timeoutMs: timeout * 1000,
    });
    return execution;
  }

  #phaseOf(life: Life): {
    readonly phase: "starting" | "running" | "ended";
    readonly startedAt?: number;
    readonly endedAt?: number;
    readonly how?: string;
    readonly exitCode?: number;
  } {
    const now = this.#now();
    const startedAt = life.createdAt + PULL_MS;
    const ends = [
      life.kind === "endless"
        ? undefined
        : { at: startedAt + RUN_MS, how: life.kind === "failing" ? "failed" : "succeeded" },
      { at: startedAt + life.timeoutMs, how: "timeout" },
      life.stoppedAt === undefined ? undefined : { at: life.stoppedAt + TERM_MS, how: "cancelled" },
    ].filter((each) => each !== undefined);
    const end = ends.sort((a, b) => a.at - b.at)[0];
    if (end && end.at <= now) {
      const exitCode = end.how === "failed" ? { exitCode: 3 } : {};
      return {
        phase: "ended",
        ...(end.at > startedAt ? { startedAt } : {}),
        endedAt: end.at,
        how: end.how,
        ...exitCode,
      };
    }
    return startedAt <= now ? { phase: "running", startedAt } : { phase: "starting" };
  }

  execution(life: Life): Message {
    const { phase, startedAt, endedAt, how } = this.#phaseOf(life);
    const failed = how === "failed" || how === "timeout";
    const words: Readonly<Record<string, string>> = {
      failed: "Task failed with message: The container exited with an error.",
      timeout: "The configured timeout was reached.",
      cancelled: "The execution was cancelled.",
    };
    const reason =
      how === "cancelled"
        ? { executionReason: "CANCELLED" }
        : how === "failed"
          ? { executionReason: "NON_ZERO_EXIT_CODE" }
          : {};
    return {
      name: life.name,
      uid: life.name,
      job: life.job,
      labels: life.labels,
      template: life.template,
      taskCount: 1,
      createTime: timestampOf(life.createdAt),
      ...(startedAt === undefined ? {} : { startTime: timestampOf(startedAt) }),
      ...(endedAt === undefined ? {} : { completionTime: timestampOf(endedAt) }),
      runningCount: phase === "running" ? 1 : 0,
      succeededCount: how === "succeeded" ? 1 : 0,
      failedCount: failed ? 1 : 0,
      cancelledCount: how === "cancelled" ? 1 : 0,
      conditions: [
        {
          type: "Completed",
          state:
            phase === "ended"
              ? how === "succeeded"
                ? "CONDITION_SUCCEEDED"
                : "CONDITION_FAILED"
              : "CONDITION_RECONCILING",
          message: words[how ?? ""] ?? "",
          ...reason,
        },
      ],
    };
  }

  #page<T>(items: readonly T[], pageSize: unknown, pageToken: unknown): { items: readonly T[]; nextPageToken: string } {
    const from = pageToken === "" ? 0 : Number(pageToken);
    const to = from + Math.min(this.pageSize, Number(pageSize) || 100);
    return { items: items.slice(from, to), nextPageToken: to < items.length ? String(to) : "" };
  }

  #operation(): Message {
    return { name: `${this.#parent}/operations/${crypto.randomUUID()}`, done: false };
  }

  #job(name: unknown): Message {
    const job = this.jobs.get(String(name));
    if (!job) throw new Refusal("NOT_FOUND", `Resource ${name} was not found.`);
    return job;
  }

  #life(name: unknown): Life {
    const life = this.lives.get(String(name));
    if (!life) throw new Refusal("NOT_FOUND", `Resource ${name} was not found.`);
    return life;
  }

  #put(name: string, job: Message, uid: string, generation: number): void {
    const { labels, template } = job as { labels: Record<string, string>; template: Message | null };
    checkLabels(labels);
    if (!template) invalid("template is required");
    checkLabels((template["labels"] ?? {}) as Record<string, string>);
    const task = checkTask((template["template"] ?? {}) as Message);
    this.jobs.set(name, {
      ...job,
      name,
      uid,
      generation: String(generation),
      etag: `"${uid}/${generation}"`,
      launchStage: "GA",
      template: { ...template, taskCount: template["taskCount"] || 1, template: task },
      terminalCondition: { type: "Ready", state: "CONDITION_SUCCEEDED" },
    });
  }
}

function checkTask(task: Message): Message {
  const containers = (task["containers"] ?? []) as Message[];
  const timeout = Number((task["timeout"] as Message | null)?.["seconds"] ?? 600);
  if (containers.length !== 1) invalid(`${containers.length} containers`);
  if (timeout < 1 || timeout > 604_800) invalid(`timeout ${timeout}s`);
  if (Number(task["maxRetries"]) < 0 || Number(task["maxRetries"]) > 10) invalid("max_retries");
  const filled = containers.map((container) => {
    if (container["image"] === "") invalid("image is required");
    checkEnv(container["env"] as Message[]);
    const limits = { cpu: "1", memory: "512Mi", ...((container["resources"] as Message | null)?.["limits"] as object) };
    const range = MEMORY[limits.cpu];
    const mib = /^(\d+)(Mi|Gi)$/.exec(limits.memory);
    const amount = Number(mib?.[1] ?? Number.NaN) * (mib?.[2] === "Gi" ? 1024 : 1);
    if (!range || !(amount >= range[0] && amount <= range[1])) invalid(`${limits.cpu} CPU with ${limits.memory}`);
    return { ...container, resources: { ...(container["resources"] as object), limits } };
  });
  return { ...task, containers: filled, executionEnvironment: "EXECUTION_ENVIRONMENT_GEN2" };
}

function checkEnv(env: readonly Message[]): void {
  const names = env.map((each) => String(each["name"]));
  if (new Set(names).size !== names.length) invalid("a variable is there twice");
  for (const name of names)
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || RESERVED.has(name)) invalid(`variable ${name}`);
}

/** Labels: at most 64, keys and values of lower-case letters, digits, `-` and `_`, at most 63 characters. */
function checkLabels(labels: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(labels)) {
    if (!/^[a-z][a-z0-9_-]{0,62}$/.test(key) || !/^[a-z0-9_-]{0,63}$/.test(value)) invalid(`label ${key}=${value}`);
  }
}

function invalid(what: string): never {
  throw new Refusal("INVALID_ARGUMENT", what);
}
