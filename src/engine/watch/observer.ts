import { LedgerError } from "../../ledger/index.ts";
import { type EventOf, type Instant, type LedgerEvent, SECOND } from "../../model/index.ts";
import type { Provider, RunState } from "../../provider/index.ts";
import { asProviderError, type EngineContext, providerOf } from "../context.ts";
import type { TrackedRun } from "../state.ts";
import { endEvents, ending } from "./ending.ts";
import { rentedNow } from "./rented.ts";

/** How often an open run is looked at: quickly where the look is a local read, by the metrics' pace elsewhere. */
const LOCAL_LOOK_MS: number = SECOND;
const REMOTE_LOOK_MS: number = 15 * SECOND;
/** After a failed question, at most this long until the next one. */
const MOST_PAUSE_MS: number = 60 * SECOND;
/** While the ledger refuses, a run is looked at again after this. */
const UNRECORDED_MS: number = 5 * SECOND;
/** This many failed questions in a row are an outage: afterwards every idle window starts anew (K6). */
const OUTAGE = 2;

export interface ObserverHooks {
  /** Measures and judges a running run. */
  readonly watch: (tracked: TrackedRun, provider: Provider, seen: RunState) => Promise<void>;
  /** The provider took a start, and now does not know the run. */
  readonly unstarted: (tracked: TrackedRun) => void;
  readonly escalate: (tracked: TrackedRun, now: Instant) => Promise<void>;
  /** The charge events for the run's whole time. */
  readonly charges: (
    tracked: TrackedRun,
    startedAt: Instant | undefined,
    ended: EventOf<"run.ended">,
  ) => readonly LedgerEvent[];
  readonly ended: (tracked: TrackedRun, ended: EventOf<"run.ended">, retry: string | undefined) => void;
}

/** Follows every open run at its provider until it has ended, whatever happens in between. */
export class Observer {
  private readonly context: EngineContext;
  private readonly hooks: ObserverHooks;

  constructor(context: EngineContext, hooks: ObserverHooks) {
    this.context = context;
    this.hooks = hooks;
  }

  /** Takes over what the provider said of a started run and looks again soon. */
  async started(tracked: TrackedRun, seen: RunState): Promise<void> {
    tracked.handle = seen.handle;
    try {
      await this.take(tracked, seen);
    } finally {
      // What could not be recorded now is seen again at the next look: nobody runs unwatched.
      this.arm(tracked);
    }
  }

  arm(tracked: TrackedRun, afterMs?: number): void {
    if (!this.context.state.open.has(tracked.run.run)) return;
    const at = this.context.time.now() + (afterMs ?? this.pace(tracked));
    this.context.agenda.set(`look:${tracked.run.run}`, at, () => this.look(tracked.run.run));
  }

  async look(id: string): Promise<void> {
    const tracked = this.context.state.open.get(id);
    if (!tracked || tracked.handle === undefined) return;
    if (tracked.busy) return this.arm(tracked);
    tracked.busy = true;
    let pause: number | undefined;
    try {
      const provider = providerOf(this.context, tracked.run.placement);
      const seen = await provider.inspect(tracked.handle, { signal: this.context.signal });
      if (tracked.errors >= OUTAGE) this.restartWindows(tracked);
      tracked.errors = 0;
      tracked.missing = 0;
      await this.take(tracked, seen);
      if (seen.phase !== "ended" && this.context.state.open.has(id)) {
        if (tracked.stopping) await this.hooks.escalate(tracked, this.context.time.now());
        else if (seen.phase === "running") await this.hooks.watch(tracked, provider, seen);
      }
    } catch (error) {
      pause = await this.failed(tracked, error);
    } finally {
      tracked.busy = false;
      this.arm(tracked, pause);
    }
  }

  /** Ends the run in the record, once: status, charges and the next attempt in one commit. */
  async end(tracked: TrackedRun, ended: EventOf<"run.ended">): Promise<void> {
    if (tracked.ending || this.context.state.open.get(tracked.run.run) !== tracked) return;
    tracked.ending = true;
    try {
      await this.recordEnd(tracked, ended);
    } finally {
      tracked.ending = false;
    }
  }

  private async recordEnd(tracked: TrackedRun, ended: EventOf<"run.ended">): Promise<void> {
    const now = this.context.time.now();
    const charges = this.hooks.charges(tracked, tracked.run.startedAt, ended);
    const events = endEvents(tracked, ended, charges, now);
    await this.context.recorder.record(...events);
    for (const key of ["look", "queue", "start"]) this.context.agenda.delete(`${key}:${tracked.run.run}`);
    const retry = events.find((e) => e.type === "run.created");
    this.hooks.ended(tracked, ended, retry?.type === "run.created" ? retry.run.run : undefined);
  }

  /** No idle window may reach across what was not watched. */
  restartWindows(tracked: TrackedRun): void {
    tracked.watchedSince = this.context.time.monotonic();
    tracked.samples = [];
    tracked.sampledTo = this.context.time.now();
  }

  private async take(tracked: TrackedRun, seen: RunState): Promise<void> {
    const { run } = tracked;
    // Before the start and the end: what is charged is known when it is.
    const rented = rentedNow(run.rented, seen, this.context.time.now());
    if (rented) await this.context.recorder.record({ type: "run.rented", run: run.run, rented });
    if (seen.startedAt !== undefined && run.status !== "running" && seen.phase !== "starting") {
      await this.context.recorder.record({
        type: "run.started",
        run: run.run,
        handle: seen.handle,
        startedAt: seen.startedAt,
        ...(seen.billed === undefined ? {} : { billed: seen.billed }),
      });
      tracked.watchedSince = this.context.time.monotonic();
    }
    if (seen.phase === "running") tracked.confirmedAt = this.context.time.now();
    if (seen.phase === "ended") await this.end(tracked, ending(tracked, seen, this.context.time.now()));
  }

  /** Answers how long to wait. An unreachable provider is no news of the run; only `missing` is. */
  private async failed(tracked: TrackedRun, error: unknown): Promise<number> {
    if (error instanceof LedgerError) {
      this.context.env.log("warn", "what a run did could not be recorded yet", {
        run: tracked.run.run,
        code: error.code,
      });
      return UNRECORDED_MS;
    }
    const problem = asProviderError(error);
    tracked.errors += 1;
    tracked.missing = problem.code === "missing" ? tracked.missing + 1 : 0;
    // A run that was adopted has its handle from its creation: it was not sent from here, and never is.
    if (problem.code === "missing" && tracked.run.status === "starting" && tracked.run.handle === undefined) {
      // It was on its way and never began: what `find` says decides whether it is sent again (F4).
      tracked.handle = undefined;
      this.hooks.unstarted(tracked);
      return this.pace(tracked);
    }
    if (tracked.missing > OUTAGE) {
      const lost: RunState = {
        handle: tracked.handle ?? null,
        job: tracked.run.job,
        phase: "ended",
        outcome: "lost",
        startedBy: "rota",
        reason: "the provider no longer knows the run",
        // It told nothing else at the end: what it said at the start still holds.
        ...(tracked.run.billed && { billed: tracked.run.billed }),
      };
      await this.end(tracked, ending(tracked, lost, this.context.time.now())).catch(() => undefined);
      return LOCAL_LOOK_MS;
    }
    this.context.env.log("warn", "a run could not be looked at", {
      run: tracked.run.run,
      code: problem.code,
      message: problem.message,
    });
    return Math.min(MOST_PAUSE_MS, (problem.retryAfterMs ?? this.pace(tracked)) * Math.min(8, tracked.errors));
  }

  private pace(tracked: TrackedRun): number {
    const schedules = this.context.env.placements.get(tracked.run.placement)?.provider.capabilities.schedules;
    return schedules === "engine" ? LOCAL_LOOK_MS : REMOTE_LOOK_MS;
  }
}
