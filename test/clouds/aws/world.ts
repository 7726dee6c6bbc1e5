import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Connection } from "../../../providers/aws/index.ts";
import { connect, openAws } from "../../../providers/aws/index.ts";
import type { JsonObject } from "../../../src/model/index.ts";
import type { Provider } from "../../../src/provider/index.ts";
import { SeededRandom } from "../../support/random.ts";
import { HastyClock, type WorldClock } from "../clock.ts";
import { Front, SCHEDULER_KEY } from "./front.ts";
import { RequestChecker } from "./models.ts";

export const MOTO: string | undefined = process.env["ROTA_MOTO"];
const MODELS = process.env["ROTA_AWS_MODELS"];
/** Why the lane is skipped, in its own words; undefined when it runs. */
export const WHY_SKIPPED: string | undefined =
  MOTO === undefined || MODELS === undefined ? "moto is not here: set ROTA_MOTO and ROTA_AWS_MODELS" : undefined;

/** Folders of the vendor's models that are named otherwise than the SDK's packages. */
const MODEL_OF: Readonly<Record<string, string>> = {
  sfn: "stepfunctions",
  eventbridge: "events",
  servicequotas: "service-quotas",
};

export const REGION = "us-east-1";
export const ACCOUNT = "123456789012";
const ENV = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };

/** What EventBridge replaces by the scheduled instant. */
export const SCHEDULED_TIME = "<aws.scheduler.scheduled-time>";

interface Owner {
  readonly namespace: string;
  readonly environment: string;
}

/** One account with a cluster, a front before moto, and a connection past it for what other people do. */
export class AwsWorld<C extends WorldClock = HastyClock> {
  readonly clock: C;
  readonly front: Front;
  readonly owner: Owner;
  readonly cluster: string;
  readonly stateDir: string;
  /** Every call that left an adapter, by name; each was checked against the vendor's model. */
  readonly calls: string[] = [];
  readonly problems: string[] = [];
  /** Other people's hands: straight to moto. */
  readonly hands: Connection;
  readonly options: JsonObject;
  readonly #checker: RequestChecker;
  #seed = 1;

  private constructor(front: Front, clock: C, options: JsonObject, id: string) {
    this.front = front;
    this.clock = clock;
    this.options = options;
    this.owner = { namespace: `acme-${id}`, environment: "dev" };
    this.cluster = `ml-${id}`;
    this.stateDir = join(tmpdir(), `rota-aws-${id}`);
    this.hands = connect({ region: REGION, endpoint: MOTO ?? "", env: ENV });
    this.#checker = new RequestChecker(MODELS ?? "");
  }

  static open(): Promise<AwsWorld> {
    return AwsWorld.openOn(new HastyClock());
  }

  static async openOn<C extends WorldClock>(clock: C): Promise<AwsWorld<C>> {
    const id = randomBytes(4).toString("hex");
    const front = new Front(MOTO ?? "", () => clock.now());
    const hands = connect({ region: REGION, endpoint: MOTO ?? "", env: ENV });
    const settings = [{ name: "containerInsights", value: "enabled" }];
    await hands.send("ecs:CreateCluster" as never, { clusterName: `ml-${id}`, settings } as never);
    const { Subnets = [] } = await hands.send("ec2:DescribeSubnets", {});
    const { SecurityGroups = [] } = (await hands.send("ec2:DescribeSecurityGroups" as never, {} as never)) as {
      SecurityGroups?: { GroupId: string }[];
    };
    hands.close();
    const options = {
      region: REGION,
      account: ACCOUNT,
      cluster: `ml-${id}`,
      subnets: [Subnets[0]?.SubnetId ?? ""],
      securityGroups: [SecurityGroups[0]?.GroupId ?? ""],
      executionRole: `arn:aws:iam::${ACCOUNT}:role/rota-execution`,
      schedulerRole: `arn:aws:iam::${ACCOUNT}:role/rota-scheduler`,
      containerInsights: true,
      endpoint: await front.open(),
    };
    return new AwsWorld(front, clock, options, id);
  }

  /** A Fargate queue of AWS Batch; moto takes its jobs for done without Docker. */
  async makeQueue(): Promise<string> {
    const [subnet = ""] = this.options["subnets"] as readonly string[];
    const [group = ""] = this.options["securityGroups"] as readonly string[];
    const id = this.cluster;
    await fetch(new URL("/moto-api/config", MOTO ?? ""), {
      method: "POST",
      body: JSON.stringify({ batch: { use_docker: false } }),
    });
    await this.raw("iam", "CreateRole", { RoleName: `batch-${id}`, AssumeRolePolicyDocument: "{}" });
    await this.raw("batch", "CreateComputeEnvironment", {
      computeEnvironmentName: `fargate-${id}`,
      type: "MANAGED",
      state: "ENABLED",
      serviceRole: `arn:aws:iam::${ACCOUNT}:role/batch-${id}`,
      computeResources: { type: "FARGATE", maxvCpus: 16, subnets: [subnet], securityGroupIds: [group] },
    });
    await this.raw("batch", "CreateJobQueue", {
      jobQueueName: `jobs-${id}`,
      priority: 1,
      state: "ENABLED",
      computeEnvironmentOrder: [{ order: 1, computeEnvironment: `fargate-${id}` }],
    });
    return `jobs-${id}`;
  }

  provider(owner: Owner = this.owner, options: JsonObject = {}, stateDir: string = this.stateDir): Promise<Provider> {
    return openAws(
      {
        placement: "aws",
        options: { ...this.options, ...options },
        ...owner,
        stateDir,
        baseDir: "/nowhere",
        clock: this.clock,
        random: new SeededRandom(this.#seed++),
        env: ENV,
        log: () => {},
      },
      (settings) => this.#checked(connect(settings)),
    );
  }

  /**
   * The schedule fires, as EventBridge would make it: the call that its target names, with its own input, the scheduled
   * time put in. Answers the task. (moto never fires.)
   */
  async fire(name: string, at: number): Promise<string> {
    const GroupName = `rota.${this.owner.namespace}.${this.owner.environment}`;
    const { Target } = await this.hands.send("scheduler:GetSchedule", { Name: name, GroupName });
    const [service = "", action = ""] = Target?.Arn?.split("aws-sdk:")[1]?.split(":") ?? [];
    const time = new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
    const text = (Target?.Input ?? "").replaceAll(SCHEDULED_TIME, time);
    if (Target?.Arn?.includes(":states:")) return this.#execute(Target.Arn, text);
    if (Target?.Arn?.includes(":function:")) return this.invoke(Target.Arn, text);
    const input = callInput(service, text);
    const vendor = this.#vendor(SCHEDULER_KEY);
    try {
      const operation = action.slice(0, 1).toUpperCase() + action.slice(1);
      const answer = await vendor.send(`${service}:${operation}` as never, input as never);
      const { tasks = [], ...ids } = answer as Readonly<Record<string, unknown>> & {
        readonly tasks?: readonly { readonly taskArn?: string }[];
      };
      return String(
        ids["AutomationExecutionId"] ??
          ids["jobId"] ??
          ids["PipelineExecutionArn"] ??
          ids["JobRunId"] ??
          tasks[0]?.taskArn,
      );
    } finally {
      vendor.close();
    }
  }

  /** Stopped machines of Linux, each with its tag `role`. */
  async makeMachines(roles: readonly string[]): Promise<readonly string[]> {
    const made: string[] = [];
    for (const role of roles) {
      const { Instances } = (await this.raw("ec2", "RunInstances", {
        ImageId: "ami-12c6146b",
        InstanceType: "m5.large",
        MinCount: 1,
        MaxCount: 1,
        TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "role", Value: role }] }],
      })) as { readonly Instances: readonly { readonly InstanceId: string }[] };
      made.push(Instances[0]?.InstanceId ?? "");
    }
    await this.raw("ec2", "StopInstances", { InstanceIds: made });
    return made;
  }

  /** As moto has them, which changes at once. */
  async machineStates(ids: readonly string[]): Promise<readonly (string | undefined)[]> {
    const { Reservations = [] } = await this.hands.send("ec2:DescribeInstances", { InstanceIds: [...ids] });
    const all = Reservations.flatMap(({ Instances = [] }) => Instances);
    return ids.map((id) => all.find(({ InstanceId }) => InstanceId === id)?.State?.Name);
  }

  /** What a person does in the console, through the front: it keeps the times of machines. */
  async person(service: string, operation: string, input: JsonObject): Promise<unknown> {
    const hands = this.#vendor("ann");
    try {
      return await hands.send(`${service}:${operation}` as never, input as never);
    } finally {
      hands.close();
    }
  }

  #vendor(key: string): Connection {
    return connect({
      region: REGION,
      endpoint: String(this.options["endpoint"]),
      env: { ...ENV, AWS_ACCESS_KEY_ID: key },
    });
  }

  /** An asynchronous invocation, by the schedule or by whoever; answers its id. */
  async invoke(FunctionName: string, input = "{}"): Promise<string> {
    const vendor = connect({ region: REGION, endpoint: String(this.options["endpoint"]), env: ENV });
    try {
      const request = { FunctionName, InvocationType: "Event", Payload: Buffer.from(input) } as const;
      return (await vendor.send("lambda:Invoke", request)).$metadata?.requestId ?? "";
    } finally {
      vendor.close();
    }
  }

  async #execute(stateMachineArn: string, input: string): Promise<string> {
    const started = (await this.raw("sfn", "StartExecution", { stateMachineArn, input })) as {
      readonly executionArn: string;
    };
    return started.executionArn;
  }

  /** A call that the adapter never makes: what a person or another program does. */
  raw(service: string, operation: string, input: JsonObject): Promise<unknown> {
    return this.hands.send(`${service}:${operation}` as never, input as never);
  }

  /** Every schedule of this world that moto holds, all pages of them, whose name has this in it, as moto keeps it: any change shows, if only in its date. */
  async schedulesLike(part: string): Promise<readonly string[]> {
    const authorization = `AWS4-HMAC-SHA256 Credential=test/20260101/${REGION}/scheduler/aws4_request, SignedHeaders=host, Signature=0`;
    const found: string[] = [];
    for (let token: string | undefined, isFirst = true; isFirst || token !== undefined; isFirst = false) {
      const url = new URL("/schedules?MaxResults=100", MOTO ?? "");
      if (token !== undefined) url.searchParams.set("NextToken", token);
      const answer = await fetch(url, { headers: { authorization } });
      const page = (await answer.json()) as {
        readonly Schedules: readonly { readonly Name: string }[];
        readonly NextToken?: string;
      };
      found.push(
        ...page.Schedules.filter(({ Name }) => Name.includes(part))
          .map((each) => JSON.stringify(each))
          .filter((text) => text.includes(this.owner.namespace)),
      );
      token = page.NextToken ?? undefined;
    }
    return found.sort();
  }

  /** All tasks of the cluster, ended ones too. */
  async tasks(): Promise<readonly string[]> {
    const { taskArns = [] } = (await this.raw("ecs", "ListTasks", { cluster: this.cluster })) as {
      taskArns?: string[];
    };
    return taskArns;
  }

  /** Lines of a log stream, now; its group is the namespace's own unless another is named. */
  async writeLog(stream: string, lines: readonly string[], group?: string): Promise<void> {
    const logGroupName = group ?? `/rota/${this.owner.namespace}/${this.owner.environment}`;
    const ignore = (error: { readonly name: string }): void => {
      if (error.name !== "ResourceAlreadyExistsException") throw error;
    };
    await this.raw("logs", "CreateLogGroup", { logGroupName }).catch(ignore);
    await this.raw("logs", "CreateLogStream", { logGroupName, logStreamName: stream }).catch(ignore);
    if (lines.length === 0) return;
    const logEvents = lines.map((message) => ({ message, timestamp: this.clock.now() }));
    await this.raw("logs", "PutLogEvents", { logGroupName, logStreamName: stream, logEvents });
  }

  async close(): Promise<void> {
    this.hands.close();
    await rm(this.stateDir, { recursive: true, force: true });
    await this.front.close();
  }

  /** A schedule's target names a call; its input has to be that call's parameters, by the vendor's own model of it. */
  #targetProblems(
    call: string,
    { Arn = "", Input = "" }: { readonly Arn?: string; readonly Input?: string },
  ): readonly string[] {
    const [service = "", action = ""] = Arn.split("aws-sdk:")[1]?.split(":") ?? [];
    // Of a function or a state machine the input is its own.
    if (service === "") return [];
    const operation = action.slice(0, 1).toUpperCase() + action.slice(1);
    const request = callInput(service, Input.replaceAll(SCHEDULED_TIME, "2026-12-01T14:00:00Z"));
    return this.#checker
      .check(MODEL_OF[service] ?? service, operation, request)
      .map((problem) => `${call} input: ${problem}`);
  }

  #checked(connection: Connection): Connection {
    return {
      close: () => connection.close(),
      send: (call, input, signal) => {
        const [service = "", operation = ""] = call.split(":");
        this.calls.push(call);
        this.problems.push(...this.#checker.check(MODEL_OF[service] ?? service, operation, input));
        const { Target } = input as { readonly Target?: { readonly Arn?: string; readonly Input?: string } };
        if (Target) this.problems.push(...this.#targetProblems(call, Target));
        const answer = connection.send(call, input, signal);
        return this.clock.during?.(answer) ?? answer;
      },
    };
  }
}

/** The parameters that a universal target's input stands for. */
function callInput(service: string, text: string): object {
  const input = JSON.parse(text) as object;
  // Some services spell their parameters with a capital themselves.
  return /^(?:glue|sagemaker|ec2|ssm|eventbridge)$/.test(service) ? input : (lowered(input) as object);
}

/** A universal target's input spells RunTask's parameters with a capital first letter. */
export function lowered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => lowered(each));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key.slice(0, 1).toLowerCase() + key.slice(1), lowered(each)]),
  );
}
