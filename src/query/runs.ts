import type { LedgerReader, RunQuery } from "../ledger/index.ts";
import { type Entry, type Instant, type Money, money, nanos, OPEN_STATUSES, type Run } from "../model/index.ts";
import { rfc3339, rfc3339OrNull } from "./instant.ts";
import type { RunCostObject, RunDetailObject, RunObject, RunsObject, VerdictObject } from "./objects.ts";

/** What a run in flight has cost so far, by the daemon's meter; undefined when it has no price. */
export type LiveCost = (run: Run) => Money | undefined;

export interface RunViewOptions {
  readonly liveCost?: LiveCost;
}

/** The runs that match, newest first. */
export async function runsView(
  ledger: LedgerReader,
  query: RunQuery,
  options: RunViewOptions = {},
): Promise<RunsObject> {
  const runs = await ledger.runs(query);
  return { schema: "rota.runs/1", runs: await describeRuns(ledger, runs, options) };
}

/** One run with its limits, or undefined when the ledger does not know it. */
export async function runView(
  ledger: LedgerReader,
  id: string,
  options: RunViewOptions = {},
): Promise<RunDetailObject | undefined> {
  const run = await ledger.run(id);
  if (!run) return undefined;
  const [object] = await describeRuns(ledger, [run], options);
  if (!object) return undefined;
  return {
    schema: "rota.run.detail/1",
    ...object,
    limits: JSON.parse(JSON.stringify(run.limits)),
    workload: { kind: run.workload, cpu: run.cpu, memoryBytes: run.memoryBytes, gpu: run.gpu },
  };
}

/** Runs with their cost and verdict; one pass over the ledger for all of them. */
export async function describeRuns(
  ledger: LedgerReader,
  runs: readonly Run[],
  options: RunViewOptions = {},
): Promise<readonly RunObject[]> {
  if (runs.length === 0) return [];
  const since = Math.min(...runs.map(({ createdAt }) => createdAt));
  // One that a vendor's schedule started goes on record after it has begun, and is charged from its start.
  const begun = Math.min(since, ...runs.map(({ startedAt = since }) => startedAt));
  const only = runs.length === 1 ? runs[0]?.run : undefined;
  const [costs, notes] = await Promise.all([chargesByRun(ledger, begun, only), notesByRun(ledger, since, only)]);
  return runs.map((run) => describe(run, costs.get(run.run), notes.get(run.run), options.liveCost));
}

interface Notes {
  verdict?: VerdictObject;
  unpriced?: string;
}

const FOREVER: Instant = 8_640_000_000_000_000;

async function chargesByRun(
  ledger: LedgerReader,
  since: Instant,
  run: string | undefined,
): Promise<ReadonlyMap<string, RunCostObject | "mixed">> {
  const charges = await ledger.charges({ from: since, to: FOREVER, ...(run === undefined ? {} : { run }) });
  const sums = new Map<string, RunCostObject | "mixed">();
  for (const charge of charges) {
    const before = sums.get(charge.run);
    if (before === "mixed") continue;
    if (before && before.currency !== charge.amount.currency) {
      sums.set(charge.run, "mixed");
      continue;
    }
    const total = nanos(charge.amount.amount) + (before ? nanos(before.amount) : 0n);
    const basis = before?.basis === "invoiced" ? "invoiced" : charge.basis;
    sums.set(charge.run, { ...money(total, charge.amount.currency), basis });
  }
  return sums;
}

async function notesByRun(
  ledger: LedgerReader,
  since: Instant,
  run: string | undefined,
): Promise<ReadonlyMap<string, Notes>> {
  const notes = new Map<string, Notes>();
  const query = { types: ["run.judged", "charge.unpriced"] as const, since, ...(run === undefined ? {} : { run }) };
  for await (const entry of ledger.entries(query)) note(notes, entry);
  return notes;
}

function note(notes: Map<string, Notes>, entry: Entry): void {
  const { event } = entry;
  if (event.type !== "run.judged" && event.type !== "charge.unpriced") return;
  const of = notes.get(event.run) ?? {};
  notes.set(event.run, of);
  if (event.type === "charge.unpriced") of.unpriced = event.missing;
  else of.verdict = { at: rfc3339(entry.at), action: event.action, breaches: event.breaches };
}

function describe(
  run: Run,
  charged: RunCostObject | "mixed" | undefined,
  notes: Notes | undefined,
  liveCost: LiveCost | undefined,
): RunObject {
  const live = OPEN_STATUSES.includes(run.status) ? liveCost?.(run) : undefined;
  const cost: RunCostObject | undefined = live
    ? { ...live, basis: "metered", live: true }
    : charged === "mixed"
      ? undefined
      : charged;
  const unpriced = charged === "mixed" ? "it was charged in more than one currency" : notes?.unpriced;
  return {
    run: run.run,
    job: run.job,
    environment: run.environment,
    provider: run.placement,
    cause: run.cause,
    fire: run.fire ?? null,
    fireAt: rfc3339OrNull(run.fireAt),
    attempt: run.attempt,
    status: run.status,
    createdAt: rfc3339(run.createdAt),
    startedAt: rfc3339OrNull(run.startedAt),
    endedAt: rfc3339OrNull(run.endedAt),
    exitCode: run.exitCode ?? null,
    ...(run.signal === undefined ? {} : { signal: run.signal }),
    ...(run.reason === undefined ? {} : { reason: run.reason }),
    ...(run.team === undefined ? {} : { team: run.team }),
    ...(run.costCenter === undefined ? {} : { costCenter: run.costCenter }),
    labels: run.labels,
    cost: cost ?? null,
    ...(unpriced === undefined ? {} : { unpriced }),
    ...(notes?.verdict === undefined ? {} : { verdict: notes.verdict }),
  };
}
