import type { DesiredJob, DesiredState, Instant, Job, Manifest, Schedule } from "../../src/model/index.ts";

type Rules = Omit<Extract<Schedule, { kind: "manual" }>, "kind">;

/** For renderings whose moment does not matter: a Monday, 06:00 UTC. */
export const NOW: Instant = Date.UTC(2026, 10, 23, 6);

export const RULES: Rules = {
  timezone: "UTC",
  dst: { gap: "shift", overlap: "first" },
  onHoliday: "skip",
  catchUp: { policy: "last", cap: 10 },
  overlap: "skip",
  after: [],
};

/** A pinned schedule with the manifest's own defaults. */
export function cron(expression: string, rules: Partial<Rules> = {}): Schedule {
  return { kind: "cron", expression, ...RULES, ...rules };
}

/** A job as the manifest resolves it, on the placement `memory`. */
export function job(name: string, change: Partial<Job> = {}): Job {
  return {
    name,
    namespace: "test",
    environment: "dev",
    placement: "memory",
    labels: {},
    workload: { kind: "process", command: ["true"], shell: false, cpu: 1, memoryBytes: 1 << 30, env: {}, secrets: {} },
    schedule: cron("0 * * * *"),
    guard: { mode: "enforce", onBreach: "stop", protect: false, graceSeconds: 30, idleCpu: 0.02, costWarn: 0.8 },
    retry: { attempts: 1, backoffSeconds: 10, maxBackoffSeconds: 600 },
    expect: {},
    options: {},
    ...change,
  };
}

export function manifest(jobs: readonly Job[], change: Partial<Manifest> = {}): Manifest {
  const environment = { name: "dev", placement: "memory", deployWindows: [] };
  return {
    namespace: "test",
    timezone: "UTC",
    currency: "USD",
    environment,
    environments: [environment],
    windows: {},
    calendars: {},
    placements: [{ name: "memory", type: "memory", options: {} }],
    pools: [],
    budgets: [],
    notify: [],
    safety: { maxStops: 10, share: 0.1, perSeconds: 900, maxDeletes: 0.1 },
    jobs,
    ...change,
  };
}

export function desiredState(jobs: readonly (Job | DesiredJob)[], change: Partial<Manifest> = {}): DesiredState {
  const all = jobs.map((j): DesiredJob => ("job" in j ? j : { job: j }));
  return {
    manifest: manifest(
      all.map((d) => d.job),
      change,
    ),
    jobs: all,
  };
}
