import type { Ledger } from "../../src/ledger/index.ts";
import type { DesiredJob, GuardLimits, Instant, LedgerEvent, Run, RunStatus } from "../../src/model/index.ts";
import { fireKey, HOUR, MINUTE } from "../../src/model/index.ts";
import type { VirtualClock } from "./clock.ts";

/** 2026-11-23, a Monday; the sheet's zone is UTC so that times are easy to read. */
export const SAMPLE_DAY: Instant = Date.UTC(2026, 10, 23);
export const SAMPLE_NOW: Instant = SAMPLE_DAY + 9 * HOUR + 44 * MINUTE + 12_000;

const LIMITS: GuardLimits = {
  mode: "enforce",
  onBreach: "stop",
  protect: false,
  graceSeconds: 30,
  idleCpu: 0.02,
  costWarn: 0.8,
  idleSeconds: 1800,
  durationSeconds: 7200,
  cost: { amount: "5", currency: "USD" },
};

export function sampleJob(name: string, cron: string, more: Partial<DesiredJob["job"]> = {}): DesiredJob {
  return {
    job: {
      name,
      namespace: "acme-ml",
      environment: "dev",
      placement: "local",
      team: "churn",
      labels: {},
      workload: {
        kind: "process",
        command: ["./run"],
        shell: false,
        cpu: 1,
        memoryBytes: 2 ** 30,
        env: {},
        secrets: {},
      },
      schedule: {
        kind: "cron",
        expression: cron,
        timezone: "UTC",
        dst: { gap: "shift", overlap: "first" },
        onHoliday: "skip",
        catchUp: { policy: "last", cap: 1 },
        overlap: "skip",
        after: [],
      },
      guard: LIMITS,
      retry: { attempts: 1, backoffSeconds: 30, maxBackoffSeconds: 600 },
      expect: {},
      options: {},
      ...more,
    },
  };
}

export function sampleRun(job: string, at: Instant, more: Partial<Run> = {}): Run {
  const local = new Date(at).toISOString().slice(0, 16);
  return {
    run: `${job}-${local.replaceAll(/[^0-9]/g, "")}`,
    job,
    environment: "dev",
    placement: "local",
    cause: "fire",
    fire: fireKey(job, local, 0),
    fireAt: at,
    attempt: 1,
    status: "queued",
    createdAt: at,
    limits: LIMITS,
    labels: { tier: "gold" },
    team: "churn",
    costCenter: "CC-104",
    workload: "process",
    cpu: 1,
    memoryBytes: 2 ** 30,
    gpu: 0,
    ...more,
  };
}

export interface SampleEnd {
  readonly status: Extract<RunStatus, "succeeded" | "failed" | "killed" | "lost">;
  readonly afterMs: number;
  readonly reason: string;
  readonly exitCode?: number;
}

/** Writes into a ledger as the engine would: in order, each entry at its own time. */
export class SampleWriter {
  readonly ledger: Ledger;
  readonly #clock: VirtualClock;

  constructor(ledger: Ledger, clock: VirtualClock) {
    this.ledger = ledger;
    this.#clock = clock;
  }

  async at(instant: Instant, ...events: LedgerEvent[]): Promise<void> {
    this.#clock.step(instant - this.#clock.now());
    await this.ledger.append(events);
  }

  async deploy(at: Instant, ...jobs: DesiredJob[]): Promise<void> {
    for (const desired of jobs) {
      await this.at(at, { type: "job.deployed", placement: "local", desired, fingerprint: `f-${desired.job.name}` });
    }
  }

  async start(run: Run): Promise<Run> {
    const { createdAt, fire = "", fireAt = createdAt, job } = run;
    await this.at(
      createdAt,
      { type: "fire.started", job, fire, fireAt, run: run.run, catchUp: false },
      { type: "run.created", run },
      { type: "run.sent", run: run.run },
    );
    const startedAt = createdAt + 400;
    await this.at(startedAt, { type: "run.started", run: run.run, handle: { pid: 4242 }, startedAt });
    return run;
  }

  async end(run: Run, { status, afterMs, reason, exitCode }: SampleEnd, amount?: string): Promise<void> {
    const endedAt = run.createdAt + afterMs;
    const code = exitCode === undefined ? {} : { exitCode };
    const component = status === "killed" ? "guard" : "workload";
    const events: LedgerEvent[] = [{ type: "run.ended", run: run.run, status, endedAt, reason, component, ...code }];
    const span = { run: run.run, job: run.job, from: run.createdAt, to: endedAt };
    if (amount === undefined) events.push({ type: "charge.unpriced", ...span, missing: "a price for local: price" });
    else {
      const charged = { amount: { amount, currency: "USD" }, basis: "metered" as const, how: "local × 1 vCPU" };
      events.push({ type: "charge", ...span, ...charged });
    }
    await this.at(endedAt, ...events);
  }
}

/** Text that would act if it ever became markup. */
export const HOSTILE = `</script><img src=x onerror="window.pwned=1"><svg onload=window.pwned=1>&lt;b&gt;`;

/** A morning with one of everything: jobs that ran, failed, were stopped, were missed, and one that runs. */
export async function writeSampleMorning(
  writer: SampleWriter,
): Promise<{ readonly running: Run; readonly killed: Run }> {
  const day = SAMPLE_DAY;
  await writer.deploy(
    day - 48 * HOUR,
    sampleJob("check-data", "*/15 * * * *"),
    sampleJob("train-model", "0 6 * * *"),
    sampleJob("score-customers", "0 8 * * *"),
    sampleJob("nightly-report", "0 9 * * *", { description: "Figures for finance" }),
    sampleJob("invoices", "0 7 * * 1-5"),
    sampleJob("forgotten-print", "0 5 * * *"),
    sampleJob("archive", "0 22 * * *"),
  );
  const ran = { status: "succeeded", afterMs: 42_000, reason: "exit code 0", exitCode: 0 } as const;
  for (let at = day; at <= day + 9 * HOUR + 30 * MINUTE; at += 15 * MINUTE) {
    const check = sampleRun("check-data", at);
    if (at === day + 5 * HOUR) {
      await writer.at(at + 3 * MINUTE, {
        type: "fire.missed",
        job: "check-data",
        from: at,
        to: at,
        count: 1,
        firstFire: check.fire ?? "",
        lastFire: check.fire ?? "",
        reason: "daemonDown",
        detail: "the daemon was down from 04:58 to 05:03",
      });
      await writeKilled(writer, day + 5 * HOUR + 4 * MINUTE);
      continue;
    }
    await writer.start(check);
    await writer.end(check, ran, "0.000233333");
    if (at === day + 6 * HOUR)
      await writeRun(writer, "train-model", at, { ...ran, afterMs: 11 * MINUTE }, "1.234567891");
    if (at === day + 7 * HOUR) {
      const failed = { status: "failed", afterMs: 6000, reason: `exit code 3: ${HOSTILE}`, exitCode: 3 } as const;
      await writeRun(writer, "invoices", at, failed);
      await writer.at(at + MINUTE, {
        type: "fire.excused",
        job: "invoices",
        fire: fireKey("invoices", "2026-11-23T07:00", 0),
        fireAt: at,
        by: "Mina",
        reason: "run by hand at 07:20",
      });
    }
    if (at === day + 8 * HOUR) {
      const failed = {
        status: "failed",
        afterMs: 31_000,
        reason: `exit code 1: no file ${HOSTILE}`,
        exitCode: 1,
      } as const;
      await writeRun(writer, "score-customers", at, failed, "0.0086");
    }
  }
  const running = sampleRun("nightly-report", day + 9 * HOUR);
  await writer.start(running);
  await writer.at(SAMPLE_NOW, { type: "daemon.started", epoch: 2, version: "0.1.0", pid: 7, bootId: "b" });
  return { running, killed: sampleRun("forgotten-print", day + 5 * HOUR + 4 * MINUTE) };
}

async function writeRun(writer: SampleWriter, job: string, at: Instant, end: SampleEnd, amount?: string): Promise<Run> {
  const run = await writer.start(sampleRun(job, at));
  await writer.end(run, end, amount);
  return run;
}

/** A print loop: judged, stopped and ended by the guard. */
async function writeKilled(writer: SampleWriter, at: Instant): Promise<void> {
  const run = await writer.start(
    sampleRun("forgotten-print", at, {
      fire: fireKey("forgotten-print", "2026-11-23T05:00", 0),
      fireAt: SAMPLE_DAY + 5 * HOUR,
      cause: "catchUp",
    }),
  );
  const judgedAt = at + 31 * MINUTE;
  await writer.at(
    judgedAt,
    {
      type: "run.judged",
      run: run.run,
      action: "stop",
      epoch: 1,
      breaches: [
        {
          limit: "idle",
          declared: "30m",
          observed: "30m 12s without progress",
          evidence: { windowSeconds: 1812, cpuShare: 0.004, repeatingShare: 0.9991, repeatingLine: HOSTILE },
          advice: "Report progress by appending to the file in ROTA_PROGRESS, or raise guard.idle.",
        },
      ],
    },
    { type: "run.stopping", run: run.run, mode: "polite", cause: "guard", by: "guard", reason: "idle", epoch: 1 },
  );
  const reason = "stopped by the guard: idle for 30m 12s (limit 30m)";
  await writer.end(run, { status: "killed", afterMs: 31 * MINUTE + 4000, reason }, "0.103400001");
}
