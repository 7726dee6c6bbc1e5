import type { Run } from "../model/index.ts";
import type { EngineContext } from "./context.ts";
import { type Actor, ControlError } from "./control.ts";
import type { Launcher } from "./dispatch/launcher.ts";
import { newRun, personRunId } from "./runs.ts";
import type { Stopper } from "./watch/stopper.ts";

/** What people ask for about single runs, and about the guard: each is in the ledger before it is answered. */
export class Requests {
  private readonly context: EngineContext;
  private readonly launcher: Pick<Launcher, "consider">;
  private readonly stopper: Pick<Stopper, "stop">;
  private readonly isStopping: () => boolean;
  /** Jobs of which a run is being recorded. */
  private readonly starting = new Set<string>();

  constructor(
    context: EngineContext,
    parts: {
      readonly launcher: Pick<Launcher, "consider">;
      readonly stopper: Pick<Stopper, "stop">;
      readonly isStopping: () => boolean;
    },
  ) {
    this.context = context;
    this.launcher = parts.launcher;
    this.stopper = parts.stopper;
    this.isStopping = parts.isStopping;
  }

  async startRun(name: string, actor: Actor): Promise<Run> {
    const { env, recorder, state, time } = this.context;
    const entry = state.deployed.get(name);
    if (!entry)
      throw new ControlError(
        "notFound",
        `no job "${name}" is deployed`,
        "rota status shows what is; rota apply deploys",
      );
    const isSingle = entry.desired.job.schedule.overlap === "skip";
    const other = state.runsOf(name)[0]?.run.run ?? (this.starting.has(name) ? "one that somebody just asked for" : "");
    if (isSingle && other !== "") {
      throw new ControlError(
        "refused",
        `"${name}" is running already (${other}) and its overlap policy is skip`,
        "wait for it, kill it, or set schedule.overlap to queue, allow or replace",
      );
    }
    if (this.isStopping()) throw new ControlError("unavailable", "the daemon is stopping", "start it again: rota up");
    const now = time.now();
    const id = personRunId(name, now, env.random.next());
    this.starting.add(name);
    try {
      await recorder.record(
        { type: "run.created", run: newRun({ id, desired: entry.desired, cause: "person", now }) },
        { type: "run.note", run: id, component: "person", text: `started by ${actor.name} (${actor.via})` },
      );
    } finally {
      this.starting.delete(name);
    }
    await this.launcher.consider(id);
    const run = await env.ledger.run(id);
    if (!run) throw new ControlError("unavailable", `run ${id} was recorded and cannot be read back`);
    return run;
  }

  async kill(id: string, reason: string, actor: Actor, options: { readonly force?: boolean }): Promise<Run> {
    const { ledger } = this.context.env;
    const run = await ledger.run(id);
    if (!run) throw new ControlError("notFound", `there is no run "${id}"`, "rota runs lists them");
    const answer = await this.stopper.stop(id, {
      cause: "person",
      by: actor.name,
      reason: reason === "" ? `killed by ${actor.name}` : reason,
      ...(options.force === undefined ? {} : { force: options.force }),
    });
    if (!answer.ok) throw new ControlError("refused", answer.why, answer.fix);
    return (await ledger.run(id)) ?? run;
  }

  beat(id: string): void {
    const tracked = this.context.state.open.get(id);
    if (!tracked) throw new ControlError("notFound", `run "${id}" is not running`);
    tracked.progressAt = this.context.time.monotonic();
  }

  async releaseGuard(reason: string, actor: Actor): Promise<void> {
    const { state, recorder } = this.context;
    if (state.guardHeld === undefined) throw new ControlError("refused", "the guard is not held");
    await recorder.record({ type: "guard.released", by: actor.name, reason });
  }
}
