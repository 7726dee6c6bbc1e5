import type { CallName, Connection } from "../../../../providers/aws/index.ts";
import { openAws } from "../../../../providers/aws/index.ts";
import type { JsonObject } from "../../../../src/model/index.ts";
import type { Provider } from "../../../../src/provider/index.ts";
import { VirtualClock } from "../../../support/clock.ts";
import { SeededRandom } from "../../../support/random.ts";

export const OWNER: { readonly namespace: string; readonly environment: string } = {
  namespace: "acme",
  environment: "dev",
};
export const OPTIONS: JsonObject = {
  region: "us-east-1",
  account: "123456789012",
  cluster: "ml",
  subnets: ["subnet-1"],
  securityGroups: ["sg-1"],
  executionRole: "arn:aws:iam::123456789012:role/execution",
  schedulerRole: "arn:aws:iam::123456789012:role/scheduler",
};

/** What a fake AWS answers to a call; throws what the SDK would throw. */
export type Answers = { readonly [K in CallName]?: (input: Readonly<Record<string, unknown>>) => unknown };

export interface Fake {
  readonly provider: Provider;
  readonly clock: VirtualClock;
  readonly calls: readonly { readonly call: CallName; readonly input: Readonly<Record<string, unknown>> }[];
}

/** The adapter on answers written down: a call that has none fails the test. */
export async function openFake(
  answers: Answers,
  options: JsonObject = {},
  {
    hourlyNanos = () => undefined,
    stateDir = "/dev/null/nowhere",
    clock = new VirtualClock(),
  }: {
    readonly hourlyNanos?: () => bigint | undefined;
    readonly stateDir?: string;
    readonly clock?: VirtualClock;
  } = {},
): Promise<Fake> {
  const calls: { call: CallName; input: Readonly<Record<string, unknown>> }[] = [];
  const all: Answers = {
    "sts:GetCallerIdentity": () => ({ Account: OPTIONS.account, Arn: "arn:aws:iam::1:user/ci" }),
    "scheduler:ListScheduleGroups": () => ({ ScheduleGroups: [] }),
    "eventbridge:ListRules": () => ({ Rules: [] }),
    "sqs:GetQueueUrl": () => {
      throw serviceError("QueueDoesNotExist");
    },
    ...answers,
  };
  const connection: Connection = {
    close: () => {},
    send: async (call, input) => {
      calls.push({ call, input: input as Readonly<Record<string, unknown>> });
      const answer = all[call];
      if (!answer) throw new Error(`nobody said what ${call} answers`);
      return answer(input as Readonly<Record<string, unknown>>) as never;
    },
  };
  const provider = await openAws(
    {
      placement: "aws",
      options: { ...OPTIONS, ...options },
      ...OWNER,
      stateDir,
      baseDir: "/nowhere",
      clock,
      random: new SeededRandom(1),
      env: {},
      hourlyNanos,
      log: () => {},
    },
    () => connection,
  );
  return { provider, clock, calls };
}

/** An error as the SDK throws them. */
export function serviceError(name: string, status = 400, headers: Readonly<Record<string, string>> = {}): Error {
  return Object.assign(new Error(`${name} said no`), {
    name,
    $metadata: { httpStatusCode: status },
    $response: { headers },
  });
}
