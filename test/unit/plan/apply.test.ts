import { describe, expect, test } from "vitest";
import type { TrialResult, Window } from "../../../src/model/index.ts";
import {
  type ApplyRequest,
  checkApply,
  deleteLimit,
  nextOpening,
  type Plan,
  samePlan,
} from "../../../src/plan/index.ts";
import { deployed, jobOf, observed, planOf, rendering } from "./world.ts";

const names = Array.from({ length: 40 }, (_, index) => `job-${String(index).padStart(2, "0")}`);
const jobs = names.map((name) => jobOf(name));
const [a, b] = [jobOf("a"), jobOf("b")];
/** Tuesday and Thursday from nine to four. */
const TUE_THU: readonly Window[] = [{ days: [2, 4], startMinute: 540, lengthMinutes: 420 }];
/** A Monday, noon in Toronto. */
const MONDAY = Date.UTC(2026, 10, 23, 17);
const TUESDAY = Date.UTC(2026, 10, 24, 15);

function check(plan: Plan, over: Partial<ApplyRequest> = {}): string[] {
  const request = { plan, now: MONDAY, timezone: "America/Toronto", deployWindows: [], maxDeletes: 0.1, ...over };
  return checkApply(request).map((refusal) => refusal.code);
}

test("a plan of an unmoved world goes through", () => {
  const plan = planOf([{ desired: [a] }]);
  expect(check(plan, { current: planOf([{ desired: [a] }]) })).toEqual([]);
});

describe("the world moved", () => {
  const plan = planOf([{ desired: [a, b], listed: deployed(a) }]);
  const moved: readonly [string, Plan][] = [
    ["another manifest", planOf([{ desired: [a], listed: deployed(a) }])],
    ["another field", planOf([{ desired: [a, jobOf("b", "1 1 1 1 1")], listed: deployed(a) }])],
    ["applied by someone else", planOf([{ desired: [a, b], listed: deployed(a, b) }])],
    ["changed by hand", planOf([{ desired: [a, b], listed: deployed(a).map((each) => ({ ...each, revision: "9" })) }])],
    ["gone", planOf([{ desired: [a, b] }])],
    ["another placement", planOf([{ placement: "gcp", desired: [a, b], listed: deployed(a) }])],
    ["another environment", planOf([{ desired: [a, b], listed: [] }], { environment: "dev" })],
    ["another purpose", planOf([{ desired: [a, b], listed: deployed(a) }], { purpose: "destroy" })],
  ];
  test.each(moved)("%s", (_, current) => {
    expect(samePlan(plan, current)).toBe(false);
    expect(check(plan, { current })).toContain("stale");
    expect(check(plan, { current, override: "I insist" })).toContain("stale");
  });

  test("time alone, order, a second listing and a trial are no move", () => {
    const later = planOf([{ desired: [b, a], listed: deployed(a).reverse(), listedAgain: deployed(a) }], {
      createdAt: 9,
    });
    expect(samePlan(plan, later)).toBe(true);
  });
});

describe("deploy windows", () => {
  const plan = planOf([{ desired: [a] }]);
  test("closed: refused with the next opening in local time; an override lifts it", () => {
    const refusals = checkApply({
      plan,
      now: MONDAY,
      timezone: "America/Toronto",
      deployWindows: TUE_THU,
      maxDeletes: 0.1,
    });
    expect(refusals).toMatchObject([{ code: "window", overridable: true }]);
    expect(refusals[0]?.reason).toBe(
      "prod may be changed only Tue,Thu 09:00-16:00; it opens 2026-11-24T09:00 (America/Toronto)",
    );
    expect(check(plan, { deployWindows: TUE_THU, override: "an outage" })).toEqual([]);
    expect(check(plan, { deployWindows: TUE_THU, override: "  " })).toEqual(["window"]);
  });

  test("open, or nothing to change: not refused", () => {
    expect(check(plan, { deployWindows: TUE_THU, now: TUESDAY })).toEqual([]);
    expect(check(planOf([{ desired: [a], listed: deployed(a) }]), { deployWindows: TUE_THU })).toEqual([]);
  });

  test.each([
    ["in the gap of spring", "America/Toronto", { days: [7], startMinute: 150, lengthMinutes: 30 }, "2027-03-14T03:00"],
    ["across midnight", "UTC", { days: [1], startMinute: 1380, lengthMinutes: 120 }, "2027-03-15T23:00"],
  ] as const)("the next opening, %s", (_, timezone, window, local) => {
    const from = Date.UTC(2027, 2, 13, 20);
    const at = nextOpening([window], timezone, from);
    expect(at).toBeGreaterThan(from);
    // A window that lies wholly in the gap does not open that week.
    if (timezone === "UTC") expect(new Date(at ?? 0).toISOString()).toContain(local);
    else expect(new Date(at ?? 0).toISOString()).toBe("2027-03-21T06:30:00.000Z");
  });
});

describe("the limit of deletes", () => {
  const without = (count: number): Plan =>
    planOf([{ desired: jobs.slice(count), listed: deployed(...jobs), listedAgain: deployed(...jobs) }]);
  test("a share of what is deployed", () => {
    expect(deleteLimit(without(4), 0.1)).toBe(8);
    expect(check(without(4))).toEqual([]);
    expect(check(without(5))).toEqual(["deletes"]);
    expect(check(without(5), { override: "really" })).toEqual(["deletes"]);
    expect(check(without(5), { maxDeletes: 0.13 })).toEqual([]);
  });

  test("one whole job may always go, unless the share is 0", () => {
    const plan = planOf([{ desired: [a], listed: deployed(a, b), listedAgain: deployed(a, b) }]);
    expect(check(plan, { maxDeletes: 0.01 })).toEqual([]);
    expect(check(plan, { maxDeletes: 0 })).toEqual(["deletes"]);
  });

  test("what all jobs share may go with the last that needs it", () => {
    const shared = ["queue", "rule"].map((kind) => observed({ kind, id: kind, job: "", fields: {} }));
    const listed = [...deployed(a, b), ...shared];
    expect(check(planOf([{ desired: [a], listed, listedAgain: listed }]), { maxDeletes: 0.01 })).toEqual([]);
    expect(check(planOf([{ desired: [a, b], listed, listedAgain: listed }]), { maxDeletes: 0 })).toEqual(["deletes"]);
    const more = [...listed, ...deployed(jobOf("c"))];
    expect(check(planOf([{ desired: [a], listed: more, listedAgain: more }]), { maxDeletes: 0.01 })).toEqual([
      "deletes",
    ]);
  });

  test("destroy is asked for by name and not limited", () => {
    const all = deployed(...jobs);
    expect(check(planOf([{ listed: all, listedAgain: all }], { purpose: "destroy" }))).toEqual([]);
  });

  test("a delete needs two complete listings: of one plan, or of the plan and of the look before applying (R2)", () => {
    const once = planOf([{ desired: [a], listed: deployed(a, b) }]);
    expect(check(once)).toEqual(["unconfirmed"]);
    expect(check(once, { current: once })).toEqual(["unconfirmed"]);
    expect(check(once, { current: planOf([{ desired: [a], listed: deployed(a, b) }]) })).toEqual([]);
  });
});

describe("what stands in the plan itself", () => {
  test("an offline plan is not applied", () => {
    const { changes } = planOf([{ desired: [a] }]);
    const plan = planOf([]);
    expect(changes).toHaveLength(2);
    const blind = {
      ...plan,
      placements: [{ placement: "aws", type: "aws", listings: 0 as const, deployed: 0, desired: 2 }],
    };
    expect(check(blind)).toEqual(["offline"]);
  });

  test("refusals of the plan refuse the apply, and no override lifts them", () => {
    const refused = { job: "a", rendering: rendering([], { refusal: { reason: "no such zone", fix: "name one" } }) };
    const plan = planOf([{ desired: [refused, b] }]);
    expect(check(plan, { override: "so what" })).toEqual(["refused"]);
    expect(checkApply({ plan, now: 0, timezone: "UTC", deployWindows: [], maxDeletes: 1 })[0]).toMatchObject({
      reason: '"a": no such zone',
      fix: "name one",
    });
    expect(check(planOf([{ listed: deployed(a).map((each) => observed(each)) }]))).toEqual(["refused"]);
  });

  test("a trial that would have stopped good runs wants an override; bad runs and unknown ones do not", () => {
    const result: TrialResult = {
      job: "a",
      changed: ["idle"],
      runs: 30,
      stopped: [{ run: "r1", status: "succeeded", limits: ["idle"], observed: "30m without progress" }],
      goodRunsStopped: 1,
      unknown: [],
    };
    const plan = planOf([{ desired: [a] }], { trial: [result] });
    expect(check(plan)).toEqual(["trial"]);
    expect(check(plan, { override: "they hung" })).toEqual([]);
    const bad = { ...result, goodRunsStopped: 0, unknown: [{ run: "r2", why: "no samples" }] };
    expect(check(planOf([{ desired: [a] }], { trial: [bad] }))).toEqual([]);
  });
});
