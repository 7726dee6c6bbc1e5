import { type FireTime, fireKey, HOUR, type Instant, WEEK } from "../../model/index.ts";
import { fires } from "../../schedule/index.ts";
import type { EngineContext } from "../context.ts";
import { fireRunId } from "../runs.ts";
import type { TrackedRun } from "../state.ts";

export type Gate =
  | { readonly kind: "open" }
  | { readonly kind: "wait"; readonly why: string; readonly behind?: TrackedRun }
  | { readonly kind: "refuse"; readonly why: string };

/** Longest that a run waits for the jobs it comes after. */
const MOST_WAIT_MS = 24 * HOUR;

/** Whether a queued run may start now: its back-off, the job's other runs, and the jobs it comes after. */
export async function gate(context: EngineContext, tracked: TrackedRun, now: Instant): Promise<Gate> {
  const { run } = tracked;
  if (run.notBefore !== undefined && run.notBefore > now) return { kind: "wait", why: "back-off before a retry" };
  const job = tracked.desired?.job;
  if (!job || !context.state.deployed.has(run.job)) return { kind: "refuse", why: "the job is no longer deployed" };
  if (job.schedule.overlap !== "allow") {
    const other = context.state
      .runsOf(run.job)
      .find((t) => t !== tracked && (t.run.status !== "queued" || before(t, tracked)));
    if (other) return { kind: "wait", why: `run ${other.run.run} has not ended`, behind: other };
  }
  if (run.fireAt === undefined || run.attempt > 1) return { kind: "open" };
  for (const name of job.schedule.after) {
    const answer = await dependency(context, tracked, name, run.fireAt, now);
    if (answer.kind !== "open") return answer;
  }
  return { kind: "open" };
}

/**
 * Whether an older run is asked to end for a newer one (overlap: replace). A retry replaces nobody, and the
 * fires that were taken up together (a catch-up) follow one another.
 */
export function givesWay(older: TrackedRun, newer: TrackedRun): boolean {
  if (newer.desired?.job.schedule.overlap !== "replace" || newer.run.attempt > 1) return false;
  return before(older, newer) && older.run.createdAt < newer.run.createdAt;
}

function before(a: TrackedRun, b: TrackedRun): boolean {
  const [x, y] = [a.run.fireAt ?? a.run.createdAt, b.run.fireAt ?? b.run.createdAt];
  return x < y || (x === y && a.run.run < b.run.run);
}

/**
 * A job that comes `after` another waits for the other's fire of the same period: the last one at or
 * before its own fire and after its own previous fire. Where the other has none in that time there is
 * nothing to wait for.
 */
async function dependency(
  context: EngineContext,
  tracked: TrackedRun,
  name: string,
  fireAt: Instant,
  now: Instant,
): Promise<Gate> {
  const other = context.state.deployed.get(name);
  const own = tracked.desired;
  if (!other || !own) return { kind: "refuse", why: `"${name}", which it comes after, is not deployed` };
  const previous = fires(own.job.schedule, own.slot, fireAt - WEEK - HOUR, fireAt).at(-1)?.at ?? fireAt - WEEK;
  const expected = fires(
    other.desired.job.schedule,
    other.desired.slot,
    Math.max(previous + 1, other.since),
    fireAt + 1,
  ).at(-1);
  if (!expected) return { kind: "open" };
  if (now - fireAt > MOST_WAIT_MS) return { kind: "refuse", why: `"${name}" did not end within 24 h` };
  return outcome(context, name, expected, other.desired.job.retry.attempts);
}

async function outcome(context: EngineContext, job: string, fire: FireTime, attempts: number): Promise<Gate> {
  for (let attempt = attempts; attempt >= 1; attempt -= 1) {
    const id = fireRunId(job, fire, attempt);
    if (context.state.open.has(id)) return { kind: "wait", why: `run ${id} of "${job}" has not ended` };
    const run = await context.env.ledger.run(id);
    if (run === undefined) continue;
    if (run.status === "succeeded") return { kind: "open" };
    return { kind: "refuse", why: `run ${id} of "${job}", which it comes after, ${run.status}` };
  }
  const key = fireKey(job, fire.local, fire.ordinal);
  const records = await context.env.ledger.fires({ job, from: fire.at, to: fire.at + 1 });
  const passed = records.find((r) => r.outcome !== "started");
  if (passed) return { kind: "refuse", why: `fire ${key}, which it comes after, was ${passed.outcome}` };
  return { kind: "wait", why: `fire ${key} has not started` };
}
