import type {
  DesiredJob,
  Instant,
  ObservedResource,
  Rendering,
  ResourceChange,
  RunHandle,
  Sample,
  StopMode,
} from "../../src/model/index.ts";
import {
  type CallOptions,
  type Capabilities,
  desiredOf,
  type Finding,
  type LogChunk,
  type OpenContext,
  type Provider,
  ProviderError,
  type RunState,
  renderDesired,
  type StartRequest,
  throwIfAborted,
} from "../../src/provider/index.ts";
import type { Fault, FaultCall } from "./fault.ts";
import { type LifeRecord, samplesOf, startOf, stateAt } from "./life.ts";
import type { MemoryOptions } from "./options.ts";
import { type MemoryWorld, observe, type WorldResource } from "./world.ts";

/** One daemon's view of a world: its namespace and environment only. */
export class MemoryProvider implements Provider {
  readonly type = "memory";
  readonly placement: string;
  readonly capabilities: Capabilities;
  readonly world: MemoryWorld;
  readonly #context: OpenContext;
  readonly #unseen: string | undefined;

  constructor(context: OpenContext, options: MemoryOptions, world: MemoryWorld) {
    this.#context = context;
    this.placement = context.placement;
    this.world = world;
    this.#unseen = options.unseen;
    this.capabilities = {
      schedules: options.schedules,
      workloads: ["process", "container", "http", "vm", "target"],
      metrics: {
        cpu: true,
        io: true,
        network: true,
        output: true,
        intervalSeconds: options.intervalSeconds,
        delaySeconds: options.delaySeconds,
      },
      nativeTimeLimit: options.nativeTimeLimit,
      ...(world.startTokenSeconds === undefined ? {} : { startTokenSeconds: world.startTokenSeconds }),
      seesForeignRuns: true,
    };
    if (options.schedules === "native") world.fireNatively(context.placement, options.nativeTimeLimit);
  }

  render(desired: DesiredJob): Rendering {
    return renderDesired(desired);
  }

  listDeployments(options?: CallOptions): Promise<readonly ObservedResource[]> {
    return this.#call({ method: "listDeployments" }, options, (at) =>
      this.world.resources(this.placement, at).flatMap((held) => (this.#owns(held) ? [observe(held, held.mark)] : [])),
    );
  }

  apply(change: ResourceChange, options?: CallOptions): Promise<ObservedResource | undefined> {
    const subject = change.action === "delete" ? change.actual : change.desired;
    return this.#call({ method: "apply", job: subject.job }, options, () => {
      if (change.action === "keep") return change.actual;
      const held = this.world.resource(this.placement, subject.kind, subject.id);
      const name = `${subject.kind}/${subject.id}`;
      if (change.action === "create") {
        if (held) throw new ProviderError("exists", `${name} exists already`);
        return this.#put(change);
      }
      if (!held) throw new ProviderError("missing", `${name} is not there`);
      if (!this.#owns(held)) throw new ProviderError("denied", `${name} does not carry this namespace's mark`);
      if (String(held.revision) !== change.actual.revision) {
        throw new ProviderError("conflict", `${name} changed since it was read`);
      }
      if (change.action === "update") return this.#put(change);
      this.world.remove(this.placement, subject.kind, subject.id);
      return undefined;
    });
  }

  async setPaused(job: string, paused: boolean, _reason: string, options?: CallOptions): Promise<void> {
    await this.#call({ method: "setPaused", job }, options, () => {
      for (const held of this.world.resources(this.placement)) {
        if (!this.#owns(held) || held.resource.job !== job || held.paused === paused) continue;
        this.world.put(this.placement, held.resource, { mark: held.mark, paused });
      }
    });
  }

  start(request: StartRequest, options?: CallOptions): Promise<RunState> {
    return this.#call({ method: "start", job: request.job.name, run: request.run }, options, () => {
      const life = this.world.startRun(this.placement, request, "rota", this.capabilities.nativeTimeLimit);
      return stateAt(life, this.world.now());
    });
  }

  find(run: string, options?: CallOptions): Promise<RunState | undefined> {
    return this.#call({ method: "find", run }, options, (at) => {
      const life = this.world.byKey(run).find((known) => known.acceptedAt <= at && this.#sees(known));
      return life && stateAt(life, at);
    });
  }

  listRuns(since: Instant, options?: CallOptions): Promise<readonly RunState[]> {
    return this.#call({ method: "listRuns" }, options, (at) => {
      const states: RunState[] = [];
      for (const life of this.world.lives(since)) {
        if (this.#sees(life) && life.acceptedAt <= at) states.push(stateAt(life, at));
      }
      return states;
    });
  }

  inspect(handle: RunHandle, options?: CallOptions): Promise<RunState> {
    return this.#call(this.#about("inspect", handle), options, (at) => stateAt(this.#life(handle, at), at));
  }

  measure(handle: RunHandle, after: Instant, options?: CallOptions): Promise<readonly Sample[]> {
    return this.#call(this.#about("measure", handle), options, (at) =>
      samplesOf(this.#life(handle, at), after, at, this.capabilities.metrics, (to) => this.world.toMonotonic(to)),
    );
  }

  async stop(handle: RunHandle, mode: StopMode, options?: CallOptions): Promise<void> {
    await this.#call(this.#about("stop", handle), options, () => {
      const life = this.#life(handle, this.world.now());
      if (!life.stops.some((stop) => stop.mode === mode)) life.stops.push({ mode, at: this.world.now() });
    });
  }

  async *logs(
    handle: RunHandle,
    options: CallOptions & { readonly follow?: boolean; readonly tailLines?: number } = {},
  ): AsyncIterable<LogChunk> {
    const life = await this.#call(this.#about("logs", handle), options, (at) => this.#life(handle, at));
    const output = life.script.output ?? [];
    const startedAt = startOf(life);
    const due = (chunk: { readonly afterSeconds: number }): Instant => startedAt + chunk.afterSeconds * 1000;
    const past = output.filter((chunk) => due(chunk) <= this.world.now());
    const first = options.tailLines === undefined ? 0 : Math.max(0, past.length - options.tailLines);
    for (const chunk of output.slice(first)) {
      while (options.follow && due(chunk) > this.world.now() && stateAt(life, this.world.now()).phase !== "ended") {
        await this.#context.clock.sleep(Math.min(1000, due(chunk) - this.world.now()), options.signal);
        if (options.signal?.aborted) return;
      }
      const { endedAt } = stateAt(life, this.world.now());
      if (due(chunk) > Math.min(this.world.now(), endedAt ?? Number.POSITIVE_INFINITY)) return;
      yield { at: due(chunk), stream: chunk.stream, text: chunk.text };
    }
  }

  unseen(): string | undefined {
    return this.#unseen;
  }

  async check(options?: CallOptions): Promise<readonly Finding[]> {
    try {
      await this.#call({ method: "check" }, options, () => undefined);
      return [{ check: "reachable", ok: true, detail: "the world is in this process" }];
    } catch (error) {
      return [{ check: "reachable", ok: false, detail: error instanceof Error ? error.message : String(error) }];
    }
  }

  async close(): Promise<void> {}

  #put(change: Extract<ResourceChange, { action: "create" | "update" }>): ObservedResource {
    const desired = desiredOf(change.desired);
    if (!desired) throw new ProviderError("invalid", `${change.desired.kind}/${change.desired.id} holds no job`);
    const { namespace, environment } = this.#context;
    const mark = { namespace, environment, job: change.desired.job };
    return observe(this.world.put(this.placement, change.desired, { mark }), mark);
  }

  #owns(held: WorldResource): held is WorldResource & { readonly mark: NonNullable<WorldResource["mark"]> } {
    return held.mark?.namespace === this.#context.namespace && held.mark.environment === this.#context.environment;
  }

  #sees(life: LifeRecord): boolean {
    const { namespace, environment } = this.#context;
    return life.placement === this.placement && life.namespace === namespace && life.environment === environment;
  }

  #about(method: FaultCall["method"], handle: RunHandle): Omit<FaultCall, "at" | "placement"> {
    const life = typeof handle === "string" ? this.world.life(handle) : undefined;
    return { method, ...(life && { job: life.request.job.name }), ...(life?.run !== undefined && { run: life.run }) };
  }

  #life(handle: RunHandle, at: Instant): LifeRecord {
    const life = typeof handle === "string" ? this.world.life(handle) : undefined;
    if (!life || life.acceptedAt > at) throw new ProviderError("missing", `no run ${JSON.stringify(handle)}`);
    if (!this.#sees(life)) throw new ProviderError("denied", `the run ${life.id} is not this namespace's`);
    return life;
  }

  /** Lets faults happen around the effect; `at` is the instant a read answers for. */
  async #call<T>(
    call: Omit<FaultCall, "at" | "placement">,
    options: CallOptions | undefined,
    effect: (at: Instant) => T,
  ): Promise<T> {
    throwIfAborted(options?.signal);
    const fault = this.world.faultFor({ ...call, placement: this.placement });
    if (fault?.latencyMs) await this.#context.clock.sleep(fault.latencyMs, options?.signal);
    throwIfAborted(options?.signal);
    if (fault?.error && fault.error.when !== "after") throw errorOf(fault.error);
    const answer = effect(this.world.now() - (fault?.staleMs ?? 0));
    if (fault?.error) throw errorOf(fault.error);
    return answer;
  }
}

function errorOf({ code, message, retryAfterMs }: NonNullable<Fault["error"]>): ProviderError {
  return new ProviderError(code, message ?? `injected: ${code}`, retryAfterMs === undefined ? {} : { retryAfterMs });
}
