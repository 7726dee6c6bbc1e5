import {
  type FireTime,
  fireKey,
  type Instant,
  type Job,
  type LedgerEvent,
  MINUTE,
  SECOND,
  WEEK,
} from "../../model/index.ts";
import type { Provider, RunState } from "../../provider/index.ts";
import { due } from "../../schedule/index.ts";
import type { EngineContext } from "../context.ts";
import { stretch } from "../dispatch/decide.ts";
import type { Deployed } from "../state.ts";

/** A vendor's start belongs to the fire that it follows by at most this (EventBridge is precise to 60 s, plus provisioning). */
const MATCH_MS: number = 10 * MINUTE;
/** The vendor's scheduler and the service that it starts read clocks that differ by less than this. */
const CLOCK_SPREAD_MS: number = 5 * SECOND;
/** A fire with no run is missed after this, unless the provider's listing is later: those of the clouds come minutes late. */
const NOT_SEEN_MS: number = 15 * MINUTE;
/** After a longer absence than this, older fires are missed unseen: no listing goes back so far. */
const MOST_BACK_MS: number = WEEK;
const MOST_AT_ONCE = 1000;

/** How long after a fire of a job the vendor's listing may still show its run first. */
export function notSeenMs(provider: Provider | undefined, job: Job): number {
  return NOT_SEEN_MS + (provider?.listingDelaySeconds?.(job) ?? 0) * SECOND;
}

/** Fires of the jobs that a vendor's own scheduler starts: which run each came of, and which came to nothing. */
export class NativeFires {
  /** Keys of the fires that have a record already, beyond the cursor: native runs come in any order. */
  private readonly known = new Set<string>();
  /** Up to where every fire of the job has a record. */
  private readonly cursor = new Map<string, Instant>();
  /** The deployment whose fires are being accounted for: the one before the latest edit, until it is settled. */
  private readonly watched = new Map<string, Deployed>();
  private readonly resumed = new Set<string>();
  private readonly context: EngineContext;
  private readonly missed: (job: string, detail: string, fire: string) => void;

  constructor(context: EngineContext, missed: (job: string, detail: string, fire: string) => void) {
    this.context = context;
    this.missed = missed;
  }

  /** Reads what has a record of the jobs that it does not know yet; once, what a daemon before left unsettled. */
  async prepare(placement: string): Promise<void> {
    if (!this.resumed.has(placement)) {
      await this.resume(placement);
      this.resumed.add(placement);
    }
    for (const [name, entry] of this.context.state.deployed) {
      if (entry.placement !== placement || this.watched.has(name)) continue;
      await this.watch(entry, entry.accounted);
    }
  }

  /**
   * Deployments that ended, by an edit or a removal, before each of their fires had a record: a daemon that died right
   * afterwards left them so.
   */
  private async resume(placement: string): Promise<void> {
    const { env, state, time } = this.context;
    const now = time.now();
    const stood = await env.ledger.deployments({ from: now - MOST_BACK_MS, to: now });
    const ended = new Map<string, Deployed & { readonly until: Instant }>();
    for (const { desired, fingerprint, since, until, ...each } of stood) {
      if (until === undefined || each.placement !== placement) continue;
      ended.set(desired.job.name, { placement, desired, fingerprint, since, accounted: since, until });
    }
    for (const [name, former] of ended) {
      const entry = state.deployed.get(name);
      if (entry?.placement === placement && entry.since < former.until) continue;
      const records = await env.ledger.fires({ job: name, from: former.since, to: former.until + 1 });
      const last = records.reduce((most, { to }) => (to <= former.until ? Math.max(most, to) : most), former.since);
      const from = await this.watch(former, last);
      const { fires } = due(former.desired.job.schedule, former.desired.slot, from, former.until, MOST_AT_ONCE);
      if (fires.some((f) => !this.known.has(fireKey(name, f.local, f.ordinal)))) continue;
      this.watched.delete(name);
      this.cursor.delete(name);
    }
  }

  /** From a little before `accounted`, since native runs come in any order; answers from when. */
  private async watch(entry: Deployed, accounted: Instant): Promise<Instant> {
    const { name } = entry.desired.job;
    const from = Math.max(entry.since, accounted - this.notSeenMs(entry) - MATCH_MS);
    const records = await this.context.env.ledger.fires({ job: name, from, to: this.context.time.now() + 1 });
    for (const record of records) this.known.add(record.firstFire);
    this.cursor.set(name, from);
    this.watched.set(name, entry);
    return from;
  }

  /** The earliest instant from which a fire may have no record yet. */
  owedSince(placement: string): Instant {
    const oldest = this.context.time.now() - MOST_BACK_MS;
    let since = Number.POSITIVE_INFINITY;
    for (const [name, entry] of this.watched) {
      if (entry.placement === placement) since = Math.min(since, this.cursor.get(name) ?? since);
    }
    return Math.max(since, oldest);
  }

  /** The deployment of a job that was taken out or moved, until its last fires have a record. */
  former(job: string, placement: string): Deployed | undefined {
    const watched = this.watched.get(job);
    return watched?.placement === placement ? watched : undefined;
  }

  /**
   * The fire that a native start belongs to: the one it names, else the last before it that has no run yet. `again`:
   * the fires that it can belong to have a record already, and this is the latest of them. A start that may be a late
   * one of an earlier fire is that: only where no fire is left it is one too many. Where the vendor does not say who
   * started a run, one that no fire is left for may be anybody's, and is none too many.
   */
  match(entry: Deployed, state: RunState): { readonly fire?: FireTime; readonly again?: FireTime } {
    const { fireAt, requestedAt, startedAt } = state;
    const at = fireAt ?? requestedAt ?? startedAt;
    const isCandidate = state.startedBy === "schedule" || state.startedBy === "unknown";
    if (!isCandidate || at === undefined) return {};
    const stood = at > entry.since ? entry : (this.watched.get(entry.desired.job.name) ?? entry);
    const { job, slot } = stood.desired;
    const isFree = (f: FireTime): boolean => !this.known.has(fireKey(job.name, f.local, f.ordinal));
    const cursor = this.cursor.get(job.name) ?? Number.NEGATIVE_INFINITY;
    // It names its fire, or follows it: by how much depends on whether the request's time is known, or the start's.
    const [from, to] =
      fireAt !== undefined
        ? [fireAt - 1, fireAt]
        : [at - MATCH_MS, at + (requestedAt === undefined ? MINUTE : CLOCK_SPREAD_MS)];
    const { fires } = due(job.schedule, slot, from, to, MOST_AT_ONCE);
    const fire = fires.findLast((f) => f.at > cursor && isFree(f));
    if (fire) return { fire };
    if (state.startedBy === "unknown") return {};
    const again = fires.findLast((f) => f.at > entry.since);
    return again ? { again } : {};
  }

  /** A run of this fire is on record. */
  came({ desired: { job } }: Deployed, fire: FireTime): void {
    this.known.add(fireKey(job.name, fire.local, fire.ordinal));
  }

  /** Records as missed what no run came of in time, by the schedule that stood: an edited job's old one first. */
  async account(placement: string): Promise<void> {
    const now = this.context.time.now();
    for (const [name, watched] of this.watched) {
      if (watched.placement === placement) await this.accountFor(name, watched, now - this.notSeenMs(watched));
    }
  }

  /**
   * The same of one job, before a run that began then goes on record: a restart looks back from the last record,
   * so that a crash between two of them must leave nothing behind that is older.
   */
  async accountBefore(job: string, startedAt: Instant): Promise<void> {
    const watched = this.watched.get(job);
    if (!watched) return;
    const upTo = Math.min(this.context.time.now() - this.notSeenMs(watched), startedAt - MATCH_MS);
    await this.accountFor(job, watched, upTo);
  }

  private notSeenMs({ placement, desired }: Deployed): number {
    return notSeenMs(this.context.env.placements.get(placement)?.provider, desired.job);
  }

  private async accountFor(name: string, watched: Deployed, upTo: Instant): Promise<void> {
    const entry = this.context.state.deployed.get(name);
    if (entry?.placement === watched.placement && entry.since === watched.since) await this.settle(watched, upTo);
    else await this.settleFormer(watched, entry, upTo);
  }

  private async settleFormer(watched: Deployed, entry: Deployed | undefined, upTo: Instant): Promise<void> {
    const { name } = watched.desired.job;
    const until = await this.until(watched);
    await this.settle(watched, Math.min(upTo, until));
    if (upTo < until) return;
    this.watched.delete(name);
    this.cursor.delete(name);
    if (entry?.placement !== watched.placement) return;
    this.watched.set(name, entry);
    this.cursor.set(name, Math.max(entry.since, until));
    await this.settle(entry, upTo);
  }

  /** When the deployment ended, by the ledger. */
  private async until({ desired: { job }, since, placement }: Deployed): Promise<Instant> {
    const range = { from: since, to: since + 1 };
    const stood = (await this.context.env.ledger.deployments(range)).find(
      (d) => d.desired.job.name === job.name && d.placement === placement && d.since === since,
    );
    return stood?.until ?? this.context.time.now();
  }

  private async settle(entry: Deployed, upTo: Instant): Promise<void> {
    const { job, slot } = entry.desired;
    const from = this.cursor.get(job.name) ?? entry.since;
    if (upTo <= from) return;
    const owed = due(job.schedule, slot, from, upTo, MOST_AT_ONCE);
    const events: LedgerEvent[] = [];
    if (owed.leftOut) {
      const { first, last, count } = owed.leftOut;
      const detail = "nobody watched the provider at the time, and its runs are no longer listed";
      events.push({ type: "fire.missed", ...stretch(job.name, first, last, count, "daemonDown", detail) });
    }
    const unseen = this.context.env.placements.get(entry.placement)?.provider.unseen?.(job);
    const missed: string[] = [];
    for (const fire of owed.fires) {
      const key = fireKey(job.name, fire.local, fire.ordinal);
      if (this.known.has(key)) continue;
      if (unseen !== undefined) {
        events.push({ type: "fire.skipped", ...stretch(job.name, fire, fire, 1, "unseen", unseen) });
        continue;
      }
      const detail = `no run was seen at ${entry.placement} within ${this.notSeenMs(entry) / MINUTE} minutes`;
      events.push({ type: "fire.missed", ...stretch(job.name, fire, fire, 1, "notSeen", detail) });
      missed.push(key);
    }
    if (events.length > 0) await this.context.recorder.record(...events);
    for (const fire of owed.fires) this.known.delete(fireKey(job.name, fire.local, fire.ordinal));
    this.cursor.set(job.name, upTo);
    for (const key of missed) this.missed(job.name, `no run was seen at ${entry.placement}`, key);
  }
}
