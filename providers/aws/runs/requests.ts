import { HOUR, type Instant, MINUTE, type RunHandle, type Sample } from "../../../src/model/index.ts";
import { ProviderError, type RunState, type StartRequest } from "../../../src/provider/index.ts";
import { ruleName } from "../naming.ts";
import type { Signal, World } from "../resources/world.ts";
import type { NativeSchedule } from "../translate/index.ts";
import { type Delivery, deliveriesOf, type MinuteCounts, type OwnStart } from "./delivery.ts";
import type { HandedOver } from "./handed-over.ts";
import type { Journal, Start } from "./journal.ts";
import type { RunKind } from "./kind.ts";
import { countRules } from "./rule-counts.ts";
import { AWAITED_MS, firesOf, type Standing, type Stood } from "./standing.ts";
import { Turns } from "./turns.ts";

/** CloudWatch has a minute's counts so long after its end; earlier they may be partial. */
const SETTLED_MS = 2 * MINUTE;
/** What it counts last of a minute is there so long after it, as a rule. */
const COUNTED_MS = 5 * MINUTE;
/**
 * How often the counts are read while a fire's event or a request's end is still to come, and otherwise, for events that
 * people put: each metric read costs. Often enough for a listing of the last hour to miss none.
 */
const PACE_MS = 2 * MINUTE;
const IDLE_PACE_MS = 50 * MINUTE;
/**
 * An edit may wait and be tried again for so long (twice `SEND_POLICY`'s time), and until it is done the schedule fires. A
 * fire that is awaited and was not to come costs some readings of the counts; one that nobody awaits is called missed.
 */
const EDIT_MS = 5 * MINUTE;
/** A request that is on its way when the reading begins began at most so long before. */
const LEAD_MS = 15 * MINUTE;
/** CloudWatch keeps minutes for fifteen days. */
const KEPT_MS = 14 * 24 * HOUR;
const NOT_READ = "what EventBridge counted of http jobs may not be read, so that their requests are not seen";
const UNTOLD = "EventBridge took the event, and its counts tell nothing of it";

/** An http job as its deployed schedules have it. */
export interface ScheduledRequest {
  readonly job: string;
  readonly natives: readonly NativeSchedule[];
}

/** What was read of one job's rule, and when. */
interface Reading {
  readonly from: Instant;
  /** Minutes from here on are not known. */
  readonly upTo: Instant;
  readonly readAt: Instant;
  readonly deliveries: readonly Delivery[];
}

interface Denied {
  readonly at: Instant;
  readonly why: string;
}

interface DeliveryHandle {
  readonly delivery: string;
  readonly minute: Instant;
  readonly nth: number;
}

/**
 * Requests through EventBridge. It keeps no record of each, but counts by rule and minute what was asked for, delivered and
 * given up: each event is a run, known by its minute. Those that rota put itself are told apart by the note of the start.
 */
export class Requests implements RunKind {
  readonly unstoppable = "EventBridge takes no request back";
  readonly #world: World;
  readonly #sent: HandedOver;
  readonly #journal: Journal;
  readonly #scheduled: (signal: Signal) => Promise<readonly ScheduledRequest[]>;
  readonly #readings = new Map<string, Reading>();
  readonly #standing: Standing<ScheduledRequest>;
  readonly #turns = new Turns();
  /** Of the first listing: what stood before is known as far as an adapter before this one has noted it. */
  #beganAt: Instant | undefined;
  /** Jobs whose counts may not be read: since when nobody asked again, and why. */
  readonly #denied = new Map<string, Denied>();

  constructor(
    world: World,
    sent: HandedOver,
    journal: Journal,
    scheduled: (signal: Signal) => Promise<readonly ScheduledRequest[]>,
    standing: Standing<ScheduledRequest>,
  ) {
    this.#world = world;
    this.#sent = sent;
    this.#journal = journal;
    this.#scheduled = scheduled;
    this.#standing = standing;
  }

  /** Its schedule is about to be edited or removed. */
  async ends(scheduled: readonly ScheduledRequest[]): Promise<void> {
    const now = this.#world.clock.now();
    for (const each of scheduled) await this.#standing.ends(each, now, now + EDIT_MS);
  }

  owns(handle: unknown): boolean {
    return this.#sent.owns(handle) || (handle !== null && typeof handle === "object" && "delivery" in handle);
  }

  /** What has been put is not asked about at once: a count that cannot be read must not look like a start that failed. */
  async start(request: StartRequest, signal: Signal): Promise<RunState> {
    const held = await this.find(request.run, signal);
    return held ?? underWay(await this.#sent.start(request, signal));
  }

  async find(run: string, signal: Signal): Promise<RunState | undefined> {
    return (await this.#sent.find(run)) && this.#ofRun(run, signal);
  }

  async list(since: Instant, signal: Signal): Promise<readonly RunState[]> {
    const stood = await this.#standing.take(await this.#scheduled(signal), this.#world.clock.now());
    const jobs = Map.groupBy(stood, ({ job }) => job);
    const from = this.#leadOf(since);
    this.#beganAt ??= this.#world.clock.now();
    await this.#turns.take(() => {
      for (const job of this.#denied.keys()) if (!jobs.has(job)) this.#denied.delete(job);
      const due = [...jobs].filter(([job, each]) => this.#isDue(job, each, from)).map(([job]) => job);
      return this.#readIfAllowed(due, from, signal);
    });
    return [...jobs.keys()].flatMap((job) => {
      const { deliveries = [] } = this.#readings.get(job) ?? {};
      // The end is known to the minute.
      return deliveries.filter(({ end }) => (end?.at ?? since) > since - MINUTE).map((each) => stateOf(job, each));
    });
  }

  /** Why the last listing had no run of the job, whatever EventBridge did; undefined where its counts can be read. */
  silent(job: string): string | undefined {
    return this.#denied.get(job)?.why;
  }

  /** What the last listing went on without. */
  get unread(): readonly string[] {
    return [...this.#denied.values()].map(({ why }) => why);
  }

  async inspect(handle: RunHandle, signal: Signal): Promise<RunState> {
    if (this.#sent.owns(handle)) {
      const { run = "" } = await this.#sent.inspect(handle);
      return this.#ofRun(run, signal);
    }
    const { delivery, minute, nth } = parse(handle);
    await this.#look(delivery, minute, signal);
    const known = this.#readings.get(delivery)?.deliveries.find((each) => each.at === minute && each.nth === nth);
    if (known && known.run === undefined) return stateOf(delivery, known);
    throw new ProviderError("missing", `EventBridge counts no such event of ${ruleName(this.#world.owner, delivery)}`);
  }

  /** What EventBridge has taken it does not give back. */
  async stop(handle: RunHandle, _mode: unknown, signal: Signal): Promise<void> {
    if ((await this.inspect(handle, signal)).phase === "ended") return;
    throw new ProviderError("unsupported", this.unstoppable);
  }

  async measure(handle: RunHandle, _after: Instant, signal: Signal): Promise<readonly Sample[]> {
    await this.inspect(handle, signal);
    return [];
  }

  async output(handle: RunHandle, signal: Signal): Promise<undefined> {
    await this.inspect(handle, signal);
  }

  /** A start of rota's own, by its note and by what was counted since. */
  async #ofRun(run: string, signal: Signal): Promise<RunState> {
    const note = await this.#journal.read(run);
    const noted = await this.#sent.inspect({ request: run });
    // Whether it was taken is not known, and is not asked.
    if (note?.handle === undefined) return noted;
    const { job, at } = note;
    await this.#look(job, at, signal);
    const { deliveries = [], upTo = 0 } = this.#readings.get(job) ?? {};
    const own = deliveries.find((each) => each.run === run);
    if (own) return { ...stateOf(job, own), startedAt: at, ...(own.end && { endedAt: Math.max(at, own.end.at) }) };
    if (upTo < at + AWAITED_MS) return underWay(noted);
    return { ...noted, outcome: "lost", reason: UNTOLD };
  }

  /** The counts of one job, read again where there may be news of what began at `at`. */
  #look(job: string, at: Instant, signal: Signal): Promise<void> {
    return this.#turns.take(() => this.#readOne(job, at, signal));
  }

  async #readOne(job: string, at: Instant, signal: Signal): Promise<void> {
    const known = this.#readings.get(job);
    const from = this.#leadOf(at);
    if (known && known.from <= from) {
      const isRecent = this.#world.clock.now() - known.readAt < PACE_MS;
      if (isRecent || known.upTo >= at + AWAITED_MS) return;
    }
    await this.#read([job], Math.min(from, known?.from ?? from), signal);
  }

  /** From when to read, to know what began at `at`. */
  #leadOf(at: Instant): Instant {
    return minuteOf(Math.max(at - LEAD_MS, this.#world.clock.now() - KEPT_MS));
  }

  /** Counts that may not be read hide the requests they are of, and no other run, for as long as that is so. */
  async #readIfAllowed(jobs: readonly string[], from: Instant, signal: Signal): Promise<void> {
    try {
      await this.#read(jobs, from, signal);
    } catch (error) {
      if (!(error instanceof ProviderError && error.code === "denied")) throw error;
      const why = `${NOT_READ}: ${error.message}`;
      for (const job of jobs) this.#denied.set(job, { at: this.#world.clock.now(), why });
    }
  }

  async #read(jobs: readonly string[], from: Instant, signal: Signal): Promise<void> {
    if (jobs.length === 0) return;
    const { api, owner, clock } = this.#world;
    const now = clock.now();
    const upTo = minuteOf(now - SETTLED_MS);
    const starts = await this.#journal.starts("request");
    const rules = jobs.map((job) => ruleName(owner, job));
    const counts = await countRules(api, rules, { from, to: upTo }, signal);
    for (const job of jobs) {
      const deliveries = deliveriesOf(counts.get(ruleName(owner, job)) ?? NONE, ownStarts(starts, job), upTo, from);
      this.#readings.set(job, { from, upTo, readAt: now, deliveries });
      this.#denied.delete(job);
    }
  }

  /** There may be news: a fire's event was not counted yet, or a request's end. */
  #isDue(job: string, stood: readonly Stood<ScheduledRequest>[], from: Instant): boolean {
    const known = this.#readings.get(job);
    const now = this.#world.clock.now();
    const denied = this.#denied.get(job);
    if (denied) return now - denied.at >= PACE_MS;
    if (!known || known.from > from) return true;
    if (now - known.readAt < PACE_MS) return false;
    if (now - known.readAt >= IDLE_PACE_MS || known.deliveries.some(({ end }) => end === undefined)) return true;
    // Of a schedule that was edited while nobody listed, the last event is read once it is sure to be counted.
    const countedAt = (this.#beganAt ?? now) + COUNTED_MS;
    if (known.readAt < countedAt && now >= countedAt) return true;
    // Whole minutes: the same for all jobs of a round.
    const fires = firesOf(stood, minuteOf(now - AWAITED_MS), minuteOf(now - SETTLED_MS));
    if (fires === undefined) return true;
    const [oldest] = fires;
    if (oldest === undefined) return false;
    return known.deliveries.filter(({ at, run }) => run === undefined && at >= oldest - MINUTE).length < fires.length;
  }
}

/** Of what has been handed over: it goes on. */
function underWay({ outcome: _outcome, endedAt: _endedAt, reason: _reason, ...begun }: RunState): RunState {
  return { ...begun, phase: "running" };
}

const NONE: ReadonlyMap<Instant, MinuteCounts> = new Map();

function ownStarts(starts: readonly Start[], job: string): readonly OwnStart[] {
  return starts.filter((each) => each.job === job && each.handle !== undefined);
}

function minuteOf(at: Instant): Instant {
  return Math.floor(at / MINUTE) * MINUTE;
}

function stateOf(job: string, delivery: Delivery): RunState {
  const { at, nth, run } = delivery;
  const life = { job, ...lifeOf(delivery), startedAt: at };
  if (run !== undefined) return { ...life, handle: { request: run }, run, startedBy: "rota" };
  return { ...life, handle: { delivery: job, minute: at, nth }, requestedAt: at, startedBy: "unknown" };
}

function lifeOf({ end }: Delivery): Pick<RunState, "phase" | "outcome" | "endedAt" | "reason"> {
  if (!end) return { phase: "running" };
  const { outcome, at, reason } = end;
  return { phase: "ended", outcome, endedAt: at, ...(reason === undefined ? {} : { reason }) };
}

function parse(handle: RunHandle): DeliveryHandle {
  const { delivery, minute, nth } = handle as Partial<DeliveryHandle>;
  if (typeof delivery === "string" && typeof minute === "number" && typeof nth === "number")
    return { delivery, minute, nth };
  throw new ProviderError("invalid", "this is no handle of a request");
}
