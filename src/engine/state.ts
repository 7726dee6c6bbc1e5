import type {
  Budget,
  DesiredJob,
  EventOf,
  Instant,
  LedgerEvent,
  Limit,
  Run,
  RunHandle,
  Sample,
  StopCause,
  StopMode,
} from "../model/index.ts";
import type { BudgetStatus } from "./control.ts";

const MOST_ENDED = 1000;

/** A stop that is under way: escalated until the provider says that the run is gone. */
export interface Stopping {
  mode: StopMode;
  /** Whether the provider took the last request of this mode. */
  accepted: boolean;
  /** Whether it took any request, of whatever mode. */
  taken: boolean;
  /** Why the provider has no stop for this run, in its words: it has said so, and taken no request since. */
  impossible?: string;
  readonly cause: StopCause;
  readonly by: string;
  readonly reason: string;
  /** Steady time of the last request sent. */
  sentAt: Instant;
  readonly since: Instant;
}

/** What the daemon knows of an open run. Everything durable in it comes from ledger events. */
export interface TrackedRun {
  run: Run;
  /** The job as it stood when the run was created; undefined when it was never deployed here. */
  desired: DesiredJob | undefined;
  handle: RunHandle | undefined;
  /** When its start left, or left first. */
  sentAt: Instant | undefined;
  stopping: Stopping | undefined;
  /** Start of uninterrupted watching, on the monotonic clock: no idle window reaches before it. */
  watchedSince: number;
  samples: Sample[];
  sampledTo: Instant;
  outputBytes: number;
  progressAt: number | undefined;
  /** Consecutive failed questions to the provider. */
  errors: number;
  /** Consecutive answers that the provider does not know the run. */
  missing: number;
  /** Limits already warned of or notified, so that each is said once. */
  readonly said: Set<string>;
  /** Limits for which it is being stopped. */
  readonly brokenLimits: Set<Limit>;
  /** One operation a run at a time. */
  busy: boolean;
  /** When the provider last said that it runs: until then it costs, for all that is known. */
  confirmedAt: Instant | undefined;
  /** Its end is being recorded. */
  ending: boolean;
  costNanos: bigint | undefined;
}

export interface Deployed {
  readonly placement: string;
  readonly desired: DesiredJob;
  readonly fingerprint: string;
  readonly since: Instant;
  /** The last fire that has a record; fires after it are still owed. */
  accounted: Instant;
  /** For the status: the first fire after `from`. */
  ahead?: { readonly from: Instant; readonly at: Instant };
}

export interface HeldBudget {
  readonly period: string;
  readonly action: Budget["atLimit"];
  readonly at: Instant;
}

/** The fold of the ledger's events that the engine works on; only `apply` changes the durable part. */
export class EngineState {
  readonly deployed: Map<string, Deployed> = new Map();
  readonly open: Map<string, TrackedRun> = new Map();
  private readonly byJob = new Map<string, Set<TrackedRun>>();
  /** Budgets that are used up, by name: the period, what they ask for, and since when. */
  readonly heldBudgets: Map<string, HeldBudget> = new Map();
  /** Budgets that have held their jobs at some time: what they paused at a provider may be paused still. */
  readonly everHeld: Set<string> = new Set();
  /** Warnings that went out, newest last; those before a budget's period count for nothing. */
  budgetWarned: { readonly budget: string; readonly share: number; readonly at: Instant }[] = [];
  /** `budget period` that a person released: it does not hold again in that period. */
  readonly budgetReleased: Set<string> = new Set();
  /** Runs that ended last, for listeners that hear of their charges in the same commit. */
  readonly lastEnded: Map<string, Run> = new Map();
  /** What was said to differ from what was applied, by placement, resource and kind. */
  readonly drifted: Map<string, Pick<EventOf<"deployment.drifted">, "placement" | "job" | "resource">> = new Map();
  budgets: readonly BudgetStatus[] = [];
  guardHeld: string | undefined;
  /** Automatic stops and their steady instants, for the blast radius; those that a provider has none for are not among them. */
  stops: { readonly run: string; readonly at: Instant }[] = [];

  apply(event: LedgerEvent, at: Instant, monotonic: number): void {
    switch (event.type) {
      case "job.deployed":
        this.deploy(event, at);
        return;
      case "job.undeployed":
        if (this.deployed.get(event.job)?.placement === event.placement) this.deployed.delete(event.job);
        return;
      case "fire.started":
        this.account(event.job, event.fireAt);
        return;
      case "fire.skipped":
      case "fire.missed":
        this.account(event.job, event.to);
        return;
      case "run.created":
        this.track(event.run, monotonic);
        return;
      case "run.sent":
        this.send(event.run, at);
        return;
      case "run.started":
        this.update(event.run, {
          status: "running",
          startedAt: event.startedAt,
          handle: event.handle,
          ...(event.billed === undefined ? {} : { billed: event.billed }),
        });
        return;
      case "run.rented":
        this.update(event.run, { rented: event.rented });
        return;
      case "run.judged":
        if (event.action === "stop")
          for (const b of event.breaches) this.open.get(event.run)?.brokenLimits.add(b.limit);
        return;
      case "run.stopping":
        this.stop(event, at);
        return;
      case "run.unstoppable": {
        const stopping = this.open.get(event.run)?.stopping;
        if (stopping) stopping.impossible = event.reason;
        this.stops = this.stops.filter(({ run }) => run !== event.run);
        return;
      }
      case "run.stoppable":
        delete this.open.get(event.run)?.stopping?.impossible;
        if (isAutomatic(event.cause)) this.stops.push({ run: event.run, at });
        return;
      case "run.ended":
        this.close(event.run);
        return;
      case "deployment.drifted":
        this.drifted.set(`${event.placement} ${event.resource} ${event.kind}`, event);
        return;
      case "deployment.restored":
        for (const [key, { placement, resource }] of this.drifted)
          if (placement === event.placement && resource === event.resource) this.drifted.delete(key);
        return;
      case "guard.held":
        this.guardHeld = event.reason;
        return;
      case "guard.released":
        this.guardHeld = undefined;
        this.stops = [];
        return;
      case "budget.warned":
        this.budgetWarned.push({ budget: event.budget, share: event.share, at });
        return;
      case "budget.reached":
        this.heldBudgets.set(event.budget, { period: event.period, action: event.action, at });
        if (event.action !== "notify") this.everHeld.add(event.budget);
        this.budgetReleased.delete(`${event.budget} ${event.period}`);
        return;
      case "budget.released":
        this.heldBudgets.delete(event.budget);
        if (event.by !== "rota") this.budgetReleased.add(`${event.budget} ${event.period}`);
        return;
      default:
        // The rest is history: it is read from the ledger when someone asks, and changes nothing here.
        return;
    }
  }

  track(run: Run, monotonic: number): TrackedRun {
    const known = this.open.get(run.run);
    if (known) return known;
    const tracked: TrackedRun = {
      run,
      desired: this.deployed.get(run.job)?.desired,
      handle: run.handle,
      sentAt: undefined,
      stopping: undefined,
      watchedSince: monotonic,
      samples: [],
      sampledTo: run.startedAt ?? run.createdAt,
      outputBytes: 0,
      progressAt: undefined,
      errors: 0,
      missing: 0,
      said: new Set(),
      brokenLimits: new Set(),
      busy: false,
      confirmedAt: undefined,
      ending: false,
      costNanos: undefined,
    };
    this.open.set(run.run, tracked);
    const same = this.byJob.get(run.job);
    if (same) same.add(tracked);
    else this.byJob.set(run.job, new Set([tracked]));
    return tracked;
  }

  /** Open runs of one job. */
  runsOf(job: string): readonly TrackedRun[] {
    return [...(this.byJob.get(job) ?? [])];
  }

  private close(id: string): void {
    const tracked = this.open.get(id);
    if (!tracked) return;
    this.open.delete(id);
    this.lastEnded.set(id, tracked.run);
    if (this.lastEnded.size > MOST_ENDED) this.lastEnded.delete(this.lastEnded.keys().next().value ?? "");
    const same = this.byJob.get(tracked.run.job);
    same?.delete(tracked);
    if (same?.size === 0) this.byJob.delete(tracked.run.job);
  }

  private deploy(event: EventOf<"job.deployed">, at: Instant): void {
    const name = event.desired.job.name;
    const before = this.deployed.get(name);
    this.deployed.set(name, {
      placement: event.placement,
      desired: event.desired,
      fingerprint: event.fingerprint,
      since: at,
      // An edit neither fires nor forgets: the new schedule counts from now on (F9).
      accounted: before ? Math.max(before.accounted, at) : at,
    });
  }

  private account(job: string, fireAt: Instant): void {
    const entry = this.deployed.get(job);
    if (entry && fireAt > entry.accounted) entry.accounted = fireAt;
  }

  private update(id: string, change: Partial<Run>): void {
    const tracked = this.open.get(id);
    if (!tracked) return;
    tracked.run = { ...tracked.run, ...change };
    if (change.handle !== undefined) tracked.handle = change.handle;
    if (change.startedAt !== undefined) tracked.sampledTo = change.startedAt;
  }

  private send(id: string, at: Instant): void {
    const tracked = this.open.get(id);
    if (!tracked) return;
    tracked.sentAt ??= at;
    tracked.run = { ...tracked.run, status: "starting" };
  }

  private stop(event: EventOf<"run.stopping">, at: Instant): void {
    // Each stop has one polite order. It counts after a restart too, when its run has ended long ago (K9).
    if (isAutomatic(event.cause) && event.mode === "polite") this.stops.push({ run: event.run, at });
    const tracked = this.open.get(event.run);
    if (!tracked) return;
    tracked.stopping = {
      mode: event.mode,
      accepted: false,
      taken: tracked.stopping?.taken ?? false,
      ...(tracked.stopping?.impossible === undefined ? {} : { impossible: tracked.stopping.impossible }),
      cause: tracked.stopping?.cause ?? event.cause,
      by: tracked.stopping?.by ?? event.by,
      reason: tracked.stopping?.reason ?? event.reason,
      sentAt: at,
      since: tracked.stopping?.since ?? at,
    };
  }
}

/** Nobody asked for it by name: such stops count against the blast radius. */
export function isAutomatic(cause: StopCause): boolean {
  return cause === "guard" || cause === "budget" || cause === "duplicate";
}
