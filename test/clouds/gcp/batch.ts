import type { Kind } from "./run.ts";
import { timestampOf } from "./scheduler.ts";
import { type Handler, type Message, Refusal } from "./server.ts";

export interface BatchLife {
  readonly name: string;
  readonly uid: string;
  readonly createdAt: number;
  readonly job: Message;
  readonly kind: Kind;
  readonly limitMs: number;
  cancelledAt?: number;
}

/** Each state, and when it came. */
type Step = readonly [state: string, at: number];

const SCHEDULED_MS = 2_000;
const BOOT_MS = 30_000;
const RUN_MS = 60_000;
const CANCEL_MS = 20_000;
const LONGEST_MS = 14 * 86_400_000;
const ENDED = ["SUCCEEDED", "FAILED", "CANCELLED"];
const SECRET = /^projects\/[^/]+\/secrets\/[\w-]+\/versions\/[\w-]+$/;
const LABEL = /^[a-z0-9_-]{0,63}$/;

/** Batch, as its proto describes it; jobs live by the test's clock. */
export class BatchFake {
  readonly lives: Map<string, BatchLife> = new Map();
  pageSize = 100;
  /** Places that a listing says it could not reach. */
  unreachable: readonly string[] = [];
  readonly #parent: string;
  readonly #now: () => number;
  #count = 0;

  constructor(parent: string, now: () => number) {
    this.#parent = parent;
    this.#now = now;
  }

  running(): readonly BatchLife[] {
    return [...this.lives.values()].filter((life) => this.#stateOf(life) === "RUNNING");
  }

  readonly handlers: Readonly<Record<string, Handler>> = {
    "batch:ListJobs": ({ parent, pageSize, pageToken, orderBy }) => {
      if (parent !== this.#parent) throw new Refusal("PERMISSION_DENIED", `no access to ${parent}`);
      if (orderBy !== "" && orderBy !== "create_time desc") invalid(`order_by ${orderBy}`);
      const all = [...this.lives.values()];
      if (orderBy !== "") all.sort((a, b) => b.createdAt - a.createdAt);
      const from = pageToken === "" ? 0 : Number(pageToken);
      const to = from + Math.min(this.pageSize, Number(pageSize) || 100);
      const jobs = all.slice(from, to).map((life) => this.#message(life));
      return { jobs, nextPageToken: to < all.length ? String(to) : "", unreachable: [...this.unreachable] };
    },
    "batch:GetJob": ({ name }) => this.#message(this.#life(name)),
    "batch:CreateJob": ({ parent, jobId, job }) => {
      if (parent !== this.#parent) throw new Refusal("PERMISSION_DENIED", `no access to ${parent}`);
      return this.#message(this.create(job as Message, String(jobId)));
    },
    "batch:CancelJob": ({ name }) => {
      const life = this.#life(name);
      if (ENDED.includes(this.#stateOf(life))) throw new Refusal("FAILED_PRECONDITION", "the job has ended");
      life.cancelledAt ??= this.#now();
      return { name: `${this.#parent}/operations/cancel` };
    },
    "batch:ListTasks": ({ parent }) => {
      const [, name, group] = /^(.*)\/taskGroups\/([^/]+)$/.exec(String(parent)) ?? [];
      const life = this.#life(name);
      if (group !== "group0") throw new Refusal("NOT_FOUND", `${parent} not found`);
      const exitCode = this.#exitCodeOf(life);
      const events = exitCode === undefined ? [] : [{ type: "STATUS_CHANGED", taskExecution: { exitCode } }];
      return { tasks: [{ name: `${parent}/tasks/0`, status: { statusEvents: events } }], nextPageToken: "" };
    },
  };

  /** What Cloud Scheduler's request and a person in the console do as well; without an id Batch makes one. */
  create(job: Message, jobId = ""): BatchLife {
    this.#count += 1;
    const id = jobId === "" ? `j-${crypto.randomUUID()}` : jobId;
    if (!/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(id)) invalid(`job_id ${id}`);
    const name = `${this.#parent}/jobs/${id}`;
    if (this.lives.has(name)) throw new Refusal("ALREADY_EXISTS", `Job ${id} already exists.`);
    const { word, limitMs } = checked(job);
    const life = { name, uid: `${id.slice(0, 40)}-${this.#count}`, createdAt: this.#now(), job, kind: word, limitMs };
    this.lives.set(name, life);
    return life;
  }

  #life(name: unknown): BatchLife {
    const life = this.lives.get(String(name));
    if (!life) throw new Refusal("NOT_FOUND", `Job ${name} not found.`);
    return life;
  }

  /** All the states until now, one after the other. */
  #stepsOf({ createdAt, kind, limitMs, cancelledAt }: BatchLife): readonly Step[] {
    const startedAt = createdAt + BOOT_MS;
    const end: Step =
      kind === "endless" || limitMs < RUN_MS
        ? ["FAILED", startedAt + limitMs]
        : [kind === "failing" ? "FAILED" : "SUCCEEDED", startedAt + RUN_MS];
    const steps: Step[] = [["QUEUED", createdAt], ["SCHEDULED", createdAt + SCHEDULED_MS], ["RUNNING", startedAt], end];
    const kept = steps.filter(([, at]) => at <= Math.min(this.#now(), cancelledAt ?? Number.POSITIVE_INFINITY));
    if (cancelledAt === undefined) return kept;
    const cancel: Step[] = [
      ["CANCELLATION_IN_PROGRESS", cancelledAt],
      ["CANCELLED", cancelledAt + CANCEL_MS],
    ];
    return [...kept, ...cancel.filter(([, at]) => at <= this.#now())];
  }

  #stateOf(life: BatchLife): string {
    return this.#stepsOf(life).at(-1)?.[0] ?? "QUEUED";
  }

  #exitCodeOf(life: BatchLife): number | undefined {
    if (this.#stateOf(life) !== "FAILED") return undefined;
    return life.kind === "failing" ? 3 : 50005;
  }

  #message(life: BatchLife): Message {
    const steps = this.#stepsOf(life);
    const statusEvents = steps.slice(1).map(([state, at], index) => ({
      type: "STATUS_CHANGED",
      description: `Job state is set from ${steps[index]?.[0]} to ${state} for job ${life.name}.`,
      eventTime: timestampOf(at),
    }));
    return {
      ...structuredClone(life.job),
      name: life.name,
      uid: life.uid,
      createTime: timestampOf(life.createdAt),
      updateTime: timestampOf(steps.at(-1)?.[1] ?? life.createdAt),
      status: { state: steps.at(-1)?.[0] ?? "QUEUED", statusEvents },
    };
  }
}

/** What the proto's comments and the pages on limits forbid is refused. */
function checked({ taskGroups, labels, allocationPolicy }: Message): {
  readonly word: Kind;
  readonly limitMs: number;
} {
  const groups = taskGroups as { readonly taskSpec: Record<string, Message> }[];
  const [group] = groups;
  if (!group || groups.length > 1) return invalid("one task group is supported");
  const { runnables, maxRunDuration, environment, computeResource } = group.taskSpec;
  const [runnable] = runnables as unknown as { readonly container?: Message }[];
  const container = runnable?.container ?? invalid("a container is required");
  if (container["imageUri"] === "") invalid("image_uri is required");
  const { cpuMilli, memoryMib } = computeResource ?? {};
  if (!(Number(cpuMilli) > 0 && Number(memoryMib) > 0)) invalid("compute_resource");
  const limitMs = Number(maxRunDuration?.["seconds"] ?? LONGEST_MS / 1000) * 1000;
  if (!(limitMs > 0 && limitMs <= LONGEST_MS)) invalid("max_run_duration");
  const secrets = Object.values((environment?.["secretVariables"] ?? {}) as Record<string, string>);
  for (const secret of secrets) if (!SECRET.test(secret)) invalid(`secret ${secret}`);
  for (const value of Object.values(labels as Record<string, string>))
    if (!LABEL.test(value)) invalid(`label ${value}`);
  checkMachines(allocationPolicy as Message | null);
  const [word = "quick"] = container["commands"] as string[];
  return { word: word as Kind, limitMs };
}

function checkMachines(allocation: Message | null): void {
  for (const { policy } of (allocation?.["instances"] ?? []) as { policy: Message | null }[])
    for (const { type, count } of (policy?.["accelerators"] ?? []) as { type: string; count: string }[])
      if (type === "" || Number(count) < 1) invalid(`accelerator ${type} ${count}`);
}

function invalid(what: string): never {
  throw new Refusal("INVALID_ARGUMENT", what);
}
