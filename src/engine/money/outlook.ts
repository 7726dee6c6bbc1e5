import { estimate, matches, type Period, periodOf, type Upcoming } from "../../cost/index.ts";
import { type Budget, type DesiredJob, HOUR, type Instant, type Money } from "../../model/index.ts";
import { countFires } from "../../schedule/index.ts";
import type { EngineContext } from "../context.ts";
import type { Metering } from "./metering.ts";

/** A forecast need not be newer than this: counting a month's fires of ten thousand jobs takes its time. */
const FRESH_MS: number = HOUR;
/** Past runs looked at for how long a job takes. */
const PAST_RUNS = 20;

interface Counted {
  readonly at: Instant;
  readonly fingerprint: string;
  readonly to: Instant;
  readonly fires: number;
  readonly each: Money | undefined;
}

/** What is still to come in a budget's period: fires by the schedules in force, each at what it is expected to cost. */
export class Outlook {
  private readonly counted = new Map<string, Counted>();
  private readonly context: EngineContext;
  private readonly metering: Metering;

  constructor(context: EngineContext, metering: Metering) {
    this.context = context;
    this.metering = metering;
  }

  async fires(budget: Budget, at: Instant): Promise<readonly Upcoming[]> {
    const period = periodOf(budget.per, at);
    const upcoming: Upcoming[] = [];
    for (const [name, entry] of this.context.state.deployed) {
      const subject = { ...entry.desired.job, job: name };
      if (!matches(budget.match, subject)) continue;
      const { fires: count, each } = await this.count(name, entry.desired, entry.fingerprint, period, at);
      upcoming.push({ subject, fires: count, each });
    }
    return upcoming;
  }

  private async count(
    name: string,
    desired: DesiredJob,
    fingerprint: string,
    period: Period,
    at: Instant,
  ): Promise<Counted> {
    const key = `${name} ${period.id}`;
    const known = this.counted.get(key);
    if (known && known.fingerprint === fingerprint && at - known.at < FRESH_MS) return known;
    const seconds = desired.job.expect.durationSeconds ?? (await this.median(name));
    const rate = this.metering.rateOf(desired);
    const [line] = estimate([
      {
        job: desired.job,
        rate,
        fires: 1,
        ...(seconds === undefined ? {} : { expectation: { seconds, from: "history" as const } }),
      },
    ]).jobs;
    const counted: Counted = {
      at,
      fingerprint,
      to: period.to,
      fires: countFires(desired.job.schedule, desired.slot, at, period.to),
      each: line?.perRun,
    };
    this.counted.set(key, counted);
    for (const [other, c] of this.counted) if (c.to < at) this.counted.delete(other);
    return counted;
  }

  /** Seconds that the job's runs took, in the middle. */
  private async median(job: string): Promise<number | undefined> {
    const runs = await this.context.env.ledger.runs({ job, status: ["succeeded"], limit: PAST_RUNS });
    const seconds = runs
      .flatMap((r) => (r.startedAt === undefined || r.endedAt === undefined ? [] : [(r.endedAt - r.startedAt) / 1000]))
      .sort((a, b) => a - b);
    return seconds[seconds.length >> 1];
  }
}
