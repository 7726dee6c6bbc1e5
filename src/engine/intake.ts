import { DAY, type Entry, type Instant, OPEN_STATUSES } from "../model/index.ts";
import type { EngineContext } from "./context.ts";

/** A wall clock further ahead of the last record than this is not believed without a person's word. */
const MOST_AHEAD_MS: number = 2 * 366 * DAY;
/** Open stops and blast-radius counts are read back over this long. */
const LOOK_BACK_MS: number = 32 * DAY;

/** Rebuilds the engine's state from the ledger: what is deployed, what runs, what is held, what is owed. */
export async function intake(context: EngineContext): Promise<void> {
  const { ledger } = context.env;
  const { state, time } = context;
  for (const d of await ledger.deployments()) {
    const name = d.desired.job.name;
    const accounted = Math.max(d.since, (await ledger.lastAccounted(name)) ?? d.since);
    state.deployed.set(name, {
      placement: d.placement,
      desired: d.desired,
      fingerprint: d.fingerprint,
      since: d.since,
      accounted,
    });
  }
  for (const run of await ledger.runs({ status: OPEN_STATUSES, limit: Number.MAX_SAFE_INTEGER })) {
    const tracked = state.track(run, time.monotonic());
    const desired = tracked.desired;
    if (desired && (state.deployed.get(run.job)?.since ?? 0) > run.createdAt) {
      // Edited since: the run goes on as what it was started as.
      const then = await ledger.deployments({ from: run.createdAt, to: run.createdAt + 1 });
      tracked.desired = then.find((d) => d.desired.job.name === run.job)?.desired ?? desired;
    }
    for (const sample of await ledger.samples(run.run)) tracked.outputBytes += sample.outputBytes ?? 0;
  }
  const types = [
    "run.stopping",
    "deployment.drifted",
    "deployment.restored",
    "guard.held",
    "guard.released",
    "budget.warned",
    "budget.reached",
    "budget.released",
    "run.judged",
  ] as const;
  for await (const entry of ledger.entries({
    types: [...types],
    since: time.now() - LOOK_BACK_MS,
    limit: Number.MAX_SAFE_INTEGER,
  })) {
    state.apply(entry.event, entry.at, time.monotonic());
    if (entry.event.type === "run.judged") {
      for (const b of entry.event.breaches) state.open.get(entry.event.run)?.said.add(`judged ${b.limit}`);
    }
  }
}

/** Why the wall clock cannot be right, going by the ledger; undefined when it can. */
export function clockDoubt(last: Entry | undefined, now: Instant, accepted: boolean): string | undefined {
  if (!last || accepted) return undefined;
  const seen = new Date(last.at).toISOString();
  if (now < last.at - DAY / 24) {
    return `the clock says ${iso(now)}, before the last record of ${seen}: no job is started; set the clock right and start rota again, or confirm it with rota up --accept-clock`;
  }
  if (now > last.at + MOST_AHEAD_MS) {
    return `the clock says ${iso(now)}, more than two years after the last record of ${seen}: no job is started until a person confirms it with rota up --accept-clock`;
  }
  return undefined;
}

function iso(at: Instant): string {
  return Number.isFinite(at) && Math.abs(at) < 8.64e15 ? new Date(at).toISOString() : String(at);
}
