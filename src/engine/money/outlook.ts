import { setImmediate } from "node:timers/promises";
import { estimate, matches, type Period, type Tariff, type Unpriced, type Upcoming } from "../../cost/index.ts";
import type { LedgerReader } from "../../ledger/index.ts";
import { type Budget, type DesiredJob, HOUR, type Instant, type Money } from "../../model/index.ts";
import { countFires, nextFire } from "../../schedule/index.ts";
import { expectRun, type History, historyOf } from "./expectation.ts";

/** What past runs took need not be read more often than this. */
const FRESH_MS: number = HOUR;
/** Jobs looked at, and jobs counted or read of anew, before others get their turn. */
const LOOKS_PER_TURN = 200;
const NEWS_PER_TURN = 20;

export interface OutlookSource {
  readonly ledger: LedgerReader;
  /** The schedules in force. */
  readonly deployed: () => Iterable<{ readonly desired: DesiredJob; readonly fingerprint: string }>;
  /** What a run of the job costs, before there is one. */
  readonly rate: (desired: DesiredJob) => Tariff | Unpriced;
}

/** Fires of a job in [from, to), and the first of them: until that has been, the count stands. */
interface Counted {
  readonly fingerprint: string;
  readonly from: Instant;
  readonly to: Instant;
  readonly fires: number;
  readonly first: Instant;
}

/**
 * What is still to come in a period: fires by the schedules in force, each at what it is expected to cost.
 * The one place that says so: budgets, reports and their readers without a daemon all ask here.
 */
export class Outlook {
  private readonly counted = new Map<string, Counted>();
  private readonly histories = new Map<string, { readonly at: Instant; readonly history: History }>();
  private readonly source: OutlookSource;

  constructor(source: OutlookSource) {
    this.source = source;
  }

  /** Fires from `at` to the end of the period, of the jobs that match. */
  async fires(period: Period, at: Instant, match: Budget["match"] = {}): Promise<readonly Upcoming[]> {
    const from = Math.max(at, period.from);
    const upcoming: Upcoming[] = [];
    let [looks, news] = [0, 0];
    for (const { desired, fingerprint } of this.source.deployed()) {
      const { job } = desired;
      const subject = { ...job, job: job.name };
      if (!matches(match, subject)) continue;
      const key = `${job.name} ${period.id}`;
      const known = this.counted.get(key);
      const counted = count(known?.fingerprint === fingerprint ? known : undefined, desired, fingerprint, from, period);
      // A month that has not begun is asked for by people, and no round takes its counts out again.
      if (period.from <= at) this.counted.set(key, counted);
      const read = this.histories.get(job.name);
      if (counted.fires > 0) {
        upcoming.push({ subject, fires: counted.fires, each: await this.each(desired, at) });
      }
      if (counted !== known || this.histories.get(job.name) !== read) news += 1;
      looks += 1;
      // It takes a while where jobs are many, and a daemon has other things to do in between.
      if (looks === LOOKS_PER_TURN || news === NEWS_PER_TURN) {
        await setImmediate();
        [looks, news] = [0, 0];
      }
    }
    for (const [key, { to }] of this.counted) if (to < at) this.counted.delete(key);
    return upcoming;
  }

  /** What a run of the job is expected to cost; undefined where that is not known. */
  async each(desired: DesiredJob, at: Instant): Promise<Money | undefined> {
    const { job } = desired;
    const rate = this.source.rate(desired);
    const expected = await expectRun(job, rate, () => this.history(job.name, at));
    return estimate([{ job, rate, fires: 1, ...expected }]).jobs[0]?.perRun;
  }

  /** How long a run of the job is expected to take; undefined where that is not known. */
  async seconds(desired: DesiredJob, at: Instant): Promise<number | undefined> {
    const { job } = desired;
    const { expectation } = await expectRun(job, this.source.rate(desired), () => this.history(job.name, at));
    return expectation?.seconds;
  }

  /** A job of which nothing was known has run now. */
  ended(job: string): void {
    const { seconds, billed } = this.histories.get(job)?.history ?? {};
    if (seconds === undefined && billed === undefined) this.histories.delete(job);
  }

  private async history(job: string, at: Instant): Promise<History> {
    const known = this.histories.get(job);
    if (known && at - known.at < FRESH_MS) return known.history;
    const history = await historyOf(this.source.ledger, job);
    this.histories.set(job, { at, history });
    return history;
  }
}

/** A month's fires are counted once; after that only those that have been are taken off. */
function count(
  known: Counted | undefined,
  { job, slot }: DesiredJob,
  fingerprint: string,
  from: Instant,
  { to }: Period,
): Counted {
  if (known && known.from <= from && from <= known.first) return known;
  const fires =
    known && known.from <= from
      ? known.fires - countFires(job.schedule, slot, known.from, from)
      : countFires(job.schedule, slot, from, to);
  const first = fires === 0 ? to : (nextFire(job.schedule, slot, from - 1)?.at ?? to);
  return { fingerprint, from, to, fires, first };
}
