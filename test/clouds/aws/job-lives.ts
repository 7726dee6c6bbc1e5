type Json = Record<string, unknown>;

interface Life {
  readonly kind: string;
  readonly createdAt: number;
  readonly limitMs: number;
  stop?: { readonly at: number; readonly reason: string };
}

const WAIT_MS = 5_000;
const RUN_MS = 60_000;

/** moto's jobs of Batch have succeeded at once: here they wait, run, end by the test's clock or by their definition's own time limit. */
export class JobLives {
  readonly #now: () => number;
  readonly #lives = new Map<string, Life>();
  /** Definition → its time limit in milliseconds, of the newest revision. */
  readonly #limits = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Jobs that run now. */
  running(): readonly string[] {
    return [...this.#lives].flatMap(([id, life]) => (this.#statusOf(life) === "RUNNING" ? [id] : []));
  }

  adapt(operation: string, body: Readonly<Json>, answer: Json): Json {
    if (operation === "RegisterJobDefinition") {
      const { attemptDurationSeconds } = (body["timeout"] ?? {}) as { attemptDurationSeconds?: number };
      this.#limits.set(String(body["jobDefinitionName"]), (attemptDurationSeconds ?? Number.POSITIVE_INFINITY) * 1000);
      return answer;
    }
    if (operation === "SubmitJob") {
      const { command = [] } = (body["containerOverrides"] ?? {}) as { command?: readonly string[] };
      const limitMs = this.#limits.get(String(body["jobDefinition"])) ?? Number.POSITIVE_INFINITY;
      this.#lives.set(String(answer["jobId"]), { kind: command[0] ?? "endless", createdAt: this.#now(), limitMs });
      return answer;
    }
    if (operation === "TerminateJob") {
      const life = this.#lives.get(String(body["jobId"]));
      if (life && !life.stop && !this.#hasEnded(life)) life.stop = { at: this.#now(), reason: String(body["reason"]) };
      return answer;
    }
    if (operation === "ListJobs") {
      const wanted = body["filters"] === undefined ? (body["jobStatus"] ?? "RUNNING") : undefined;
      const all = ((answer["jobSummaryList"] ?? []) as readonly Json[]).map((job) => this.#describe(job));
      return { ...answer, jobSummaryList: all.filter(({ status }) => wanted === undefined || status === wanted) };
    }
    const jobs = (answer["jobs"] ?? []) as readonly Json[];
    return operation === "DescribeJobs" ? { ...answer, jobs: jobs.map((job) => this.#describe(job)) } : answer;
  }

  #hasEnded(life: Life): boolean {
    return /^(?:SUCCEEDED|FAILED)$/.test(this.#statusOf(life));
  }

  #endOf({ createdAt, kind, limitMs, stop }: Life): number {
    const lasts = kind === "quick" || kind === "failing" ? RUN_MS : Number.POSITIVE_INFINITY;
    return Math.min(stop?.at ?? Number.POSITIVE_INFINITY, createdAt + WAIT_MS + Math.min(lasts, limitMs));
  }

  #statusOf(life: Life): string {
    if (this.#now() >= this.#endOf(life)) {
      const isGood = !life.stop && life.kind === "quick" && life.limitMs > RUN_MS;
      return isGood ? "SUCCEEDED" : "FAILED";
    }
    return this.#now() < life.createdAt + WAIT_MS ? "RUNNABLE" : "RUNNING";
  }

  #describe(job: Json): Json {
    const life = this.#lives.get(String(job["jobId"]));
    if (!life) return job;
    const status = this.#statusOf(life);
    const { startedAt: _s, stoppedAt: _e, statusReason: _r, attempts: _a, container, ...rest } = job;
    const startedAt = life.createdAt + WAIT_MS;
    const begun = this.#now() >= startedAt ? { startedAt } : {};
    const common = { ...rest, createdAt: life.createdAt, status, ...begun };
    const log = { ...(container as Json | undefined), logStreamName: `rota/default/${job["jobId"]}` };
    if (!this.#hasEnded(life)) return { ...common, container: { ...log, exitCode: undefined } };
    const stoppedAt = this.#endOf(life);
    const exitCode = life.stop ? 143 : status === "SUCCEEDED" ? 0 : life.kind === "failing" ? 3 : 137;
    const timedOut = "Job attempt duration exceeded timeout";
    const statusReason = life.stop?.reason ?? (exitCode === 137 ? timedOut : "Essential container in task exited");
    const ending = life.stop ? { isTerminated: true } : {};
    return { ...common, stoppedAt, statusReason, ...ending, container: { ...log, exitCode } };
  }
}
