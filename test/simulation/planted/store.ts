import type { Ledger } from "../../../src/ledger/index.ts";
import type { DesiredJob, LedgerEvent } from "../../../src/model/index.ts";
import type { Planted } from "../planted.ts";

/** Bugs in what is recorded, and in what a restarted daemon reads. */
export const STORE_BUGS: readonly Planted[] = [
  {
    name: "fires that came while the daemon was down are forgotten",
    breaks: ["F2"],
    ledger: (inner) =>
      change(inner, {
        lastAccounted: async () => (await inner.lastEntry())?.at,
        deployments: async (range) => {
          const last = (await inner.lastEntry())?.at ?? 0;
          const all = await inner.deployments(range);
          return range ? all : all.map((d) => ({ ...d, since: last + 3 * 3600_000 }));
        },
      }),
  },
  {
    name: "catch-up has no bound",
    breaks: ["F3"],
    ledger: (inner) =>
      change(inner, {
        deployments: async (range) =>
          (await inner.deployments(range)).map((d) => ({ ...d, desired: withoutCap(d.desired) })),
      }),
  },
  {
    name: "the lease's epoch does not grow",
    breaks: ["H1"],
    ledger: (inner) => change(inner, { nextEpoch: async () => 1 }),
  },
  {
    name: "the charge of a stopped run is dropped",
    breaks: ["L3"],
    ledger: rewriting((events) => {
      const killed = events.some((e) => e.type === "run.ended" && e.status === "killed");
      return killed ? events.filter((e) => e.type !== "charge") : events;
    }),
  },
  {
    name: "a charge is recorded twice",
    breaks: ["L3"],
    ledger: rewriting((events) => [...events, ...events.filter((e) => e.type === "charge")]),
  },
  {
    name: "a success is retried",
    breaks: ["F1"],
    ledger: (inner) => {
      const created = new Map<string, Extract<LedgerEvent, { type: "run.created" }>>();
      return rewriting((events) =>
        events.flatMap((e) => {
          if (e.type === "run.created") created.set(e.run.run, e);
          const made = e.type === "run.ended" && e.status === "succeeded" ? created.get(e.run) : undefined;
          if (!made || made.run.attempt > 1) return [e];
          const again = { ...made.run, run: made.run.run.replace(/1$/, "2"), attempt: 2, cause: "retry" as const };
          return [e, { type: "run.created" as const, run: again }];
        }),
      )(inner);
    },
  },
  {
    name: "killed overwrites a success",
    breaks: ["K12"],
    ledger: (inner) => {
      const stopping = new Set<string>();
      return rewriting((events) =>
        events.map((e) => {
          if (e.type === "run.stopping") stopping.add(e.run);
          return e.type === "run.ended" && stopping.has(e.run) ? { ...e, status: "killed" as const } : e;
        }),
      )(inner);
    },
  },
  {
    name: "protection is lost on its way into the record",
    breaks: ["K10"],
    ledger: rewriting((events) =>
      events.map((e) =>
        e.type === "run.created" ? { ...e, run: { ...e.run, limits: { ...e.run.limits, protect: false } } } : e,
      ),
    ),
  },
];

function rewriting(rewrite: (events: readonly LedgerEvent[]) => readonly LedgerEvent[]): (inner: Ledger) => Ledger {
  return (inner) => change(inner, { append: (events) => inner.append(rewrite(events)) });
}

function change(inner: Ledger, methods: Partial<Ledger>): Ledger {
  return { ...inner, ...methods };
}

function withoutCap(desired: DesiredJob): DesiredJob {
  const { job } = desired;
  return { ...desired, job: { ...job, schedule: { ...job.schedule, catchUp: { policy: "all", cap: 10_000 } } } };
}
