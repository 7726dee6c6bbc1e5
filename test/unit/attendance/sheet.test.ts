import { expect, test } from "vitest";
import { type SheetInput, type SheetRow, sheet } from "../../../src/attendance/index.ts";
import { DAY, HOUR, MINUTE, type Run } from "../../../src/model/index.ts";
import { cron } from "../../support/jobs.ts";
import { deployed, NINE, record, run, runOf } from "./facts.ts";

const KEY = "score/2026-11-23T09:00/0";
const DATE = { from: Date.UTC(2026, 10, 23), to: Date.UTC(2026, 10, 24) };

function of(change: Partial<SheetInput>): ReturnType<typeof sheet> {
  return sheet({
    ...DATE,
    now: NINE + 3 * HOUR,
    deployments: [deployed("score")],
    records: [],
    runs: [],
    excuses: [],
    ...change,
  });
}

function only(change: Partial<SheetInput>): Partial<SheetRow> {
  const { rows } = of(change);
  expect(rows).toHaveLength(1);
  return rows[0] ?? {};
}

const started = (attempts: readonly Partial<Run>[]): Partial<SheetInput> => ({
  runs: attempts.map((change, i) => runOf(KEY, { attempt: i + 1, ...(i > 0 ? { cause: "retry" } : {}), ...change })),
  records: [record("score", "started", NINE, { run: "score.2026-11-23T09:00.1" })],
});

const passed = (outcome: "skipped" | "missed", reason: string, detail = "why"): Partial<SheetInput> => ({
  records: [record("score", outcome, NINE, { reason, detail })],
});

test.each<[what: string, facts: Partial<SheetInput>, row: Partial<SheetRow>]>([
  ["a run that succeeded", started([{ status: "succeeded" }]), { state: "ran", attempts: 1 }],
  ["a run that goes on", started([{ status: "running" }]), { state: "running" }],
  ["a run that starts", started([{ status: "starting" }]), { state: "running" }],
  ["a run in the queue", started([{ status: "queued" }]), { state: "late", reason: "waits in the queue" }],
  ["a run that failed", started([{ status: "failed", exitCode: 3 }]), { state: "failed", reason: "exit code 3" }],
  [
    "a run that failed for a reason",
    started([{ status: "failed", exitCode: 3, reason: "no input" }]),
    { state: "failed", reason: "no input" },
  ],
  [
    "a run that is lost",
    started([{ status: "lost" }]),
    { state: "failed", reason: expect.stringContaining("not known") },
  ],
  [
    "a run that was killed",
    started([{ status: "killed", reason: "idle 30m" }]),
    { state: "killed", reason: "idle 30m" },
  ],
  [
    "a run that a failed predecessor kept back",
    started([{ status: "skipped", reason: '"load" failed' }]),
    { state: "missed", reason: 'not started: "load" failed' },
  ],
  [
    "a retry that worked",
    started([{ status: "failed" }, { status: "succeeded" }]),
    { state: "ran", attempts: 2, run: "score.2026-11-23T09:00.2", reason: "at attempt 2" },
  ],
  [
    "a retry that failed",
    started([{ status: "failed" }, { status: "failed", exitCode: 1 }]),
    { state: "failed", attempts: 2 },
  ],
  [
    "a retry that goes on",
    started([{ status: "failed" }, { status: "running" }]),
    { state: "running", reason: "attempt 2" },
  ],
  [
    "a retry to come",
    started([{ status: "failed" }, { status: "queued", notBefore: NINE + 3 * HOUR + 90_000 }]),
    { state: "running", reason: "attempt 1 failed; attempt 2 starts in 90 s" },
  ],
  [
    "a retry that may start",
    started([{ status: "failed" }, { status: "queued" }]),
    { state: "running", reason: "attempt 1 failed; attempt 2 waits to start" },
  ],
  ["a late run", started([{ status: "succeeded", cause: "catchUp" }]), { state: "ran", reason: "caught up late" }],
  [
    "a record whose run is not at hand",
    { records: [record("score", "started", NINE, { run: "x" })] },
    { state: "running", reason: expect.stringContaining("not at hand") },
  ],
  [
    "a miss",
    passed("missed", "daemonDown", "no daemon"),
    { state: "missed", reason: "daemonDown: no daemon", attempts: 0 },
  ],
  [
    "a miss without a word",
    { records: [record("score", "missed", NINE)] },
    { state: "missed", reason: expect.stringContaining("without a reason") },
  ],
  ["an overlap", passed("skipped", "overlap"), { state: "excused", by: "rule", reason: "skipped, overlap: why" }],
  ["a hold", passed("skipped", "held"), { state: "excused", by: "rule" }],
  ["a dependency that failed", passed("skipped", "dependency"), { state: "missed", reason: "dependency: why" }],
  ["nothing, long after", {}, { state: "missed", reason: expect.stringContaining("nothing is recorded") }],
  [
    "nothing, in a time without daemon",
    { downtimes: [{ from: NINE - HOUR }] },
    { state: "missed", reason: expect.stringContaining("daemonDown") },
  ],
  ["nothing, in grace", { now: NINE + MINUTE }, { state: "late" }],
  [
    "nothing, in the placement's own grace",
    { now: NINE + 10 * MINUTE, graceMs: (p) => (p === "memory" ? 15 * MINUTE : 0) },
    { state: "late" },
  ],
  ["nothing, at its very instant", { now: NINE }, { state: "late" }],
  ["nothing, before its time", { now: NINE - 1 }, { state: "upcoming", attempts: 0 }],
])("%s", (_what, facts, row) => {
  expect(only(facts)).toMatchObject({
    job: "score",
    fire: KEY,
    at: NINE,
    local: "2026-11-23T09:00",
    timezone: "UTC",
    ...row,
  });
});

test("a person's excuse covers what went wrong, and keeps what it was; what ran stays what it is", () => {
  const excuses = [{ fire: KEY, by: "ana", reason: "the source is shut today" }];
  const signed = { state: "excused", by: "person", reason: "the source is shut today (ana)" };
  expect(only({ excuses })).toMatchObject({ ...signed, was: "missed" });
  expect(only({ excuses, ...started([{ status: "failed" }]) })).toMatchObject({ ...signed, was: "failed" });
  expect(only({ excuses, ...started([{ status: "killed" }]) })).toMatchObject({ ...signed, was: "killed" });
  expect(only({ excuses, ...passed("skipped", "overlap") })).toMatchObject({ ...signed, was: "excused" });
  expect(only({ excuses, ...started([{ status: "succeeded" }]) })).toMatchObject({ state: "ran" });
  expect(only({ excuses, ...started([{ status: "running" }]) })).toMatchObject({ state: "running" });
  expect(only({ excuses, now: NINE - 1 })).toMatchObject({ state: "upcoming" });
  expect(only({ excuses: [{ ...excuses[0], fire: "other/2026-11-23T09:00/0" } as (typeof excuses)[0]] })).toMatchObject(
    { state: "missed" },
  );
});

test("a stretch of missed fires is a row each", () => {
  const deployments = [deployed("score", { schedule: cron("*/15 * * * *") })];
  const stretch = record("score", "missed", NINE, {
    to: NINE + 45 * MINUTE,
    count: 4,
    lastFire: "score/2026-11-23T09:45/0",
    reason: "daemonDown",
    detail: "off",
  });
  const { rows, counts } = of({ deployments, records: [stretch], from: NINE, to: NINE + HOUR });
  expect(rows.map(({ local, state, reason }) => [local.slice(11), state, reason])).toEqual([
    ["09:00", "missed", "daemonDown: off"],
    ["09:15", "missed", "daemonDown: off"],
    ["09:30", "missed", "daemonDown: off"],
    ["09:45", "missed", "daemonDown: off"],
  ]);
  expect(counts).toMatchObject({ expected: 4, missed: 4, ran: 0 });
});

test("a record that names the fire speaks before a stretch that covers it, and a start before a skip", () => {
  const stretch = record("score", "missed", NINE - DAY, { to: NINE + DAY, count: 3, reason: "daemonDown" });
  const again = record("score", "skipped", NINE, { reason: "clock" });
  const facts = started([{ status: "succeeded" }]);
  expect(only({ ...facts, records: [stretch, again, ...(facts.records ?? [])] })).toMatchObject({ state: "ran" });
  expect(only({ records: [stretch, again] })).toMatchObject({ state: "excused", reason: "skipped, clock" });
});

test("the deployment in force at the time says what is expected", () => {
  const half = NINE + 30 * MINUTE;
  const deployments = [
    deployed("score", { schedule: cron("*/20 * * * *") }, { since: NINE, until: half }),
    deployed("score", { schedule: cron("*/10 * * * *") }, { since: half }),
  ];
  const { rows } = of({ deployments, from: NINE - HOUR, to: NINE + HOUR });
  // 09:00 was due when it was deployed and is not its; 09:30 fires under the new schedule only after the edit.
  expect(rows.map(({ local }) => local.slice(11))).toEqual(["09:20", "09:40", "09:50"]);
  const gone = of({ deployments: [deployed("score", {}, { until: NINE - 1 })] });
  expect(gone.rows).toEqual([]);
  expect(of({ deployments: [deployed("score", {}, { until: NINE })] }).rows).toHaveLength(1);
});

test("an edit of the zone that brings the same local time again makes no second row", () => {
  const noon = NINE + 3 * HOUR;
  const deployments = [
    deployed("score", {}, { until: noon }),
    deployed("score", { schedule: cron("0 9 * * *", { timezone: "America/Toronto" }) }, { since: noon }),
  ];
  expect(of({ deployments }).rows.map(({ at }) => at)).toEqual([NINE]);
});

test("what a vendor started is matched with the nearest fire that nothing else started; the rest is unexpected", () => {
  const foreign = (id: string, startedAt: number): Run =>
    run(id, { cause: "foreign", startedAt, createdAt: startedAt + MINUTE });
  const deployments = [deployed("score", { schedule: cron("0,15 9 * * *") })];
  const { rows, unexpected } = of({
    deployments,
    runs: [
      foreign("late", NINE + 8 * MINUTE),
      foreign("twice", NINE + 9 * MINUTE),
      foreign("early", NINE + 15 * MINUTE - 30_000),
      foreign("tooLate", NINE + 40 * MINUTE),
    ],
  });
  expect(rows.map((row) => [row.local.slice(11), row.state, row.run])).toEqual([
    ["09:00", "ran", "late"],
    ["09:15", "ran", "early"],
  ]);
  expect(unexpected.map((stray) => stray.run)).toEqual(["twice", "tooLate"]);
});

test("a run for a fire that the schedule does not have is unexpected; one that a person asked for is not", () => {
  const stray = runOf("score/2026-11-23T07:30/0");
  const byHand = run("hand", { cause: "person", createdAt: NINE + HOUR });
  const old = run("old", { cause: "foreign", createdAt: NINE - 5 * DAY });
  const { unexpected } = of({ runs: [stray, byHand, old] });
  expect(unexpected).toMatchObject([
    { run: stray.run, why: expect.stringContaining("schedule in force does not have") },
  ]);
});

test("a retry of what a person started is the person's as well", () => {
  const retried = (status: Run["status"]): Run =>
    run("again", { cause: "retry", attempt: 2, status, createdAt: NINE + HOUR });
  expect(of({ runs: [retried("failed")] }).unexpected).toEqual([]);
  expect(only({ runs: [retried("succeeded")] })).toMatchObject({ state: "missed", madeUpBy: "again" });
});

test("a missed fire that a person made up for says by which run, and stays missed", () => {
  const hand = (status: Run["status"], at: number): Run => run("hand", { cause: "person", status, createdAt: at });
  expect(only({ runs: [hand("succeeded", NINE + HOUR)] })).toMatchObject({ state: "missed", madeUpBy: "hand" });
  expect(only({ runs: [hand("failed", NINE + HOUR)] }).madeUpBy).toBeUndefined();
  expect(only({ runs: [hand("succeeded", NINE - HOUR)] }).madeUpBy).toBeUndefined();
});

test("a day off is no fire, and is shown", () => {
  const calendar = { name: "closed", skip: ["2026-11-23"] };
  const { rows, omitted } = of({ deployments: [deployed("score", { schedule: cron("0 9 * * *", { calendar }) })] });
  expect(rows).toEqual([]);
  expect(omitted).toEqual([
    {
      job: "score",
      at: NINE,
      local: "2026-11-23T09:00",
      reason: "holiday",
      detail: expect.stringContaining('"closed"'),
    },
  ]);
});

test("rows come by time, then job, and carry the team and what the clocks did", () => {
  const deployments = [
    deployed("b", { team: "churn" }),
    deployed("a"),
    deployed("night", { schedule: cron("30 1 * * *", { timezone: "America/Toronto" }) }),
  ];
  const { rows } = of({ deployments, from: Date.UTC(2026, 10, 1), to: Date.UTC(2026, 10, 2), now: 0 });
  expect(rows.map(({ job }) => job)).toEqual(["night", "a", "b"]);
  expect(rows[0]?.note).toContain("comes twice");
  expect(rows[2]?.team).toBe("churn");
});
