import { expect, test } from "vitest";
import { explain, type Responsible } from "../../../src/attendance/index.ts";
import type { Breach, EventOf, LedgerEvent, Run } from "../../../src/model/index.ts";
import { ended, entries, NINE, run } from "./facts.ts";

const IDLE: Breach = {
  limit: "idle",
  declared: "30m",
  observed: "31m 4s without progress",
  evidence: {},
  advice: "Report progress in ROTA_PROGRESS.",
};

function stopping(cause: EventOf<"run.stopping">["cause"], by = "rota", reason = "why"): LedgerEvent {
  return { type: "run.stopping", run: "r", mode: "polite", cause, by, reason, epoch: 1 };
}

function judged(action: EventOf<"run.judged">["action"]): LedgerEvent {
  return { type: "run.judged", run: "r", action, breaches: [IDLE], epoch: 1 };
}

const unstoppable: LedgerEvent = {
  type: "run.unstoppable",
  run: "r",
  cause: "guard",
  reason: "nothing ends it",
  epoch: 1,
};

const ran: Partial<Run> = { startedAt: NINE, endedAt: NINE + 242_000 };
const problem: LedgerEvent = { type: "provider.problem", placement: "memory", code: "unavailable", message: "503" };

interface Row {
  readonly run: Partial<Run>;
  readonly events?: readonly LedgerEvent[];
  readonly stderr?: readonly string[];
  readonly peakMemoryBytes?: number;
  readonly is: Responsible["component"];
  /** Must be said, each. */
  readonly evidence: readonly string[];
  readonly fix: string;
  /** Must not be said. */
  readonly silent?: string;
}

const TABLE: Readonly<Record<string, Row>> = {
  success: {
    run: { ...ran, status: "succeeded" },
    is: "workload",
    evidence: ["succeeded after 4m 2s"],
    fix: "nothing to do",
  },
  "exit 1, with its last line": {
    run: { ...ran, status: "failed", exitCode: 1 },
    stderr: ["Traceback", "ValueError: no rows", ""],
    is: "workload",
    evidence: ["exit code 1 (the program's general failure)", "after 4m 2s", "it wrote: ValueError: no rows"],
    fix: "rota logs r",
  },
  "exit 1, with a line that names the cause": {
    run: { ...ran, status: "failed", exitCode: 1 },
    stderr: ["OSError: [Errno 28] No space left on device: 'out.csv'", "cleaning up"],
    is: "workload",
    evidence: ["it wrote: OSError: [Errno 28] No space left on device"],
    fix: "make room",
  },
  "exit 1 over a column that is gone": {
    run: { ...ran, status: "failed", exitCode: 1 },
    stderr: ['ERROR: column "region" does not exist'],
    is: "workload",
    evidence: ['column "region" does not exist'],
    fix: "upstream data changed",
  },
  "exit 3, which says nothing": {
    run: { status: "failed", exitCode: 3, startedAt: NINE },
    is: "workload",
    evidence: ["exit code 3"],
    fix: "rota logs r",
    silent: "(",
  },
  "exit 75": {
    run: { ...ran, status: "failed", exitCode: 75 },
    is: "workload",
    evidence: ["EX_TEMPFAIL"],
    fix: "retry",
  },
  "exit 124": {
    run: { ...ran, status: "failed", exitCode: 124 },
    is: "workload",
    evidence: ["timeout(1)"],
    fix: "timeout",
  },
  "exit 126": {
    run: { ...ran, status: "failed", exitCode: 126 },
    is: "workload",
    evidence: ["cannot be executed"],
    fix: "chmod +x",
  },
  "exit 127, with what the provider said": {
    run: { ...ran, status: "failed", exitCode: 127 },
    events: [ended("failed", "workload", "command not found: scroe.py")],
    is: "workload",
    evidence: ["exit code 127 (the command was not found)", "command not found: scroe.py"],
    fix: "PATH",
  },
  "exit 137": {
    run: { ...ran, status: "failed", exitCode: 137 },
    is: "workload",
    evidence: ["SIGKILL", "no stop by rota is recorded"],
    fix: "out-of-memory",
    silent: "it used",
  },
  "exit 137, with its memory full": {
    run: { ...ran, status: "failed", exitCode: 137 },
    peakMemoryBytes: (1 << 30) - 1000,
    is: "workload",
    evidence: ["SIGKILL", "of 1GiB"],
    fix: "raise the job's memory",
  },
  "exit 139": {
    run: { ...ran, status: "failed", exitCode: 139 },
    is: "workload",
    evidence: ["SIGSEGV", "bad memory access"],
    fix: "native library",
  },
  "exit 143": {
    run: { ...ran, status: "failed", exitCode: 143 },
    is: "workload",
    evidence: ["SIGTERM", "asked it to stop", "no stop by rota"],
    fix: "shutdown",
  },
  "exit 200, no signal that there is": {
    run: { ...ran, status: "failed", exitCode: 200 },
    is: "workload",
    evidence: ["exit code 200 after"],
    fix: "rota logs r",
  },
  "a signal": {
    run: { ...ran, status: "failed", signal: "SIGSEGV" },
    is: "signal",
    evidence: ["ended by SIGSEGV (a bad memory access)", "no stop by rota"],
    fix: "native library",
  },
  "an unknown signal": {
    run: { ...ran, status: "failed", signal: "SIGRTMIN" },
    is: "signal",
    evidence: ["ended by SIGRTMIN after"],
    fix: "rota logs r",
  },
  "SIGKILL with full memory": {
    run: { ...ran, status: "failed", signal: "SIGKILL" },
    peakMemoryBytes: 1 << 30,
    is: "signal",
    evidence: ["it used 1GiB of 1GiB"],
    fix: "raise the job's memory",
  },
  "a start that failed": {
    run: { status: "failed", endedAt: NINE },
    events: [ended("failed", "start", "spawn ./score.sh ENOENT")],
    is: "start",
    evidence: ["it never started: spawn ./score.sh ENOENT"],
    fix: "working directory",
  },
  "a start that failed in words nobody knows": {
    run: { status: "failed" },
    events: [ended("failed", "start", "the fork was bent")],
    is: "start",
    evidence: ["the fork was bent"],
    fix: "rota doctor checks memory",
  },
  "a start that the provider refused": {
    run: { status: "failed" },
    events: [ended("failed", "provider", "denied: iam:PassRole")],
    is: "provider",
    evidence: ["it never started: denied: iam:PassRole"],
    fix: "rota doctor",
  },
  "an HTTP answer that is not what was expected": {
    run: { ...ran, status: "failed", workload: "http" },
    events: [ended("failed", "start", "HTTP status 500 is not what is expected")],
    is: "workload",
    evidence: ["HTTP status 500"],
    fix: "rota logs r",
    silent: "never started",
  },
  "a failure of which nothing is recorded": {
    run: { ...ran, status: "failed" },
    is: "unknown",
    evidence: ["neither exit code nor signal nor reason"],
    fix: "rota logs r",
  },
  "a failure before the start of which nothing is recorded": {
    run: { status: "failed" },
    is: "unknown",
    evidence: ["does not say why"],
    fix: "rota doctor",
  },
  "a stop by the guard": {
    run: { ...ran, status: "killed", signal: "SIGTERM" },
    events: [judged("stop"), stopping("guard"), ended("killed", "guard", "idle")],
    is: "guard",
    evidence: ["limit idle 30m, seen 31m 4s without progress"],
    fix: "ROTA_PROGRESS",
    silent: "SIGTERM",
  },
  "a stop by the guard without its verdict": {
    run: { ...ran, status: "killed" },
    events: [stopping("guard", "rota", "idle 30m")],
    is: "guard",
    evidence: ["idle 30m", "not at hand"],
    fix: "limits",
  },
  "a stop by a person": {
    run: { ...ran, status: "killed" },
    events: [stopping("person", "ana", "wrong input")],
    is: "person",
    evidence: ["stopped by ana: wrong input"],
    fix: "ask ana",
  },
  "a stop by a budget": {
    run: { ...ran, status: "killed" },
    events: [stopping("budget", "rota", "churn is at 400 USD")],
    is: "budget",
    evidence: ["churn is at 400 USD"],
    fix: "raise the budget's limit",
  },
  "a stop for the next fire": {
    run: { ...ran, status: "killed" },
    events: [stopping("overlap")],
    is: "schedule",
    evidence: ["overlap: replace"],
    fix: "overlap: queue",
  },
  "a stop by the daemon's end": {
    run: { ...ran, status: "killed" },
    events: [stopping("shutdown", "rota", "SIGTERM")],
    is: "daemon",
    evidence: ["shut down"],
    fix: "rota run score",
  },
  "a stop that nobody here sent": {
    run: { ...ran, status: "killed" },
    events: [ended("killed", "provider", "stopped at the provider, not by rota")],
    is: "provider",
    evidence: ["not by rota", "no stop by rota is recorded"],
    fix: "at memory",
  },
  "a kill by a signal that nobody here sent": {
    run: { ...ran, status: "killed", signal: "SIGKILL" },
    events: [ended("killed", "signal", "")],
    is: "signal",
    evidence: ["SIGKILL", "no stop by rota"],
    fix: "memory",
  },
  "a kill of which nothing is known": {
    run: { ...ran, status: "killed" },
    is: "unknown",
    evidence: ["no stop by rota is recorded"],
    fix: "at memory",
  },
  "a lost run": {
    run: { ...ran, status: "lost", reason: "the provider no longer knows the run" },
    is: "provider",
    evidence: ["no longer knows"],
    fix: "may have done its work",
  },
  "a run that a failed predecessor kept back": {
    run: { status: "skipped" },
    events: [ended("skipped", "schedule", 'run load.1 of "load", which it comes after, failed')],
    is: "schedule",
    evidence: ['"load"', "failed"],
    fix: "rota run score",
  },
  "a retry in its back-off": {
    run: { status: "queued", attempt: 2, notBefore: NINE + 60_000 },
    is: "schedule",
    evidence: ["attempt 2", "back-off"],
    fix: "nothing to do",
  },
  "a queued run that says what for": {
    run: { status: "queued" },
    events: [{ type: "run.note", run: "r", component: "budget", text: "budget churn holds it" }],
    is: "budget",
    evidence: ["budget churn holds it"],
    fix: "rota status",
  },
  "a queued run that does not": {
    run: { status: "queued" },
    is: "unknown",
    evidence: ["does not say for what"],
    fix: "rota runs --job score",
  },
  "a start under way": {
    run: { status: "starting" },
    is: "start",
    evidence: ["has not confirmed"],
    fix: "nothing to do",
  },
  "a start under way at a provider in trouble": {
    run: { status: "starting" },
    events: [problem],
    is: "provider",
    evidence: ["unavailable: 503"],
    fix: "rota doctor",
  },
  "a start under way at a provider that has recovered": {
    run: { status: "starting" },
    events: [problem, { type: "provider.recovered", placement: "memory" }],
    is: "start",
    evidence: ["has not confirmed"],
    fix: "nothing",
  },
  "a run that goes on": {
    run: { status: "running", startedAt: NINE },
    is: "workload",
    evidence: ["it runs"],
    fix: "rota logs -f r",
  },
  "a run that the guard only watches": {
    run: { status: "running" },
    events: [judged("observe")],
    is: "guard",
    evidence: ["past idle 30m", "observe"],
    fix: "ROTA_PROGRESS",
  },
  "running, and its provider has no stop for it": {
    run: { status: "running" },
    events: [stopping("guard", "guard", "idle"), unstoppable],
    is: "provider",
    evidence: ["it cannot be stopped: nothing ends it", "guard: idle"],
    fix: "until it ends by itself",
  },
  "running, and its provider took a stop after all": {
    run: { status: "running" },
    events: [
      stopping("guard", "guard", "idle"),
      unstoppable,
      { type: "run.stoppable", run: "r", cause: "guard", epoch: 1 },
    ],
    is: "guard",
    evidence: ["it is being stopped"],
    fix: "repeated until",
  },
  "stopped at the provider, which had no stop for rota": {
    run: { ...ran, status: "killed" },
    events: [stopping("guard"), unstoppable, ended("killed", "provider", "ended in the console")],
    is: "provider",
    evidence: ["ended in the console", "no stop by rota reached it"],
    fix: "see who stopped it",
    silent: "is recorded",
  },
  "a run that is being stopped": {
    run: { status: "running" },
    events: [stopping("person", "ana", "wrong")],
    is: "person",
    evidence: ["being stopped (polite) by ana"],
    fix: "repeated",
  },
};

test.each(Object.entries(TABLE))("%s", (_what, row) => {
  const { responsible } = explain({
    run: run("r", row.run),
    entries: entries(...(row.events ?? [])),
    ...(row.stderr ? { stderrTail: row.stderr } : {}),
    ...(row.peakMemoryBytes === undefined ? {} : { peakMemoryBytes: row.peakMemoryBytes }),
  });
  expect(responsible.component).toBe(row.is);
  for (const part of row.evidence) expect(responsible.evidence).toContain(part);
  expect(responsible.fix).toContain(row.fix);
  if (row.silent !== undefined) expect(responsible.evidence).not.toContain(row.silent);
});

test("what a run wrote reaches nobody's terminal as control characters, and not at any length", () => {
  const { responsible } = explain({
    run: run("r", { ...ran, status: "failed", exitCode: 1 }),
    entries: [],
    stderrTail: [`\u001b[31mred\u001b[0m\u0007\u0000\u009b31m and ${"long ".repeat(200)}`],
  });
  expect(responsible.evidence).toContain("it wrote: red");
  expect(responsible.evidence).not.toMatch(/\p{Cc}/u);
  expect(responsible.evidence.length).toBeLessThan(450);
});

test("the timeline tells the run in order, with the due instant and what happened around", () => {
  const fire = "score/2026-11-23T08:59/0";
  const own = entries(
    { type: "fire.started", job: "score", fire, fireAt: NINE - 60_000, run: "r", catchUp: true },
    { type: "run.created", run: run("r") },
    { type: "run.sent", run: "r" },
    { type: "run.started", run: "r", handle: 1, startedAt: NINE },
    judged("stop"),
    stopping("guard"),
    { type: "saved", run: "r", job: "score", amount: { amount: "1.2", currency: "USD" }, rule: "8h until noticed" },
    ended("killed", "guard", "idle"),
  );
  const [down, up, other, mine] = entries(
    { type: "daemon.stopped", epoch: 1, reason: "SIGTERM" },
    { type: "daemon.started", epoch: 2, version: "0.1.0", pid: 7, bootId: "b" },
    { ...problem, placement: "aws" } as LedgerEvent,
    problem,
  ).map((entry, i) => ({ ...entry, seq: 100 + i, at: NINE - 90_000 + i * 1000 }));
  const around = [down, up, other, mine].filter((entry) => entry !== undefined);
  const { timeline } = explain({
    run: run("r", { status: "killed", fireAt: NINE - 60_000 }),
    entries: own,
    around: [...around, ...own],
  });
  expect(timeline.map(({ component, event }) => `${component} ${event}`)).toEqual([
    "daemon daemon.stopped",
    "daemon daemon.started",
    "provider provider.problem",
    "schedule fire.due",
    "schedule fire.started",
    "schedule run.created",
    "start run.sent",
    "provider run.started",
    "guard run.judged",
    "guard run.stopping",
    "guard saved",
    "guard run.ended",
  ]);
  expect(timeline[4]?.detail).toContain("caught up late");
  expect(timeline.every((event, i) => event.at >= (timeline[i - 1]?.at ?? 0))).toBe(true);
  expect(timeline.every(({ detail }) => detail !== "")).toBe(true);
});
