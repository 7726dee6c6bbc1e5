import type { Message } from "@aws-sdk/client-sqs";
import { z } from "zod";
import { type Clock, MINUTE, type RunHandle } from "../../../src/model/index.ts";
import { type OpenContext, ProviderError } from "../../../src/provider/index.ts";
import type { Api } from "../api/index.ts";
import { arnOf, familyPrefix, jobDefinitionName, type Owner } from "../naming.ts";
import type { AwsOptions } from "../options.ts";
import type { Signal } from "../resources/world.ts";
import { parseBatchHandle } from "./batch-state.ts";
import { parseHandle } from "./task-state.ts";

/** SQS holds an empty answer back so long (at most 20 s, and less than a request may take). */
const WAIT_SECONDS = 10;
/** ReceiveMessage gives so many at most. */
const MOST_MESSAGES = 10;
/** A queue that gives nothing but messages of others is not asked again and again for them. */
const FOREIGN_MS: number = MINUTE;

/** Of the envelope that EventBridge sends, what is looked at; everything else about a run is asked of its service. */
const EVENT = z.discriminatedUnion("detail-type", [
  z.object({
    "detail-type": z.literal("ECS Task State Change"),
    detail: z.object({ taskArn: z.string(), taskDefinitionArn: z.string() }),
  }),
  z.object({
    "detail-type": z.literal("Batch Job State Change"),
    detail: z.object({ jobId: z.string(), jobDefinition: z.string() }),
  }),
]);

export interface EventSource {
  /** ARN. */
  readonly queue: string;
  readonly options: AwsOptions;
  readonly owner: Owner;
  readonly clock: Clock;
  readonly log: OpenContext["log"];
}

/**
 * The runs that the queue's messages are about, as they come: possibly twice, late or out of order. A message is deleted
 * before its run is told, so that one that cannot be taken in does not come for ever: the listings see what is lost.
 * What is not of this namespace and environment stays where it is.
 */
export async function* readEvents(api: Api, source: EventSource, signal: Signal): AsyncIterable<RunHandle> {
  const [, , , , QueueOwnerAWSAccountId = "", QueueName = ""] = source.queue.split(":");
  const { QueueUrl = "" } = await api.send("sqs:GetQueueUrl", { QueueName, QueueOwnerAWSAccountId }, signal);
  let told = false;
  while (signal?.aborted !== true) {
    const { Messages = [] } = await api.send(
      "sqs:ReceiveMessage",
      { QueueUrl, MaxNumberOfMessages: MOST_MESSAGES, WaitTimeSeconds: WAIT_SECONDS },
      signal,
    );
    const ours = new Map<string, RunHandle>();
    const done: { Id: string; ReceiptHandle: string }[] = [];
    for (const message of Messages) {
      const handle = handleIn(message, source);
      if (handle === undefined) continue;
      ours.set(JSON.stringify(handle), handle);
      done.push({ Id: String(done.length), ReceiptHandle: message.ReceiptHandle ?? "" });
    }
    if (done.length > 0) {
      // Entries that failed come again, and do no harm.
      await api.send("sqs:DeleteMessageBatch", { QueueUrl, Entries: done }, signal);
    }
    yield* ours.values();
    if (done.length === Messages.length) continue;
    if (!told)
      source.log("warn", "the events queue holds messages that are not rota's; they stay", { queue: QueueName });
    told = true;
    if (done.length === 0) await source.clock.sleep(FOREIGN_MS, signal);
  }
}

/** The run that a message is about; undefined where it is none of this namespace's and environment's. */
function handleIn({ Body = "" }: Message, { options, owner }: EventSource): RunHandle | undefined {
  const event = EVENT.safeParse(parse(Body)).data;
  if (event?.["detail-type"] === "ECS Task State Change") {
    const { taskArn, taskDefinitionArn } = event.detail;
    const family = arnOf(options, "ecs", `task-definition/${familyPrefix(owner)}`);
    return taskDefinitionArn.startsWith(family) ? checked({ task: taskArn }, parseHandle) : undefined;
  }
  if (event?.["detail-type"] === "Batch Job State Change") {
    const { jobId, jobDefinition } = event.detail;
    const definition = arnOf(options, "batch", `job-definition/${jobDefinitionName(owner, "")}`);
    return jobDefinition.startsWith(definition) ? checked({ batchJob: jobId }, parseBatchHandle) : undefined;
  }
  return undefined;
}

function checked<Handle extends RunHandle>(handle: Handle, parseIt: (handle: Handle) => unknown): Handle | undefined {
  try {
    parseIt(handle);
    return handle;
  } catch (error) {
    if (error instanceof ProviderError) return undefined;
    throw error;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
