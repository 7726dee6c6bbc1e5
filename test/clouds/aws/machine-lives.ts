import { randomUUID } from "node:crypto";

type Json = Record<string, unknown>;
type Tag = { readonly Key: string; readonly Value: string };

interface Execution {
  readonly id: string;
  readonly document: string;
  readonly targets: readonly { readonly Key: string; readonly Values: readonly string[] }[];
  readonly machines: readonly string[];
  readonly tags: readonly Tag[];
  readonly by: string;
  readonly startedAt: number;
  readonly endsAt: number;
  readonly failure?: string;
}

interface Life {
  readonly launchedAt?: number;
  readonly stoppedAt?: number;
}

/** Figures of CloudWatch: of one machine and metric in the period that begins then; undefined: there is none (yet). */
export type Figures = (machine: string, metric: string, startMs: number, seconds: number) => number | undefined;

/** What moto does at once and by its own clock: starts and stops, here by the test's. */
const STARTING_MS = 20_000;
const STOPPING_MS = 40_000;
/** The runbook waits for the machines' status checks. */
const EXECUTION_MS = 180_000;

/**
 * Executions of Systems Manager's runbooks, which moto does not have, the lives of the machines by the test's clock, and
 * what CloudWatch knows of them.
 */
export class MachineLives {
  figures: Figures = () => undefined;
  /** The next executions end so: nothing is started, and this is why. */
  failure: string | undefined;
  /** What executions were carried out on: told by listings too, by an execution's own answer alone, or cut short. */
  resolved: "always" | "alone" | "truncated" = "always";
  /** An execution, and then its tags, are told so long after it was taken. */
  lagMs = 0;
  readonly executions: Execution[] = [];
  readonly #now: () => number;
  readonly #ec2: (request: URLSearchParams) => Promise<string>;
  readonly #lives = new Map<string, Life>();

  constructor(now: () => number, ec2: (request: URLSearchParams) => Promise<string>) {
    this.#now = now;
    this.#ec2 = ec2;
  }

  /** The answer to what moto has no words for; undefined: it has. `by`: the ARN of who asks. */
  async answer(service: string, operation: string, body: Readonly<Json>, by: string): Promise<Json | undefined> {
    if (service === "cloudwatch" && operation === "GetMetricData") return this.#metrics(body);
    if (service !== "ssm") return undefined;
    if (operation === "StartAutomationExecution") return this.#start(body, by);
    if (operation === "DescribeAutomationExecutions") return this.#list(body);
    const found = this.executions.find(({ id }) => id === (body["AutomationExecutionId"] ?? body["ResourceId"]));
    const age = this.#now() - (found?.startedAt ?? 0);
    if (operation === "ListTagsForResource") return { TagList: age < 2 * this.lagMs ? [] : (found?.tags ?? []) };
    if (operation !== "GetAutomationExecution") return undefined;
    if (found && age >= this.lagMs) return { AutomationExecution: this.#read(found, true) };
    return { __type: "AutomationExecutionNotFoundException", message: "there is none" };
  }

  async #start(body: Readonly<Json>, by: string): Promise<Json> {
    const targets = body["Targets"] as Execution["targets"];
    const [{ Key, Values } = { Key: "", Values: [] }] = targets;
    const document = String(body["DocumentName"]);
    const filter = Key === "ParameterValues" ? "instance-id" : Key;
    const query = new URLSearchParams({ Action: "DescribeInstances", "Filter.1.Name": filter });
    for (const [index, value] of Values.entries()) query.set(`Filter.1.Value.${index + 1}`, value);
    const found = instancesIn(await this.#ec2(query));
    const wanted = document === "AWS-StartEC2Instance" ? "stopped" : "running";
    const changed = found.filter(({ state }) => state === wanted).map(({ id }) => id);
    const startedAt = this.#now();
    const { failure } = this;
    if (failure === undefined && changed.length > 0) {
      const Action = wanted === "stopped" ? "StartInstances" : "StopInstances";
      const change = new URLSearchParams({ Action });
      for (const [index, id] of changed.entries()) change.set(`InstanceId.${index + 1}`, id);
      await this.#ec2(change);
      this.#changed(Action, changed);
    }
    const execution: Execution = {
      id: randomUUID(),
      document,
      targets,
      machines: found.map(({ id }) => id),
      tags: (body["Tags"] ?? []) as readonly Tag[],
      by,
      startedAt,
      endsAt: startedAt + EXECUTION_MS,
      ...(failure === undefined ? {} : { failure }),
    };
    this.executions.push(execution);
    return { AutomationExecutionId: execution.id };
  }

  #list(body: Readonly<Json>): Json {
    const filters = (body["Filters"] ?? []) as readonly { readonly Key: string; readonly Values: readonly string[] }[];
    const value = (key: string): string => filters.find(({ Key }) => Key === key)?.Values[0] ?? "";
    const after = Date.parse(value("StartTimeAfter"));
    const listed = this.executions.filter(
      ({ document, startedAt }) =>
        document.startsWith(value("DocumentNamePrefix")) && startedAt > after && this.#now() >= startedAt + this.lagMs,
    );
    // AWS may list the executions below one, too.
    const all = listed.flatMap((each) => [
      this.#read(each),
      ...each.machines.map((_, index) => ({
        ...this.#read(each),
        AutomationExecutionId: `${each.id.slice(0, -2)}${String(index + 10).slice(-2)}`,
        ParentAutomationExecutionId: each.id,
      })),
    ]);
    return { AutomationExecutionMetadataList: all.reverse() };
  }

  #read({ id, document, targets, machines, by, startedAt, endsAt, failure }: Execution, isAlone = false): Json {
    const isTold = this.resolved !== "alone" || isAlone;
    const told = this.resolved === "truncated" ? machines.slice(0, 1) : isTold ? machines : [];
    const isOver = this.#now() >= endsAt;
    const status = failure === undefined ? "Success" : "Failed";
    return {
      AutomationExecutionId: id,
      DocumentName: document,
      ExecutedBy: by,
      ExecutionStartTime: startedAt / 1000,
      Targets: targets,
      TargetParameterName: "InstanceId",
      ResolvedTargets: { ParameterValues: told, Truncated: this.resolved === "truncated" },
      AutomationExecutionStatus: isOver ? status : "InProgress",
      ...(isOver ? { ExecutionEndTime: endsAt / 1000 } : {}),
      ...(isOver && failure !== undefined ? { FailureMessage: failure } : {}),
    };
  }

  #metrics(body: Readonly<Json>): Json {
    const from = Number(body["StartTime"]) * 1000;
    const to = Math.min(Number(body["EndTime"]) * 1000, this.#now() - 60_000);
    const queries = body["MetricDataQueries"] as readonly {
      readonly Id: string;
      readonly MetricStat: {
        readonly Period: number;
        readonly Metric: { readonly MetricName: string; readonly Dimensions: readonly { readonly Value: string }[] };
      };
    }[];
    const results = queries.map(({ Id, MetricStat: { Period, Metric } }) => {
      const Timestamps: number[] = [];
      const Values: number[] = [];
      for (let at = from; at + Period * 1000 <= to; at += Period * 1000) {
        const value = this.figures(Metric.Dimensions[0]?.Value ?? "", Metric.MetricName, at, Period);
        if (value === undefined) continue;
        Timestamps.push(at / 1000);
        Values.push(value);
      }
      return { Id, Label: Metric.MetricName, Timestamps, Values, StatusCode: "Complete" };
    });
    return { MetricDataResults: results };
  }

  /** A change that moto has carried out. */
  took(operation: string, request: string): void {
    const ids = [...new URLSearchParams(request)].filter(([key]) => key.startsWith("InstanceId.")).map(([, id]) => id);
    this.#changed(operation, ids);
  }

  #changed(operation: string, ids: readonly string[]): void {
    for (const id of ids) {
      const life = this.#lives.get(id) ?? {};
      const isUp = life.launchedAt !== undefined && life.stoppedAt === undefined;
      if (operation === "StartInstances" && !isUp) this.#lives.set(id, { launchedAt: this.#second() });
      if (operation === "StopInstances" && life.stoppedAt === undefined)
        this.#lives.set(id, { ...life, stoppedAt: this.#second() });
    }
  }

  /** EC2 dates to the second. */
  #second(): number {
    return Math.floor(this.#now() / 1000) * 1000;
  }

  /** DescribeInstances with the test's times, and what AWS documents and moto leaves out. */
  describe(text: string): string {
    return text.replaceAll(/<instanceId>(i-[0-9a-f]+)<\/instanceId>[\s\S]*?(?=<instanceId>|$)/g, (part, id: string) => {
      const known = part.replace(
        "<imageId>",
        "<cpuOptions><coreCount>1</coreCount><threadsPerCore>2</threadsPerCore></cpuOptions><platformDetails>Linux/UNIX</platformDetails><imageId>",
      );
      const life = this.#lives.get(id);
      if (!life) return known;
      const { launchedAt, stoppedAt } = life;
      const isPending = launchedAt !== undefined && stoppedAt === undefined && this.#now() < launchedAt + STARTING_MS;
      const isStopping = stoppedAt !== undefined && this.#now() < stoppedAt + STOPPING_MS;
      const state = isPending ? "pending" : isStopping ? "stopping" : undefined;
      const date = new Date(stoppedAt ?? 0).toISOString().replace("T", " ").replace(".000Z", " GMT");
      return known
        .replace(/<launchTime>.*?<\/launchTime>/, (was) =>
          launchedAt === undefined ? was : `<launchTime>${new Date(launchedAt).toISOString()}</launchTime>`,
        )
        .replace(/<reason>.*?<\/reason>|<reason\/>/, (was) =>
          stoppedAt === undefined ? was : `<reason>User initiated (${date})</reason>`,
        )
        .replace(/(<instanceState><code>\d+<\/code><name>)\w[\w-]*/, (was, start: string) =>
          state === undefined ? was : `${start}${state}`,
        );
    });
  }
}

function instancesIn(text: string): readonly { readonly id: string; readonly state: string }[] {
  const found = text.matchAll(
    /<instanceId>(i-[0-9a-f]+)<\/instanceId>[\s\S]*?<instanceState><code>\d+<\/code><name>([\w-]+)/g,
  );
  return [...found].map(([, id = "", state = ""]) => ({ id, state }));
}
