import type { Connection } from "../../../providers/gcp/index.ts";
import { connect, openGcp } from "../../../providers/gcp/index.ts";
import type { JsonObject } from "../../../src/model/index.ts";
import type { Provider } from "../../../src/provider/index.ts";
import { SeededRandom } from "../../support/random.ts";
import { HastyClock, type WorldClock } from "../clock.ts";
import { BatchFake, type BatchLife } from "./batch.ts";
import { asServed, problemsOf } from "./protos.ts";
import { RunFake } from "./run.ts";
import { SchedulerFake } from "./scheduler.ts";
import { type Message, ProtoServer } from "./server.ts";
import { TelemetryFake } from "./telemetry.ts";

export const PROJECT = "acme-test";
export const LOCATION = "us-central1";
const PARENT = `projects/${PROJECT}/locations/${LOCATION}`;

interface Owner {
  readonly namespace: string;
  readonly environment: string;
}

/** One project on the official protos, by the test's clock. */
export class GcpWorld<C extends WorldClock = HastyClock> {
  readonly clock: C;
  readonly server: ProtoServer;
  readonly scheduler: SchedulerFake;
  readonly run: RunFake;
  readonly batch: BatchFake;
  readonly telemetry: TelemetryFake;
  readonly owner: Owner = { namespace: "acme", environment: "dev" };
  readonly options: JsonObject;
  /** Every call that left an adapter, by name; each was checked against the protos. */
  readonly calls: string[] = [];
  readonly problems: string[] = [];
  readonly #connections: Connection[] = [];
  #seed = 1;

  private constructor(
    clock: C,
    options: JsonObject,
    parts: Pick<GcpWorld, "server" | "scheduler" | "run" | "batch" | "telemetry">,
  ) {
    this.clock = clock;
    this.options = options;
    this.server = parts.server;
    this.scheduler = parts.scheduler;
    this.run = parts.run;
    this.batch = parts.batch;
    this.telemetry = parts.telemetry;
  }

  static open(): Promise<GcpWorld> {
    return GcpWorld.openOn(new HastyClock());
  }

  static async openOn<C extends WorldClock>(clock: C): Promise<GcpWorld<C>> {
    const now = (): number => clock.now();
    const scheduler = new SchedulerFake(PARENT, now);
    const run = new RunFake(PARENT, now);
    const batch = new BatchFake(PARENT, now);
    const telemetry = new TelemetryFake(PROJECT, LOCATION, now);
    const handlers = { ...scheduler.handlers, ...run.handlers, ...batch.handlers, ...telemetry.handlers };
    const server = new ProtoServer(handlers, (ms) => clock.sleep(ms));
    const options = {
      project: PROJECT,
      location: LOCATION,
      serviceAccount: `jobs@${PROJECT}.iam.gserviceaccount.com`,
      endpoint: await server.open(),
    };
    return new GcpWorld(clock, options, { server, scheduler, run, batch, telemetry });
  }

  provider(owner: Owner = this.owner, options: JsonObject = {}): Promise<Provider> {
    return openGcp(
      {
        placement: "gcp",
        options: { ...this.options, ...options },
        ...owner,
        stateDir: "/nowhere",
        baseDir: "/nowhere",
        clock: this.clock,
        random: new SeededRandom(this.#seed++),
        env: {},
        log: () => {},
      },
      (settings) => this.#checked(connect(settings)),
    );
  }

  /** The schedule fires, as Cloud Scheduler would make it: its own request, carried out. Answers the execution. */
  fire(id: string): string {
    const job = this.scheduler.jobs.get(`${PARENT}/jobs/${id}`);
    const { uri, httpMethod, body } = (job?.["httpTarget"] ?? {}) as Record<string, unknown>;
    const match = /^https:\/\/run\.googleapis\.com\/v2\/(projects\/.+\/jobs\/[^/:]+):run$/.exec(String(uri));
    if (!match || httpMethod !== "POST") throw new Error(`${id} runs no Cloud Run job: ${httpMethod} ${uri}`);
    return this.run.run(match[1] ?? "", withDefaults(JSON.parse(Buffer.from(body as Uint8Array).toString())));
  }

  /** The same of a schedule that makes a Batch job. */
  fireBatch(id: string): BatchLife {
    const job = this.scheduler.jobs.get(`${PARENT}/jobs/${id}`);
    const { uri, httpMethod, body } = (job?.["httpTarget"] ?? {}) as Record<string, unknown>;
    const match = BATCH_URI.exec(String(uri));
    if (!match || httpMethod !== "POST") throw new Error(`${id} makes no Batch job: ${httpMethod} ${uri}`);
    return this.batch.create(
      asServed("batch:CreateJob", batchRequest(match[1] ?? "", body as Uint8Array))["job"] as Message,
    );
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) connection.close();
    await this.server.close();
  }

  #checked(connection: Connection): Connection {
    this.#connections.push(connection);
    return {
      close: () => connection.close(),
      identity: () => connection.identity(),
      send: (call, input, signal) => {
        this.calls.push(call);
        this.problems.push(...problemsOf(call, input), ...bodyProblems(call, input as Message));
        const answer = connection.send(call, input, signal);
        return this.clock.during?.(answer) ?? answer;
      },
    };
  }
}

const BATCH_URI = /^https:\/\/batch\.googleapis\.com\/v1\/(projects\/[^/]+\/locations\/[^/]+)\/jobs$/;

/** A body in JSON as the message that it means: a duration is text there. */
function batchRequest(parent: string, body: Uint8Array): Message {
  const job = JSON.parse(Buffer.from(body).toString(), (key, value: unknown) =>
    key === "maxRunDuration" ? { seconds: Number(/^(\d+)s$/.exec(String(value))?.[1]) } : value,
  ) as Message;
  return { parent, job };
}

/** What Cloud Scheduler will send is a request as well. */
function bodyProblems(call: string, { job }: Message): readonly string[] {
  const { uri, body } = ((job as Message | undefined)?.["httpTarget"] ?? {}) as { uri?: string; body?: Uint8Array };
  const batch = BATCH_URI.exec(uri ?? "");
  if (batch && body) return problemsOf("batch:CreateJob", batchRequest(batch[1] ?? "", body));
  const match = /^https:\/\/run\.googleapis\.com\/v2\/(.*):run$/.exec(uri ?? "");
  if (!call.startsWith("cloudscheduler:") || !match || !body) return [];
  return problemsOf("run:RunJob", { name: match[1], ...JSON.parse(Buffer.from(body).toString()) });
}

/** JSON leaves out what is empty; a decoded message has it all. */
function withDefaults({
  overrides,
}: {
  readonly overrides?: { readonly containerOverrides?: readonly Message[] };
}): Message {
  const containerOverrides = (overrides?.containerOverrides ?? []).map((each) => ({
    name: "",
    args: [],
    env: [],
    ...each,
  }));
  return { containerOverrides };
}
