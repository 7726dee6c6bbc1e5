import { type Component, type Instant, type LedgerEvent, MINUTE, SECOND } from "../../model/index.ts";
import type { ProviderError, ProviderErrorCode, RunState, StartRequest } from "../../provider/index.ts";
import { asProviderError, type EngineContext, providerOf } from "../context.ts";
import { runEnvironment } from "../runs.ts";
import type { TrackedRun } from "../state.ts";
import { STOP_COMPONENT } from "../watch/ending.ts";
import { type Gate, gate, givesWay } from "./gates.ts";

/** A queued run is looked at again at least this often, besides whenever a run ends. */
const LOOK_MS: number = 15 * SECOND;
/** A start that nobody answers for is given up after this, when the provider says that it did not happen. */
const PATIENCE_MS: number = 15 * MINUTE;
const FIRST_PAUSE_MS: number = SECOND;
const MOST_PAUSE_MS: number = 30 * SECOND;

/** After these the start may have happened all the same. */
const UNKNOWN: ReadonlySet<ProviderErrorCode> = new Set(["unavailable", "throttled", "conflict", "internal"]);

interface Sent {
  readonly since: Instant;
  attempts: number;
  /** A defect of the adapter: whether the run started is looked up, but it is not sent again. */
  defect?: string;
}

/** Takes a recorded run from queued to running: the request is recorded before it leaves (`run.sent`). */
export class Launcher {
  private readonly sent = new Map<string, Sent>();
  private readonly context: EngineContext;
  private readonly started: (tracked: TrackedRun, state: RunState) => Promise<void>;
  private readonly refused: (tracked: TrackedRun, event: Extract<LedgerEvent, { type: "run.ended" }>) => Promise<void>;
  /** Why the job's fires and retries do not start, e.g. a budget. */
  readonly heldBy: (job: string) => string | undefined;
  private readonly replace: (tracked: TrackedRun, by: TrackedRun) => Promise<void>;
  private closed = false;

  constructor(
    context: EngineContext,
    hooks: {
      readonly started: (tracked: TrackedRun, state: RunState) => Promise<void>;
      readonly refused: (tracked: TrackedRun, event: Extract<LedgerEvent, { type: "run.ended" }>) => Promise<void>;
      readonly heldBy: (job: string) => string | undefined;
      /** Asks an older run to give way (overlap: replace). */
      readonly replace: (tracked: TrackedRun, by: TrackedRun) => Promise<void>;
    },
  ) {
    this.context = context;
    this.started = hooks.started;
    this.refused = hooks.refused;
    this.heldBy = hooks.heldBy;
    this.replace = hooks.replace;
  }

  /** From now on nothing new starts; what is queued is the next daemon's. */
  close(): void {
    this.closed = true;
  }

  /** Starts the queued run if nothing stands in its way, else looks again later. Never throws. */
  async consider(id: string): Promise<void> {
    const tracked = this.context.state.open.get(id);
    if (this.closed || !tracked || tracked.busy || tracked.run.status !== "queued") return;
    tracked.busy = true;
    try {
      const now = this.context.time.now();
      const held = tracked.run.cause === "person" ? undefined : this.heldBy(tracked.run.job);
      const answer: Gate = held === undefined ? await gate(this.context, tracked, now) : { kind: "wait", why: held };
      // A stop that came in the meantime has the last word.
      if (tracked.stopping) await this.endStopped(tracked);
      else if (answer.kind === "wait") {
        if (answer.behind) {
          const older = this.context.state.runsOf(tracked.run.job).filter((t) => givesWay(t, tracked));
          for (const t of older) await this.replace(t, tracked);
        }
        // One that gave way in the queue is gone at once.
        const pause = answer.behind && !this.context.state.open.has(answer.behind.run.run) ? 0 : LOOK_MS;
        this.later(`queue:${id}`, Math.max(tracked.run.notBefore ?? 0, now + pause), () => this.consider(id));
      } else if (answer.kind === "refuse") await this.end(tracked, "skipped", "schedule", answer.why);
      else await this.send(tracked);
    } catch (error) {
      this.context.env.log("warn", "a start is tried again", { run: id, error: String(error) });
      const again = (): Promise<void> => (tracked.run.status === "queued" ? this.consider(id) : this.resolve(id));
      this.later(`queue:${id}`, this.context.time.now() + LOOK_MS, again);
    } finally {
      tracked.busy = false;
    }
  }

  /** Every queued run of the job; called when one of its runs, or of a job it comes after, has ended. */
  considerJob(job: string): void {
    for (const tracked of this.context.state.runsOf(job)) {
      if (tracked.run.status === "queued") void this.consider(tracked.run.run);
    }
  }

  /** A run whose request left, and whose answer is not known: after a crash, or a lost answer (F4). */
  async resolve(id: string): Promise<void> {
    const tracked = this.context.state.open.get(id);
    if (tracked?.run.status !== "starting" || tracked.handle !== undefined) return;
    if (tracked.busy) return this.again(tracked);
    tracked.busy = true;
    try {
      const provider = providerOf(this.context, tracked.run.placement);
      const found = await provider.find(id, { signal: this.context.signal });
      if (found) await this.taken(tracked, found);
      else await this.sendAgain(tracked);
    } catch (error) {
      await this.failed(tracked, asProviderError(error), "find");
    } finally {
      tracked.busy = false;
    }
  }

  /** The provider lost a run on its way: soon it is asked once more, and the start sent again if it surely was not. */
  again(tracked: TrackedRun): void {
    this.later(`start:${tracked.run.run}`, this.context.time.now() + FIRST_PAUSE_MS, () =>
      this.resolve(tracked.run.run),
    );
  }

  private async send(tracked: TrackedRun): Promise<void> {
    const { time, recorder } = this.context;
    const life = providerOf(this.context, tracked.run.placement).capabilities.startTokenSeconds;
    const now = time.now();
    await recorder.record({
      type: "run.sent",
      run: tracked.run.run,
      ...(life === undefined ? {} : { tokenUntil: now + life * 1000 }),
    });
    if (tracked.stopping) return this.endStopped(tracked);
    this.sent.set(tracked.run.run, { since: now, attempts: 0 });
    await this.request(tracked);
  }

  /** The provider has it: from here on the observer follows it. */
  private taken(tracked: TrackedRun, state: RunState): Promise<void> {
    this.sent.delete(tracked.run.run);
    return this.started(tracked, state);
  }

  /** A stop came before the start left. */
  private endStopped(tracked: TrackedRun): Promise<void> {
    const { cause = "person", reason = "" } = tracked.stopping ?? {};
    return this.end(tracked, "killed", STOP_COMPONENT[cause], `${reason} (before it started)`);
  }

  private async sendAgain(tracked: TrackedRun): Promise<void> {
    const life = providerOf(this.context, tracked.run.placement).capabilities.startTokenSeconds;
    const sent = this.sentOf(tracked);
    const age = this.context.time.now() - sent.since;
    if (tracked.stopping) return this.endStopped(tracked);
    if (sent.defect !== undefined) return this.end(tracked, "failed", "provider", sent.defect);
    if (life !== undefined && age > life * 1000 * 0.9) {
      return this.end(
        tracked,
        "failed",
        "provider",
        "the outcome of the start was never known, and its token is too old to send it again",
      );
    }
    if (age > PATIENCE_MS && sent.attempts > 1) {
      return this.end(
        tracked,
        "failed",
        "provider",
        `the provider did not start it within ${PATIENCE_MS / MINUTE} minutes`,
      );
    }
    await this.request(tracked);
  }

  private async request(tracked: TrackedRun): Promise<void> {
    const job = tracked.desired?.job;
    if (!job) return this.end(tracked, "skipped", "schedule", "the job is no longer deployed");
    const sent = this.sentOf(tracked);
    sent.attempts += 1;
    const fireAt = tracked.run.fireAt ?? tracked.run.createdAt;
    const request: StartRequest = {
      run: tracked.run.run,
      job,
      attempt: tracked.run.attempt,
      ...(tracked.run.fire === undefined ? {} : { fire: tracked.run.fire }),
      fireAt,
      env: { ...runEnvironment(tracked.run, job.namespace, fireAt), ...this.context.env.runEnv?.(tracked.run) },
    };
    let state: RunState;
    try {
      state = await providerOf(this.context, tracked.run.placement).start(request, { signal: this.context.signal });
    } catch (error) {
      return this.failed(tracked, asProviderError(error), "start");
    }
    await this.taken(tracked, state);
  }

  private async failed(tracked: TrackedRun, error: ProviderError, during: "start" | "find"): Promise<void> {
    const sent = this.sentOf(tracked);
    const unknown = during === "find" || UNKNOWN.has(error.code);
    if (during === "start" && error.code === "internal") sent.defect = `internal: ${error.message}`;
    if (!unknown) {
      const component =
        error.code === "invalid" || error.code === "unsupported" || error.code === "missing" ? "start" : "provider";
      const fix = error.fix === undefined ? "" : `; ${error.fix}`;
      return this.end(tracked, "failed", component, `${error.code}: ${error.message}${fix}`);
    }
    const pause = error.retryAfterMs ?? Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(10, sent.attempts));
    this.context.env.log("warn", "the outcome of a start is not known yet", {
      run: tracked.run.run,
      code: error.code,
      message: error.message,
    });
    this.later(`start:${tracked.run.run}`, this.context.time.now() + pause, () => this.resolve(tracked.run.run));
  }

  private async end(
    tracked: TrackedRun,
    status: "failed" | "skipped" | "killed",
    component: Component,
    reason: string,
  ): Promise<void> {
    this.sent.delete(tracked.run.run);
    await this.refused(tracked, {
      type: "run.ended",
      run: tracked.run.run,
      status,
      endedAt: this.context.time.now(),
      reason,
      component,
    });
  }

  private sentOf(tracked: TrackedRun): Sent {
    const known = this.sent.get(tracked.run.run);
    if (known) return known;
    // After a restart: how often it was sent is not known, when it was is.
    const sent: Sent = { since: tracked.sentAt ?? tracked.run.createdAt, attempts: 1 };
    this.sent.set(tracked.run.run, sent);
    return sent;
  }

  private later(key: string, at: Instant, run: () => Promise<void>): void {
    this.context.agenda.set(key, at, run);
  }
}
