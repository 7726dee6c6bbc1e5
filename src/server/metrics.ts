import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { EngineStatus } from "../engine/index.ts";
import type { Charge } from "../ledger/index.ts";
import { decimal, type Entry, nanos } from "../model/index.ts";

const LATENCY_BUCKETS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** What /metrics tells. The engine and the ledger report their latencies through the two observe functions. */
export interface Metrics {
  /** From the scheduled instant to the start request, in seconds. */
  observeDispatchLag(seconds: number): void;
  /** From the call of append to its durable answer, in seconds. */
  observeAppend(seconds: number): void;
  /** Every committed entry, once. */
  record(entry: Entry): void;
  /** Prometheus' text format; the status and today's charges are read at the scrape. */
  render(status: EngineStatus, chargesToday: readonly Charge[]): Promise<string>;
  readonly contentType: string;
}

export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const build = new Gauge({ name: "rota_build_info", help: "Always 1.", labelNames: ["version"], registers });
  build.set({ version }, 1);
  const lag = new Histogram({
    name: "rota_dispatch_lag_seconds",
    help: "From the scheduled instant to the start request.",
    buckets: LATENCY_BUCKETS_SECONDS,
    registers,
  });
  const append = new Histogram({
    name: "rota_ledger_append_seconds",
    help: "From the call of append to its durable answer.",
    buckets: LATENCY_BUCKETS_SECONDS,
    registers,
  });
  const record = createCounters(registers);
  const scrape = createGauges(registers);
  return {
    observeDispatchLag: (seconds) => lag.observe(seconds),
    observeAppend: (seconds) => append.observe(seconds),
    record,
    render: (status, chargesToday) => {
      scrape(status, chargesToday);
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}

/** Counters of what the ledger recorded since the daemon started. */
function createCounters(registers: Registry[]): (entry: Entry) => void {
  const counter = (name: string, help: string, labelNames: string[]): Counter =>
    new Counter({ name, help, labelNames, registers });
  const ended = counter("rota_runs_ended_total", "Runs that ended, by status.", ["status"]);
  const started = counter("rota_runs_started_total", "Runs whose start the provider confirmed.", []);
  const stops = counter("rota_stops_total", "Stops sent, by cause and mode.", ["cause", "mode"]);
  const breaches = counter("rota_guard_breaches_total", "Breaches judged, by limit and what was done.", [
    "limit",
    "action",
  ]);
  const unstarted = counter("rota_fires_not_started_total", "Fires that started nothing.", ["outcome", "reason"]);
  const problems = counter("rota_provider_problems_total", "Failures of providers.", ["placement", "code"]);
  const notices = counter("rota_notices_total", "Notifications, by result.", ["result"]);
  return ({ event }) => {
    if (event.type === "run.ended") ended.inc({ status: event.status });
    else if (event.type === "run.started") started.inc();
    else if (event.type === "run.stopping") stops.inc({ cause: event.cause, mode: event.mode });
    else if (event.type === "run.judged") {
      for (const { limit } of event.breaches) breaches.inc({ limit, action: event.action });
    } else if (event.type === "fire.missed" || event.type === "fire.skipped") {
      unstarted.inc({ outcome: event.type.slice("fire.".length), reason: event.reason }, event.count);
    } else if (event.type === "provider.problem") problems.inc({ placement: event.placement, code: event.code });
    else if (event.type === "notice.sent") notices.inc({ result: event.ok ? "sent" : "failed" });
  };
}

/** Gauges of how things stand at the scrape. */
function createGauges(registers: Registry[]): (status: EngineStatus, chargesToday: readonly Charge[]) => void {
  const gauge = (name: string, help: string, labelNames: string[] = []): Gauge =>
    new Gauge({ name, help, labelNames, registers });
  const ready = gauge("rota_ready", "1 when /readyz says so.");
  const held = gauge("rota_guard_held", "1 while the guard waits for a person.");
  const running = gauge("rota_runs_in_flight", "Runs that have not ended, by status.", ["status"]);
  const placementUp = gauge("rota_placement_up", "1 while the provider answers.", ["placement"]);
  const spent = gauge("rota_budget_spent", "Spent in the budget's period.", ["budget", "currency"]);
  const limit = gauge("rota_budget_limit", "The budget's limit.", ["budget", "currency"]);
  const today = gauge("rota_spend_today", "Charged in this UTC day, reversals taken out.", ["currency", "basis"]);
  return (status, chargesToday) => {
    for (const each of [running, placementUp, spent, limit, today]) each.reset();
    ready.set(status.ready ? 1 : 0);
    held.set(status.guardHeld === undefined ? 0 : 1);
    for (const run of status.running) running.inc({ status: run.status });
    for (const { placement, ok } of status.placements) placementUp.set({ placement }, ok ? 1 : 0);
    for (const budget of status.budgets) {
      spent.set({ budget: budget.budget, currency: budget.spent.currency }, Number(budget.spent.amount));
      limit.set({ budget: budget.budget, currency: budget.limit.currency }, Number(budget.limit.amount));
    }
    for (const [key, sum] of sums(chargesToday)) {
      const [currency = "", basis = ""] = key.split(" ");
      today.set({ currency, basis }, Number(decimal(sum)));
    }
  };
}

/** Exact until the last step: a metric is a float. Keys are `USD metered`. */
function sums(charges: readonly Charge[]): ReadonlyMap<string, bigint> {
  const totals = new Map<string, bigint>();
  for (const { amount, basis } of charges) {
    const key = `${amount.currency} ${basis}`;
    totals.set(key, (totals.get(key) ?? 0n) + nanos(amount.amount));
  }
  return totals;
}
