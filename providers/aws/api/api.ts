import type { Clock, Random } from "../../../src/model/index.ts";
import { createLimiter, createSend, type Limiter, ProviderError, throwIfAborted } from "../../../src/provider/index.ts";
import { classify } from "../errors.ts";
import type { CallName, Calls, Connection } from "./calls.ts";

/**
 * One limiter for each region and service: the rates at which AWS fills its buckets are of that order (ECS API request
 * rates 20 to 50 a second, EventBridge Scheduler far more). When AWS throttles all the same, everything waits.
 */
const LIMITS = { concurrency: 12, perSecond: 40, burst: 60 };

/** Reads, and changes that do nothing the second time: by name, or because they carry a token. */
const REPEATABLE: ReadonlySet<CallName> = new Set<CallName>([
  "scheduler:GetSchedule",
  "scheduler:ListSchedules",
  "scheduler:CreateSchedule",
  "scheduler:CreateScheduleGroup",
  "scheduler:ListScheduleGroups",
  "scheduler:ListTagsForResource",
  "ecs:DescribeTaskDefinition",
  "ecs:ListTaskDefinitions",
  "ecs:ListTaskDefinitionFamilies",
  "ecs:ListTasks",
  "ecs:DescribeTasks",
  "ecs:DescribeClusters",
  "batch:DescribeJobDefinitions",
  "batch:DeregisterJobDefinition",
  "batch:ListJobs",
  "batch:DescribeJobs",
  "batch:DescribeJobQueues",
  "batch:TerminateJob",
  "lambda:GetFunctionConfiguration",
  "sfn:StartExecution",
  "sfn:ListExecutions",
  "sfn:DescribeExecution",
  "sfn:StopExecution",
  "sagemaker:StartPipelineExecution",
  "sagemaker:ListPipelineExecutions",
  "sagemaker:DescribePipelineExecution",
  "sagemaker:StopPipelineExecution",
  "glue:GetJobRuns",
  "glue:GetJobRun",
  "glue:BatchStopJobRun",
  "eventbridge:PutRule",
  "eventbridge:DescribeRule",
  "eventbridge:ListRules",
  "eventbridge:PutTargets",
  "eventbridge:EnableRule",
  "eventbridge:DisableRule",
  "eventbridge:RemoveTargets",
  "eventbridge:ListTargetsByRule",
  "eventbridge:ListTagsForResource",
  "eventbridge:UpdateApiDestination",
  "eventbridge:DescribeApiDestination",
  "eventbridge:ListApiDestinations",
  "eventbridge:DescribeConnection",
  "logs:PutRetentionPolicy",
  "logs:GetLogEvents",
  "logs:FilterLogEvents",
  "sqs:CreateQueue",
  "sqs:GetQueueUrl",
  "sqs:GetQueueAttributes",
  "sqs:ListQueueTags",
  "sqs:SetQueueAttributes",
  "sqs:DeleteMessageBatch",
  "sts:GetCallerIdentity",
  "iam:GetRole",
  "ec2:DescribeInstances",
  "ssm:StartAutomationExecution",
  "ssm:DescribeAutomationExecutions",
  "ssm:GetAutomationExecution",
  "ssm:ListTagsForResource",
  "cloudwatch:GetMetricData",
  "ec2:StopInstances",
  "ec2:DescribeSubnets",
]);

export interface Api {
  /** Throws ProviderError only. */
  send<K extends CallName>(call: K, input: Calls[K]["input"], signal?: AbortSignal): Promise<Calls[K]["output"]>;
  close(): void;
}

export interface ApiSettings {
  readonly region: string;
  readonly account: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** Shared by all placements of one daemon in a region: they draw on the same quotas. */
const limiters = new WeakMap<Clock, Map<string, Limiter>>();

/** The connection, with limits, repetition and closed codes; every call but the first question waits for the account to be the right one. */
export function createApi(connection: Connection, settings: ApiSettings): Api {
  let checked: Promise<void> | undefined;
  const checkAccount = async (): Promise<void> => {
    const { Account } = await repeat("sts:GetCallerIdentity", {}, undefined);
    if (Account === settings.account) return;
    throw new ProviderError("denied", `the credentials are of account ${Account}, not ${settings.account}`, {
      fix: "use the credentials of that account, or say the other one in providers.*.account",
    });
  };
  const send = createSend(settings.clock, settings.random);
  const repeat = <K extends CallName>(
    call: K,
    input: Calls[K]["input"],
    signal: AbortSignal | undefined,
  ): Promise<Calls[K]["output"]> =>
    send(
      {
        repeatable: REPEATABLE.has(call),
        limiter: limiterFor(settings, call),
        signal,
        classify: (error) => classify(error, call),
      },
      () => connection.send(call, input, signal),
    );
  return {
    async send(call, input, signal) {
      throwIfAborted(signal);
      if (call !== "sts:GetCallerIdentity") {
        checked ??= checkAccount();
        try {
          await checked;
        } catch (error) {
          checked = undefined;
          throw error;
        }
      }
      return repeat(call, input, signal);
    },
    close: () => connection.close(),
  };
}

function limiterFor({ clock, region }: ApiSettings, call: CallName): Limiter {
  const known = limiters.get(clock) ?? new Map<string, Limiter>();
  limiters.set(clock, known);
  const key = `${region} ${call.split(":")[0]}`;
  const limiter = known.get(key) ?? createLimiter(LIMITS, clock);
  known.set(key, limiter);
  return limiter;
}
