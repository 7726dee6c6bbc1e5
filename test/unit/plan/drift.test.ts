import { expect, test } from "vitest";
import { diffFields, drift } from "../../../src/plan/index.ts";
import { deployed, jobOf, observed, resource } from "./world.ts";

const a = jobOf("a");
const applied = [...a.rendering.resources];
const of = (actual: Parameters<typeof drift>[0]["actual"], heldJobs?: ReadonlySet<string>) =>
  drift({ placement: "aws", applied, actual, ...(heldJobs ? { heldJobs } : {}) }).map(
    ({ kind, job, resource: which, fields }) => [kind, job, which, fields.map((field) => field.path)],
  );

test("no drift", () => {
  expect(of(deployed(a))).toEqual([]);
});

test("changed by hand, missing, unknown, beside what is managed, paused, broken", () => {
  const [schedule, task] = deployed(a);
  if (!schedule || !task) throw new Error("two resources");
  expect(of([{ ...schedule, fields: { ...schedule.fields, expression: "1 1 1 1 1" } }, task])).toEqual([
    ["changed", "a", "schedule/a-schedule", ["expression"]],
  ]);
  expect(of([task])).toEqual([["missing", "a", "schedule/a-schedule", []]]);
  expect(of([schedule, task, observed(resource("old"))])).toEqual([["unknown", "old", "schedule/old-schedule", []]]);
  expect(of([schedule, { ...task, unmanaged: { tags: { by: "hand" }, size: 1 } }])).toEqual([
    ["unmanaged", "a", "task/a-task", ["size", "tags"]],
  ]);
  expect(
    of([
      { ...schedule, paused: true },
      { ...task, problem: "UPDATE_FAILED" },
    ]),
  ).toEqual([
    ["paused", "a", "schedule/a-schedule", []],
    ["problem", "a", "task/a-task", []],
  ]);
  expect(of([{ ...schedule, paused: true }, task], new Set(["a"]))).toEqual([]);
});

test("what only the horizon of today or that of the deployment reaches is neither missing nor unknown", () => {
  const [task, ...rest] = applied;
  const [then, today] = [resource("then"), resource("today")];
  if (!task) throw new Error("two resources");
  const both = { placement: "aws", applied: [...applied, today], atFirst: [...applied, then] };
  expect(drift({ ...both, actual: deployed(a) })).toEqual([]);
  expect(drift({ ...both, actual: [...deployed(a), observed(then), observed(today)] })).toEqual([]);
  expect(drift({ ...both, actual: rest.map((one) => observed(one)) }).map(({ kind }) => kind)).toEqual(["missing"]);
});

test.each([
  [{}, {}, []],
  [{ a: 1 }, { a: 2 }, [{ path: "a", from: 1, to: 2 }]],
  [{ a: 1 }, {}, [{ path: "a", from: 1 }]],
  [{}, { a: null }, [{ path: "a", to: null }]],
  [
    { a: { b: { c: 1 } } },
    { a: { b: { c: 2, d: 3 } } },
    [
      { path: "a.b.c", from: 1, to: 2 },
      { path: "a.b.d", to: 3 },
    ],
  ],
  [
    { c: ["x", "y"] },
    { c: ["x", "z", "w"] },
    [
      { path: "c[1]", from: "y", to: "z" },
      { path: "c[2]", to: "w" },
    ],
  ],
  [{ env: { "A.B": "1" } }, { env: { "A.B": "2" } }, [{ path: 'env["A.B"]', from: "1", to: "2" }]],
  [{ a: [1] }, { a: { 0: 1 } }, [{ path: "a", from: [1], to: { 0: 1 } }]],
  [{ a: { b: 1, c: 2 } }, { a: { c: 2, b: 1 } }, []],
  [{}, { toString: 1 }, [{ path: "toString", to: 1 }]],
] as const)("the difference of %j and %j", (from, to, changes) => {
  expect(diffFields(from, to)).toEqual(changes);
});
