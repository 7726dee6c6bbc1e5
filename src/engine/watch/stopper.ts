import { stopAllowance } from "../../guard/index.ts";
import type { Breach, Instant, LedgerEvent, Safety, StopCause } from "../../model/index.ts";
import { SECOND } from "../../model/index.ts";
import { asProviderError, type EngineContext, providerOf } from "../context.ts";
import { isAutomatic, type Stopping, type TrackedRun } from "../state.ts";
import { STOP_COMPONENT } from "./ending.ts";

/** A stop whose effect is not seen is sent again after this. */
const RESEND_MS: number = 5 * SECOND;

export interface StopOrder {
  readonly cause: StopCause;
  readonly by: string;
  readonly reason: string;
  /** The verdict that it rests on; recorded before the stop, in the same commit. */
  readonly breaches?: readonly Breach[];
  /** A person's explicit word past `protect`. */
  readonly force?: boolean;
}

export type StopAnswer =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly why: string;
      readonly fix?: string;
      /** Its provider has no stop for it. */
      readonly impossible?: true;
    };

/**
 * The one choke point: no run is stopped but through here, whoever asks. In order: the run is open and not
 * yet being stopped; it is not protected; its provider has a stop for it; the blast radius has room; the provider confirms that the handle
 * is this run, of this job, and that it runs; verdict and order are durable. Only then the polite stop leaves.
 */
export class Stopper {
  private readonly context: EngineContext;
  private readonly safety: () => Safety;
  private readonly held: (reason: string) => void;
  private readonly ended: (tracked: TrackedRun, event: Extract<LedgerEvent, { type: "run.ended" }>) => Promise<void>;
  private admitting = 0;
  private holding = false;
  /** Stops on their way through the checks, by run: two at once are one. */
  private readonly deciding = new Map<string, Promise<StopAnswer>>();

  constructor(
    context: EngineContext,
    hooks: {
      readonly safety: () => Safety;
      readonly held: (reason: string) => void;
      readonly ended: (tracked: TrackedRun, event: Extract<LedgerEvent, { type: "run.ended" }>) => Promise<void>;
    },
  ) {
    this.context = context;
    this.safety = hooks.safety;
    this.held = hooks.held;
    this.ended = hooks.ended;
  }

  async stop(id: string, order: StopOrder): Promise<StopAnswer> {
    const other = this.deciding.get(id);
    if (other && (await other.catch(() => undefined))?.ok) return { ok: true };
    const deciding = this.decide(id, order);
    this.deciding.set(id, deciding);
    try {
      return await deciding;
    } finally {
      if (this.deciding.get(id) === deciding) this.deciding.delete(id);
    }
  }

  private async decide(id: string, order: StopOrder): Promise<StopAnswer> {
    const { state, recorder, time, epoch } = this.context;
    const tracked = state.open.get(id);
    if (!tracked) return { ok: false, why: `run ${id} is not running` };
    if (tracked.stopping) return underWay(tracked.stopping);
    const automatic = isAutomatic(order.cause);
    const isProtected = tracked.run.limits.protect && tracked.run.status !== "queued";
    if (isProtected && !order.force && order.cause !== "shutdown") {
      return { ok: false, why: `run ${id} is protected (guard.protect)`, fix: "use --force to stop it all the same" };
    }
    const without = this.unstoppable(tracked);
    if (without !== undefined) return impossible(without);
    if (automatic && !(await this.admit(id))) return { ok: false, why: state.guardHeld ?? "the guard is held" };
    try {
      const confirmed = await this.confirm(tracked);
      if (!confirmed.ok) return confirmed;
      if (tracked.stopping) return underWay(tracked.stopping);
      if (!state.open.has(id)) return { ok: true };
      const events: LedgerEvent[] = [];
      if (order.breaches && order.breaches.length > 0) {
        events.push({ type: "run.judged", run: id, action: "stop", breaches: order.breaches, epoch });
      }
      events.push({
        type: "run.stopping",
        run: id,
        mode: "polite",
        cause: order.cause,
        by: order.by,
        reason: order.reason,
        epoch,
      });
      await recorder.record(...events);
    } finally {
      if (automatic) this.admitting -= 1;
    }
    if (tracked.run.status === "queued") {
      // One that is just being launched is ended there, before its request leaves.
      if (!tracked.busy) await this.endQueued(tracked, order, time.now());
      return { ok: true };
    }
    await this.send(tracked, "polite");
    return tracked.stopping ? underWay(tracked.stopping) : { ok: true };
  }

  /** Why its provider, asked without a request, has no stop for it. One that waits has not left: it is ended here. */
  private unstoppable({ run, handle }: TrackedRun): string | undefined {
    if (handle === undefined || run.status === "queued") return undefined;
    return this.context.env.placements.get(run.placement)?.provider.unstoppable?.(handle);
  }

  private async endQueued(tracked: TrackedRun, order: StopOrder, endedAt: Instant): Promise<void> {
    tracked.busy = true;
    try {
      const { cause, reason } = order;
      const component = STOP_COMPONENT[cause];
      await this.ended(tracked, {
        type: "run.ended",
        run: tracked.run.run,
        status: "killed",
        endedAt,
        reason,
        component,
      });
    } finally {
      tracked.busy = false;
    }
  }

  /**
   * Called on every look at a run that is being stopped: grace over → hard; not accepted, or hard and no effect →
   * sent again (K11). An accepted polite stop is not repeated: many programs take a second SIGTERM for "at once".
   */
  async escalate(tracked: TrackedRun, now: Instant): Promise<void> {
    const { stopping, run } = tracked;
    if (!stopping || tracked.handle === undefined) return;
    if (stopping.mode === "polite" && now - stopping.since >= run.limits.graceSeconds * 1000) {
      await this.context.recorder.record({
        type: "run.stopping",
        run: run.run,
        mode: "hard",
        cause: stopping.cause,
        by: stopping.by,
        reason: stopping.reason,
        epoch: this.context.epoch,
      });
      await this.send(tracked, "hard");
    } else if ((stopping.mode === "hard" || !stopping.accepted) && now - stopping.sentAt >= RESEND_MS) {
      await this.send(tracked, stopping.mode);
    }
  }

  private async send(tracked: TrackedRun, mode: "polite" | "hard"): Promise<void> {
    if (tracked.handle === undefined) return;
    if (tracked.stopping) tracked.stopping.sentAt = this.context.time.now();
    try {
      await providerOf(this.context, tracked.run.placement).stop(tracked.handle, mode, { signal: this.context.signal });
      if (tracked.stopping?.mode === mode) tracked.stopping.accepted = true;
      if (tracked.stopping) tracked.stopping.taken = true;
    } catch (error) {
      const problem = asProviderError(error);
      if (problem.code === "unsupported") await this.answered(tracked, problem.message);
      // Not an end: the run is looked at and the stop sent again until the provider says that it is gone.
      this.context.env.log("warn", "a stop was not confirmed and will be sent again", {
        run: tracked.run.run,
        mode,
        code: problem.code,
        message: problem.message,
      });
      return;
    }
    await this.answered(tracked, undefined);
  }

  /**
   * Puts on record whether the provider has a stop for the run, where that is news. Without one nothing was stopped: it
   * counts no more, and what comes of the run is not the order's doing. It may still find a way: the stop is sent again
   * like any other, and counts from when it is taken.
   */
  private async answered({ run, stopping }: TrackedRun, reason: string | undefined): Promise<void> {
    if (!stopping || (reason === undefined) === (stopping.impossible === undefined)) return;
    // Whoever took one request and has no harder one is not without a stop.
    if (reason !== undefined && stopping.taken) return;
    const about = { run: run.run, cause: stopping.cause, epoch: this.context.epoch };
    try {
      await this.context.recorder.record(
        reason === undefined ? { type: "run.stoppable", ...about } : { type: "run.unstoppable", ...about, reason },
      );
    } catch (error) {
      // Nothing is taken for known that is not on record; the answer to the next stop is recorded in its place.
      this.context.env.log("warn", "the answer to a stop could not be recorded", { ...about, error: String(error) });
    }
  }

  /** Counts the stop against the blast radius; past it the guard is held until a person releases it (K9). */
  private async admit(id: string): Promise<boolean> {
    const { state, time, recorder } = this.context;
    if (state.guardHeld !== undefined) return false;
    const safety = this.safety();
    const from = time.now() - safety.perSeconds * 1000;
    state.stops = state.stops.filter(({ at }) => at > from);
    const allowance = stopAllowance({
      stopsInWindow: state.stops.length + this.admitting,
      inFlight: [...state.open.values()].filter((t) => t.run.status !== "queued").length,
      safety,
    });
    if (allowance.kind === "allowed") {
      this.admitting += 1;
      return true;
    }
    if (!this.holding) {
      // Several runs may reach the limit at once: it is held, recorded and told once.
      this.holding = true;
      try {
        const { reason } = allowance;
        const { perSeconds } = safety;
        await recorder.record({ type: "guard.held", reason, stops: state.stops.length, windowSeconds: perSeconds });
        this.held(`${reason} (the next would have been ${id})`);
      } finally {
        this.holding = false;
      }
    }
    return false;
  }

  /** Identity, re-read from the provider at this moment (K7). */
  private async confirm(tracked: TrackedRun): Promise<StopAnswer> {
    // Nothing runs yet: what is recorded now keeps it from starting, or stops it as soon as it has.
    if (tracked.handle === undefined) return { ok: true };
    try {
      const seen = await providerOf(this.context, tracked.run.placement).inspect(tracked.handle, {
        signal: this.context.signal,
      });
      if (seen.phase === "ended") return { ok: false, why: `run ${tracked.run.run} has ended` };
      if (seen.job !== tracked.run.job || (seen.run !== undefined && seen.run !== tracked.run.run)) {
        return {
          ok: false,
          why: `the provider knows this handle as ${seen.run ?? seen.job}, not as ${tracked.run.run}`,
        };
      }
      return { ok: true };
    } catch (error) {
      const problem = asProviderError(error);
      return { ok: false, why: `the provider cannot confirm the run (${problem.code}: ${problem.message})` };
    }
  }
}

function underWay(stopping: Stopping): StopAnswer {
  return stopping.impossible === undefined ? { ok: true } : impossible(stopping.impossible);
}

function impossible(reason: string): StopAnswer {
  return { ok: false, why: `it cannot be stopped: ${reason}`, impossible: true };
}
