import { type PastRun, tightenedLimits, tryLimits } from "../../guard/index.ts";
import type { DeployedJob, LedgerReader } from "../../ledger/index.ts";
import { DAY, type DesiredState, type Instant, type Money, money, nanos, type TrialResult } from "../../model/index.ts";
import { metricsOf } from "../../provider/index.ts";
import type { OpenPlacement } from "../env.ts";

const LOOK_BACK_MS: number = 30 * DAY;
/** Of each job, at most this many of its last runs are tried. */
const MOST_RUNS = 500;

/** New or tightened limits of jobs that stand deployed, tried on what the ledger remembers of the last 30 days (K13). */
export async function trialOf(
  ledger: LedgerReader,
  placements: ReadonlyMap<string, OpenPlacement>,
  deployed: readonly DeployedJob[],
  desired: DesiredState,
  now: Instant,
): Promise<readonly TrialResult[]> {
  const before = new Map(deployed.map((d) => [d.desired.job.name, d.desired.job.guard]));
  const results: TrialResult[] = [];
  for (const { job } of desired.jobs) {
    const open = placements.get(job.placement);
    if (!open || !before.has(job.name)) continue;
    const stood = before.get(job.name);
    if (tightenedLimits(stood, job.guard).length === 0) continue;
    const result = tryLimits({
      job: job.name,
      ...(stood === undefined ? {} : { before: stood }),
      after: job.guard,
      runs: await pastRuns(ledger, job.name, now),
      metrics: metricsOf(open.provider, job),
    });
    if (result) results.push(result);
  }
  return results;
}

async function pastRuns(ledger: LedgerReader, job: string, now: Instant): Promise<readonly PastRun[]> {
  const runs = await ledger.runs({ job, since: now - LOOK_BACK_MS, limit: MOST_RUNS });
  return Promise.all(
    runs.map(async (run): Promise<PastRun> => {
      const charges = await ledger.charges({ from: run.createdAt, to: now + 1, run: run.run });
      const cost = sum(charges.filter((c) => c.basis === "metered").map((c) => c.amount));
      return { run, samples: await ledger.samples(run.run), ...(cost === undefined ? {} : { cost }) };
    }),
  );
}

function sum(amounts: readonly Money[]): Money | undefined {
  const [first] = amounts;
  if (first === undefined || amounts.some((a) => a.currency !== first.currency)) return undefined;
  return money(
    amounts.reduce((total, a) => total + nanos(a.amount), 0n),
    first.currency,
  );
}
