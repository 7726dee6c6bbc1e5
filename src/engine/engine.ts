import type { CostOutlook } from "../cost/index.ts";
import type { Entry, EventOf, Instant, Job, LedgerEvent, Run } from "../model/index.ts";
import { MINUTE, SECOND } from "../model/index.ts";
import { Agenda } from "./agenda.ts";
import type { EngineContext } from "./context.ts";
import type { Actor, ApplyRequest, Control, EngineStatus, Excused } from "./control.ts";
import { type ApplyOrder, type ApplyOutcome, deploy } from "./deploy/deployer.ts";
import { Keeping } from "./deploy/keeping.ts";
import { Dispatcher } from "./dispatch/dispatcher.ts";
import { Launcher } from "./dispatch/launcher.ts";
import type { EngineEnv, EngineSettings } from "./env.ts";
import { excuseFire } from "./excuse.ts";
import { clockDoubt, intake } from "./intake.ts";
import { runLoop } from "./loop.ts";
import { Budgets } from "./money/budgets.ts";
import { Metering } from "./money/metering.ts";
import { savedEvent } from "./money/savings.ts";
import { Recorder } from "./record.ts";
import { Requests } from "./requests.ts";
import { Rounds } from "./rounds.ts";
import { EngineState, type TrackedRun } from "./state.ts";
import { engineStatus } from "./status.ts";
import { Tellings } from "./tellings.ts";
import { Changes } from "./watch/changes.ts";
import { Guarding } from "./watch/guarding.ts";
import { notSeenMs } from "./watch/nativeFires.ts";
import { NativeRounds } from "./watch/natives.ts";
import { Observer } from "./watch/observer.ts";
import { Stopper } from "./watch/stopper.ts";

/** The daemon itself records a fire within seconds; a loaded machine gets two minutes. */
const GRACE_MS: number = 2 * MINUTE;
/** A stopping daemon waits this long, beyond a run's grace, for runs that it shall end. */
const SHUTDOWN_SPARE_MS: number = 15 * SECOND;

/**
 * The daemon's effects: it starts what is due, follows what runs, judges it, meters it and accounts for it.
 * Everything it knows follows from the ledger, so a crash at any await loses nothing (docs/reliability.md).
 */
export class Engine implements Control {
  readonly state: EngineState = new EngineState();
  readonly agenda: Agenda;
  readonly lagMs: number[] = [];
  settings: EngineSettings;
  private readonly env: EngineEnv;
  private readonly context: EngineContext;
  private readonly recorder: Recorder;
  private readonly dispatcher: Dispatcher;
  private readonly launcher: Launcher;
  private readonly observer: Observer;
  private readonly stopper: Stopper;
  private readonly budgets: Budgets;
  private readonly metering: Metering;
  private readonly natives: NativeRounds;
  private readonly keeping: Keeping;
  private readonly rounds: Rounds;
  private readonly changes: Changes;
  private readonly tellings: Tellings;
  private readonly requests: Requests;
  private readonly wake: { current: AbortController } = { current: new AbortController() };
  private readonly aborted = new AbortController();
  private stopping = false;
  private clockProblem: string | undefined;
  private readonly startedAt: Instant;
  private loop: Promise<void> | undefined;
  private deploying: Promise<unknown> = Promise.resolve();

  private constructor(env: EngineEnv, settings: EngineSettings, epoch: number) {
    this.env = env;
    this.settings = settings;
    this.startedAt = env.time.now();
    this.agenda = new Agenda(() => this.wake.current.abort());
    this.recorder = new Recorder(env, this.state);
    this.context = {
      env,
      time: env.time,
      state: this.state,
      recorder: this.recorder,
      agenda: this.agenda,
      signal: this.aborted.signal,
      epoch,
    };
    const metering = new Metering(this.context);
    this.metering = metering;
    this.tellings = new Tellings(this.context);
    this.budgets = new Budgets(this.context, metering, {
      budgets: () => this.settings.budgets,
      stop: async (run, reason) => {
        await this.stopper.stop(run, { cause: "budget", by: "budget", reason });
      },
      tell: (subject, text) => this.tellings.budget(subject, text),
    });
    this.stopper = new Stopper(this.context, {
      safety: () => this.settings.safety,
      held: (reason) => this.tellings.held(reason),
      ended: (tracked, event) => this.observer.end(tracked, event),
    });
    this.launcher = new Launcher(this.context, {
      started: (tracked, seen) => this.observer.started(tracked, seen),
      refused: (tracked, event) => this.observer.end(tracked, event),
      heldBy: (job) => this.dispatcher.hold ?? this.budgets.heldBy(job),
      replace: (tracked, by) => this.replaceRun(tracked, by),
    });
    const guarding = new Guarding(this.context, this.stopper, metering, (t, b, a) => this.tellings.breach(t, b, a));
    this.observer = new Observer(this.context, {
      watch: (tracked, provider, seen) => guarding.watch(tracked, provider, seen),
      unstarted: (tracked) => this.launcher.again(tracked),
      escalate: (tracked, now) => this.stopper.escalate(tracked, now),
      charges: (tracked, startedAt, ended) => metering.charges(tracked, startedAt, ended),
      ended: (tracked, ended, retry) => this.afterEnd(tracked, ended, retry),
    });
    this.dispatcher = new Dispatcher(this.context, this.launcher);
    this.natives = new NativeRounds(this.context, this.observer, this.stopper, this.tellings);
    this.keeping = new Keeping(this.context, {
      heldBy: (job) => this.budgets.heldBy(job),
      tell: (placement, { job, detail }) => this.tellings.drifted(placement, job, detail),
    });
    this.rounds = new Rounds(this.context, this.budgets, this.natives, (placement) =>
      this.inTurn(() => this.keeping.round(placement)),
    );
    this.changes = new Changes(this.context, this.observer, (placement) => this.rounds.listSoon(placement));
    const { launcher, stopper } = this;
    this.requests = new Requests(this.context, { launcher, stopper, isStopping: () => this.stopping });
  }

  /** Reads the ledger, records the start and takes over what runs; the loop starts with `run`. */
  static async open(
    env: EngineEnv,
    settings: EngineSettings,
    options: { readonly acceptClock?: boolean } = {},
  ): Promise<Engine> {
    const last = await env.ledger.lastEntry();
    const engine = new Engine(env, settings, await env.ledger.nextEpoch());
    await intake(engine.context);
    engine.dispatcher.hold = clockDoubt(last, env.time.now(), options.acceptClock ?? false);
    await engine.recorder.record({
      type: "daemon.started",
      epoch: engine.context.epoch,
      version: env.version,
      pid: env.pid,
      bootId: env.bootId,
    });
    engine.takeOver();
    return engine;
  }

  /** Works until `stop`. */
  run(): Promise<void> {
    this.loop ??= runLoop(
      this.env,
      this.env.time,
      this.agenda,
      this.wake,
      { paused: (ms) => this.paused(ms), stepped: (by) => this.stepped(by), lag: (ms) => this.lagged(ms) },
      this.aborted.signal,
    );
    return this.loop;
  }

  /**
   * Ends the daemon, not the runs: they go on and the next daemon finds them, except at placements whose
   * `onExit` is `stop`, whose runs are stopped first, each with its grace.
   */
  async stop(reason: string): Promise<readonly TrackedRun[]> {
    this.dispatcher.hold = "the daemon is stopping";
    this.stopping = true;
    this.launcher.close();
    // What is queued runs nowhere yet: it stays queued for the next daemon.
    const doomed = [...this.state.open.values()].filter(
      (t) => t.run.status !== "queued" && this.env.placements.get(t.run.placement)?.options["onExit"] === "stop",
    );
    await Promise.all(doomed.map((t) => this.stopForExit(t)));
    const grace = Math.max(0, ...doomed.map((t) => t.run.limits.graceSeconds * 1000));
    const until = this.env.time.now() + grace + SHUTDOWN_SPARE_MS;
    while (this.env.time.now() < until && doomed.some((t) => this.state.open.has(t.run.run))) {
      await this.env.clock.sleep(100);
    }
    await this.recorder.record({ type: "daemon.stopped", epoch: this.context.epoch, reason }).catch(() => undefined);
    this.end();
    await this.loop;
    return [...this.state.open.values()].filter((t) => t.run.status !== "queued");
  }

  /** A stop that cannot be recorded or confirmed must not keep the daemon from ending. */
  private async stopForExit(tracked: TrackedRun): Promise<void> {
    const reason = "the daemon was stopped (onExit: stop)";
    try {
      const answer = await this.stopper.stop(tracked.run.run, { cause: "shutdown", by: "daemon", reason, force: true });
      if (answer.ok) return;
      this.env.log("warn", "a run could not be stopped at the end", { run: tracked.run.run, why: answer.why });
    } catch (error) {
      this.env.log("warn", "a run could not be stopped at the end", { run: tracked.run.run, why: String(error) });
    }
  }

  private end(): void {
    this.recorder.close();
    this.aborted.abort();
  }

  /** Ends at once and records nothing, as a crash would: for the simulator and for a second Ctrl-C. */
  async abandon(): Promise<void> {
    this.end();
    await this.loop;
  }

  apply(request: ApplyRequest, actor: Actor): Promise<ApplyOutcome> {
    return this.deploy({ ...request, by: `${actor.name} (${actor.via})` });
  }

  /** Deploys, one at a time; then the next fires of the jobs that the daemon starts itself are set anew. */
  deploy(order: ApplyOrder): Promise<ApplyOutcome> {
    return this.inTurn(async () => {
      const outcome = await deploy(
        {
          ledger: this.env.ledger,
          placements: this.env.placements,
          now: () => this.env.time.now(),
          signal: this.aborted.signal,
          record: (events) => this.recordDeployment(events),
        },
        order,
      );
      if (outcome.ok) this.keeping.applied(outcome.plan, outcome.result.failures);
      this.dispatcher.armAll();
      this.rounds.watchPlacements();
      this.changes.followPlacements();
      return outcome;
    });
  }

  /** Deployments, and the looks at what was deployed, one after the other. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.deploying.then(work);
    this.deploying = done.catch(() => undefined);
    return done;
  }

  /** The schedules in force until now have the last word on what was due until now (F9). */
  private async recordDeployment(events: readonly LedgerEvent[]): Promise<void> {
    if (events.length === 0) return;
    const jobs = new Set(
      events.flatMap((e) =>
        e.type === "job.deployed" ? [e.desired.job.name] : e.type === "job.undeployed" ? [e.job] : [],
      ),
    );
    await this.dispatcher.settle(jobs);
    await this.recorder.record(...this.dispatcher.unsettled(jobs), ...events);
  }

  /** How long a fire of this job may go without a record before it counts as missed. */
  graceMs(placement: string, job: Job): number {
    const provider = this.env.placements.get(placement)?.provider;
    return (provider?.capabilities.schedules === "native" ? notSeenMs(provider, job) : 0) + GRACE_MS;
  }

  /** What the month has in flight, and what it has still to come: as the budgets count it. */
  readonly outlook: CostOutlook = {
    inFlight: () => this.budgets.inFlight("month", this.env.time.now()),
    upcoming: (period) => this.budgets.upcoming(period, this.env.time.now()),
  };

  async status(): Promise<EngineStatus> {
    return engineStatus({
      context: this.context,
      settings: this.settings,
      startedAt: this.startedAt,
      problems: this.ownProblems(),
      unread: this.natives.blind,
      placementProblems: this.natives.problems,
      currency: this.env.currency,
    });
  }

  /** Why it is not ready to do its work; empty when it is. */
  problems(): readonly string[] {
    return [...this.ownProblems(), ...[...this.natives.problems.values()].map(({ text }) => text)];
  }

  private ownProblems(): readonly string[] {
    const all = [this.recorder.trouble, this.clockProblem, this.dispatcher.hold, this.state.guardHeld];
    return all.filter((p) => p !== undefined);
  }

  startRun(name: string, actor: Actor): Promise<Run> {
    return this.requests.startRun(name, actor);
  }

  kill(id: string, reason: string, actor: Actor, options: { readonly force?: boolean } = {}): Promise<Run> {
    return this.requests.kill(id, reason, actor, options);
  }

  excuse(fire: string, reason: string, actor: Actor): Promise<Excused> {
    return excuseFire(this.context, fire, reason, actor, (placement, job) => this.graceMs(placement, job));
  }

  async beat(id: string): Promise<void> {
    this.requests.beat(id);
  }

  releaseGuard(reason: string, actor: Actor): Promise<void> {
    return this.requests.releaseGuard(reason, actor);
  }

  releaseBudget(budget: string, reason: string, actor: Actor): Promise<void> {
    return this.budgets.release(budget, reason, actor.name);
  }

  subscribe(listener: (entry: Entry) => void, signal: AbortSignal): void {
    this.recorder.subscribe(listener, signal);
  }

  private takeOver(): void {
    for (const tracked of this.state.open.values()) {
      const id = tracked.run.run;
      if (tracked.run.status === "queued") void this.launcher.consider(id);
      else if (tracked.handle === undefined) void this.launcher.resolve(id);
      else this.observer.arm(tracked, 0);
    }
    this.dispatcher.armAll();
    this.rounds.start();
    this.changes.followPlacements();
  }

  private async replaceRun(tracked: TrackedRun, by: TrackedRun): Promise<void> {
    if (tracked.stopping) return;
    const reason = `replaced by the next run, ${by.run.run} (overlap: replace)`;
    await this.stopper.stop(tracked.run.run, { cause: "overlap", by: "schedule", reason });
  }

  private afterEnd(tracked: TrackedRun, ended: EventOf<"run.ended">, retry: string | undefined): void {
    this.tellings.ended(tracked, ended, retry);
    this.budgets.outlook.ended(tracked.run.job);
    this.rounds.addUpSoon();
    void this.save(tracked, ended);
    if (retry !== undefined) void this.launcher.consider(retry);
    this.launcher.considerJob(tracked.run.job);
    for (const [name, entry] of this.state.deployed) {
      if (entry.desired.job.schedule.after.includes(tracked.run.job)) this.launcher.considerJob(name);
    }
  }

  private async save(tracked: TrackedRun, ended: EventOf<"run.ended">): Promise<void> {
    try {
      const saved = await savedEvent(this.context, this.metering, tracked, ended);
      if (saved) await this.recorder.record(saved);
    } catch (error) {
      this.env.log("warn", "what a stop saved could not be recorded", { run: tracked.run.run, error: String(error) });
    }
  }

  /** The process stood still: what was not watched is not idleness (K5). */
  private paused(ms: number): void {
    this.env.log("warn", "the daemon stood still", { ms: Math.round(ms) });
    for (const tracked of this.state.open.values()) this.observer.restartWindows(tracked);
  }

  private stepped(byMs: number): void {
    const stands = this.clockProblem !== undefined;
    if ((byMs !== 0) === stands) return;
    const seconds = Math.round(byMs / 1000);
    this.clockProblem =
      byMs === 0
        ? undefined
        : `the wall clock was set ${Math.abs(seconds)} s ${byMs > 0 ? "forward" : "back"} while the daemon ran; it goes on by its own steady time (restart it to take the new time over)`;
    if (this.clockProblem === undefined) return;
    this.tellings.problem("clock", this.clockProblem);
    this.recorder
      .record({ type: "clock.stepped", byMs: Math.round(byMs), detail: this.clockProblem })
      .catch(() => undefined);
  }

  private lagged(ms: number): void {
    this.env.observe?.dispatchLag(ms / 1000);
    this.lagMs.push(ms);
    if (this.lagMs.length > 4096) this.lagMs.splice(0, 2048);
  }
}
