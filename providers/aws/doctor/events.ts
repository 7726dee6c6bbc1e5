import { canonical, type Instant, MINUTE } from "../../../src/model/index.ts";
import { type Finding, ProviderError } from "../../../src/provider/index.ts";
import type { Api } from "../api/index.ts";
import { eventRuleName, type Owner } from "../naming.ts";
import type { AwsOptions } from "../options.ts";
import { eventQueue, readQueue } from "../resources/queue.ts";
import { found } from "./finding.ts";

const QUEUE = "events queue";
const RULES = "events rules";
const SET_BACK = "rota apply sets it back";
/** A daemon reads at once: what waits for longer, nobody reads. */
const LONG_MS: number = 10 * MINUTE;

interface Place {
  readonly options: AwsOptions;
  readonly owner: Owner;
  /** ARN. */
  readonly queue: string;
}

/** All on the way from a change to the daemon: without one of them nothing comes, and nobody says so. */
export async function checkEvents(
  api: Api,
  place: Place,
  now: Instant,
  signal: AbortSignal | undefined,
): Promise<readonly Finding[]> {
  return [await queueOf(api, place, now, signal), await rulesOf(api, place, signal)];
}

async function queueOf(
  api: Api,
  { queue, options, owner }: Place,
  now: Instant,
  signal: AbortSignal | undefined,
): Promise<Finding> {
  const [, , , , QueueOwnerAWSAccountId = "", QueueName = ""] = queue.split(":");
  const isOwn = options.events !== undefined;
  let QueueUrl: string;
  try {
    ({ QueueUrl = "" } = await api.send("sqs:GetQueueUrl", { QueueName, QueueOwnerAWSAccountId }, signal));
  } catch (error) {
    if (!(error instanceof ProviderError && error.code === "missing")) throw error;
    if (isOwn) return found(QUEUE, "warning", `${QueueName} is not there`, "rota apply makes it with the first job");
    return found(QUEUE, false, `${QueueName} is not there`, "make it (docs/aws.md), or correct eventsQueue");
  }
  const { Attributes = {} } = await api.send(
    "sqs:GetQueueAttributes",
    { QueueUrl, AttributeNames: ["ApproximateNumberOfMessages", "MessageRetentionPeriod", "Policy"] },
    signal,
  );
  if (!(Attributes["Policy"] ?? "").includes("events.amazonaws.com")) {
    const detail = `the policy of ${QueueName} does not let EventBridge send to it: nothing comes, listings alone see runs`;
    const byHand = "allow events.amazonaws.com sqs:SendMessage in the queue's policy (docs/aws.md)";
    return found(QUEUE, false, detail, isOwn ? SET_BACK : byHand);
  }
  if (isOwn && canonical(readQueue(Attributes).fields) !== canonical(eventQueue(options, owner).fields))
    return found(
      QUEUE,
      "warning",
      `${QueueName} is not as rota made it: others may send to it, or news may be lost`,
      SET_BACK,
    );
  const waiting = `about ${Attributes["ApproximateNumberOfMessages"] ?? "0"} messages wait`;
  const oldest = await oldestIn(api, QueueUrl, signal);
  if (oldest === undefined || now - oldest < LONG_MS) return found(QUEUE, true, `${QueueName}: ${waiting}`);
  const minutes = Math.floor((now - oldest) / MINUTE);
  const detail = `${QueueName}: ${waiting}, one of them for ${minutes} minutes: no daemon reads it, or it is none of rota's`;
  return found(QUEUE, "warning", detail, "start rota up for this environment, or look who else writes to the queue");
}

/** When the oldest of some messages was sent. It looks and takes none: they stay visible to the daemon. */
async function oldestIn(api: Api, QueueUrl: string, signal: AbortSignal | undefined): Promise<Instant | undefined> {
  const { Messages = [] } = await api.send(
    "sqs:ReceiveMessage",
    { QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0, MessageSystemAttributeNames: ["SentTimestamp"] },
    signal,
  );
  const sent = Messages.map(({ Attributes }) => Number(Attributes?.SentTimestamp)).filter(Number.isFinite);
  return sent.length === 0 ? undefined : Math.min(...sent);
}

async function rulesOf(api: Api, { options, owner, queue }: Place, signal: AbortSignal | undefined): Promise<Finding> {
  const there: string[] = [];
  for (const service of ["ecs", "batch"] as const) {
    const Name = eventRuleName(owner, service);
    try {
      const { State } = await api.send("eventbridge:DescribeRule", { Name }, signal);
      if (State === "DISABLED") {
        const fix = `aws events enable-rule --region ${options.region} --name ${Name}`;
        return found(RULES, false, `${Name} is disabled: it tells of no change`, fix);
      }
      const { Targets = [] } = await api.send("eventbridge:ListTargetsByRule", { Rule: Name }, signal);
      if (!Targets.some(({ Arn }) => Arn === queue))
        return found(RULES, false, `${Name} does not fill ${queue}`, SET_BACK);
      there.push(Name);
    } catch (error) {
      if (!(error instanceof ProviderError && error.code === "missing")) throw error;
    }
  }
  if (there.length > 0) return found(RULES, true, `${there.join(", ")}: enabled`);
  return found(RULES, "warning", "no rule tells of changes", "rota apply makes it with the first job on ECS or Batch");
}
