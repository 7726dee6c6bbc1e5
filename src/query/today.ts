import { type Downtime, type FireState, type Sheet, type SheetRow, sheet } from "../attendance/index.ts";
import type { FireRecord, LedgerReader } from "../ledger/index.ts";
import { DAY, type Instant, type Job, type Run, type RunStatus } from "../model/index.ts";
import { dayBounds, localDate, rfc3339 } from "./instant.ts";

/** Catch-up and retries start runs of a day's fires after the day; later ones are found by the fire's record. */
const AFTERMATH_MS = 2 * DAY;
/** How far back the daemon's starts and stops are read, to know since when it is down. */
const DOWNTIME_MS = 30 * DAY;
const ALL_RUNS = 1_000_000;

export interface TodayQuery {
  readonly ledger: LedgerReader;
  /** IANA zone whose day it is. */
  readonly zone: string;
  readonly now: Instant;
  /** `2026-11-23`; default: the day of `now` in the zone. */
  readonly date?: string;
  readonly environment?: string;
  /** How long a fire may go without a record before it is missed, by placement and job. */
  readonly graceMs?: (placement: string, job: Job) => number;
}

export interface TodayFireObject {
  readonly job: string;
  readonly fire: string;
  readonly at: string;
  readonly local: string;
  readonly timezone: string;
  readonly provider: string;
  readonly team?: string;
  readonly state: FireState;
  readonly run?: string;
  readonly attempts: number;
  readonly reason?: string;
  /** For `excused`: who left it out. */
  readonly by?: "person" | "rule";
  /** The state that a person's excuse covers. */
  readonly was?: FireState;
  readonly madeUpBy?: string;
  readonly note?: string;
}

export interface TodayObject {
  readonly schema: "rota.today/1";
  readonly date: string;
  readonly timezone: string;
  readonly fires: readonly TodayFireObject[];
  readonly counts: Readonly<Record<FireState | "expected", number>>;
  /** Runs that belong to no expected fire, and that nobody asked rota for. */
  readonly unexpected: readonly {
    readonly run: string;
    readonly job: string;
    readonly provider: string;
    readonly at: string;
    readonly status: RunStatus;
    readonly reason: string;
  }[];
  /** Times that a rule of the schedule itself leaves out: shown so that nobody looks for them. */
  readonly omitted: readonly {
    readonly job: string;
    readonly at: string;
    readonly local: string;
    readonly reason: "gap" | "holiday";
    readonly detail: string;
  }[];
}

/** The day's sheet. Throws RangeError when `date` is not a date. */
export async function todayView(query: TodayQuery): Promise<TodayObject> {
  const date = query.date ?? localDate(query.now, query.zone);
  const day = dayBounds(date, query.zone);
  if (!day) throw new RangeError(`not a date: ${date}`);
  const { ledger, now, environment } = query;
  const [deployments, records, excuses, downtimes] = await Promise.all([
    ledger.deployments(day),
    ledger.fires(day),
    ledger.excuses(day),
    downtimesSince(ledger, day.from - DOWNTIME_MS),
  ]);
  const about = sheet({
    ...day,
    now,
    deployments: deployments.filter(
      ({ desired }) => environment === undefined || desired.job.environment === environment,
    ),
    records,
    runs: await runsOf(ledger, day, records, environment),
    excuses,
    downtimes,
    ...(query.graceMs ? { graceMs: query.graceMs } : {}),
  });
  return todayObject(date, query.zone, about);
}

async function runsOf(
  ledger: LedgerReader,
  day: { readonly from: Instant; readonly to: Instant },
  records: readonly FireRecord[],
  environment: string | undefined,
): Promise<readonly Run[]> {
  const found = await ledger.runs({
    since: day.from,
    until: day.to + AFTERMATH_MS,
    limit: ALL_RUNS,
    ...(environment === undefined ? {} : { environment }),
  });
  const known = new Set(found.map(({ run }) => run));
  const others = records.flatMap(({ run }) => (run === undefined || known.has(run) ? [] : [run]));
  const late = await Promise.all(others.map((run) => ledger.run(run)));
  return [...found, ...late.filter((run) => run !== undefined)].sort((a, b) => a.createdAt - b.createdAt);
}

/** From each orderly stop to the next start; after a crash the engine itself records what was missed. */
async function downtimesSince(ledger: LedgerReader, since: Instant): Promise<readonly Downtime[]> {
  const downtimes: Downtime[] = [];
  let stopped: Instant | undefined;
  for await (const { at, event } of ledger.entries({ types: ["daemon.started", "daemon.stopped"], since })) {
    if (event.type === "daemon.stopped") stopped = at;
    else if (stopped !== undefined) {
      downtimes.push({ from: stopped, to: at });
      stopped = undefined;
    }
  }
  return stopped === undefined ? downtimes : [...downtimes, { from: stopped }];
}

function todayObject(date: string, timezone: string, about: Sheet): TodayObject {
  return {
    schema: "rota.today/1",
    date,
    timezone,
    fires: about.rows.map(fireObject),
    counts: about.counts,
    unexpected: about.unexpected.map(({ run, job, placement, at, status, why }) => ({
      run,
      job,
      provider: placement,
      at: rfc3339(at),
      status,
      reason: why,
    })),
    omitted: about.omitted.map((time) => ({ ...time, at: rfc3339(time.at) })),
  };
}

function fireObject({ at, placement, ...row }: SheetRow): TodayFireObject {
  return { ...row, at: rfc3339(at), provider: placement };
}
