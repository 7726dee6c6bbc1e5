import type { LedgerReader } from "../ledger/index.ts";
import type { Job, Run, Sample } from "../model/index.ts";
import type { Observation } from "../stagger/index.ts";
import type { CommonOptions } from "./command.ts";
import { withLedgerIfAny } from "./facts.ts";
import { CommandError, type World } from "./world.ts";

/** Runs of a job whose durations are looked at, the newest; and of how many of them the samples are read. */
const OBSERVED_RUNS = 200;
const SAMPLED_RUNS = 20;
/** Fewer runs than this say nothing of a load. */
const LEAST_RUNS = 5;

/** What the ledger knows of the jobs' past runs. Throws CommandError when there is no ledger. */
export async function observeRuns(
  world: World,
  options: CommonOptions,
  jobs: readonly Job[],
): Promise<ReadonlyMap<string, Observation>> {
  const found = await withLedgerIfAny(world, options, (ledger) => observationsOf(ledger, jobs));
  if (found) return found;
  throw new CommandError(
    "nothing was observed yet: there is no ledger",
    "leave --observed out, or start with: rota up",
  );
}

export async function observationsOf(
  ledger: Pick<LedgerReader, "runs" | "samples">,
  jobs: readonly Job[],
): Promise<ReadonlyMap<string, Observation>> {
  const observed = new Map<string, Observation>();
  for (const job of jobs) {
    const runs = await ledger.runs({ job: job.name, status: ["succeeded"], limit: OBSERVED_RUNS });
    const durationsSeconds = runs.flatMap(({ startedAt, endedAt }) =>
      startedAt === undefined || endedAt === undefined ? [] : [(endedAt - startedAt) / 1000],
    );
    if (durationsSeconds.length === 0) continue;
    const load = loadIsCpu(job) ? await meanCpu(ledger, runs.slice(0, SAMPLED_RUNS)) : undefined;
    observed.set(job.name, { durationsSeconds, ...(load === undefined ? {} : { load }) });
  }
  return observed;
}

/** A declared `load` may be in any unit, which no sample measures; else the load is the vCPU asked for. */
function loadIsCpu({ load, workload }: Job): boolean {
  return load === undefined && (workload.kind === "process" || workload.kind === "container");
}

/** vCPU that the runs used while they ran, in the mean, to hundredths; undefined when too few were measured. */
async function meanCpu(
  ledger: Pick<LedgerReader, "samples">,
  runs: readonly Pick<Run, "run">[],
): Promise<number | undefined> {
  const used: number[] = [];
  for (const { run } of runs) {
    const measured = (await ledger.samples(run)).filter((sample) => sample.cpuSeconds !== undefined);
    const seconds = total(measured, ({ from, to }) => (to - from) / 1000);
    if (seconds > 0) used.push(total(measured, ({ cpuSeconds }) => cpuSeconds ?? 0) / seconds);
  }
  if (used.length < LEAST_RUNS) return undefined;
  return Math.round((100 * used.reduce((sum, cpu) => sum + cpu, 0)) / used.length) / 100;
}

function total(samples: readonly Sample[], of: (sample: Sample) => number): number {
  return samples.reduce((sum, sample) => sum + of(sample), 0);
}
