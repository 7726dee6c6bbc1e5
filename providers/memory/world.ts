import type { Clock, Instant, JsonObject, ObservedResource, OwnershipMark, Resource } from "../../src/model/index.ts";
import { ProviderError, type RunState, type StartRequest } from "../../src/provider/index.ts";
import type { Fault, FaultCall, FaultFor } from "./fault.ts";
import { createLife, endOf, type LifeRecord } from "./life.ts";
import { NativeScheduler } from "./native.ts";
import type { ScriptFor } from "./script.ts";

/** A resource as the world holds it, whoever made it. */
export interface WorldResource {
  readonly resource: Resource;
  /** Absent: foreign, or somebody stripped it. */
  readonly mark?: OwnershipMark;
  readonly revision: number;
  readonly paused: boolean;
  readonly unmanaged?: JsonObject;
  readonly problem?: string;
}

interface Version {
  readonly at: Instant;
  readonly held?: WorldResource;
}

const KEPT_VERSIONS = 16;

export interface WorldOptions {
  readonly script?: ScriptFor;
  readonly fault?: FaultFor;
  /** A start key is remembered this long. Default: for ever. */
  readonly startTokenSeconds?: number;
  /** An ended run is forgotten after this long. Default: never. */
  readonly rememberSeconds?: number;
}

/**
 * The vendor's side of the reference provider: what is deployed and what has run there, whichever daemon asked.
 * It outlives the providers opened on it, so that a test may crash the daemon and open another one. Its time is
 * the clock's monotonic one, laid over the wall clock once: a person who sets the daemon's clock does not move it.
 */
export class MemoryWorld {
  script: ScriptFor;
  fault: FaultFor;
  readonly startTokenSeconds: number | undefined;
  readonly #rememberMs: number;
  readonly #clock: Clock;
  readonly #offset: number;
  readonly #resources = new Map<string, Version[]>();
  readonly #open = new Map<string, LifeRecord>();
  /** Ascending by their end. */
  readonly #ended: { readonly life: LifeRecord; readonly at: Instant }[] = [];
  readonly #lives = new Map<string, LifeRecord>();
  readonly #byKey = new Map<string, LifeRecord[]>();
  readonly #schedulers = new Map<string, NativeScheduler>();
  #created = 0;
  /** Every execution there ever was, in order: what an oracle compares the ledger with. */
  readonly starts: { readonly id: string; readonly run?: string; readonly job: string; readonly at: Instant }[] = [];

  constructor(clock: Clock, options: WorldOptions = {}) {
    this.#clock = clock;
    this.#offset = clock.now() - clock.monotonic();
    this.script = options.script ?? (() => ({}));
    this.fault = options.fault ?? (() => undefined);
    this.startTokenSeconds = options.startTokenSeconds;
    this.#rememberMs = (options.rememberSeconds ?? Number.POSITIVE_INFINITY) * 1000;
  }

  now(): Instant {
    return this.#clock.monotonic() + this.#offset;
  }

  /** From now on the placement fires by itself from what is deployed on it. */
  fireNatively(placement: string, nativeTimeLimit: boolean): void {
    if (this.#schedulers.has(placement)) return;
    this.#schedulers.set(placement, new NativeScheduler(this, placement, nativeTimeLimit));
  }

  /** What the schedulers of this world owe by now happens. */
  advance(): void {
    for (const scheduler of this.#schedulers.values()) scheduler.advance();
  }

  toMonotonic(at: Instant): number {
    return at - this.#offset;
  }

  faultFor(call: Omit<FaultCall, "at">): Fault | undefined {
    return this.fault({ ...call, at: this.now() });
  }

  /** What is held, as it was at an instant (for a stale read). */
  resources(placement: string, at: Instant = this.now()): WorldResource[] {
    const found: WorldResource[] = [];
    for (const [key, versions] of this.#resources) {
      if (!key.startsWith(`${placement}\n`)) continue;
      const held = versions.findLast((version) => version.at <= at)?.held;
      if (held) found.push(held);
    }
    return found;
  }

  resource(placement: string, kind: string, id: string): WorldResource | undefined {
    return this.#resources.get(keyOf(placement, kind, id))?.at(-1)?.held;
  }

  /** Puts a resource there as it is: what `apply` does once its checks have passed, and what a person does by hand. */
  put(
    placement: string,
    resource: Resource,
    facts: Partial<Omit<WorldResource, "resource" | "revision">>,
  ): WorldResource {
    const before = this.resource(placement, resource.kind, resource.id);
    const held: WorldResource = {
      paused: before?.paused ?? false,
      ...(before?.unmanaged === undefined ? {} : { unmanaged: before.unmanaged }),
      ...facts,
      resource,
      revision: this.#next(),
    };
    this.#record(keyOf(placement, resource.kind, resource.id), { at: this.now(), held });
    return held;
  }

  remove(placement: string, kind: string, id: string): void {
    this.#record(keyOf(placement, kind, id), { at: this.now() });
  }

  /** A person edits the resource in the console. */
  edit(placement: string, kind: string, id: string, change: (held: WorldResource) => WorldResource): void {
    const held = this.resource(placement, kind, id);
    if (!held) throw new ProviderError("missing", `${kind}/${id} is not there`);
    const next = { ...change(held), revision: this.#next() };
    this.#record(keyOf(placement, kind, id), { at: this.now(), held: next });
  }

  /** A person takes the tags off: the resource is nobody's from now on. */
  stripMark(placement: string, kind: string, id: string): void {
    this.edit(placement, kind, id, ({ mark: _mark, ...rest }) => rest);
  }

  startRun(
    placement: string,
    request: Pick<StartRequest, "job" | "attempt" | "fireAt"> & { readonly run?: string },
    startedBy: RunState["startedBy"],
    nativeTimeLimit: boolean,
    acceptedAt: Instant = this.now(),
  ): LifeRecord {
    const known = request.run === undefined ? undefined : this.byKey(request.run).at(-1);
    if (known && acceptedAt - known.acceptedAt < (this.startTokenSeconds ?? Number.POSITIVE_INFINITY) * 1000)
      return known;
    const { namespace, environment } = request.job;
    const id = `memory-${this.#next()}`;
    const script = this.script(request);
    const key = request.run === undefined ? {} : { run: request.run };
    const life = createLife(
      { id, ...key, namespace, environment, placement, request, startedBy, acceptedAt, script },
      nativeTimeLimit,
    );
    this.#open.set(id, life);
    this.#lives.set(id, life);
    if (request.run !== undefined) this.#byKey.set(request.run, [...this.byKey(request.run), life]);
    this.starts.push({ id, ...key, job: request.job.name, at: acceptedAt });
    return life;
  }

  byKey(run: string): readonly LifeRecord[] {
    return this.#byKey.get(run) ?? [];
  }

  life(id: string): LifeRecord | undefined {
    return this.#lives.get(id);
  }

  /** Runs that had not ended before `since`, oldest end first, those in flight last. */
  *lives(since: Instant): Iterable<LifeRecord> {
    this.#sweep();
    let first = this.#ended.length;
    while (first > 0 && (this.#ended[first - 1]?.at ?? 0) >= since) first -= 1;
    for (let index = first; index < this.#ended.length; index += 1)
      yield (this.#ended[index] as { life: LifeRecord }).life;
    yield* this.#open.values();
  }

  /** Moves what has ended meanwhile to the ended, and forgets what is too old. */
  #sweep(): void {
    this.advance();
    const now = this.now();
    const ended = [...this.#open.values()]
      .map((life) => ({ life, at: endOf(life, now).at }))
      .filter((end) => end.at <= now)
      .sort((a, b) => a.at - b.at);
    for (const end of ended) this.#open.delete(end.life.id);
    this.#ended.push(...ended);
    while (this.#ended[0] && this.#ended[0].at < now - this.#rememberMs) {
      const [forgotten] = this.#ended.splice(0, 1);
      if (!forgotten) return;
      this.#lives.delete(forgotten.life.id);
      if (forgotten.life.run !== undefined) this.#byKey.delete(forgotten.life.run);
    }
  }

  #next(): number {
    this.#created += 1;
    return this.#created;
  }

  #record(key: string, version: Version): void {
    this.advance();
    const versions = this.#resources.get(key) ?? [];
    versions.push(version);
    if (versions.length > KEPT_VERSIONS) versions.splice(0, versions.length - KEPT_VERSIONS);
    this.#resources.set(key, versions);
  }
}

function keyOf(placement: string, kind: string, id: string): string {
  return `${placement}\n${kind}\n${id}`;
}

/** As `listDeployments` and `apply` answer it. */
export function observe(held: WorldResource, mark: OwnershipMark): ObservedResource {
  return {
    ...held.resource,
    mark,
    revision: String(held.revision),
    paused: held.paused,
    ...(held.unmanaged === undefined ? {} : { unmanaged: held.unmanaged }),
    ...(held.problem === undefined ? {} : { problem: held.problem }),
  };
}
