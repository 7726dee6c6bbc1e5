import { DAY, fireKey, type Instant, type LedgerEvent, SECOND } from "../../model/index.ts";
import { due, nextFire } from "../../schedule/index.ts";
import type { EngineContext } from "../context.ts";
import { fireRunId, newRun } from "../runs.ts";
import type { Deployed } from "../state.ts";
import { decide, stretch } from "./decide.ts";
import type { Launcher } from "./launcher.ts";

/** After a refused write or while the clock is in doubt, a fire is looked at again after this. */
const AGAIN_MS: number = 5 * SECOND;
/** Fires looked at in one go; older ones are only counted. */
const MOST_AT_ONCE = 1000;
/** A change of a schedule is not recorded this short before one of its fires. */
const NEAR_MS: number = SECOND;
const MOST_WAITS = 3;
/** A job with nothing to come is looked at again after this (a schedule that ends, a leap year). */
const IDLE_MS: number = DAY;

/**
 * Starts the fires of jobs that the daemon itself must start. What is owed follows from the ledger alone
 * (the last fire with a record, and the schedule in force), so a crash at any point loses no fire, and the
 * run's id, made of the fire, lets none start twice.
 */
export class Dispatcher {
  /** Why nothing may fire now: a clock in doubt, a ledger that refuses. */
  hold: string | undefined;
  private readonly busy = new Map<string, Promise<void>>();
  private readonly context: EngineContext;
  private readonly launcher: Launcher;
  private readonly startedAt: Instant;

  constructor(context: EngineContext, launcher: Launcher) {
    this.context = context;
    this.launcher = launcher;
    this.startedAt = context.time.now();
  }

  /** Sets the job's next fire; call it after every change of what is deployed. */
  arm(job: string): void {
    const entry = this.context.state.deployed.get(job);
    const key = `fire:${job}`;
    if (!entry || !this.fires(entry)) {
      this.context.agenda.delete(key);
      return;
    }
    const now = this.context.time.now();
    const next = nextFire(entry.desired.job.schedule, entry.desired.slot, entry.accounted);
    this.context.agenda.set(key, Math.min(next?.at ?? now + IDLE_MS, now + IDLE_MS), () => this.fire(job));
  }

  armAll(): void {
    for (const job of this.context.state.deployed.keys()) this.arm(job);
  }

  /**
   * Before the schedules of these jobs change: handles what is due by the ones in force, and waits where a fire
   * is so near that it would fall between this and the record of the change (F9).
   */
  async settle(jobs: Iterable<string>): Promise<void> {
    const { state, time, env, signal } = this.context;
    for (const job of jobs) {
      for (let tries = 0; tries < MOST_WAITS; tries += 1) {
        const entry = state.deployed.get(job);
        if (!entry || !this.fires(entry)) break;
        await this.fire(job);
        const next = nextFire(entry.desired.job.schedule, entry.desired.slot, time.now());
        if (next === undefined || next.at > time.now() + NEAR_MS) break;
        await env.clock.sleep(next.at - time.now() + 1, signal);
      }
    }
  }

  /** What of these jobs is due and could not be handled, as the record that it was missed. */
  unsettled(jobs: Iterable<string>): readonly LedgerEvent[] {
    const { state, time } = this.context;
    const events: LedgerEvent[] = [];
    for (const name of jobs) {
      const entry = state.deployed.get(name);
      if (!entry || !this.fires(entry)) continue;
      const owed = due(entry.desired.job.schedule, entry.desired.slot, entry.accounted, time.now(), MOST_AT_ONCE);
      const [first, last] = [owed.leftOut?.first ?? owed.fires[0], owed.fires.at(-1)];
      if (!first || !last) continue;
      const count = owed.fires.length + (owed.leftOut?.count ?? 0);
      const why = this.hold ?? "it could not be started";
      const detail = `${why}; its schedule was changed before it could be`;
      const reason = this.hold === undefined ? "paused" : "clock";
      events.push({ type: "fire.missed", ...stretch(name, first, last, count, reason, detail) });
    }
    return events;
  }

  /** Handles everything of the job that is due now: each fire is started, skipped or missed, and recorded. */
  fire(job: string): Promise<void> {
    const under = this.busy.get(job);
    if (under) return under;
    const work = this.tryHandle(job).finally(() => this.busy.delete(job));
    this.busy.set(job, work);
    return work;
  }

  private async tryHandle(job: string): Promise<void> {
    let done = false;
    try {
      done = await this.handle(job);
    } catch (error) {
      this.context.env.log("warn", "fires could not be handled and are tried again", { job, error: String(error) });
    }
    if (done) this.arm(job);
    else this.context.agenda.set(`fire:${job}`, this.context.time.now() + AGAIN_MS, () => this.fire(job));
  }

  private fires(entry: Deployed): boolean {
    return this.context.env.placements.get(entry.placement)?.provider.capabilities.schedules === "engine";
  }

  /** False when it must be tried again. */
  private async handle(name: string): Promise<boolean> {
    const { state, time, env, recorder } = this.context;
    const entry = state.deployed.get(name);
    if (!entry) return true;
    if (this.hold !== undefined) return false;
    const now = time.now();
    const { job, slot } = entry.desired;
    const owed = due(job.schedule, slot, entry.accounted, now, MOST_AT_ONCE);
    if (owed.fires.length === 0 && !owed.leftOut) return true;
    const open = state.runsOf(name);
    const held = this.launcher.heldBy(name);
    const decision = decide({
      job,
      due: owed,
      now,
      openRuns: open.length,
      queuedRuns: open.filter((t) => t.run.status === "queued").length,
      ...(held === undefined ? {} : { held }),
      lateBecause: this.lateBecause(owed.leftOut?.first.at ?? owed.fires[0]?.at ?? now),
    });
    const events: LedgerEvent[] = decision.passed.map((p) =>
      p.outcome === "missed" ? { type: "fire.missed", ...p.passed } : { type: "fire.skipped", ...p.passed },
    );
    const created: string[] = [];
    for (const { fire, catchUp } of decision.starts) {
      const key = fireKey(name, fire.local, fire.ordinal);
      const id = fireRunId(name, fire, 1);
      if (await env.ledger.run(id)) {
        // The wall clock ran through this local time before (a clock set back): the name is the lock.
        events.push({
          type: "fire.skipped",
          job: name,
          from: fire.at,
          to: fire.at,
          count: 1,
          firstFire: key,
          lastFire: key,
          reason: "clock",
          detail: `run ${id} of this fire exists already`,
        });
        continue;
      }
      const cause = catchUp ? "catchUp" : "fire";
      events.push({
        type: "run.created",
        run: newRun({ id, desired: entry.desired, cause, now, fire: key, fireAt: fire.at }),
      });
      events.push({ type: "fire.started", job: name, fire: key, fireAt: fire.at, run: id, catchUp });
      created.push(id);
    }
    await recorder.record(...events);
    for (const { outcome, passed } of decision.passed) {
      if (outcome === "missed")
        env.notify({
          kind: "missed",
          subject: `${name}: ${passed.count} missed`,
          text: `${passed.detail} (${passed.firstFire}${passed.count > 1 ? ` … ${passed.lastFire}` : ""})`,
          job: name,
          ...(job.notify ? { channels: job.notify } : {}),
        });
    }
    for (const id of created) void this.launcher.consider(id);
    return true;
  }

  private lateBecause(at: Instant): { reason: "daemonDown" | "paused"; detail: string } {
    if (at < this.startedAt)
      return {
        reason: "daemonDown",
        detail: `the daemon was not running (it started ${new Date(this.startedAt).toISOString()})`,
      };
    return { reason: "paused", detail: "the daemon was held up: stopped, overloaded, or without its ledger" };
  }
}
