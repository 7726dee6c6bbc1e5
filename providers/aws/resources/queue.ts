import { ALL_JOBS, type JsonObject, type Resource } from "../../../src/model/index.ts";
import { arnOf, eventQueueArn, eventQueueName, eventRuleName, type Owner } from "../naming.ts";
import type { AwsOptions } from "../options.ts";
import { withoutEmpty } from "./container.ts";

/** A daemon that was away for longer lists: what happened before is no news. */
const RETENTION_SECONDS = 3_600;

/** Attributes of a queue as SQS takes and gives them. */
export type Attributes = Readonly<Record<string, string>>;

/** What rota manages of the queue of events; the same whether it is wanted or read back. */
export interface QueueFields {
  readonly retentionSeconds: number;
  /** Who may send to it. */
  readonly policy: JsonObject;
}

/** The queue of events of a namespace and environment, which takes messages from its two rules and from nobody else. */
export function eventQueue(options: AwsOptions, owner: Owner): Resource {
  const rules = (["batch", "ecs"] as const).map((service) =>
    arnOf(options, "events", `rule/${eventRuleName(owner, service)}`),
  );
  const policy = {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "Events",
        Effect: "Allow",
        Principal: { Service: "events.amazonaws.com" },
        Action: "sqs:SendMessage",
        Resource: eventQueueArn(options, owner) ?? "",
        Condition: {
          ArnEquals: { "aws:SourceArn": rules },
          StringEquals: { "aws:SourceAccount": options.account },
        },
      },
    ],
  };
  const fields: QueueFields = { retentionSeconds: RETENTION_SECONDS, policy };
  return { kind: "queue", id: eventQueueName(owner), job: ALL_JOBS, fields: fields as unknown as JsonObject };
}

export function queueAttributes({ retentionSeconds, policy }: QueueFields): Record<string, string> {
  return { MessageRetentionPeriod: String(retentionSeconds), Policy: JSON.stringify(policy) };
}

/** Set by hand these would matter, and an update leaves them; what SQS gives a new queue is nobody's wish. */
const BESIDE: Attributes = { DelaySeconds: "0", KmsMasterKeyId: "", RedrivePolicy: "", VisibilityTimeout: "30" };

/** What rota manages of a queue that was read, and what somebody set beside it. */
export function readQueue(read: Attributes): { readonly fields: QueueFields; readonly unmanaged: JsonObject } {
  const fields = {
    retentionSeconds: Number(read["MessageRetentionPeriod"] ?? 0),
    policy: JSON.parse(read["Policy"] ?? "{}") as JsonObject,
  };
  const beside = Object.entries(BESIDE).filter(([name, usual]) => (read[name] ?? usual) !== usual);
  return { fields, unmanaged: withoutEmpty(Object.fromEntries(beside.map(([name]) => [name, read[name]]))) };
}
