import { expect, test } from "vitest";
import { explainFire, type FireEvidenceInput, type Responsible } from "../../../src/attendance/index.ts";
import { DAY, type Entry, HOUR, type LedgerEvent } from "../../../src/model/index.ts";
import { cron } from "../../support/jobs.ts";
import { deployed, entries, NINE, record } from "./facts.ts";

const KEY = "score/2026-11-23T09:00/0";

function of(change: Partial<FireEvidenceInput>): ReturnType<typeof explainFire> {
  return explainFire({ fire: KEY, now: NINE + HOUR, deployments: [deployed("score")], ...change });
}

test.each<[reason: string, component: Responsible["component"], fix: string]>([
  ["daemonDown", "daemon", "service"],
  ["paused", "daemon", "stood still"],
  ["clock", "daemon", "time service"],
  ["catchUpCap", "schedule", "cap"],
  ["catchUpPolicy", "schedule", "catchUp: last"],
  ["overlap", "schedule", "overlap: queue"],
  ["dependency", "schedule", "comes after"],
  ["undeployed", "schedule", "apply"],
  ["held", "budget", "release"],
  ["notSeen", "provider", "rota doctor"],
  ["unseen", "provider", "nothing is wrong"],
  ["startFailed", "start", "rota doctor"],
])("a fire that was passed for %s is %s's", (reason, component, fix) => {
  const { responsible } = of({ record: record("score", "missed", NINE, { reason, detail: "since 08:00" }) });
  expect(responsible).toEqual({
    component,
    evidence: `missed, ${reason}: since 08:00`,
    fix: expect.stringContaining(fix),
  });
});

const drift = (kind: "paused" | "problem", at: number): Entry[] =>
  entries({
    type: "deployment.drifted",
    placement: "aws",
    job: "score",
    resource: "schedule/score.1",
    kind,
    detail: "paused, and not by rota",
  }).map((entry) => ({ ...entry, at }));
const restored = (at: number): Entry[] =>
  entries({
    type: "deployment.restored",
    placement: "aws",
    job: "score",
    resource: "schedule/score.1",
    by: "elsewhere",
    detail: "as applied",
  }).map((entry) => ({ ...entry, at }));

test.each<[what: string, drifted: readonly Entry[], component: Responsible["component"], told: boolean]>([
  ["paused by hand a month before", drift("paused", NINE - 30 * DAY), "person", true],
  ["paused, and found so soon after", drift("paused", NINE + HOUR / 2), "person", true],
  ["broken at the vendor", drift("problem", NINE - DAY), "provider", true],
  ["paused and resumed before it", [...drift("paused", NINE - DAY), ...restored(NINE - HOUR)], "provider", false],
  ["resumed only afterwards", [...drift("paused", NINE - DAY), ...restored(NINE + HOUR)], "person", true],
  ["paused long afterwards", drift("paused", NINE + 2 * HOUR), "provider", false],
])("a fire that was not seen, with a schedule %s", (_what, drifted, component, told) => {
  const { responsible, timeline } = of({
    record: record("score", "missed", NINE, { reason: "notSeen", detail: "no run was seen" }),
    drifted,
  });
  expect(responsible.component).toBe(component);
  expect(responsible.evidence.includes("schedule/score.1: paused, and not by rota")).toBe(told);
  expect(timeline.some(({ event }) => event === "deployment.drifted")).toBe(told);
});

const stopped: LedgerEvent = { type: "daemon.stopped", epoch: 1, reason: "SIGTERM" };
const before = entries(stopped).map((entry) => ({ ...entry, at: NINE - HOUR }));
const closed = { name: "closed", skip: ["2026-11-23"] };

test.each<
  [what: string, input: Partial<FireEvidenceInput>, component: Responsible["component"], evidence: string, fix: string]
>([
  [
    "a stretch",
    { record: record("score", "missed", NINE - DAY, { to: NINE, count: 2, reason: "daemonDown", lastFire: KEY }) },
    "daemon",
    "one of 2",
    "service",
  ],
  [
    "an unknown reason",
    { record: record("score", "skipped", NINE, { reason: "gremlins" }) },
    "unknown",
    "skipped: gremlins",
    "ledger export",
  ],
  [
    "a fire that did start",
    { record: record("score", "started", NINE, { run: "r1" }) },
    "schedule",
    "started run r1",
    "rota explain r1",
  ],
  ["a fire to come", { now: NINE - HOUR }, "schedule", "still to come", "nothing"],
  [
    "no record, and the daemon had stopped",
    { around: before },
    "daemon",
    "had stopped (SIGTERM); nothing is recorded",
    "service",
  ],
  ["no record at all", {}, "unknown", "neither a run nor a skip nor a miss", "rota status"],
  [
    "a time that the job did not have yet",
    { deployments: [deployed("score", {}, { since: NINE + 1 })] },
    "schedule",
    "was not deployed then",
    "ledger export",
  ],
  [
    "a time that it did not have any more",
    { deployments: [deployed("score", {}, { until: NINE - 1 })] },
    "schedule",
    "was not deployed then",
    "ledger export",
  ],
  [
    "a day off",
    { deployments: [deployed("score", { schedule: cron("0 9 * * *", { calendar: closed }) })] },
    "schedule",
    'is off in the calendar "closed"',
    "onHoliday",
  ],
  [
    "a time that no schedule names",
    { fire: "score/2026-11-23T09:01/0" },
    "unknown",
    "no schedule of the job",
    "rota next score",
  ],
  [
    "a date that does not exist",
    { fire: "score/2026-02-31T09:00/0" },
    "unknown",
    "no schedule of the job",
    "rota next score",
  ],
  ["another job", { fire: "scroe/2026-11-23T09:00/0" }, "unknown", 'no deployment of "scroe"', "name"],
  ["no key at all", { fire: "yesterday" }, "unknown", "no key", "rota today"],
])("%s", (_what, input, component, evidence, fix) => {
  const { responsible } = of(input);
  expect(responsible.component).toBe(component);
  expect(responsible.evidence).toContain(evidence);
  expect(responsible.fix).toContain(fix);
});

test("a time in a gap that is skipped is the schedule's", () => {
  const schedule = cron("30 2 * * *", { timezone: "America/Toronto", dst: { gap: "skip", overlap: "first" } });
  const { responsible } = of({ fire: "score/2026-03-08T02:30/0", deployments: [deployed("score", { schedule })] });
  expect(responsible).toMatchObject({
    component: "schedule",
    evidence: expect.stringContaining("does not exist"),
    fix: expect.stringContaining("gap: shift"),
  });
});

test("a fire that was signed off says by whom, and leaves nothing to do", () => {
  const { responsible } = of({
    record: record("score", "missed", NINE, { reason: "daemonDown", detail: "off" }),
    excuse: { fire: KEY, by: "ana", reason: "known outage" },
  });
  expect(responsible).toEqual({
    component: "daemon",
    evidence: "missed, daemonDown: off; signed off by ana: known outage",
    fix: "nothing to do",
  });
});

test("the timeline holds what bears on this fire, and nothing of other jobs, runs, days and placements", () => {
  const other = deployed("other").desired;
  const passed = (job: string, at: number): LedgerEvent => ({
    type: "fire.missed",
    ...record(job, "missed", at),
    reason: "daemonDown",
    detail: "off",
  });
  const around = entries(
    stopped,
    { type: "job.deployed", placement: "memory", desired: deployed("score").desired, fingerprint: "f" },
    { type: "job.deployed", placement: "memory", desired: other, fingerprint: "f" },
    passed("score", NINE),
    passed("score", NINE - HOUR),
    passed("other", NINE),
    { type: "run.sent", run: "r" },
    { type: "provider.problem", placement: "aws", code: "denied", message: "no" },
    { type: "fire.excused", job: "score", fire: KEY, fireAt: NINE, by: "ana", reason: "known" },
  );
  const old = entries(stopped).map((entry) => ({ ...entry, seq: 50, at: NINE - 3 * DAY }));
  const { timeline } = of({ around: [...around, ...old] });
  expect(timeline.map(({ event }) => event)).toEqual([
    "fire.due",
    "daemon.stopped",
    "job.deployed",
    "fire.missed",
    "fire.excused",
  ]);
});
