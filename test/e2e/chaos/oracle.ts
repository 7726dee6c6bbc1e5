import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type LedgerReader, openLedgerReader } from "../../../src/ledger/index.ts";
import { type Entry, fireKey, OPEN_STATUSES, type Run } from "../../../src/model/index.ts";
import { fires } from "../../../src/schedule/index.ts";

export interface Evidence {
  readonly state: string;
  /** What the runs themselves wrote. */
  readonly witness: string;
  readonly acknowledged: ReadonlyMap<number, string>;
  readonly virtualEnd: number;
  readonly speed: number;
}

export interface ChaosReport {
  readonly fires: number;
  readonly starts: number;
  readonly passed: number;
  readonly checks: number;
  readonly faults: readonly string[];
}

/** Fires younger than this, in virtual time, may still have been on their way when the last daemon was killed. */
const FRESH_MS = 3 * 60_000;
const OLD_ORPHAN_SECONDS = 20;

type Check = (ok: boolean, fault: () => string) => void;

/** Compares what really happened (the runs' own lines, /proc) with what the ledger says, and both with the schedules. */
export async function examine(evidence: Evidence): Promise<ChaosReport> {
  const faults: string[] = [];
  let checks = 0;
  const check: Check = (ok, fault) => {
    checks += 1;
    if (!ok) faults.push(fault());
  };
  const execs = executions(evidence.witness);
  for (const [run, count] of execs) check(count === 1, () => `${run} was executed ${count} times`);
  const ledger = await openLedgerReader(join(evidence.state, "ledger.db"));
  try {
    const entries: Entry[] = [];
    for await (const entry of ledger.entries({ limit: Number.MAX_SAFE_INTEGER })) entries.push(entry);
    await checkRows(ledger, entries, evidence, check);
    const runs = new Map((await ledger.runs({ limit: Number.MAX_SAFE_INTEGER })).map((r) => [r.run, r]));
    checkRuns(runs, execs, check);
    const fired = await checkFires(ledger, entries, evidence, check);
    checkOrphans(runs, evidence.state, check);
    return { ...fired, starts: execs.size, checks, faults };
  } finally {
    await ledger.close();
  }
}

function executions(witness: string): ReadonlyMap<string, number> {
  const execs = new Map<string, number>();
  for (const line of readFileSync(witness, "utf8").trim().split("\n")) {
    const [word, run = ""] = line.split(" ");
    if (word === "start") execs.set(run, (execs.get(run) ?? 0) + 1);
  }
  return execs;
}

async function checkRows(
  ledger: LedgerReader,
  entries: readonly Entry[],
  evidence: Evidence,
  check: Check,
): Promise<void> {
  const verified = await ledger.verify();
  check(verified.ok, () => `the ledger does not verify: ${JSON.stringify(verified.firstBad)}`);
  const bySeq = new Map(entries.map((e) => [e.seq, e.hash]));
  for (const [seq, hash] of evidence.acknowledged) {
    check(bySeq.get(seq) === hash, () => `acknowledged row ${seq} is missing or differs`);
  }
}

function checkRuns(runs: ReadonlyMap<string, Run>, execs: ReadonlyMap<string, number>, check: Check): void {
  for (const run of execs.keys()) check(runs.has(run), () => `${run} ran, and the ledger does not know it`);
  for (const run of runs.values()) {
    check(run.status !== "lost", () => `${run.run} was lost: ${run.reason ?? ""}`);
    if (run.status !== "succeeded" && run.status !== "failed") continue;
    check(execs.get(run.run) === 1, () => `${run.run} is ${run.status}, and never ran (${run.reason ?? ""})`);
  }
}

/** Each fire that was due has exactly one outcome: a run, or one reason. */
async function checkFires(
  ledger: LedgerReader,
  entries: readonly Entry[],
  { virtualEnd }: Evidence,
  check: Check,
): Promise<{ readonly fires: number; readonly passed: number }> {
  const started = new Map<string, number>();
  for (const { event } of entries) {
    if (event.type === "fire.started") started.set(event.fire, (started.get(event.fire) ?? 0) + 1);
  }
  const stretches = entries.flatMap(({ event }) =>
    event.type === "fire.skipped" || event.type === "fire.missed" ? [event] : [],
  );
  let due = 0;
  let passed = 0;
  for (const { desired, since } of await ledger.deployments()) {
    const { job, slot } = desired;
    const mine = stretches.filter((s) => s.job === job.name);
    for (const fire of fires(job.schedule, slot, since + 1, virtualEnd - FRESH_MS)) {
      due += 1;
      const key = fireKey(job.name, fire.local, fire.ordinal);
      const left = mine.filter((s) => s.from <= fire.at && fire.at <= s.to).length;
      passed += left;
      check(
        (started.get(key) ?? 0) + left === 1,
        () => `${key} has ${started.get(key) ?? 0} starts and ${left} reasons`,
      );
    }
  }
  return { fires: due, passed };
}

function checkOrphans(runs: ReadonlyMap<string, Run>, state: string, check: Check): void {
  for (const { pid, run, ageSeconds } of livingRuns(state)) {
    const status = runs.get(run)?.status;
    const open = status !== undefined && OPEN_STATUSES.includes(status);
    check(open, () => `process ${pid} of ${run} lives, and the ledger says ${status ?? "nothing"}`);
    check(
      ageSeconds < OLD_ORPHAN_SECONDS,
      () => `process ${pid} of ${run} has lived ${ageSeconds} s, beyond its limits`,
    );
  }
}

/** Processes that carry a run's mark and belong to this state, by /proc. */
export function livingRuns(
  state: string,
): readonly { readonly pid: number; readonly run: string; readonly ageSeconds: number }[] {
  const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
  const found: { pid: number; run: string; ageSeconds: number }[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const environment = readFileSync(`/proc/${name}/environ`, "utf8").split("\0");
      const run = environment.find((e) => e.startsWith("ROTA_RUN="))?.slice("ROTA_RUN=".length);
      if (run === undefined || !environment.some((e) => e.includes(state))) continue;
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
      found.push({ pid: Number(name), run, ageSeconds: uptime - ticks / 100 });
    } catch {
      // It ended while it was looked at.
    }
  }
  return found;
}
