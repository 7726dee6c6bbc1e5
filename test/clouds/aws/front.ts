import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Deliveries } from "./deliveries.ts";
import { Functions } from "./functions.ts";
import { JobLives } from "./job-lives.ts";
import { TaskLives } from "./lives.ts";
import { MachineLives } from "./machine-lives.ts";
import { OtherLives } from "./other-lives.ts";

/** What goes wrong with a request. `lost`: it has its effect, and the connection is cut before the answer. */
export type Fault =
  | { readonly kind: "status"; readonly status: number; readonly retryAfterSeconds?: number; readonly name?: string }
  | { readonly kind: "html" }
  | { readonly kind: "lost" }
  | { readonly kind: "delay"; readonly ms: number };

export interface Exchange {
  readonly service: string;
  readonly operation: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** The access key of who asks. */
  readonly by: string;
}

type Answer = { readonly status: number; readonly headers: Record<string, string>; readonly text: string };

/** The access key by which the vendor's own scheduler asks. */
export const SCHEDULER_KEY = "scheduler";
const SCHEDULER: Readonly<Record<string, string>> = {
  POST: "CreateSchedule",
  PUT: "UpdateSchedule",
  DELETE: "DeleteSchedule",
  GET: "GetSchedule",
};
const SERVICES: Readonly<Record<string, string>> = {
  Logs: "logs",
  SageMaker: "sagemaker",
  AWSGlue: "glue",
  AmazonSQS: "sqs",
  AWSStepFunctions: "sfn",
  AmazonSSM: "ssm",
  GraniteServiceVersion20100801: "cloudwatch",
};
const BATCH: Readonly<Record<string, string>> = {
  registerjobdefinition: "RegisterJobDefinition",
  deregisterjobdefinition: "DeregisterJobDefinition",
  describejobdefinitions: "DescribeJobDefinitions",
  submitjob: "SubmitJob",
  terminatejob: "TerminateJob",
  listjobs: "ListJobs",
  describejobs: "DescribeJobs",
};
/** Listings that moto gives in one piece, and AWS in pages: where the items and the tokens are. */
const PAGED: Readonly<Record<string, { readonly items: string; readonly token: string }>> = {
  DescribeAutomationExecutions: { items: "AutomationExecutionMetadataList", token: "NextToken" },
  ListTasks: { items: "taskArns", token: "nextToken" },
  ListJobs: { items: "jobSummaryList", token: "nextToken" },
  DescribeJobDefinitions: { items: "jobDefinitions", token: "nextToken" },
  ListTaskDefinitions: { items: "taskDefinitionArns", token: "nextToken" },
  ListTaskDefinitionFamilies: { items: "families", token: "nextToken" },
};

/**
 * Stands before moto, on a port of its own: makes requests fail, and adds what AWS documents and moto lacks: pages,
 * tokens that make a repeated creation one, and tasks that run and end by the test's clock.
 */
export class Front {
  readonly lives: TaskLives;
  readonly jobs: JobLives;
  readonly others: OtherLives;
  readonly machines: MachineLives;
  readonly deliveries: Deliveries;
  readonly functions: Functions = new Functions();
  /** Asked for each request; what it answers goes wrong. */
  fault: (exchange: Exchange) => Fault | undefined = () => undefined;
  pageSize = 100;
  /** Events to a page of a log's search. */
  logPageSize = 10_000;
  readonly exchanges: string[] = [];
  readonly #moto: string;
  readonly #server: Server;
  readonly #tokens = new Map<string, Answer>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(moto: string, now: () => number) {
    this.#moto = moto;
    this.lives = new TaskLives(now);
    this.jobs = new JobLives(now);
    this.others = new OtherLives(now);
    this.machines = new MachineLives(now, (request) => this.#ec2(request));
    this.deliveries = new Deliveries(now);
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString("utf8");
    const exchange = exchangeOf(request, text);
    this.exchanges.push(`${exchange.service}:${exchange.operation}`);
    const fault = this.fault(exchange);
    if (fault?.kind === "status") {
      const name = fault.name ?? (fault.status === 429 ? "ThrottlingException" : "InternalServerException");
      const headers = {
        "content-type": "application/x-amz-json-1.1",
        "x-amzn-errortype": name,
        ...(fault.retryAfterSeconds === undefined ? {} : { "retry-after": String(fault.retryAfterSeconds) }),
      };
      response.writeHead(fault.status, headers).end(JSON.stringify({ __type: name, message: "injected" }));
      return;
    }
    if (fault?.kind === "html") {
      response.writeHead(500, { "content-type": "text/html" }).end("<html><h1>Internal Server Error</h1></html>");
      return;
    }
    if (fault?.kind === "delay") await new Promise((resolve) => setTimeout(resolve, fault.ms));
    const answer = await this.#inTurn(() => this.#answer(request, text, exchange));
    if (fault?.kind === "lost") {
      response.destroy();
      return;
    }
    response.writeHead(answer.status, answer.headers).end(answer.text);
  }

  /** Creations one after the other: two with one token at a time would both reach moto. */
  #inTurn(work: () => Promise<Answer>): Promise<Answer> {
    const next = this.#turn.then(work, work);
    this.#turn = next.catch(() => undefined);
    return next;
  }

  async #answer(request: IncomingMessage, text: string, exchange: Exchange): Promise<Answer> {
    const { operation, body } = exchange;
    const token = (body["clientToken"] ?? body["ClientToken"] ?? body["ClientRequestToken"]) as string | undefined;
    const key =
      token === undefined ||
      !/^(?:RunTask|CreateSchedule|StartPipelineExecution|StartAutomationExecution)$/.test(operation)
        ? undefined
        : `${operation} ${token}`;
    const known = key === undefined ? undefined : this.#tokens.get(key);
    if (known) return known;
    const ofFunction = this.functions.answer(new URL(request.url ?? "/", "http://front").pathname, text);
    if (ofFunction) return ofFunction;
    const own =
      this.others.answer(operation, body) ??
      this.deliveries.answer(operation, body) ??
      (await this.machines.answer(exchange.service, operation, body, callerOf(exchange.by)));
    const forwarded = own === undefined ? await this.#forward(request, text, exchange) : whole(own);
    const answer = this.#adapt(exchange, forwarded);
    if (/^(?:Start|Stop)Instances$/.test(operation) && answer.status < 300) this.machines.took(operation, text);
    if (key !== undefined && answer.status < 300) this.#tokens.set(key, answer);
    return answer;
  }

  async #forward(request: IncomingMessage, text: string, { operation, body }: Exchange): Promise<Answer> {
    const { desiredStatus: _desired, nextToken: _token, maxResults: _most, ...rest } = body;
    const isWhole = operation === "ListTasks" || operation === "ListJobs" || operation === "DescribeJobDefinitions";
    const isSearch = operation === "FilterLogEvents" && body["limit"] === undefined;
    const whole = isWhole ? JSON.stringify({ ...rest, ...statusFor(operation) }) : text;
    const sent = isSearch ? JSON.stringify({ ...body, limit: this.logPageSize }) : whole;
    const headers = Object.entries(request.headers).filter(
      ([name]) => !/^(?:host|connection|content-length|expect)$/.test(name),
    );
    const path = (request.url ?? "/").replace(/([?&])MaxResults=\d+/, `$1MaxResults=${this.pageSize}`);
    const hasBody = request.method !== "GET" && request.method !== "HEAD";
    const answer = await fetch(new URL(path, this.#moto), {
      method: request.method ?? "POST",
      headers: headers as [string, string][],
      ...(hasBody ? { body: sent } : {}),
    });
    const kept = [...answer.headers].filter(
      ([name]) => !/^(?:content-length|transfer-encoding|connection|content-encoding)$/.test(name),
    );
    return { status: answer.status, headers: Object.fromEntries(kept), text: await answer.text() };
  }

  /** Past all this, straight to moto. */
  async #ec2(request: URLSearchParams): Promise<string> {
    request.set("Version", "2016-11-15");
    const authorization =
      "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0";
    const answer = await fetch(this.#moto, { method: "POST", headers: { authorization }, body: request });
    return answer.text();
  }

  #adapt({ service, operation, body }: Exchange, answer: Answer): Answer {
    if (answer.status >= 300) return answer;
    if (
      operation === "RunTask" ||
      operation === "StopTask" ||
      operation === "DescribeTasks" ||
      operation === "ListTasks"
    ) {
      const parsed = JSON.parse(answer.text) as Record<string, unknown>;
      return this.#page(operation, body, {
        ...answer,
        text: JSON.stringify(this.lives.adapt(operation, body, parsed)),
      });
    }
    if (operation === "DescribeInstances") return { ...answer, text: this.machines.describe(answer.text) };
    if (service === "batch") {
      const parsed = JSON.parse(answer.text === "" ? "{}" : answer.text) as Record<string, unknown>;
      return this.#page(operation, body, { ...answer, text: JSON.stringify(this.jobs.adapt(operation, body, parsed)) });
    }
    if (service === "sagemaker" || service === "glue") {
      const parsed = JSON.parse(answer.text) as Record<string, unknown>;
      return { ...answer, text: JSON.stringify(this.others.adapt(operation, parsed)) };
    }
    return this.#page(operation, body, answer);
  }

  #page(operation: string, body: Exchange["body"], answer: Answer): Answer {
    const paged = PAGED[operation];
    if (!paged) return answer;
    const parsed = JSON.parse(answer.text) as Record<string, unknown>;
    const items = (parsed[paged.items] ?? []) as readonly unknown[];
    const from = Number(body[paged.token] ?? 0);
    const until = from + this.pageSize;
    const cut: Record<string, unknown> = { ...parsed, [paged.items]: items.slice(from, until) };
    if (until < items.length) cut[paged.token] = String(until);
    else delete cut[paged.token];
    return { ...answer, text: JSON.stringify(cut) };
  }
}

/** moto lists jobs as it believes them to be: all of them, and the front says which are in the state that was asked for. */
function statusFor(operation: string): object {
  return operation === "ListJobs" ? { filters: [{ name: "JOB_NAME", values: ["*"] }], jobStatus: undefined } : {};
}

function whole(body: object): Answer {
  const status = "__type" in body ? 400 : 200;
  return { status, headers: { "content-type": "application/x-amz-json-1.1" }, text: JSON.stringify(body) };
}

/** As Systems Manager names who executed: the scheduler by its role, others as users. */
function callerOf(key: string): string {
  return key === SCHEDULER_KEY
    ? "arn:aws:sts::123456789012:assumed-role/rota-scheduler/5f0c"
    : `arn:aws:iam::123456789012:user/${key}`;
}

function exchangeOf(request: IncomingMessage, text: string): Exchange {
  const by = /Credential=([^/]+)/.exec(String(request.headers.authorization))?.[1] ?? "";
  return { ...calledOf(request, text), by };
}

function calledOf(request: IncomingMessage, text: string): Omit<Exchange, "by"> {
  const target = request.headers["x-amz-target"];
  const url = new URL(request.url ?? "/", "http://front");
  if (typeof target === "string") {
    const [prefix = "", operation = ""] = target.split(".");
    return { service: SERVICES[prefix.split("_")[0] ?? ""] ?? "ecs", operation, body: parse(text) };
  }
  const path = url.pathname;
  if (path.startsWith("/2015-03-31/functions/")) {
    const operation = path.endsWith("/invocations") ? "Invoke" : "GetFunctionConfiguration";
    return { service: "lambda", operation, body: {} };
  }
  const batch = BATCH[path.replace("/v1/", "")];
  if (batch !== undefined) return { service: "batch", operation: batch, body: parse(text) };
  if (/^\/(?:schedules|schedule-groups|tags)/.test(path)) {
    const name = path.split("/")[2];
    const query = Object.fromEntries(url.searchParams);
    if (path.startsWith("/tags")) return { service: "scheduler", operation: "ListTagsForResource", body: query };
    const verb = SCHEDULER[request.method ?? ""] ?? "";
    const isGroup = path.startsWith("/schedule-groups");
    const list = isGroup ? "ListScheduleGroups" : "ListSchedules";
    const operation = name === undefined || name === "" ? list : isGroup ? `${verb}Group` : verb;
    return { service: "scheduler", operation, body: { ...query, ...parse(text), Name: name } };
  }
  const query = new URLSearchParams(text);
  const InstanceIds = [...query].filter(([name]) => name.startsWith("InstanceId.")).map(([, id]) => id);
  return {
    service: "query",
    operation: query.get("Action") ?? "",
    body: InstanceIds.length === 0 ? {} : { InstanceIds },
  };
}

function parse(text: string): Readonly<Record<string, unknown>> {
  if (text === "") return {};
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}
