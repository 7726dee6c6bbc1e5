import { HOUR, type Instant, MINUTE, type RunHandle, type Sample } from "../../../../src/model/index.ts";
import { ProviderError, type RunState, type StartRequest } from "../../../../src/provider/index.ts";
import type { Signal, World } from "../../resources/world.ts";
import type { NativeSchedule } from "../../translate/index.ts";
import { isOf } from "../../work/index.ts";
import type { HandedOver } from "../handed-over.ts";
import type { Journal } from "../journal.ts";
import type { RunKind } from "../kind.ts";
import type { OutputOf } from "../output.ts";
import { firesOf, type Standing, type Stood } from "../standing.ts";
import { instantOf } from "../task-state.ts";
import { nameOf } from "./facts.ts";
import { billedOf, type Life, lifeOf } from "./life.ts";
import { FunctionLog, type Known } from "./log.ts";
import { type Invocation, InvocationTable } from "./table.ts";

/** An invocation and its retries take at most so long: what is in flight when the reading begins began within it. */
const LEAD_MS = HOUR;
/** Lambda keeps an event in its queue for six hours; a start that is not in the log then never comes. */
const QUEUED_MS = 6 * HOUR + 15 * MINUTE;
/** A start follows its fire by at most this. */
const DELIVERED_MS = 10 * MINUTE;
/** The last start of what was deployed until a moment ago: the scheduler is precise to a minute. */
const LAST_MS = MINUTE;
/** Logs of runs that ended long ago, read once more for somebody who asks. */
const MOST_PAST = 20;
const NEVER = "no attempt at it is in the function's log";
const GONE = "it is no longer in the function's log, and how it ended is not known";
/** Lambda's longest, of a function that is there no more. */
const LONGEST_MS = 15 * MINUTE;
/** Of an invocation whose schedule is gone: whoever has its handle knows the job. */
const NO_JOB = "";

/** A job whose target is a function, of which every invocation that its log tells of is taken for the job's. */
export interface ScheduledFunction {
  readonly job: string;
  readonly arn: string;
  readonly natives: readonly NativeSchedule[];
}

/** A request's id names one invocation of a function; `since`: from when its log is to be read for it. */
interface Handle {
  readonly lambda: string;
  readonly invocation: string;
  readonly since: Instant;
}

/**
 * Invocations of functions. Where the job says `runs: log`, they are what the function's log tells of them, whoever
 * invoked it; otherwise a start of rota's own is handed over, and nothing is known of others.
 */
export class Functions implements RunKind {
  readonly unstoppable = "Lambda stops no invocation: the function's own time limit ends it";
  readonly #world: World;
  readonly #sent: HandedOver;
  readonly #journal: Journal;
  readonly #scheduled: (signal: Signal) => Promise<readonly ScheduledFunction[]>;
  readonly #standing: Standing<ScheduledFunction>;
  readonly #logs = new Map<string, FunctionLog>();
  /** Jobs whose function's log told nothing when it was read last, and why. */
  #silent: ReadonlyMap<string, string> = new Map();
  readonly #past = new Map<string, FunctionLog>();

  constructor(
    world: World,
    sent: HandedOver,
    journal: Journal,
    scheduled: (signal: Signal) => Promise<readonly ScheduledFunction[]>,
    standing: Standing<ScheduledFunction>,
  ) {
    this.#world = world;
    this.#sent = sent;
    this.#journal = journal;
    this.#scheduled = scheduled;
    this.#standing = standing;
  }

  /** Its schedule is about to be edited or removed. */
  async ends(scheduled: readonly ScheduledFunction[]): Promise<void> {
    for (const each of scheduled) await this.#standing.ends(each, this.#world.clock.now());
  }

  owns(handle: unknown): boolean {
    return this.#sent.owns(handle) || (handle !== null && typeof handle === "object" && "lambda" in handle);
  }

  /** What has been sent is not asked about at once: a log that cannot be read must not look like a start that failed. */
  async start(request: StartRequest, signal: Signal): Promise<RunState> {
    const held = await this.find(request.run, signal);
    if (held) return held;
    const state = await this.#sent.start(request, signal);
    return this.#sent.owns(state.handle) ? state : sentOff(state.handle, request.run, state.job);
  }

  async find(run: string, signal: Signal): Promise<RunState | undefined> {
    const state = await this.#sent.find(run);
    return state && this.inspect(state.handle, signal);
  }

  /** Why the last listing had no run of the job, whatever it did; undefined where its function's log can be read. */
  silent(job: string): string | undefined {
    return this.#silent.get(job);
  }

  /** What the last listing went on without. */
  get unread(): readonly string[] {
    return [...this.#silent.values()];
  }

  async list(since: Instant, signal: Signal): Promise<readonly RunState[]> {
    const byArn = Map.groupBy(await this.#stood(signal), ({ arn }) => arn);
    const own = await this.#ownRuns();
    const states: RunState[] = [];
    const told = new Map<string, string>();
    for (const [arn, jobs] of byArn) {
      const { facts, table, upTo, silent } = await this.#told(arn, since - LEAD_MS, signal);
      if (silent !== undefined) for (const { job } of jobs) told.set(job, silent);
      if (!facts) continue;
      for (const invocation of table) {
        const { startedAt = 0 } = invocation.attempts[0] ?? {};
        const handle = { lambda: arn, invocation: invocation.id, since: startedAt };
        const state = this.#state(
          invocation,
          jobs,
          own.get(invocation.id) ?? { handle },
          lifeOf(invocation, facts, upTo),
        );
        if (state && state.job !== NO_JOB && (state.phase !== "ended" || (state.endedAt ?? since) >= since))
          states.push(state);
      }
    }
    this.#silent = told;
    return states;
  }

  async inspect(handle: RunHandle, signal: Signal): Promise<RunState> {
    if (this.#sent.owns(handle)) return this.#sent.inspect(handle);
    const parsed = parse(handle);
    const { lambda, invocation: id, since } = parsed;
    const own = (await this.#ownRuns()).get(id);
    const { facts, table, upTo } = await this.#logFor(parsed).read(since - MINUTE, signal);
    const invocation = table.get(id);
    const jobs = (await this.#stood(signal)).filter(({ arn }) => arn === lambda);
    if (facts && invocation) {
      const state = this.#state(invocation, jobs, own ?? { handle }, lifeOf(invocation, facts, upTo));
      if (state) return state;
      throw new ProviderError("denied", "this invocation was not started for this namespace and environment");
    }
    const now = this.#world.clock.now();
    const isOver = (facts ? upTo : now) >= since + QUEUED_MS;
    if (own) {
      const state = sentOff(handle, own.run, own.job);
      return isOver ? { ...state, phase: "ended", outcome: "lost", reason: NEVER } : state;
    }
    if (!isOver) throw new ProviderError("missing", `the log of ${nameOf(lambda)} tells of no invocation ${id}`);
    // It was in the log once. However long ago, it took no longer than the function may.
    const endedAt = since + (facts?.timeoutMs ?? LONGEST_MS);
    const job = jobOf(jobs, since) ?? NO_JOB;
    const billed = facts && billedOf([{ stream: "", startedAt: since }], facts);
    const lost = { phase: "ended", outcome: "lost", startedAt: since, endedAt, reason: GONE } as const;
    return { handle, job, ...lost, ...(billed && { billed }), startedBy: "unknown" };
  }

  /** Lambda has no call that ends an invocation. */
  async stop(handle: RunHandle, _mode: unknown, signal: Signal): Promise<void> {
    if ((await this.inspect(handle, signal)).phase === "ended") return;
    throw new ProviderError("unsupported", this.unstoppable);
  }

  async measure(handle: RunHandle, _after: Instant, signal: Signal): Promise<readonly Sample[]> {
    await this.inspect(handle, signal);
    return [];
  }

  /** Of its last attempt: a stream has the log of one instance, which does one thing at a time. */
  async output(handle: RunHandle, signal: Signal): Promise<OutputOf | undefined> {
    await this.inspect(handle, signal);
    if (this.#sent.owns(handle)) return undefined;
    const parsed = parse(handle);
    const { facts, table } = await this.#logFor(parsed).read(parsed.since - MINUTE, signal);
    const last = table.get(parsed.invocation)?.attempts.at(-1);
    if (!facts || !last) return undefined;
    const { stream: logStreamName, startedAt: from, end } = last;
    return { logGroupName: facts.logGroup, logStreamName, from, ...(end && { to: end.at }) };
  }

  /** A log that may not be read hides the runs of its own function, and no others, for as long as that is so. */
  async #told(arn: string, since: Instant, signal: Signal): Promise<Known> {
    const log = this.#log(arn);
    try {
      const known = await log.read(since, signal);
      log.forget(since);
      return known;
    } catch (error) {
      if (!(error instanceof ProviderError && error.code === "denied")) throw error;
      const silent = `the log of ${nameOf(arn)} may not be read: ${error.message}`;
      return { facts: undefined, table: new InvocationTable(), upTo: 0, silent };
    }
  }

  async #stood(signal: Signal): Promise<readonly Stood<ScheduledFunction>[]> {
    return this.#standing.take(await this.#scheduled(signal), this.#world.clock.now());
  }

  #log(arn: string): FunctionLog {
    const log = this.#logs.get(arn) ?? new FunctionLog(this.#world, arn);
    this.#logs.set(arn, log);
    return log;
  }

  /** The log as it is read on, or, for what began before that, a reading of its own. */
  #logFor({ lambda, since }: Handle): FunctionLog {
    const current = this.#log(lambda);
    if (current.reaches(since - MINUTE)) return current;
    const key = `${lambda} ${since}`;
    const past = this.#past.get(key) ?? new FunctionLog(this.#world, lambda, since + QUEUED_MS);
    if (this.#past.size >= MOST_PAST) this.#past.clear();
    this.#past.set(key, past);
    return past;
  }

  /** Starts of rota's own that can be followed, by the id of their invocation. */
  async #ownRuns(): Promise<ReadonlyMap<string, Own>> {
    const starts = await this.#journal.starts("function");
    return new Map(
      starts.flatMap(({ run, job, handle }) =>
        handle !== undefined && !this.#sent.owns(handle) ? [[parse(handle).invocation, { run, job, handle }]] : [],
      ),
    );
  }

  /** Undefined: the function says itself that somebody else's start it was. */
  #state(
    invocation: Invocation,
    jobs: readonly Stood<ScheduledFunction>[],
    {
      handle,
      job: noted,
      run,
    }: Own | { readonly handle: RunHandle; readonly job?: undefined; readonly run?: undefined },
    life: Life,
  ): RunState | undefined {
    if (run !== undefined) return { handle, run, job: noted, ...life, startedBy: "rota" };
    const { mark, attempts } = invocation;
    const startedAt = attempts[0]?.startedAt ?? 0;
    if (mark) {
      if (!isOf(mark, this.#world.owner)) return undefined;
      const fireAt = instantOf(mark.fire);
      const by =
        mark.run === undefined ? ({ startedBy: "schedule" } as const) : ({ run: mark.run, startedBy: "rota" } as const);
      return { handle, job: mark.job, ...life, ...by, ...(fireAt === undefined ? {} : { fireAt }) };
    }
    return { handle, job: jobOf(jobs, startedAt) ?? NO_JOB, ...life, startedBy: "unknown" };
  }
}

/** A start of rota's own of which the log has nothing yet. */
function sentOff(handle: RunHandle, run: string, job: string): RunState {
  return { handle, job, run, phase: "starting", startedBy: "rota", requestedAt: parse(handle).since };
}

interface Own {
  readonly handle: RunHandle;
  readonly run: string;
  readonly job: string;
}

/** Of several jobs that have one function: the one whose fire the start follows most closely, else the first by name. */
function jobOf(jobs: readonly Stood<ScheduledFunction>[], startedAt: Instant): string | undefined {
  const stood = jobs.filter(({ until = startedAt }) => startedAt <= until + LAST_MS);
  const sorted = stood.sort((a, b) => (a.job < b.job ? -1 : 1));
  if (sorted.length < 2) return sorted[0]?.job;
  const last = ({ natives, ...each }: Stood<ScheduledFunction>): Instant =>
    natives
      .flatMap((native) => firesOf([{ ...each, natives: [native] }], startedAt - DELIVERED_MS, startedAt + 1) ?? [])
      .reduce((most, at) => Math.max(most, at), 0);
  return sorted.map((each) => ({ job: each.job, at: last(each) })).sort((a, b) => b.at - a.at)[0]?.job;
}

function parse(handle: RunHandle): Handle {
  const { lambda, invocation, since } = handle as Partial<Handle>;
  if (typeof lambda === "string" && typeof invocation === "string" && typeof since === "number")
    return { lambda, invocation, since };
  throw new ProviderError("invalid", "this is no handle of an invocation");
}
