import fc from "fast-check";
import type { LedgerEvent } from "../../../src/model/index.ts";
import { aDesired, aRun, T0 } from "./events.ts";

const runIds = fc.constantFrom("r1", "r2", "r3");
const jobs = fc.constantFrom("score", "train", "ünïcode-job");
const instants = fc.integer({ min: T0, max: T0 + 10 ** 9 });
const money = fc.record({ amount: fc.constantFrom("0.1", "12.345678901", "-3"), currency: fc.constant("USD") });
const passed = fc.record({
  job: jobs,
  from: instants,
  to: instants,
  count: fc.nat(1000),
  firstFire: fc.string(),
  lastFire: fc.string(),
  reason: fc.constantFrom("overlap" as const, "daemonDown" as const),
  detail: fc.string({ unit: "binary" }),
});

/** Any event that the projections look at, in any order, with texts of any kind; and one of a later version. */
export const anyEvent: fc.Arbitrary<LedgerEvent> = fc.oneof(
  fc.record({ run: runIds, job: jobs, at: instants }).map(({ run, job, at }): LedgerEvent => {
    return { type: "run.created", run: aRun(run, { job, createdAt: at }) };
  }),
  runIds.map((run): LedgerEvent => ({ type: "run.sent", run })),
  fc.record({ run: runIds, startedAt: instants, handle: fc.jsonValue() }).map((e) => {
    return { type: "run.started", ...e } as LedgerEvent;
  }),
  fc
    .record({
      run: runIds,
      status: fc.constantFrom("succeeded" as const, "failed" as const, "killed" as const, "lost" as const),
      endedAt: instants,
      reason: fc.string({ unit: "binary" }),
      component: fc.constant("workload" as const),
    })
    .map((e): LedgerEvent => ({ type: "run.ended", ...e })),
  fc.record({ job: jobs, fire: fc.string(), fireAt: instants, run: runIds, catchUp: fc.boolean() }).map((e) => {
    return { type: "fire.started", ...e } as LedgerEvent;
  }),
  passed.map((e): LedgerEvent => ({ type: "fire.skipped", ...e })),
  passed.map((e): LedgerEvent => ({ type: "fire.missed", ...e })),
  fc.record({ job: jobs, fire: fc.string(), fireAt: instants, by: fc.string(), reason: fc.string() }).map((e) => {
    return { type: "fire.excused", ...e } as LedgerEvent;
  }),
  jobs.map((job): LedgerEvent => {
    return { type: "job.deployed", placement: "local", desired: aDesired(job), fingerprint: "f" };
  }),
  jobs.map((job): LedgerEvent => ({ type: "job.undeployed", job, placement: "local" })),
  fc.record({ run: runIds, job: jobs, amount: money, from: instants, to: instants }).map((e): LedgerEvent => {
    return { type: "charge", basis: "metered", how: "any", ...e };
  }),
  fc.record({ seq: fc.integer({ min: 1, max: 30 }), run: runIds, reason: fc.string() }).map((e): LedgerEvent => {
    return { type: "charge.reversed", ...e };
  }),
  fc.jsonValue().map((later) => ({ type: "later.version", run: "r1", later }) as unknown as LedgerEvent),
);
