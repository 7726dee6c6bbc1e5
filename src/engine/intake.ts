import { DAY, type Entry, type EventType, type Instant, OPEN_STATUSES } from "../model/index.ts";
import type { EngineContext } from "./context.ts";
import { printedBytes } from "./runs.ts";

/** A wall clock further ahead of the last record than this is not believed without a person's word. */
const MOST_AHEAD_MS: number = 2 * 366 * DAY;
/** Stops under way and those that count for the blast radius are read back over this long. */
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
    if (run.status === "starting") {
      for await (const { at } of ledger.entries({ run: run.run, types: ["run.sent"] })) tracked.sentAt ??= at;
    }
    for (const sample of await ledger.samples(run.run)) {
      tracked.outputBytes = printedBytes(tracked.outputBytes, sample);
    }
  }
  await replay(context);
}

/** What a person has to release or mend, or did: it stands for as long as that takes, so it is read back to the beginning. */
const STANDING: readonly EventType[] = [
  "guard.held",
  "guard.released",
  "budget.warned",
  "budget.reached",
  "budget.released",
  "deployment.drifted",
  "deployment.restored",
];
const RECENT: readonly EventType[] = ["run.stopping", "run.unstoppable", "run.stoppable", "run.judged"];

async function replay({ env: { ledger }, state, time }: EngineContext): Promise<void> {
  const limit = Number.MAX_SAFE_INTEGER;
  const entries: Entry[] = [];
  for await (const entry of ledger.entries({ types: STANDING, limit })) entries.push(entry);
  const since = time.now() - LOOK_BACK_MS;
  for await (const entry of ledger.entries({ types: RECENT, since, limit })) entries.push(entry);
  for (const { event, at } of entries.sort((a, b) => a.seq - b.seq)) {
    // Set back while no daemon ran, the clock is behind the record: a grace must not wait until it has caught up (K11).
    state.apply(event, event.type === "run.stopping" ? Math.min(at, time.now()) : at, time.monotonic());
    if (event.type !== "run.judged") continue;
    for (const b of event.breaches) state.open.get(event.run)?.said.add(`judged ${b.limit}`);
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
