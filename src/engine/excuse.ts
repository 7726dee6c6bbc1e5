import { DAY, fireKey, parseFireKey } from "../model/index.ts";
import { fires, resolveLocal } from "../schedule/index.ts";
import type { EngineContext } from "./context.ts";
import { type Actor, ControlError } from "./control.ts";

/** Signs off a fire that did not run, with a name and a reason; the sheet shows both. */
export async function excuseFire(context: EngineContext, fire: string, reason: string, actor: Actor): Promise<void> {
  if (reason.trim() === "") throw new ControlError("invalid", "an excuse needs a reason", 'add --reason "why"');
  const parsed = parseFireKey(fire);
  if (!parsed) {
    throw new ControlError(
      "invalid",
      `"${fire}" is not a fire`,
      "a fire is written JOB/2026-11-23T06:00/0; rota today --json lists them",
    );
  }
  const history = await context.env.ledger.deployments({ from: 0, to: context.time.now() + 1 });
  const entry = history.findLast((d) => d.desired.job.name === parsed.job);
  if (!entry) throw new ControlError("notFound", `no job "${parsed.job}" was ever deployed`);
  const { job, slot } = entry.desired;
  const near = resolveLocal(job.schedule.timezone, parsed.local);
  const known = fires(job.schedule, slot, near - DAY, near + DAY).find(
    (f) => fireKey(job.name, f.local, f.ordinal) === fire,
  );
  if (!known) {
    throw new ControlError(
      "notFound",
      `"${parsed.job}" has no fire at ${parsed.local}`,
      "rota today --json lists the fires of a day",
    );
  }
  await context.recorder.record({
    type: "fire.excused",
    job: parsed.job,
    fire,
    fireAt: known.at,
    by: actor.name,
    reason,
  });
}
