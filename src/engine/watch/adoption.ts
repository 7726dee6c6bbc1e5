import {
  canonical,
  DAY,
  type EventOf,
  type FireTime,
  fireKey,
  HOUR,
  type Instant,
  type LedgerEvent,
  type RunHandle,
} from "../../model/index.ts";
import type { RunState } from "../../provider/index.ts";
import type { EngineContext } from "../context.ts";
import { providerOf } from "../context.ts";
import { fireRunId, newRun } from "../runs.ts";
import type { Deployed } from "../state.ts";
import { NativeFires } from "./nativeFires.ts";
import type { Observer } from "./observer.ts";

/** Runs are listed back to here at least: a listing may come late. */
const LOOK_BACK_MS: number = HOUR;
/** A run that ended within the listing began at most this long before it. */
const LONGEST_MS: number = 31 * DAY;
/** Handles remembered: enough for every run that a listing of the last hours can show. */
const MOST_HANDLES = 100_000;

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
  private readonly context: EngineContext;
  private readonly observer: Observer;

  constructor(context: EngineContext, observer: Observer, missed: (job: string, detail: string, fire: string) => void) {
    this.context = context;
    this.observer = observer;
    this.fires = new NativeFires(context, missed);
  }

  /** One round at one placement: list, adopt, match, and account for what did not come. */
  async round(placement: string): Promise<void> {
    const provider = providerOf(this.context, placement);
    const native = provider.capabilities.schedules === "native";
    if (native) await this.fires.prepare(placement);
    const since = this.since(placement);
    const seen = await provider.listRuns(since, { signal: this.context.signal });
    // The earliest first: of two starts of one fire, the first is the fire's.
    for (const state of [...seen].sort((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0))) {
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
    const onRecord = this.byHandle.get(textOf(state.handle));
    const known = state.run ?? onRecord;
    if (known !== undefined) {
      const open = this.context.state.open.get(known);
      // One that is being launched right now is told of by its own start.
      if (open && open.handle === undefined && !open.busy) await this.observer.started(open, state);
      // Listings show what has ended for an hour: each is looked up once.
      if (open || onRecord !== undefined) return;
      if ((await env.ledger.run(known)) !== undefined) return this.remember(state.handle, known);
    }
    const current = this.context.state.deployed.get(state.job);
    // A job that was taken out a moment ago may have started before: its runs are guarded and paid for like others.
    const entry = current?.placement === placement ? current : this.fires.former(state.job, placement);
    if (!entry) return;
    if (native && state.startedAt !== undefined) await this.fires.accountBefore(state.job, state.startedAt);
    const fire = native ? this.fires.match(entry, state) : undefined;
    const id = state.run ?? (fire ? fireRunId(state.job, fire, 1) : foreignId(state));
    if ((await env.ledger.run(id)) !== undefined) return this.remember(state.handle, id);
    await recorder.record(...adoptionEvents(entry, state, id, fire, time.now()));
    this.remember(state.handle, id);
    if (fire) this.fires.came(entry, fire);
    const tracked = this.context.state.open.get(id);
    if (tracked) await this.observer.started(tracked, state);
    env.log("info", "took a run into the record", { run: id, placement });
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
