import { describe, expect, test } from "vitest";
import { summary, toJson } from "../../../src/plan/index.ts";
import { deployed, ENVIRONMENT, jobOf, NAMESPACE, observed, planOf, rendering, resource, steps } from "./world.ts";

const a = jobOf("a");
const b = jobOf("b");

describe("changes", () => {
  test("creates what is not there, dependencies first", () => {
    const made = planOf([{ desired: [b, a] }]);
    expect(steps(made)).toEqual([
      "create task/a-task",
      "create schedule/a-schedule",
      "create task/b-task",
      "create schedule/b-schedule",
    ]);
    expect(made.changes[0]?.change.why).toBe('"a" is new at aws');
    expect(summary(made).text).toBe("4 to create, 0 to update, 0 to delete, 0 unchanged");
  });

  test("keeps what is as declared, also when fields were set by hand beside it", () => {
    const listed = deployed(a).map((each) => ({ ...each, unmanaged: { tags: { by: "hand" } } }));
    const made = planOf([{ desired: [a], listed }]);
    expect(steps(made)).toEqual(["keep task/a-task", "keep schedule/a-schedule"]);
    expect(made.changes[0]?.change.why).toContain("set by hand");
    expect(summary(made).hasChanges).toBe(false);
  });

  test("updates name the paths that change", () => {
    const made = planOf([{ desired: [jobOf("a", "0 7 * * *")], listed: deployed(a) }]);
    expect(steps(made)).toEqual(["keep task/a-task", "update schedule/a-schedule"]);
    const change = made.changes[1]?.change;
    expect(change).toMatchObject({
      action: "update",
      why: '"a" changes expression',
      fields: [{ path: "expression", from: "0 6 * * *", to: "0 7 * * *" }],
    });
  });

  test("deletes dependents first, and says why", () => {
    const made = planOf([{ desired: [a], listed: deployed(a, b) }]);
    expect(steps(made).slice(2)).toEqual(["delete schedule/b-schedule", "delete task/b-task"]);
    expect(made.changes[2]?.change.why).toBe('"b" is no longer in the manifest');
  });

  test("what all jobs share is made with the first, kept while one needs it, and goes with the last", () => {
    const queue = { ...resource("", "queue", { retention: 60 }), id: "events" };
    const sharing = (each: typeof a) => ({ ...each, rendering: rendering([...each.rendering.resources, queue]) });
    const made = planOf([{ desired: [sharing(a), sharing(b)] }]);
    expect(steps(made).filter((step) => step.includes("queue"))).toEqual(["create queue/events"]);
    expect(toJson(made).changes.find((each) => each.job === "")?.why).toBe("the jobs at aws need it");
    const kept = planOf([{ desired: [sharing(b)], listed: [...deployed(a, b), observed(queue)] }]);
    expect(steps(kept)).toContain("keep queue/events");
    const gone = planOf([{ desired: [b], listed: [...deployed(b), observed(queue)] }]);
    expect(steps(gone)).toContain("delete queue/events");
    expect(gone.changes.at(-1)?.change.why).toBe("no job at aws needs it");
    const changed = planOf([
      { desired: [sharing(b)], listed: [...deployed(b), observed({ ...queue, fields: { retention: 90 } })] },
    ]);
    expect(toJson(changed).changes.find((each) => each.job === "")?.why).toBe("what all jobs share changes retention");
  });

  test("what all jobs share stays while one of them is refused: it may be the one that needs it", () => {
    const queue = observed({ ...resource("", "queue"), id: "events" });
    const refused = rendering([], { refusal: { reason: "no", fix: "mend it" } });
    const made = planOf([{ desired: [b, { job: "a", rendering: refused }], listed: [...deployed(a, b), queue] }]);
    expect(steps(made)).toEqual(["keep task/b-task", "keep schedule/b-schedule"]);
  });

  test("a job that moves is created there and deleted here", () => {
    const made = planOf([
      { placement: "gcp", type: "gcp", desired: [a] },
      { placement: "aws", desired: [b], listed: deployed(a, b) },
    ]);
    expect(made.changes.map(({ placement, change }) => `${placement}: ${change.why}`)).toEqual([
      "aws: as declared",
      "aws: as declared",
      'gcp: "a" moves here from aws',
      'gcp: "a" moves here from aws',
      'aws: "a" is at gcp now',
      'aws: "a" is at gcp now',
    ]);
  });

  test("a resource that two jobs make alike is one resource, and stays while one of them does", () => {
    const group = (job: string) => ({ kind: "group", id: "rota", job, fields: { name: "rota" } });
    const first = { job: "a", rendering: rendering([group("a")]) };
    const second = { job: "b", rendering: rendering([group("b")]) };
    expect(steps(planOf([{ desired: [second, first] }]))).toEqual(["create group/rota"]);
    expect(steps(planOf([{ desired: [second], listed: [observed(group("a"))] }]))).toEqual(["keep group/rota"]);
  });
});

describe("what must never be deleted", () => {
  test("an empty manifest deletes nothing; destroy does, and is not refused", () => {
    const made = planOf([{ listed: deployed(a, b) }]);
    expect(steps(made)).toEqual([]);
    expect(made.refusals.map((each) => each.code)).toEqual(["empty"]);
    const destroyed = planOf([{ desired: [a], listed: deployed(a, b) }], { purpose: "destroy" });
    expect(steps(destroyed)).toEqual([
      "delete schedule/b-schedule",
      "delete task/b-task",
      "delete schedule/a-schedule",
      "delete task/a-task",
    ]);
    expect(destroyed.refusals).toEqual([]);
  });

  test("a job that cannot be rendered keeps all it has, at every placement", () => {
    const refused = { job: "b", rendering: rendering([], { refusal: { reason: "no such zone", fix: "name one" } }) };
    const made = planOf([
      { placement: "aws", desired: [a, refused], listed: deployed(a, b) },
      { placement: "gcp", type: "gcp", listed: deployed(b) },
    ]);
    expect(steps(made).filter((step) => step.startsWith("delete"))).toEqual([]);
    expect(made.refusals).toMatchObject([{ code: "unsupported", job: "b", reason: "no such zone" }]);
  });

  test("what only one of two listings shows", () => {
    const partial = planOf([{ desired: [a], listed: deployed(a, b), listedAgain: deployed(a) }]);
    const late = planOf([{ desired: [a], listed: deployed(a), listedAgain: deployed(a, b) }]);
    for (const made of [partial, late]) {
      expect(steps(made)).toEqual(["keep task/a-task", "keep schedule/a-schedule"]);
      expect(made.warnings.map((each) => each.text)).toEqual([
        "schedule/b-schedule was in one of two listings: it is not deleted",
        "task/b-task was in one of two listings: it is not deleted",
      ]);
    }
  });

  test("what carries somebody else's mark, even with a name that we want", () => {
    const mark = { namespace: NAMESPACE, environment: "dev", job: "b" };
    const foreign = deployed(b).map((each) => ({ ...each, mark }));
    expect(steps(planOf([{ desired: [a], listed: [...deployed(a), ...foreign] }]))).toHaveLength(2);
    const wanted = planOf([{ desired: [b], listed: foreign }]);
    expect(steps(wanted)).toEqual([]);
    expect(wanted.refusals.map((each) => each.code)).toEqual(["taken", "taken"]);
    expect(wanted.refusals[0]?.reason).toContain(`${NAMESPACE}/dev`);
  });
});

describe("refusals", () => {
  test("of one job leave the others to be carried out, and what it shares with them", () => {
    const group = (job: string) => ({ kind: "group", id: "rota", job, fields: {} });
    const taken = observed(resource("a", "schedule"), { mark: { namespace: "x", environment: "y", job: "a" } });
    const desired = ["a", "b"].map((job) => ({
      job,
      rendering: rendering([group(job), resource(job, "schedule"), resource(job, "task")]),
    }));
    const made = planOf([{ desired, listed: [taken] }]);
    expect(made.refusals).toMatchObject([{ code: "taken", job: "a" }]);
    expect(steps(made)).toEqual(["create group/rota", "create schedule/b-schedule", "create task/b-task"]);
  });

  test("two jobs that make one resource differently", () => {
    const one = { job: "a", rendering: rendering([{ kind: "k", id: "x", job: "a", fields: { v: 1 } }]) };
    const two = { job: "b", rendering: rendering([{ kind: "k", id: "x", job: "b", fields: { v: 2 } }]) };
    expect(planOf([{ desired: [one, two] }]).refusals).toMatchObject([
      { code: "ambiguous", job: "a" },
      { code: "ambiguous", job: "b" },
    ]);
  });

  test("a listing that shows one thing twice is refused only when the two differ", () => {
    const [task] = deployed(a);
    if (!task) throw new Error("no task");
    expect(planOf([{ desired: [a], listed: [...deployed(a), task] }]).refusals).toEqual([]);
    const other = { ...task, revision: "other" };
    expect(planOf([{ desired: [a], listed: [...deployed(a), other] }]).refusals).toMatchObject([{ code: "ambiguous" }]);
  });

  test("a dependency that nobody makes, and a circle", () => {
    const lost = { job: "a", rendering: rendering([resource("a", "schedule", {}, ["task/none"])]) };
    expect(planOf([{ desired: [lost] }]).refusals).toMatchObject([{ code: "dependency" }]);
    const circle = rendering([resource("a", "x", {}, ["y/a-y"]), resource("a", "y", {}, ["x/a-x"])]);
    const made = planOf([{ desired: [{ job: "a", rendering: circle }] }]);
    expect(made.refusals).toMatchObject([{ code: "dependency", reason: "these depend on one another: x/a-x, y/a-y" }]);
  });

  test("dates that differ are listed, and refused unless the job allows them", () => {
    const differences = [
      { job: "a", local: "2027-03-14T02:30", kind: "missing" as const, detail: "skipped by the vendor" },
    ];
    const odd = { job: "a", rendering: { ...a.rendering, differences } };
    expect(planOf([{ desired: [odd] }]).refusals).toMatchObject([{ code: "differs", job: "a" }]);
    const allowed = planOf([{ desired: [{ ...odd, allowDifferences: true }] }]);
    expect(allowed.refusals).toEqual([]);
    expect(steps(allowed)).toHaveLength(2);
    expect(allowed.differences).toMatchObject([{ local: "2027-03-14T02:30", placement: "aws", allowed: true }]);
  });
});

test("the vendor's problems and the adapter's warnings are passed on", () => {
  const listed = deployed(a).map((each) => ({ ...each, problem: "UPDATE_FAILED" }));
  const desired = [{ job: "a", rendering: { ...a.rendering, warnings: ["no native time limit"] } }];
  expect(toJson(planOf([{ desired, listed }])).warnings).toEqual([
    "a: no native time limit",
    "a: UPDATE_FAILED",
    "a: UPDATE_FAILED",
  ]);
});

test("the JSON has the fields that cli.md promises", () => {
  const json = toJson(planOf([{ desired: [jobOf("a", "0 7 * * *")], listed: deployed(a, b) }]));
  expect(json).toMatchObject({ schema: "rota.plan/1", env: ENVIRONMENT, warnings: [] });
  expect(json.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect(json.changes.map((each) => [each.action, each.job, each.provider, each.resource, each.fields.length])).toEqual(
    [
      ["keep", "a", "aws", "task/a-task", 0],
      ["update", "a", "aws", "schedule/a-schedule", 1],
      ["delete", "b", "aws", "schedule/b-schedule", 0],
      ["delete", "b", "aws", "task/b-task", 0],
    ],
  );
});
