import type { DeployedJob, LedgerReader } from "../ledger/index.ts";
import type { DesiredJob, GuardLimits, Instant } from "../model/index.ts";
import { describeSchedule, fires, nextFire } from "../schedule/index.ts";
import { rfc3339, rfc3339OrNull } from "./instant.ts";

export interface JobObject {
  readonly job: string;
  readonly provider: string;
  readonly environment: string;
  readonly description?: string;
  readonly team?: string;
  readonly owner?: string;
  readonly costCenter?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly workload: string;
  /** In words. */
  readonly schedule: string;
  readonly timezone: string;
  readonly next: string | null;
  readonly deployedAt: string;
  readonly guard: GuardLimits;
}

export interface JobsObject {
  readonly schema: "rota.jobs/1";
  readonly jobs: readonly JobObject[];
}

/** The jobs that stand deployed, by name. Commands, environments and secrets are left out on purpose. */
export async function jobsView(ledger: LedgerReader, now: Instant): Promise<JobsObject> {
  const deployed = [...(await ledger.deployments())].sort(byName);
  return { schema: "rota.jobs/1", jobs: deployed.map((each) => jobObject(each, now)) };
}

function byName(a: DeployedJob, b: DeployedJob): number {
  return a.desired.job.name < b.desired.job.name ? -1 : 1;
}

function jobObject({ desired: { job, slot }, placement, since }: DeployedJob, now: Instant): JobObject {
  return {
    job: job.name,
    provider: placement,
    environment: job.environment,
    ...(job.description === undefined ? {} : { description: job.description }),
    ...(job.team === undefined ? {} : { team: job.team }),
    ...(job.owner === undefined ? {} : { owner: job.owner }),
    ...(job.costCenter === undefined ? {} : { costCenter: job.costCenter }),
    labels: job.labels,
    workload: job.workload.kind,
    schedule: describeSchedule(job.schedule, slot),
    timezone: job.schedule.timezone,
    next: rfc3339OrNull(nextFire(job.schedule, slot, now)?.at),
    deployedAt: rfc3339(since),
    guard: job.guard,
  };
}

export interface NextFireObject {
  readonly job: string;
  readonly at: string;
  readonly local: string;
  readonly timezone: string;
  readonly note?: string;
}

export interface NextObject {
  readonly schema: "rota.next/1";
  readonly fires: readonly NextFireObject[];
}

export interface NextQuery {
  readonly from: Instant;
  /** Fires in [from, to); absent: as far as `limit` fires reach. */
  readonly to?: Instant;
  readonly job?: string;
  /** The most fires told. */
  readonly limit: number;
}

/** The fires to come of these jobs, by time and then by name. */
export function nextView(jobs: readonly DesiredJob[], query: NextQuery): NextObject {
  const asked = query.job === undefined ? jobs : jobs.filter(({ job }) => job.name === query.job);
  const all = asked.flatMap((desired) => nextFiresOf(desired, query));
  all.sort((a, b) => a.instant - b.instant || (a.fire.job < b.fire.job ? -1 : 1));
  return { schema: "rota.next/1", fires: all.slice(0, query.limit).map(({ fire }) => fire) };
}

interface Timed {
  readonly instant: Instant;
  readonly fire: NextFireObject;
}

function nextFiresOf({ job, slot }: DesiredJob, query: NextQuery): Timed[] {
  const { timezone } = job.schedule;
  const told: Timed[] = [];
  const tell = (time: { at: Instant; local: string; note?: string }): void => {
    const note = time.note === undefined ? {} : { note: time.note };
    told.push({
      instant: time.at,
      fire: { job: job.name, at: rfc3339(time.at), local: time.local, timezone, ...note },
    });
  };
  if (query.to !== undefined) {
    for (const time of fires(job.schedule, slot, query.from, query.to).slice(0, query.limit)) tell(time);
    return told;
  }
  // `nextFire` is strictly after; the first instant asked for counts as well.
  let after = query.from - 1;
  while (told.length < query.limit) {
    const time = nextFire(job.schedule, slot, after);
    if (!time) break;
    tell(time);
    after = time.at;
  }
  return told;
}
