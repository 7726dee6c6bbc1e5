import type { Instant, Job, RunHandle, Sample } from "../../../src/model/index.ts";
import { ProviderError, type RunState, type StartRequest } from "../../../src/provider/index.ts";
import { instantText } from "../../../src/schedule/index.ts";
import { arnOf, eventSource } from "../naming.ts";
import type { Signal, World } from "../resources/world.ts";
import { jobOptionsOf, markInput, type StartMark } from "../work/index.ts";
import type { Journal, Start } from "./journal.ts";
import type { RunKind } from "./kind.ts";
import type { OutputOf } from "./output.ts";

const UNKNOWN = "whether it was taken is not known, and cannot be asked: it is not sent again";

/** A way to start something that is heard of no more. */
export interface Sender {
  readonly kind: "function" | "request";
  /** Who took it, in a sentence. */
  readonly words: string;
  /** Answers the handle by which what was started can be followed; undefined: it cannot. */
  send(job: Job, mark: StartMark, signal: Signal): Promise<RunHandle | undefined>;
}

/** An asynchronous invocation of a function: the id of the request is the invocation's, in the function's log as well. */
export function invoker({ api, options, clock }: World): Sender {
  return {
    kind: "function",
    words: "handed over to Lambda, which tells nobody what came of it",
    send: async (job, mark, signal) => {
      const own = jobOptionsOf(job, options);
      if (!own.ok || own.target?.kind !== "function")
        throw new ProviderError("unsupported", "the job names no function");
      const { arn, input, runs } = own.target;
      const Payload = Buffer.from(JSON.stringify(markInput(input, mark)));
      const since = clock.now();
      const request = { FunctionName: arn, InvocationType: "Event", Payload } as const;
      const invocation = (await api.send("lambda:Invoke", request, signal)).$metadata?.requestId;
      return runs === "log" && invocation !== undefined ? { lambda: arn, invocation, since } : undefined;
    },
  };
}

/** The event that the job's rule turns into its request. */
export function requester({ api, owner, options }: World): Sender {
  return {
    kind: "request",
    words: "handed over to EventBridge",
    send: async (job, mark, signal) => {
      const entry = {
        Detail: JSON.stringify(markInput({}, mark)),
        DetailType: job.name,
        EventBusName: arnOf(options, "events", "event-bus/default"),
        Source: eventSource(owner),
      };
      const { Entries: [answer] = [] } = await api.send("eventbridge:PutEvents", { Entries: [entry] }, signal);
      if (answer?.ErrorCode !== undefined)
        throw new ProviderError("unavailable", `eventbridge:PutEvents: ${answer.ErrorCode}: ${answer.ErrorMessage}`);
      return undefined;
    },
  };
}

/**
 * Starts of which nothing is heard again: a run is the handing over and no more. It is sent once at most, and nothing is
 * known of it afterwards.
 */
export class HandedOver implements RunKind {
  readonly #world: World;
  readonly #journal: Journal;
  readonly #sender: Sender;

  constructor(world: World, journal: Journal, sender: Sender) {
    this.#world = world;
    this.#journal = journal;
    this.#sender = sender;
  }

  owns(handle: unknown): boolean {
    return handle !== null && typeof handle === "object" && this.#sender.kind in handle;
  }

  async start({ job, run, fireAt }: StartRequest, signal: Signal): Promise<RunState> {
    const held = await this.find(run);
    if (held) return held;
    const { kind } = this.#sender;
    const start = { run, job: job.name, at: this.#world.clock.now(), kind, target: job.name };
    await this.#journal.write(start);
    const mark = { ...this.#world.owner, job: job.name, run, fire: instantText(fireAt) };
    const handle = (await this.#sender.send(job, mark, signal)) ?? { [kind]: run };
    const noted = { ...start, handle };
    await this.#journal.write(noted);
    return this.#state(noted);
  }

  async find(run: string): Promise<RunState | undefined> {
    const start = await this.#journal.read(run);
    return start?.kind === this.#sender.kind ? this.#state(start) : undefined;
  }

  async list(): Promise<readonly RunState[]> {
    return [];
  }

  async inspect(handle: RunHandle): Promise<RunState> {
    const { kind } = this.#sender;
    const run = (handle as Readonly<Record<string, unknown>>)[kind];
    if (typeof run !== "string") throw new ProviderError("invalid", `this is no handle of a ${kind}`);
    const state = await this.find(run);
    if (!state) throw new ProviderError("missing", `no ${kind} for ${run} is noted here`);
    return state;
  }

  /** It has ended, as far as anybody can say. */
  async stop(handle: RunHandle): Promise<void> {
    await this.inspect(handle);
  }

  async measure(handle: RunHandle, _after: Instant): Promise<readonly Sample[]> {
    await this.inspect(handle);
    return [];
  }

  async output(handle: RunHandle): Promise<OutputOf | undefined> {
    await this.inspect(handle);
    return undefined;
  }

  #state({ run, job, at, handle }: Start): RunState {
    const { kind, words } = this.#sender;
    return {
      handle: handle ?? { [kind]: run },
      run,
      job,
      phase: "ended",
      outcome: handle === undefined ? "lost" : "succeeded",
      startedAt: at,
      endedAt: at,
      startedBy: "rota",
      reason: handle === undefined ? UNKNOWN : words,
    };
  }
}
