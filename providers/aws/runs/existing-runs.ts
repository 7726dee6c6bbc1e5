import { DAY, type Instant, type Job, type RunHandle, type Sample, type StopMode } from "../../../src/model/index.ts";
import { ProviderError, type RunState, type StartRequest } from "../../../src/provider/index.ts";
import { instantText } from "../../../src/schedule/index.ts";
import { clientToken } from "../naming.ts";
import type { Signal, World } from "../resources/world.ts";
import { isOf, jobOptionsOf, type StartMark } from "../work/index.ts";
import type { Journal, Start } from "./journal.ts";
import type { RunKind } from "./kind.ts";
import type { OutputOf } from "./output.ts";
import type { Seen, Service } from "./service.ts";
import { instantOf } from "./task-state.ts";

/** Runs of what exists already, at one service: known by the mark that each start carries, followed and stopped like others. */
export class ExistingRuns implements RunKind {
  readonly #world: World;
  readonly #service: Service;
  readonly #journal: Journal;
  /** The targets that deployed schedules start. */
  readonly #targets: (signal: Signal) => Promise<readonly string[]>;

  constructor(
    world: World,
    service: Service,
    journal: Journal,
    targets: (signal: Signal) => Promise<readonly string[]>,
  ) {
    this.#world = world;
    this.#service = service;
    this.#journal = journal;
    this.#targets = targets;
  }

  owns(handle: unknown): boolean {
    return handle !== null && typeof handle === "object" && this.#service.key in handle;
  }

  async start({ job, run, fireAt }: StartRequest, signal: Signal): Promise<RunState> {
    const target = targetOf(job, this.#world);
    const name = "arn" in target ? target.arn : target.name;
    const note = await this.#journal.read(run);
    const held = note ? await this.#noted(note, signal) : await this.#lookUp(run, name, this.#forgottenAt(), signal);
    if (held) return held;
    const { owner, clock } = this.#world;
    const mark: StartMark = { ...owner, job: job.name, run, fire: instantText(fireAt) };
    const start = {
      run,
      job: job.name,
      at: clock.now(),
      kind: target.kind,
      target: name,
    };
    await this.#journal.write(start);
    const handle = await this.#service.start({ target, mark, token: this.#tokenOf(run), job }, signal);
    await this.#journal.write({ ...start, handle });
    return this.inspect(handle, signal);
  }

  /** By the note of its start; where there is none, as on another machine, among the runs of what is scheduled. */
  async find(run: string, signal: Signal): Promise<RunState | undefined> {
    const note = await this.#journal.read(run);
    if (note) return note.kind === this.#service.kind ? this.#noted(note, signal) : undefined;
    for (const target of await this.#targets(signal)) {
      const found = await this.#lookUp(run, target, this.#forgottenAt(), signal);
      if (found) return found;
    }
    return undefined;
  }

  async #noted({ run, target, at, handle }: Start, signal: Signal): Promise<RunState | undefined> {
    return handle === undefined ? this.#lookUp(run, target, at, signal) : this.inspect(handle, signal);
  }

  /** A run of the target by rota's key: under the name that its start gave it, or by the mark that it carries. */
  async #lookUp(run: string, target: string, since: Instant, signal: Signal): Promise<RunState | undefined> {
    const handle = this.#service.handleOf?.(target, this.#tokenOf(run));
    const seen = handle ? await this.#named(handle, signal) : await this.#listed(target, since, signal);
    const own = seen.find(({ mark }) => mark?.run === run && isOf(mark, this.#world.owner));
    return own && this.#state(own);
  }

  #named(handle: RunHandle, signal: Signal): Promise<readonly Seen[]> {
    return noneWhereMissing(async () => [await this.#service.read(handle, signal)]);
  }

  /** What somebody deleted has no runs any more: it hides nobody else's. */
  #listed(target: string, since: Instant, signal: Signal): Promise<readonly Seen[]> {
    return noneWhereMissing(() => this.#service.list(target, since, signal));
  }

  /** Of a start before that nobody asks any more. */
  #forgottenAt(): Instant {
    return this.#world.clock.now() - DAY;
  }

  #tokenOf(run: string): string {
    const { namespace, environment } = this.#world.owner;
    return clientToken(namespace, environment, run);
  }

  async list(since: Instant, signal: Signal): Promise<readonly RunState[]> {
    const states: RunState[] = [];
    for (const target of await this.#targets(signal)) {
      for (const seen of await this.#listed(target, since, signal)) {
        const state = this.#state(seen);
        if (state && (state.phase !== "ended" || (state.endedAt ?? since) >= since)) states.push(state);
      }
    }
    return states;
  }

  async inspect(handle: RunHandle, signal: Signal): Promise<RunState> {
    const state = this.#state(await this.#service.read(handle, signal));
    if (!state) throw new ProviderError("denied", "this run was not started for this namespace and environment");
    return state;
  }

  async stop(handle: RunHandle, mode: StopMode, signal: Signal): Promise<void> {
    if ((await this.inspect(handle, signal)).phase === "ended") return;
    await this.#service.stop(handle, `rota: ${mode} stop`, signal);
  }

  /** Nothing is known of what it uses. */
  async measure(handle: RunHandle, _after: Instant, signal: Signal): Promise<readonly Sample[]> {
    await this.inspect(handle, signal);
    return [];
  }

  /** Its output is wherever its own definition puts it. */
  async output(handle: RunHandle, signal: Signal): Promise<OutputOf | undefined> {
    await this.inspect(handle, signal);
    return undefined;
  }

  #state({ handle, mark, life }: Seen): RunState | undefined {
    if (!mark || !isOf(mark, this.#world.owner)) return undefined;
    const { job, run, fire } = mark;
    const fireAt = instantOf(fire);
    return {
      handle,
      ...(run === undefined ? {} : { run }),
      job,
      ...life,
      startedBy: run === undefined ? "schedule" : "rota",
      ...(fireAt === undefined ? {} : { fireAt }),
    };
  }
}

async function noneWhereMissing(ask: () => Promise<readonly Seen[]>): Promise<readonly Seen[]> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ProviderError && error.code === "missing") return [];
    throw error;
  }
}

function targetOf(job: Job, { options }: World) {
  const own = jobOptionsOf(job, options);
  if (own.ok && own.target) return own.target;
  throw new ProviderError("unsupported", own.ok ? "the job names no target" : own.reason);
}
