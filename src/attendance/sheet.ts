import type { Instant, Run } from "../model/index.ts";
import { type ExpectedFire, expectedFires, omittedTimes } from "./expect.ts";
import { matchRuns, Records, startOf } from "./seen.ts";
import type { ExcuseFact, FireState, Sheet, SheetInput, SheetRow, UnexpectedRun } from "./shapes.ts";
import { DEFAULT_GRACE_MS, type Judged, judgeFire } from "./state.ts";

/** States that a person may sign off; what ran, runs or is to come stays what it is. */
const EXCUSABLE: ReadonlySet<FireState> = new Set(["late", "missed", "failed", "killed", "excused"]);

/**
 * Expected against seen: a row for every fire that the deployments in force at the time ask for, each fire
 * once, with what is recorded of it. Pure: `now` decides what is upcoming, late or missed.
 */
export function sheet(input: SheetInput): Sheet {
  const { from, to, now } = input;
  const expected = expectedFires(input.deployments, from, to);
  const records = new Records(input.records);
  const { byFire, strays } = matchRuns(expected, records, input.runs);
  const excuses = new Map(input.excuses.map((excuse) => [excuse.fire, excuse]));
  const byHand = handRuns(input.runs);
  const following = followers(expected);

  const rows = expected.map((fire): SheetRow => {
    const attempts = byFire.get(fire.key) ?? [];
    const judged = judgeFire({
      fire,
      attempts,
      record: records.of(fire),
      now,
      graceMs: input.graceMs?.(fire.deployment.placement, fire.deployment.desired.job) ?? DEFAULT_GRACE_MS,
      downtimes: input.downtimes ?? [],
    });
    const made = judged.state === "missed" ? madeUp(byHand.get(fire.job), fire.at, following.get(fire.key)) : undefined;
    return row(fire, attempts, judged, excuses.get(fire.key), made);
  });
  return {
    rows,
    counts: countStates(rows),
    unexpected: strays.filter((run) => within(run, from, to)).flatMap(unexpected),
    omitted: omittedTimes(input.deployments, from, to),
  };
}

function row(
  fire: ExpectedFire,
  attempts: readonly Run[],
  judged: Judged,
  excuse: ExcuseFact | undefined,
  madeUpBy: string | undefined,
): SheetRow {
  const { job } = fire.deployment.desired;
  const run = attempts.at(-1)?.run;
  return {
    job: fire.job,
    fire: fire.key,
    at: fire.at,
    local: fire.local,
    timezone: job.schedule.timezone,
    placement: fire.deployment.placement,
    ...(job.team === undefined ? {} : { team: job.team }),
    attempts: attempts.length,
    ...(run === undefined ? {} : { run }),
    ...(fire.note === undefined ? {} : { note: fire.note }),
    ...(madeUpBy === undefined ? {} : { madeUpBy }),
    ...signOff(judged, excuse),
  };
}

function signOff(judged: Judged, excuse: ExcuseFact | undefined): Pick<SheetRow, "state" | "reason" | "by" | "was"> {
  if (!excuse || !EXCUSABLE.has(judged.state)) return judged;
  return { state: "excused", by: "person", was: judged.state, reason: `${excuse.reason} (${excuse.by})` };
}

/** A person asked for it, or it is a further attempt of such a run: those of a fire carry its key. */
function isByHand({ cause, fire }: Run): boolean {
  return cause === "person" || (cause === "retry" && fire === undefined);
}

/** Runs that a person asked for and that succeeded, by job. */
function handRuns(runs: readonly Run[]): ReadonlyMap<string, readonly Run[]> {
  return Map.groupBy(
    runs.filter((run) => isByHand(run) && run.status === "succeeded"),
    ({ job }) => job,
  );
}

/** The next expected fire of the same job, by key. */
function followers(expected: readonly ExpectedFire[]): ReadonlyMap<string, Instant> {
  const next = new Map<string, Instant>();
  const last = new Map<string, string>();
  for (const { job, key, at } of expected) {
    const before = last.get(job);
    if (before !== undefined) next.set(before, at);
    last.set(job, key);
  }
  return next;
}

function madeUp(runs: readonly Run[] | undefined, at: Instant, until: Instant | undefined): string | undefined {
  return runs?.find((run) => startOf(run) >= at && (until === undefined || startOf(run) < until))?.run;
}

function within(run: Run, from: Instant, to: Instant): boolean {
  return startOf(run) >= from && startOf(run) < to;
}

function unexpected(run: Run): UnexpectedRun[] {
  if (isByHand(run)) return [];
  const why =
    run.cause === "foreign"
      ? "started at the provider, not by rota, at no time of the job's schedule"
      : `started for ${run.fire ?? "no fire"}, which the schedule in force does not have`;
  return [{ run: run.run, job: run.job, placement: run.placement, at: startOf(run), status: run.status, why }];
}

function countStates(rows: readonly SheetRow[]): Sheet["counts"] {
  const counts = { ran: 0, running: 0, late: 0, missed: 0, failed: 0, killed: 0, excused: 0, upcoming: 0 };
  for (const { state } of rows) counts[state] += 1;
  return { expected: rows.length, ...counts };
}
