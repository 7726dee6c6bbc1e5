import type { Ledger } from "../../../src/ledger/index.ts";
import { openLedger } from "../../../src/ledger/index.ts";
import type { DesiredJob, LedgerEvent, Run } from "../../../src/model/index.ts";

export const T0: number = Date.UTC(2026, 10, 23);

export function aRun(run: string, more: Partial<Run> = {}): Run {
  return {
    run,
    job: "score",
    environment: "dev",
    placement: "local",
    cause: "fire",
    attempt: 1,
    status: "queued",
    createdAt: T0,
    limits: {
      mode: "enforce",
      onBreach: "stop",
      protect: false,
      graceSeconds: 30,
      idleCpu: 0.02,
      costWarn: 0.8,
    },
    labels: {},
    workload: "process",
    cpu: 1,
    memoryBytes: 2 ** 30,
    gpu: 0,
    ...more,
  };
}

export function aNote(text: string, run = "r1"): LedgerEvent {
  return { type: "run.note", run, component: "daemon", text };
}

export function aDesired(name: string): DesiredJob {
  return {
    job: {
      name,
      namespace: "acme",
      environment: "dev",
      placement: "local",
      labels: {},
      workload: {
        kind: "process",
        command: ["true"],
        shell: false,
        cpu: 1,
        memoryBytes: 2 ** 20,
        env: {},
        secrets: {},
      },
      schedule: {
        kind: "manual",
        timezone: "UTC",
        dst: { gap: "shift", overlap: "first" },
        onHoliday: "skip",
        catchUp: { policy: "last", cap: 1 },
        overlap: "skip",
        after: [],
      },
      guard: aRun("x").limits,
      retry: { attempts: 1, backoffSeconds: 1, maxBackoffSeconds: 1 },
      expect: {},
      options: {},
    },
  };
}

export function aCharge(run: string, amount: string, from: number): LedgerEvent {
  const money = { amount, currency: "USD" };
  return { type: "charge", run, job: "score", amount: money, basis: "metered", from, to: from + 5, how: "by hand" };
}

/** A ledger in a folder, on a clock that ticks a second at each look. */
export function openAt(path: string): Promise<Ledger> {
  let now = T0;
  return openLedger({ path, clock: { now: () => (now += 1000) }, turn: setImmediate });
}
