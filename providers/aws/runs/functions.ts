import type { Instant, RunHandle, Sample } from "../../../src/model/index.ts";
import { ProviderError, type RunState, type StartRequest } from "../../../src/provider/index.ts";
import { instantText } from "../../../src/schedule/index.ts";
import type { Signal, World } from "../resources/world.ts";
import { jobOptionsOf, markInput } from "../work/index.ts";
import type { Journal, Start } from "./journal.ts";
import type { RunKind } from "./kind.ts";
import type { OutputOf } from "./output.ts";

const HANDED_OVER = "handed over to Lambda, which tells nobody what came of it";
const UNKNOWN = "whether Lambda took it is not known, and cannot be asked: it is not sent again";

/**
 * Asynchronous invocations of a function. Lambda lists none, so a run is the handing over and no more: it is sent once at
 * most, and nothing is known of it afterwards.
 */
export class Functions implements RunKind {
  readonly #world: World;
  readonly #journal: Journal;

  constructor(world: World, journal: Journal) {
    this.#world = world;
    this.#journal = journal;
  }

  owns(handle: unknown): boolean {
    return handle !== null && typeof handle === "object" && "invocation" in handle;
  }

  async start({ job, run, fireAt }: StartRequest, signal: Signal): Promise<RunState> {
    const held = await this.find(run);
    if (held) return held;
    const { api, owner, options, clock } = this.#world;
    const own = jobOptionsOf(job, options);
    if (!own.ok || own.target?.kind !== "function") throw new ProviderError("unsupported", "the job names no function");
    const { arn, input } = own.target;
    const start = { run, job: job.name, at: clock.now(), kind: "function", target: arn };
    await this.#journal.write(start);
    const payload = markInput(input, { ...owner, job: job.name, run, fire: instantText(fireAt) });
    const Payload = Buffer.from(JSON.stringify(payload));
    await api.send("lambda:Invoke", { FunctionName: arn, InvocationType: "Event", Payload }, signal);
    const noted = { ...start, handle: { invocation: run } };
    await this.#journal.write(noted);
    return stateOf(noted);
  }

  async find(run: string): Promise<RunState | undefined> {
    const start = await this.#journal.read(run);
    return start?.kind === "function" ? stateOf(start) : undefined;
  }

  async list(): Promise<readonly RunState[]> {
    return [];
  }

  async inspect(handle: RunHandle): Promise<RunState> {
    const { invocation } = handle as { readonly invocation?: unknown };
    if (typeof invocation !== "string") throw new ProviderError("invalid", "this is no handle of an invocation");
    const state = await this.find(invocation);
    if (!state) throw new ProviderError("missing", `no invocation for ${invocation} is noted here`);
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
}

function stateOf({ run, job, at, handle }: Start): RunState {
  return {
    handle: { invocation: run },
    run,
    job,
    phase: "ended",
    outcome: handle === undefined ? "lost" : "succeeded",
    startedAt: at,
    endedAt: at,
    startedBy: "rota",
    reason: handle === undefined ? UNKNOWN : HANDED_OVER,
  };
}
