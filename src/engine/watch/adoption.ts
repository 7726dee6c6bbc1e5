import {
  canonical,
  DAY,
  type EventOf,
  type FireTime,
  fireKey,
  HOUR,
  type Instant,
  type LedgerEvent,
  MINUTE,
  type RunHandle,
} from "../../model/index.ts";
import type { RunState } from "../../provider/index.ts";
import type { EngineContext } from "../context.ts";
import { providerOf } from "../context.ts";
import { fireRunId, newRun } from "../runs.ts";
import type { Deployed, TrackedRun } from "../state.ts";
import { NativeFires } from "./nativeFires.ts";
import type { Observer } from "./observer.ts";

/** Runs are listed back to here at least: a listing may come late. */
const LOOK_BACK_MS: number = HOUR;
/** A run that ended within the listing began at most this long before it. */
const LONGEST_MS: number = 31 * DAY;
/** Some vendors tell only the minute in which a run began. */
const TOLD_TO_MS: number = MINUTE;
/** Handles remembered: enough for every run that a listing of the last hours can show. */
const MOST_HANDLES = 100_000;

export interface AdoptionHooks {
  /** No run came of a fire. */
  readonly missed: (job: string, detail: string, fire: string) => void;
  /** The run is a second one of its fire; `why` says of which. False: it could not be stopped now, and is asked again. */
  readonly again: (tracked: TrackedRun, why: string) => Promise<boolean>;
}

/**
 * Runs that nobody here started: the vendor's schedule did, or a person in the console. Each is taken into the
 * record once, known by its handle from then on, and matched with the fire it belongs to.
 */
export class Adoption {
  readonly fires: NativeFires;
  /** Runs on record, by their handle. */
  private readonly byHandle = new Map<string, string>();
  /** Runs created since then are among them. */
  private loadedFrom = Number.POSITIVE_INFINITY;
  /** Runs that nobody asked for, once they were looked at for what they are. */
  private readonly looked = new WeakSet<TrackedRun>();
  private readonly context: EngineContext;
  private readonly observer: Observer;
  private readonly again: AdoptionHooks["again"];

  constructor(context: EngineContext, observer: Observer, hooks: AdoptionHooks) {
    this.context = context;
    this.observer = observer;
    this.again = hooks.again;
    this.fires = new NativeFires(context, hooks.missed);
  }

  /** One round at one placement: list, adopt, match, and account for what did not come. */
  async round(placement: string): Promise<void> {
    const provider = providerOf(this.context, placement);
    const native = provider.capabilities.schedules === "native";
    if (native) await this.fires.prepare(placement);
    const since = this.since(placement);
    const seen = await provider.listRuns(since, { signal: this.context.signal });
    for (const state of [...seen].sort((a, b) => askedAt(a) - askedAt(b))) {
      if (state.run === undefined && !this.byHandle.has(textOf(state.handle))) await this.load(since);
      await this.adopt(placement, state, native);
    }
    if (native) await this.fires.account(placement);
  }

  /** As far back as something there is open, or a fire has no record yet. */
  private since(placement: string): Instant {
    let since = Math.min(this.context.time.now() - LOOK_BACK_MS, this.fires.owedSince(placement));
    for (const { run } of this.context.state.open.values()) {
      if (run.placement === placement && run.createdAt < since) since = run.createdAt;
    }
    return since;
  }

  private async adopt(placement: string, state: RunState, native: boolean): Promise<void> {
    const { env, recorder, time } = this.context;
    if (await this.isOnRecord(state, native)) return;
    const current = this.context.state.deployed.get(state.job);
    // A job that was taken out a moment ago may have started before: its runs are guarded and paid for like others.
    const entry = current?.placement === placement ? current : this.fires.former(state.job, placement);
    if (!entry || this.isBefore(entry, state)) return;
    const askedAt = state.requestedAt ?? state.startedAt;
    if (native && askedAt !== undefined) await this.fires.accountBefore(state.job, askedAt);
    const { fire } = native ? this.fires.match(entry, state) : {};
    const id = state.run ?? (fire ? fireRunId(state.job, fire, 1) : foreignId(state));
    if ((await env.ledger.run(id)) !== undefined) return this.remember(state.handle, id);
    await recorder.record(...adoptionEvents(entry, state, id, fire, time.now()));
    this.remember(state.handle, id);
    if (fire) this.fires.came(entry, fire);
    const tracked = this.context.state.open.get(id);
    if (tracked) await this.observer.started(tracked, state);
    env.log("info", "took a run into the record", { run: id, placement });
    if (tracked && native) await this.stopAgain(tracked, state);
  }

  /** It began before the job was deployed for the first time, and only the job's target says whose it is: it is not the job's. */
  private isBefore({ since, placement, desired }: Deployed, { startedBy, startedAt, requestedAt }: RunState): boolean {
    const at = startedAt ?? requestedAt;
    if (startedBy !== "unknown" || at === undefined) return false;
    const former = this.fires.former(desired.job.name, placement);
    return at < Math.min(since, former?.since ?? since) - TOLD_TO_MS;
  }

  /** One that is known: of what the listing shows of it, only what is news is taken over. */
  private async isOnRecord(state: RunState, native: boolean): Promise<boolean> {
    const onRecord = this.byHandle.get(textOf(state.handle));
    const known = state.run ?? onRecord;
    if (known === undefined) return false;
    const open = this.context.state.open.get(known);
    // One that is being launched right now is told of by its own start.
    if (open && open.handle === undefined && !open.busy) await this.observer.started(open, state);
    if (open && native) await this.stopAgain(open, state);
    // Listings show what has ended for an hour: each is looked up once.
    if (open || onRecord !== undefined) return true;
    if ((await this.context.env.ledger.run(known)) === undefined) return false;
    this.remember(state.handle, known);
    return true;
  }

  /** A second start of a fire that has its run (deliveries are at least once) is stopped, once it is sure to be one. */
  private async stopAgain(tracked: TrackedRun, state: RunState): Promise<void> {
    const { run, stopping } = tracked;
    if (run.cause !== "foreign" || stopping || state.phase === "ended" || this.looked.has(tracked)) return;
    const entry = this.context.state.deployed.get(run.job);
    const { again } = entry?.placement === run.placement ? this.fires.match(entry, state) : {};
    const first = again && (await this.context.env.ledger.run(fireRunId(run.job, again, 1)));
    // Asked for when the first had ended, somebody may have forced the schedule to run again, and meant it.
    const isOver = first?.endedAt !== undefined && first.endedAt <= askedAt(state);
    const isSecond = first?.handle !== undefined && !isOver && textOf(first.handle) !== textOf(state.handle);
    const key = again && fireKey(run.job, again.local, again.ordinal);
    const settled =
      !isSecond || (await this.again(tracked, `the provider started ${key} twice; the fire's run is ${first.run}`));
    if (settled) this.looked.add(tracked);
  }

  private remember(handle: RunHandle, id: string): void {
    this.byHandle.set(textOf(handle), id);
    if (this.byHandle.size > MOST_HANDLES) this.byHandle.delete(this.byHandle.keys().next().value ?? "");
  }

  /** The runs on record that a listing since then can show: those that began long before it, too. */
  private async load(since: Instant): Promise<void> {
    const from = since - LONGEST_MS;
    if (from >= this.loadedFrom) return;
    const runs = await this.context.env.ledger.runs({ since: from, limit: MOST_HANDLES });
    for (const run of [...runs, ...[...this.context.state.open.values()].map((t) => t.run)]) {
      if (run.handle !== undefined) this.remember(run.handle, run.run);
    }
    this.loadedFrom = from;
  }
}

function adoptionEvents(
  { desired }: Deployed,
  state: RunState,
  id: string,
  fire: FireTime | undefined,
  now: Instant,
): readonly LedgerEvent[] {
  const { job, handle, startedBy } = state;
  const key = fire && fireKey(job, fire.local, fire.ordinal);
  const cause = fire ? "fire" : startedBy === "person" ? "person" : "foreign";
  const created: EventOf<"run.created"> = {
    type: "run.created",
    run: newRun({ id, desired, cause, now, handle, ...(fire && key ? { fire: key, fireAt: fire.at } : {}) }),
  };
  const started: readonly LedgerEvent[] =
    fire && key ? [{ type: "fire.started", job, fire: key, fireAt: fire.at, run: id, catchUp: false }] : [];
  return [created, ...started, { type: "run.sent", run: id }];
}

function foreignId(state: RunState): string {
  return `${state.job}.x${Buffer.from(textOf(state.handle)).toString("base64url").slice(-24)}.1`;
}

function textOf(handle: RunHandle): string {
  return typeof handle === "string" ? handle : canonical(handle);
}

/** The order in which the vendor was asked, as far as it is known: of two starts of one fire the first is the fire's. */
function askedAt({ requestedAt, startedAt }: RunState): Instant {
  return requestedAt ?? startedAt ?? 0;
}
