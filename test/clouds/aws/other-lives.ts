type Json = Record<string, unknown>;

/** Executions of pipelines and runs of Glue jobs, which moto takes for done and cannot stop: here they go on until they are. */
export class OtherLives {
  readonly #now: () => number;
  /** ARN or id → when it was stopped, in seconds. */
  readonly #stopped = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The answer to what moto has no words for; undefined: it has. */
  answer(operation: string, body: Readonly<Json>): Json | undefined {
    if (operation === "StopPipelineExecution") {
      const arn = String(body["PipelineExecutionArn"]);
      this.#stop(arn);
      return { PipelineExecutionArn: arn };
    }
    if (operation === "BatchStopJobRun") {
      const ids = body["JobRunIds"] as readonly string[];
      for (const id of ids) this.#stop(id);
      return { SuccessfulSubmissions: ids.map((JobRunId) => ({ JobName: body["JobName"], JobRunId })), Errors: [] };
    }
    return undefined;
  }

  adapt(operation: string, answer: Json): Json {
    if (operation === "DescribePipelineExecution") return this.#pipeline(answer);
    if (operation === "ListPipelineExecutions") {
      const all = (answer["PipelineExecutionSummaries"] ?? []) as readonly Json[];
      return { ...answer, PipelineExecutionSummaries: all.map((each) => this.#pipeline(each)) };
    }
    if (operation === "GetJobRun") return { ...answer, JobRun: this.#jobRun(answer["JobRun"] as Json) };
    if (operation === "GetJobRuns") {
      const all = (answer["JobRuns"] ?? []) as readonly Json[];
      return { ...answer, JobRuns: all.map((each) => this.#jobRun(each)) };
    }
    return answer;
  }

  #stop(id: string): void {
    if (!this.#stopped.has(id)) this.#stopped.set(id, this.#now() / 1000);
  }

  #pipeline(execution: Json): Json {
    const at = this.#stopped.get(String(execution["PipelineExecutionArn"]));
    const PipelineExecutionStatus = at === undefined ? "Executing" : "Stopped";
    return { ...execution, PipelineExecutionStatus, ...(at === undefined ? {} : { LastModifiedTime: at }) };
  }

  #jobRun({ CompletedOn: _completed, ...run }: Json): Json {
    const at = this.#stopped.get(String(run["Id"]));
    return at === undefined ? { ...run, JobRunState: "RUNNING" } : { ...run, JobRunState: "STOPPED", CompletedOn: at };
  }
}
