import { explain, explainFire, type Responsible, type TimelineEvent } from "../attendance/index.ts";
import type { EntryQuery, LedgerReader } from "../ledger/index.ts";
import { DAY, type Entry, type EventType, HOUR, type Instant, parseFireKey, type Run } from "../model/index.ts";
import { resolveLocal } from "../schedule/index.ts";
import { rfc3339 } from "./instant.ts";

/** What else may have had a hand in it. */
const AROUND: readonly EventType[] = [
  "daemon.started",
  "daemon.stopped",
  "clock.stepped",
  "guard.held",
  "guard.released",
  "budget.reached",
  "budget.released",
  "provider.problem",
  "provider.recovered",
];
/** What was done to a job's schedule in the months before it did not fire. */
const DRIFT: readonly EventType[] = ["deployment.drifted", "deployment.restored"];
const DRIFT_BACK_MS: number = 90 * DAY;

interface Explained {
  readonly timeline: readonly {
    readonly at: string;
    readonly component: string;
    readonly event: string;
    readonly detail: string;
  }[];
  readonly responsible: Responsible;
}

export interface ExplainObject extends Explained {
  readonly schema: "rota.explain/1";
  readonly run: string;
}

export interface ExplainFireObject extends Explained {
  readonly schema: "rota.explain.fire/1";
  readonly fire: string;
  /** The last run that it started, whose explanation says more; absent when a person signed the fire off. */
  readonly run?: string;
}

/**
 * What happened to a run and who is to answer for it, or undefined when the ledger does not know the run.
 * `stderrTail` is what the run printed: give it only to those who may read that.
 */
export async function explainView(
  ledger: LedgerReader,
  id: string,
  stderrTail?: readonly string[],
): Promise<ExplainObject | undefined> {
  const run = await ledger.run(id);
  if (!run) return undefined;
  const entries = await all(ledger, { run: id });
  const until = run.endedAt ?? entries.at(-1)?.at ?? run.createdAt;
  const around = await entriesWithin(ledger, run.createdAt - HOUR, until + HOUR);
  const peakMemoryBytes = await peakMemory(ledger, run);
  const explained = explain({
    run,
    entries,
    around,
    ...(stderrTail === undefined ? {} : { stderrTail }),
    ...(peakMemoryBytes === undefined ? {} : { peakMemoryBytes }),
  });
  return {
    schema: "rota.explain/1",
    run: id,
    timeline: explained.timeline.map(timelineItem),
    responsible: explained.responsible,
  };
}

/** Why a fire started no run (or which run it started). Undefined when the text is no key of a fire. */
export async function explainFireView(
  ledger: LedgerReader,
  fire: string,
  now: Instant,
): Promise<ExplainFireObject | undefined> {
  const job = parseFireKey(fire)?.job;
  const range = dayAround(fire);
  if (job === undefined || !range) return undefined;
  const [deployed, records, excuses, around, drifted] = await Promise.all([
    ledger.deployments(range),
    ledger.fires({ job, ...range }),
    ledger.excuses(range),
    entriesWithin(ledger, range.from, range.to),
    all(ledger, { job, types: DRIFT, since: range.from - DRIFT_BACK_MS }),
  ]);
  const deployments = deployed.filter(({ desired }) => desired.job.name === job);
  const at = localInstant(fire, deployments[0]?.desired.job.schedule.timezone);
  const record = records.find(
    ({ firstFire, lastFire, from, to }) =>
      firstFire === fire || lastFire === fire || (at !== undefined && from <= at && at <= to),
  );
  const excuse = excuses.find((each) => each.fire === fire);
  const explained = explainFire({
    fire,
    now,
    deployments,
    around,
    drifted,
    ...(record === undefined ? {} : { record }),
    ...(excuse === undefined ? {} : { excuse }),
  });
  const run = excuse ? undefined : await lastAttempt(ledger, fire, record?.run);
  return {
    schema: "rota.explain.fire/1",
    fire,
    ...(run === undefined ? {} : { run }),
    timeline: explained.timeline.map(timelineItem),
    responsible: explained.responsible,
  };
}

/** Retries follow within a day; a fire's runs carry its key. */
async function lastAttempt(ledger: LedgerReader, fire: string, first: string | undefined): Promise<string | undefined> {
  const run = first === undefined ? undefined : await ledger.run(first);
  if (!run) return first;
  const { job, createdAt } = run;
  const near = await ledger.runs({ job, since: createdAt, until: createdAt + DAY, limit: 10_000 });
  const attempts = near.filter((other) => other.fire === fire);
  return attempts.reduce((last, other) => (other.attempt > last.attempt ? other : last), run).run;
}

function timelineItem(event: TimelineEvent): Explained["timeline"][number] {
  return { ...event, at: rfc3339(event.at) };
}

/** The local time as if it were UTC, with a day on each side: no zone is further away. */
function dayAround(fire: string): { readonly from: Instant; readonly to: Instant } | undefined {
  const at = localInstant(fire, "UTC");
  return at === undefined ? undefined : { from: at - DAY, to: at + DAY };
}

function localInstant(fire: string, zone: string | undefined): Instant | undefined {
  const local = parseFireKey(fire)?.local;
  if (local === undefined || zone === undefined) return undefined;
  try {
    return resolveLocal(zone, local);
  } catch {
    return undefined;
  }
}

async function all(ledger: LedgerReader, query: EntryQuery): Promise<readonly Entry[]> {
  return Array.fromAsync(ledger.entries(query));
}

async function entriesWithin(ledger: LedgerReader, from: Instant, to: Instant): Promise<readonly Entry[]> {
  const found: Entry[] = [];
  for await (const entry of ledger.entries({ types: AROUND, since: from })) {
    if (entry.at > to) break;
    found.push(entry);
  }
  return found;
}

async function peakMemory(ledger: LedgerReader, run: Run): Promise<number | undefined> {
  const seen = (await ledger.samples(run.run)).flatMap(({ memoryBytes }) => memoryBytes ?? []);
  return seen.length === 0 ? undefined : seen.reduce((most, bytes) => Math.max(most, bytes), 0);
}
