import type { RunHandle } from "../../../src/model/index.ts";
import { digest, next, ProviderError, pages } from "../../../src/provider/index.ts";
import type { Api } from "../api/index.ts";
import { PAGE, type Signal } from "../resources/world.ts";
import { markDescription, readDescription } from "../work/index.ts";
import type { Seen, Service, StartOrder } from "./service.ts";

const ARN = /^arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:\d{12}:pipeline\/[^/]+\/execution\/[^/]+$/;
/** A training step may take SageMaker's 28 days: an execution that began longer ago is not in flight. */
const LONGEST_MS = 31 * 86_400_000;

/** Executions of a SageMaker pipeline, which keep in their description whose start they are. */
export class Pipelines implements Service {
  readonly kind = "pipeline";
  readonly key = "pipelineExecution";
  readonly #api: Api;
  readonly #ended = new Map<string, Seen>();

  constructor(api: Api) {
    this.#api = api;
  }

  async start({ target, mark, token }: StartOrder, signal: Signal): Promise<RunHandle> {
    if (target.kind !== this.kind) throw new ProviderError("internal", "this is no pipeline");
    const { PipelineExecutionArn = "" } = await this.#api.send(
      "sagemaker:StartPipelineExecution",
      {
        PipelineName: target.name,
        PipelineExecutionDescription: markDescription(mark),
        PipelineParameters: Object.entries(target.parameters).map(([Name, Value]) => ({ Name, Value })),
        ClientRequestToken: token,
      },
      signal,
    );
    return { pipelineExecution: PipelineExecutionArn };
  }

  async list(target: string, since: number, signal: Signal): Promise<readonly Seen[]> {
    const summaries = await pages((NextToken) =>
      this.#api
        .send(
          "sagemaker:ListPipelineExecutions",
          {
            PipelineName: target,
            CreatedAfter: new Date(Math.max(0, since - LONGEST_MS)),
            MaxResults: PAGE,
            ...next("NextToken", NextToken),
          },
          signal,
        )
        .then((page) => ({ items: page.PipelineExecutionSummaries ?? [], next: page.NextToken })),
    );
    const ours = summaries.filter((each) => readDescription(each.PipelineExecutionDescription));
    const seen: Seen[] = [];
    for (const { PipelineExecutionArn: pipelineExecution = "" } of ours) {
      // A summary has no end: it is asked for, once.
      const one = this.#ended.get(pipelineExecution) ?? (await this.read({ pipelineExecution }, signal));
      if (one.life.phase === "ended") this.#ended.set(pipelineExecution, one);
      seen.push(one);
    }
    return seen;
  }

  async read(handle: RunHandle, signal: Signal): Promise<Seen> {
    const PipelineExecutionArn = parse(handle);
    const read = await this.#api.send("sagemaker:DescribePipelineExecution", { PipelineExecutionArn }, signal);
    const {
      PipelineExecutionStatus: status,
      CreationTime,
      LastModifiedTime,
      FailureReason,
      PipelineExecutionDescription,
    } = read;
    const startedAt = CreationTime?.getTime();
    const started = startedAt === undefined ? {} : { startedAt };
    const base = {
      handle: { pipelineExecution: PipelineExecutionArn },
      mark: readDescription(PipelineExecutionDescription),
    };
    if (status === "Executing" || status === "Stopping") return { ...base, life: { phase: "running", ...started } };
    const outcome = status === "Succeeded" ? "succeeded" : status === "Stopped" ? "stopped" : "failed";
    const endedAt = LastModifiedTime?.getTime();
    return {
      ...base,
      life: {
        phase: "ended",
        outcome,
        ...started,
        ...(endedAt === undefined ? {} : { endedAt }),
        ...(startedAt === undefined || endedAt === undefined
          ? {}
          : { elapsedSeconds: Math.max(0, endedAt - startedAt) / 1000 }),
        ...(outcome === "succeeded" || !FailureReason ? {} : { reason: FailureReason }),
      },
    };
  }

  async stop(handle: RunHandle, _reason: string, signal: Signal): Promise<void> {
    const PipelineExecutionArn = parse(handle);
    const ClientRequestToken = digest(`stop ${PipelineExecutionArn}`, 40);
    await this.#api.send("sagemaker:StopPipelineExecution", { PipelineExecutionArn, ClientRequestToken }, signal);
  }
}

function parse(handle: RunHandle): string {
  const { pipelineExecution } = handle as { readonly pipelineExecution?: unknown };
  if (typeof pipelineExecution !== "string" || !ARN.test(pipelineExecution))
    throw new ProviderError("invalid", "this is no handle of a pipeline's execution");
  return pipelineExecution;
}
