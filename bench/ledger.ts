import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Ledger, openLedger, openLedgerReader } from "../src/ledger/index.ts";
import { DAY, type LedgerEvent, MINUTE, type Run } from "../src/model/index.ts";
import type { Report } from "./report.ts";

const SINGLE = 1000;
const BATCHES = 200;
const BATCH = 100;
const ROWS = 1_000_000;
const START = Date.UTC(2026, 0, 1);

/** Appends against plain inserts of the same durability, in turns; then queries and verify on a million rows. */
export async function run(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "rota-bench-"));
  try {
    await appends(folder, report);
    await atAMillion(folder, report);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function open(path: string): Promise<Ledger> {
  return openLedger({ path, clock: { now: () => START }, turn: setImmediate });
}

/** A table as bare as can be, with the ledger's own journal and fsync. */
function openPlain(path: string): (rows: readonly string[]) => void {
  const db = new DatabaseSync(path);
  db.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE plain (seq INTEGER PRIMARY KEY, body TEXT)",
  );
  const insert = db.prepare("INSERT INTO plain (body) VALUES (?)");
  return (rows) => {
    db.exec("BEGIN IMMEDIATE");
    for (const row of rows) insert.run(row);
    db.exec("COMMIT");
  };
}

async function appends(folder: string, report: Report): Promise<void> {
  const ledger = await open(join(folder, "appends.db"));
  const plain = openPlain(join(folder, "plain.db"));
  const events = Array.from({ length: BATCH }, (_, i) => noteOf(i));
  const bodies = events.map((event) => JSON.stringify(event));
  const ms = { single: 0, plainSingle: 0, batch: 0, plainBatch: 0 };
  // In turns, so that a busy minute of the machine falls on both alike.
  for (let i = 0; i < SINGLE; i++) {
    ms.single += await timed(() => ledger.append([noteOf(i)]));
    ms.plainSingle += await timed(() => plain([bodies[i % BATCH] ?? ""]));
  }
  for (let i = 0; i < BATCHES; i++) {
    ms.batch += await timed(() => Promise.all(events.map((event) => ledger.append([event]))));
    ms.plainBatch += await timed(() => plain(bodies));
  }
  await ledger.close();
  const single = perSecond(SINGLE, ms.single);
  const batched = perSecond(BATCHES * BATCH, ms.batch);
  report("appends, one a commit", `${single}/s`, `plain inserts ${perSecond(SINGLE, ms.plainSingle)}/s`);
  report(`appends, ${BATCH} a commit`, `${batched}/s`, `plain inserts ${perSecond(BATCHES * BATCH, ms.plainBatch)}/s`);
}

async function atAMillion(folder: string, report: Report): Promise<void> {
  const path = join(folder, "million.db");
  const ledger = await open(path);
  const filled = await timed(() => fill(ledger));
  report("a mixed million of entries", `${perSecond(ROWS, filled)}/s`, "runs, fires, charges, notes; 1,000 a commit");
  await ledger.close();
  const reader = await openLedgerReader(path);
  const end = START + (ROWS / 5) * MINUTE;
  const day = { from: end - 30 * DAY, to: end - 29 * DAY };
  const questions: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["one run", () => reader.run("run-77777")],
    ["newest 100 runs", () => reader.runs({})],
    ["newest 100 failed runs of a job", () => reader.runs({ job: "job-7", status: ["failed", "killed"] })],
    ["runs in flight", () => reader.runs({ status: ["queued", "starting", "running"], limit: 10_000 })],
    ["the last accounted fire of a job", () => reader.lastAccounted("job-7")],
    ["a day's fires", () => reader.fires(day)],
    ["a day's charges", () => reader.charges(day)],
    ["a run's entries", () => Array.fromAsync(reader.entries({ run: "run-77777" }))],
  ];
  for (const [name, ask] of questions) {
    const times: number[] = [];
    for (let i = 0; i < 50; i++) times.push(await timed(ask));
    times.sort((a, b) => a - b);
    report(`at 1M rows: ${name}`, `${times[25]?.toFixed(2)} ms`, `p98 ${times[48]?.toFixed(2)} ms`);
  }
  let ok = false;
  const verified = await timed(async () => {
    ok = (await reader.verify()).ok;
  });
  await reader.close();
  if (!ok) throw new Error("the million does not verify");
  report("verify", `${perSecond(ROWS, verified)} rows/s`, "chain, projections made anew and compared, file");
}

async function fill(ledger: Ledger): Promise<void> {
  for (let i = 0; i < ROWS / 5; i += 200) {
    await ledger.append(Array.from({ length: 200 }, (_, j) => lifeOf(i + j)).flat());
  }
}

/** Five entries: what one run leaves behind. */
function lifeOf(n: number): LedgerEvent[] {
  const at = START + n * MINUTE;
  const [run, job] = [`run-${n}`, `job-${n % 100}`];
  const fire = `${job}/${n}/0`;
  return [
    { type: "fire.started", job, fire, fireAt: at, run, catchUp: false },
    { type: "run.created", run: runOf(run, job, at) },
    { type: "run.started", run, handle: { pid: n }, startedAt: at },
    {
      type: "run.ended",
      run,
      status: n % 50 === 0 ? "failed" : "succeeded",
      endedAt: at + 30_000,
      exitCode: 0,
      reason: "exit 0",
      component: "workload",
    },
    {
      type: "charge",
      run,
      job,
      amount: { amount: "0.001234567", currency: "USD" },
      basis: "metered",
      from: at,
      to: at + 30_000,
      how: "30 s",
    },
  ];
}

function runOf(run: string, job: string, createdAt: number): Run {
  return {
    run,
    job,
    environment: "prod",
    placement: "local",
    cause: "fire",
    attempt: 1,
    status: "queued",
    createdAt,
    limits: { mode: "enforce", onBreach: "stop", protect: false, graceSeconds: 30, idleCpu: 0.02, costWarn: 0.8 },
    labels: {},
    workload: "process",
    cpu: 1,
    memoryBytes: 2 ** 30,
    gpu: 0,
  };
}

function noteOf(n: number): LedgerEvent {
  return {
    type: "run.note",
    run: `run-${n}`,
    component: "workload",
    text: `what run ${n} had to say, about as long as usual`,
  };
}

async function timed(work: () => unknown): Promise<number> {
  const since = performance.now();
  await work();
  return performance.now() - since;
}

function perSecond(count: number, ms: number): string {
  return Math.round((count / ms) * 1000).toLocaleString("en");
}
