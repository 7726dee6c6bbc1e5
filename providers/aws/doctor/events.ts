import type { Finding } from "../../../src/provider/index.ts";
import type { Api } from "../api/index.ts";
import { found } from "./finding.ts";

const NAME = "events queue";

/** It is there, and says that EventBridge may send to it: without that nothing comes, and nobody says so. */
export async function checkEvents(api: Api, queue: string, signal: AbortSignal | undefined): Promise<Finding> {
  const [, , , , QueueOwnerAWSAccountId = "", QueueName = ""] = queue.split(":");
  const { QueueUrl = "" } = await api.send("sqs:GetQueueUrl", { QueueName, QueueOwnerAWSAccountId }, signal);
  const { Attributes = {} } = await api.send(
    "sqs:GetQueueAttributes",
    { QueueUrl, AttributeNames: ["ApproximateNumberOfMessages", "Policy"] },
    signal,
  );
  if (!(Attributes["Policy"] ?? "").includes("events.amazonaws.com")) {
    const detail = `the policy of ${QueueName} does not let EventBridge send to it: nothing comes, listings alone see runs`;
    return found(NAME, false, detail, "allow events.amazonaws.com sqs:SendMessage in the queue's policy (docs/aws.md)");
  }
  return found(NAME, true, `${QueueName}: about ${Attributes["ApproximateNumberOfMessages"] ?? "0"} messages wait`);
}
