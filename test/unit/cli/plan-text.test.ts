import { expect, test } from "vitest";
import { planText } from "../../../src/cli/plan-text.ts";
import { terminalOf } from "../../../src/cli/terminal.ts";
import { deployed, jobOf, observed, planOf, rendering, resource } from "../plan/world.ts";

const stream = { write: () => true, isTTY: false };
const terminal = terminalOf({
  cwd: "/",
  env: {},
  stdout: stream,
  stderr: stream,
  stdin: { async *[Symbol.asyncIterator]() {} },
  version: "1",
  interrupted: new AbortController().signal,
});

test("what all jobs share is told under their common name, with its reason", () => {
  const a = jobOf("a");
  const queue = { ...resource("", "queue"), id: "events" };
  const made = planOf([{ desired: [{ ...a, rendering: rendering([...a.rendering.resources, queue]) }] }]);
  expect(planText(made, terminal)).toContain("+ create  all jobs (aws: queue/events)  the jobs at aws need it");
  const gone = planOf([{ desired: [a], listed: [...deployed(a), observed(queue)] }]);
  expect(planText(gone, terminal)).toContain("- delete  all jobs (aws: queue/events)  no job at aws needs it");
});

test("limits that would have stopped good runs are told once: with the way past them where apply would refuse", () => {
  const tried = { job: "a", changed: ["idle"] as const, runs: 9, stopped: [], goodRunsStopped: 2, unknown: [] };
  const made = planOf([{ desired: [jobOf("a")] }], { trial: [tried] });
  const refusal = {
    code: "trial",
    reason: "they would have stopped 2",
    fix: "loosen them",
    overridable: true,
  } as const;
  const told = planText(made, terminal, [refusal]);
  expect(told).toContain("✗ apply would refuse this now: they would have stopped 2\n      loosen them");
  expect(told).not.toContain("⚑");
  expect(planText(made, terminal)).toContain("⚑ a: the new limits (idle)");
});
