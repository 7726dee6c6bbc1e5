import type { JobRun } from "@aws-sdk/client-glue";
import type { RunHandle } from "../../../src/model/index.ts";
import { next, ProviderError } from "../../../src/provider/index.ts";
import type { Api } from "../api/index.ts";
import { PAGE, type Signal } from "../resources/world.ts";
import { glueTimeout, markArguments, readArguments } from "../work/index.ts";
import type { Seen, Service, StartOrder } from "./service.ts";

/** A run may take so long (Glue's own limit is seven days): the listing looks no further back than it. */
const LONGEST_MS = 8 * 86_400_000;
const ENDED: Readonly<Record<string, "succeeded" | "failed" | "stopped">> = {
  SUCCEEDED: "succeeded",
  STOPPED: "stopped",
  FAILED: "failed",
  TIMEOUT: "failed",
  ERROR: "failed",
  EXPIRED: "failed",
};

/** Runs of a Glue job, which keep in their arguments whose start they are. Glue has no token for a start. */
export class GlueJobs implements Service {
  readonly kind = "glueJob";
  readonly key = "jobRun";
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  async start({ target, mark, job }: StartOrder, signal: Signal): Promise<RunHandle> {
    if (target.kind !== this.kind) throw new ProviderError("internal", "this is no Glue job");
    const request = {
      JobName: target.name,
      Arguments: { ...markArguments(target.arguments, mark) },
      ...glueTimeout(job),
    };
    const { JobRunId = "" } = await this.#api.send("glue:StartJobRun", request, signal);
    return { glueJob: target.name, jobRun: JobRunId };
  }

  async list(target: string, since: number, signal: Signal): Promise<readonly Seen[]> {
    const seen: Seen[] = [];
    for (let token: string | undefined, isFirst = true; isFirst || token !== undefined; isFirst = false) {
      const page = await this.#api.send(
        "glue:GetJobRuns",
        { JobName: target, MaxResults: PAGE, ...next("NextToken", token) },
        signal,
      );
      const runs = page.JobRuns ?? [];
      seen.push(...runs.map((run) => seenOf(target, run)));
      // The newest come first.
      const isOld = (runs.at(-1)?.StartedOn?.getTime() ?? 0) < since - LONGEST_MS;
      token = isOld ? undefined : page.NextToken;
    }
    return seen;
  }

  async read(handle: RunHandle, signal: Signal): Promise<Seen> {
    const { glueJob, jobRun } = parse(handle);
    const { JobRun } = await this.#api.send("glue:GetJobRun", { JobName: glueJob, RunId: jobRun }, signal);
    if (!JobRun) throw new ProviderError("missing", `Glue knows no run ${jobRun} of ${glueJob}`);
    return seenOf(glueJob, JobRun);
  }

  async stop(handle: RunHandle, _reason: string, signal: Signal): Promise<void> {
    const { glueJob, jobRun } = parse(handle);
    const { Errors = [] } = await this.#api.send(
      "glue:BatchStopJobRun",
      { JobName: glueJob, JobRunIds: [jobRun] },
      signal,
    );
    const [refused] = Errors;
    if (refused)
      throw new ProviderError("unavailable", `glue:BatchStopJobRun: ${refused.ErrorDetail?.ErrorMessage ?? "refused"}`);
  }
}

function parse(handle: RunHandle): { readonly glueJob: string; readonly jobRun: string } {
  const { glueJob, jobRun } = handle as { readonly glueJob?: unknown; readonly jobRun?: unknown };
  if (
    typeof glueJob !== "string" ||
    glueJob === "" ||
    typeof jobRun !== "string" ||
    !/^jr_[0-9a-f]{6,}(?:_attempt_\d+)?$/.test(jobRun)
  )
    throw new ProviderError("invalid", "this is no handle of a Glue job's run");
  return { glueJob, jobRun };
}

function seenOf(glueJob: string, run: JobRun): Seen {
  const { Id: jobRun = "", Arguments, JobRunState = "", StartedOn, CompletedOn, ExecutionTime, ErrorMessage } = run;
  const mark = readArguments(Arguments);
  const startedAt = StartedOn?.getTime();
  const started = startedAt === undefined ? {} : { startedAt };
  const outcome = ENDED[JobRunState];
  const base = { handle: { glueJob, jobRun }, mark };
  if (outcome === undefined) {
    const phase = JobRunState === "RUNNING" || JobRunState === "STOPPING" ? "running" : "starting";
    return { ...base, life: { phase, ...(phase === "running" ? started : {}) } };
  }
  const endedAt = CompletedOn?.getTime();
  const reason = JobRunState === "TIMEOUT" ? "it ran into its time limit at Glue" : ErrorMessage;
  return {
    ...base,
    life: {
      phase: "ended",
      outcome,
      ...started,
      ...(endedAt === undefined ? {} : { endedAt }),
      ...(ExecutionTime === undefined ? {} : { elapsedSeconds: ExecutionTime }),
      ...(outcome === "succeeded" || !reason ? {} : { reason }),
    },
  };
}
