import {
  type Breach,
  type Component,
  durationText,
  type Entry,
  type EventOf,
  type EventType,
  type Instant,
  type LedgerEvent,
  type RentedMachine,
} from "../model/index.ts";
import type { TimelineEvent } from "./explanation.ts";

const STOPPED_BY: Readonly<Record<EventOf<"run.stopping">["cause"], Component>> = {
  guard: "guard",
  person: "person",
  budget: "budget",
  overlap: "schedule",
  duplicate: "provider",
  shutdown: "daemon",
};

export function stopComponent(cause: EventOf<"run.stopping">["cause"]): Component {
  return STOPPED_BY[cause];
}

type Told = readonly [component: Component, detail: string];
type Tellers = { readonly [T in EventType]?: (event: EventOf<T>) => Told };

/** What an entry says to a person. Events that are not here (charges, samples' doings) are no news of a run. */
const TELLERS: Tellers = {
  "daemon.started": ({ version, pid }) => ["daemon", `the daemon started (version ${version}, pid ${pid})`],
  "daemon.stopped": ({ reason }) => ["daemon", `the daemon stopped: ${reason}`],
  "clock.stepped": ({ byMs, detail }) => [
    "daemon",
    `the wall clock stepped by ${durationText(byMs / 1000)}: ${detail}`,
  ],
  "job.deployed": ({ placement }) => ["schedule", `deployed to ${placement}`],
  "job.undeployed": ({ placement }) => ["schedule", `removed from ${placement}`],
  "deployment.drifted": ({ placement, resource, kind, detail }) => [
    "provider",
    `${resource} at ${placement} is not as it was applied (${kind}): ${detail}`,
  ],
  "deployment.restored": ({ placement, resource, detail }) => ["provider", `${resource} at ${placement}: ${detail}`],
  "fire.started": ({ fire, run, catchUp }) => [
    "schedule",
    `fire ${fire} became run ${run}${catchUp ? ", caught up late" : ""}`,
  ],
  "fire.skipped": ({ firstFire, count, reason, detail }) => [
    "schedule",
    `${firesText(firstFire, count)} skipped, ${reason}: ${detail}`,
  ],
  "fire.missed": ({ firstFire, count, reason, detail }) => [
    "schedule",
    `${firesText(firstFire, count)} missed, ${reason}: ${detail}`,
  ],
  "fire.excused": ({ by, reason }) => ["person", `excused by ${by}: ${reason}`],
  "run.created": ({ run }) => [
    run.cause === "person" ? "person" : run.cause === "foreign" ? "provider" : "schedule",
    createdText(run.cause, run.attempt),
  ],
  "run.sent": () => ["start", "the request to start it left"],
  "run.started": () => ["provider", "the provider confirmed that it runs"],
  "run.rented": ({ rented }) => ["provider", rentedText(rented)],
  "run.ended": ({ component, status, exitCode, signal, reason }) => [
    component,
    [
      `${status}`,
      exitCode === undefined ? "" : `exit code ${exitCode}`,
      signal === undefined ? "" : signal,
      reason === "" || reason === `exit code ${exitCode}` ? "" : reason,
    ]
      .filter((part) => part !== "")
      .join(", "),
  ],
  "run.note": ({ component, text }) => [component, text],
  "run.judged": ({ action, breaches }) => ["guard", `${JUDGED[action]}: ${breaches.map(breachText).join("; ")}`],
  "run.stopping": ({ mode, cause, by, reason }) => [STOPPED_BY[cause], `${mode} stop by ${by}: ${reason}`],
  "run.unstoppable": ({ reason }) => ["provider", `it cannot be stopped: ${reason}`],
  "run.stoppable": () => ["provider", "it took a stop after all"],
  saved: ({ amount, rule }) => ["guard", `saved ${amount.amount} ${amount.currency} (${rule})`],
  "charge.unpriced": ({ missing }) => ["budget", `a part of it has no price: ${missing}`],
  "budget.warned": ({ budget, share }) => ["budget", `budget ${budget} has passed ${Math.round(share * 100)}%`],
  "budget.reached": ({ budget, action, spent, limit }) => [
    "budget",
    `budget ${budget} is reached (${spent.amount} of ${limit.amount} ${limit.currency}): ${action}`,
  ],
  "budget.released": ({ budget, by, reason }) => ["budget", `budget ${budget} released by ${by}: ${reason}`],
  "guard.held": ({ reason }) => ["guard", `the guard holds: ${reason}`],
  "guard.released": ({ by, reason }) => ["guard", `the guard was released by ${by}: ${reason}`],
  "provider.problem": ({ placement, code, message }) => ["provider", `${placement}: ${code}: ${message}`],
  "provider.recovered": ({ placement }) => ["provider", `${placement} works again`],
};

const JUDGED = {
  stop: "the guard stops it",
  notify: "the guard tells, and does not stop",
  observe: "the guard would stop it (mode: observe)",
  protected: "the guard would stop it, and it is protected",
  impossible: "the guard would stop it, and its provider has no way to",
} as const;

export function breachText({ limit, declared, observed }: Breach): string {
  return `${limit} ${declared}, seen ${observed}`;
}

/** The entries that say something, and the due instant of a fire, in time. */
export function timelineOf(entries: readonly Entry[], fireAt?: Instant): TimelineEvent[] {
  const seen = new Set<number>();
  const events: (TimelineEvent & { readonly order: number })[] = [];
  for (const { seq, at, event } of entries) {
    const told = seen.has(seq) ? undefined : tell(event);
    seen.add(seq);
    if (told) events.push({ at, component: told[0], event: event.type, detail: told[1], order: seq });
  }
  if (fireAt !== undefined) {
    events.push({ at: fireAt, component: "schedule", event: "fire.due", detail: "its scheduled instant", order: -1 });
  }
  events.sort((a, b) => a.at - b.at || a.order - b.order);
  return events.map(({ order: _order, ...event }) => event);
}

function tell<T extends EventType>(event: EventOf<T> & LedgerEvent): Told | undefined {
  const teller = TELLERS[event.type] as ((event: LedgerEvent) => Told) | undefined;
  return teller?.(event);
}

function firesText(first: string, count: number): string {
  return count === 1 ? `fire ${first}` : `${count} fires from ${first}`;
}

function rentedText(rented: readonly RentedMachine[]): string {
  if (rented.length === 0) return "no machine is rented for it";
  const names = rented.map(({ id, type, until }) => `${id} (${type}${until === undefined ? "" : ", stopped"})`);
  return `its machines: ${names.join(", ")}`;
}

function createdText(cause: string, attempt: number): string {
  switch (cause) {
    case "person":
      return "a person asked for it";
    case "retry":
      return `attempt ${attempt} was queued`;
    case "catchUp":
      return "queued to catch up a late fire";
    case "foreign":
      return "found at the provider, started there";
    default:
      return "queued by its schedule";
  }
}
