/** How a test's task lives: `quick` ends well after a minute, `failing` with exit code 3, `endless` when it is stopped. */
export type Kind = "quick" | "failing" | "endless";

interface Life {
  readonly kind: Kind;
  readonly createdAt: number;
  stop?: { readonly at: number; readonly reason: string };
}

type Json = Record<string, unknown>;

const PULL_MS = 5_000;
const RUN_MS = 60_000;

/** moto's tasks never run: here they start, go on and end by the test's clock, and say so in ECS' own fields. */
export class TaskLives {
  readonly #now: () => number;
  readonly #lives = new Map<string, Life>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Tasks that run now. */
  running(): readonly string[] {
    return [...this.#lives].flatMap(([arn, life]) => (this.#statusOf(life) === "RUNNING" ? [arn] : []));
  }

  adapt(operation: string, body: Readonly<Json>, answer: Json): Json {
    if (operation === "ListTasks") {
      const wanted = (body["desiredStatus"] ?? "RUNNING") as string;
      const arns = answer["taskArns"] as readonly string[];
      return { ...answer, taskArns: arns.filter((arn) => this.#isListedAs(arn, wanted)) };
    }
    if (operation === "StopTask") {
      const task = answer["task"] as Json;
      const life = this.#lives.get(task["taskArn"] as string);
      if (life && !life.stop && this.#statusOf(life) !== "STOPPED") {
        life.stop = { at: this.#now(), reason: String(body["reason"] ?? "") };
      }
      return { ...answer, task: this.#describe(task) };
    }
    const tasks = (answer["tasks"] ?? []) as readonly Json[];
    if (operation === "RunTask") {
      for (const task of tasks) {
        this.#lives.set(task["taskArn"] as string, { kind: kindOf(body), createdAt: this.#now() });
      }
      return { ...answer, tasks: tasks.map((task) => this.#describe(task)) };
    }
    const found = tasks.map((task) => this.#describe(task));
    const arns = new Set(found.map((task) => task["taskArn"]));
    const missing = (body["tasks"] as readonly string[]).filter((arn) => !arns.has(arn));
    return { ...answer, tasks: found, failures: missing.map((arn) => ({ arn, reason: "MISSING" })) };
  }

  #isListedAs(arn: string, wanted: string): boolean {
    const life = this.#lives.get(arn);
    return (life !== undefined && this.#statusOf(life) === "STOPPED") === (wanted === "STOPPED");
  }

  #statusOf(life: Life): "PENDING" | "RUNNING" | "STOPPED" {
    const age = this.#now() - life.createdAt;
    if (life.stop || (life.kind !== "endless" && age >= PULL_MS + RUN_MS)) return "STOPPED";
    return age < PULL_MS ? "PENDING" : "RUNNING";
  }

  #describe(task: Json): Json {
    const life = this.#lives.get(task["taskArn"] as string);
    if (!life) return task;
    const status = this.#statusOf(life);
    const { stoppedReason: _reason, ...rest } = task;
    const startedAt = life.createdAt + PULL_MS;
    const begun = status === "PENDING" ? {} : { pullStartedAt: startedAt / 1000, startedAt: startedAt / 1000 };
    const common = { ...rest, createdAt: life.createdAt / 1000, ...begun, lastStatus: status };
    if (status !== "STOPPED") return { ...common, desiredStatus: "RUNNING" };
    const stoppedAt = life.stop?.at ?? startedAt + RUN_MS;
    const exitCode = life.stop ? 143 : life.kind === "failing" ? 3 : 0;
    return {
      ...common,
      desiredStatus: "STOPPED",
      stoppedAt: stoppedAt / 1000,
      stopCode: life.stop ? "UserInitiated" : "EssentialContainerExited",
      stoppedReason: life.stop?.reason ?? "Essential container in task exited",
      containers: [{ name: "job", lastStatus: "STOPPED", exitCode }],
    };
  }
}

function kindOf(body: Readonly<Json>): Kind {
  const overrides = body["overrides"] as
    | { containerOverrides?: readonly { command?: readonly string[] }[] }
    | undefined;
  const [word] = overrides?.containerOverrides?.[0]?.command ?? [];
  return word === "quick" || word === "failing" ? word : "endless";
}
