import { type Actor, ControlError, type Engine } from "../../src/engine/index.ts";
import { LedgerError } from "../../src/ledger/index.ts";
import { type DesiredState, HOUR, MINUTE } from "../../src/model/index.ts";
import { ProviderError } from "../../src/provider/index.ts";
import { desiredState, job } from "../support/jobs.ts";
import type { SeededRandom } from "../support/random.ts";
import type { DriverAct } from "./faults.ts";
import { edit, HERE } from "./manifest.ts";
import type { Rig } from "./rig.ts";

const PERSON: Actor = { name: "ann", via: "cli" };
const TICK_MS: number = 10 * MINUTE;
/** What is asked of the engine is given up by the one who asked after this. */
const PATIENCE_MS: number = 30 * MINUTE;
/** A held guard is released by a person after this. */
const RELEASE_MS: number = 40 * MINUTE;
/** Without trouble at the end, so that whatever is under way can come to its end. */
export const DRAIN_MS: number = HOUR;

/** Lives through the plan: moves the clock, kills and starts daemons, and is the people who use rota. */
export class Driver {
  private readonly rig: Rig;
  private readonly chance: SeededRandom;
  private heldSince: number | undefined;
  private owed: DesiredState | undefined;
  private stepped = 0;
  private stepEnds = Number.POSITIVE_INFINITY;

  constructor(rig: Rig) {
    this.rig = rig;
    this.chance = rig.random.fork("driver");
  }

  async live(forMs: number): Promise<void> {
    const { rig } = this;
    const endAt = rig.now + forMs;
    await this.up();
    if (rig.native) await this.apply(rig.declared.state, false);
    for (const act of rig.plan.acts) {
      if (act.at >= endAt) break;
      await this.until(act.at);
      await this.carryOut(act);
    }
    await this.until(endAt);
    rig.quiet = true;
    rig.story.quietAt = rig.now;
    rig.note("no more trouble from here on");
    this.restoreWall();
    await this.until(endAt + DRAIN_MS);
    if (!rig.engine) await this.up();
    await this.pass(MINUTE);
    rig.story.endAt = rig.now;
  }

  /** Lets time pass until an instant of the world's, with a daemon up, and looked at now and then. */
  private async until(at: number): Promise<void> {
    const { rig } = this;
    while (rig.now < at) {
      if (!rig.engine) await this.up();
      await this.pass(Math.min(TICK_MS, at - rig.now, Math.max(0, this.stepEnds - rig.now)));
      if (rig.now >= this.stepEnds) this.restoreWall();
      await this.attend();
    }
  }

  private async pass(ms: number): Promise<void> {
    await this.untilTrue(() => this.rig.mortal?.dead === true, ms);
    if (this.rig.engine && this.rig.mortal?.dead) this.rig.bury("was killed");
  }

  private async untilTrue(condition: () => boolean, ms: number): Promise<void> {
    try {
      await this.rig.clock.runUntilTrue(condition, ms);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith("not true within"))) throw error;
    }
  }

  /** Moves the clock until the work is done, the daemon is dead, or patience is at its end. */
  private async carry<T>(work: Promise<T>, patienceMs = PATIENCE_MS): Promise<T | undefined> {
    let done = false;
    let value: T | undefined;
    work.then(
      (v) => {
        value = v;
        done = true;
      },
      (error: unknown) => {
        done = true;
        this.judge(error);
      },
    );
    await this.untilTrue(() => done || this.rig.mortal?.dead === true, patienceMs);
    if (this.rig.engine && this.rig.mortal?.dead) this.rig.bury("was killed");
    return value;
  }

  private judge(error: unknown): void {
    const expected = error instanceof ControlError || error instanceof LedgerError || error instanceof ProviderError;
    this.rig.note(`answered: ${String(error)}`);
    if (!expected) this.rig.story.defects.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }

  /** A daemon on the state as it is, as a service manager would: tried again until it stands. */
  private async up(): Promise<void> {
    this.restoreWall();
    for (;;) {
      const engine = await this.carry(this.rig.boot());
      if (engine) break;
      if (this.rig.mortal) this.rig.mortal.dead = true;
      await this.rig.clock.advance(MINUTE);
    }
    this.owed = this.rig.declared.state;
    await this.deployOwn();
    void this.rig.engine?.run();
  }

  private async deployOwn(): Promise<void> {
    const { engine, declared } = this.rig;
    if (!engine) return;
    await this.deploy(declared.state, (e, state) =>
      e.deploy({
        desired: state,
        by: "daemon",
        unattended: true,
        only: (open) => open.provider.capabilities.schedules === "engine",
      }),
    );
  }

  private async apply(state: DesiredState, again: boolean): Promise<void> {
    await this.deploy(state, (e, s) => e.apply({ desired: s, override: "the simulation wants it" }, PERSON), again);
  }

  private async deploy(
    state: DesiredState,
    how: (engine: Engine, state: DesiredState) => ReturnType<Engine["deploy"]>,
    again = false,
  ): Promise<void> {
    const { engine, story } = this.rig;
    if (!engine) return;
    const asked = {
      asked: this.rig.now,
      done: undefined as number | undefined,
      state,
      ok: false,
      again,
      firstCall: story.calls.length,
      lastCall: Number.POSITIVE_INFINITY,
    };
    story.deployments.push(asked);
    const outcome = await this.carry(how(engine, state), 2 * HOUR);
    asked.lastCall = story.calls.length;
    if (outcome) asked.done = this.rig.now;
    asked.ok = outcome?.ok === true && outcome.result.failures.length === 0;
    if (asked.ok && state === this.rig.declared.state) this.owed = undefined;
    const text = outcome?.ok ? outcome.result.failures.map((f) => f.message) : outcome?.refusals.map((r) => r.reason);
    this.rig.note(`deployed ${state.jobs.length} jobs: ${asked.ok ? "whole" : `not whole (${text?.join("; ")})`}`);
  }

  private async carryOut(act: DriverAct): Promise<void> {
    const { rig } = this;
    rig.note(`act: ${JSON.stringify(act)}`);
    if (!rig.engine) return;
    if (act.do === "crash") {
      rig.doom(act.crossings);
      await this.pass(5 * MINUTE);
      if (rig.engine) rig.bury("was killed");
      await rig.clock.advance(act.downMs);
    } else if (act.do === "stop") {
      await this.carry(rig.engine.stop("the simulation wants it"), HOUR);
      if (rig.engine) rig.bury("was stopped");
      await rig.clock.advance(act.downMs);
    } else if (act.do === "freeze") {
      rig.story.freezes.push({ from: rig.now, to: rig.now + act.forMs });
      rig.clock.freeze(act.forMs);
    } else if (act.do === "step") {
      if (this.stepped !== 0) return;
      this.stepped = act.byMs;
      this.stepEnds = rig.now + act.forMs;
      rig.clock.step(act.byMs);
      rig.story.steps.push({ from: rig.now, to: rig.now + act.forMs });
    } else await this.ask(act.do);
  }

  private async ask(what: Exclude<DriverAct["do"], "crash" | "stop" | "freeze" | "step">): Promise<void> {
    const { rig, chance } = this;
    const engine = rig.engine;
    if (!engine) return;
    if (what === "edit") {
      rig.declared = edit(chance, rig.declared, rig.native, rig.story.startAt);
      for (const [name, behaviour] of rig.declared.behaviours) rig.behaviours.set(name, behaviour);
      this.owed = rig.declared.state;
      const { manifest } = rig.declared.state;
      engine.settings = { ...engine.settings, safety: manifest.safety, budgets: manifest.budgets };
      await this.apply(rig.declared.state, false);
    } else if (what === "again") await this.apply(rig.declared.state, this.owed === undefined);
    else if (what === "empty")
      await this.apply(desiredState([], { safety: rig.declared.state.manifest.safety }), false);
    else if (what === "kill") {
      const open = [...engine.state.open.keys()].sort();
      if (open.length === 0) return;
      const run = chance.pick(open);
      rig.story.kills.push({ at: rig.now, run });
      await this.carry(engine.kill(run, "not wanted", PERSON, { force: chance.chance(0.5) }));
    } else if (what === "start") {
      const names = [...engine.state.deployed.keys()].sort();
      if (names.length > 0) await this.carry(engine.startRun(chance.pick(names), PERSON));
    } else if (what === "excuse") await this.excuse(engine);
    else if (what === "foreign") this.interfere();
    else this.strip();
  }

  private async excuse(engine: Engine): Promise<void> {
    for await (const { event } of this.rig.ledger.entries({ types: ["fire.missed"], limit: 1 })) {
      if (event.type === "fire.missed") await this.carry(engine.excuse(event.lastFire, "it was known", PERSON));
      return;
    }
  }

  /** Somebody else works in the same account: what is theirs must never be touched. */
  private interfere(): void {
    const { rig } = this;
    const id = `theirs-${rig.story.foreign.length}`;
    const resource = { kind: "schedule", id, job: id, fields: { theirs: true } };
    const held = rig.world.put(HERE, resource, {});
    rig.story.foreignResources.push({ placement: HERE, id, revision: held.revision });
    const theirs = { ...job(id), namespace: "theirs", placement: HERE };
    rig.story.foreign.push(rig.world.startRun(HERE, { job: theirs, attempt: 1, fireAt: rig.now }, "person", false).id);
  }

  /** Takes our mark off a resource: from then on it is nobody's. */
  private strip(): void {
    const { rig } = this;
    const ours = rig.world.resources(HERE).filter((held) => held.mark?.namespace === "test");
    if (ours.length < 2) return;
    const { kind, id } = this.chance.pick(ours).resource;
    rig.world.stripMark(HERE, kind, id);
    const revision = rig.world.resource(HERE, kind, id)?.revision ?? 0;
    rig.story.foreignResources.push({ placement: HERE, id, revision });
    rig.note(`the mark of ${kind}/${id} was taken off`);
  }

  /** A person looks in: a guard that is held is released, and what was not deployed whole is tried again. */
  private async attend(): Promise<void> {
    const { rig } = this;
    const engine = rig.engine;
    if (!engine) return;
    if (engine.state.guardHeld === undefined) this.heldSince = undefined;
    else {
      this.heldSince ??= rig.now;
      if (rig.now - this.heldSince >= RELEASE_MS) {
        this.heldSince = undefined;
        await this.carry(engine.releaseGuard("looked at", PERSON));
      }
    }
    if (this.owed && this.owed === rig.declared.state && rig.engine) {
      if (rig.native) await this.apply(rig.declared.state, false);
      else await this.deployOwn();
      if (this.owed && rig.story.foreignResources.length > 0) this.owed = undefined;
    }
  }

  private restoreWall(): void {
    this.rig.clock.step(-this.stepped);
    const last = this.rig.story.steps.at(-1);
    if (this.stepped !== 0 && last)
      this.rig.story.steps[this.rig.story.steps.length - 1] = { from: last.from, to: this.rig.now };
    this.stepped = 0;
    this.stepEnds = Number.POSITIVE_INFINITY;
  }
}
