import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fingerprint } from "../../../src/model/index.ts";
import { type Plan, parsePlan, savePlan, toJson } from "../../../src/plan/index.ts";
import { deployed, jobOf, observed, planOf, rendering, resource } from "./world.ts";

const a = jobOf("a");
const b = jobOf("b");
/** A plan with one of everything. */
const full: Plan = planOf(
  [
    {
      desired: [
        { ...jobOf("a", "5 5 * * *"), allowDifferences: true },
        { job: "c", rendering: rendering([resource("c")], { warnings: ["w"], differences: [difference()] }) },
        { job: "d", rendering: rendering([], { refusal: { reason: "r", fix: "f" } }) },
      ],
      listed: [...deployed(a, b), observed(resource("c"), { unmanaged: { x: [1, null] }, paused: true, problem: "p" })],
    },
  ],
  {
    trial: [
      {
        job: "a",
        changed: ["idle", "cost"],
        runs: 2,
        stopped: [{ run: "r", status: "killed", limits: ["idle"], afterSeconds: 3.5, observed: "o" }],
        goodRunsStopped: 0,
        unknown: [{ run: "s", why: "w" }],
      },
    ],
  },
);

function difference() {
  return { job: "c", local: "2027-03-14T02:30", kind: "missing" as const, detail: "d" };
}

const reasonOf = (text: string): string => {
  const parsed = parsePlan(text);
  return parsed.ok ? "" : parsed.reason;
};

test("what was saved is what is read", () => {
  expect(new Set(full.changes.map((each) => each.change.action))).toEqual(
    new Set(["create", "update", "keep", "delete"].slice(1)),
  );
  for (const plan of [full, planOf([]), planOf([{ desired: [a] }])]) {
    expect(parsePlan(savePlan(plan))).toEqual({ ok: true, plan });
  }
});

describe("a plan file that was changed is refused", () => {
  test("any value in it, whichever", () => {
    const leaves: (readonly (string | number)[])[] = [];
    const walk = (value: unknown, path: readonly (string | number)[]): void => {
      if (value !== null && typeof value === "object") {
        for (const [key, each] of Object.entries(value))
          walk(each, [...path, Array.isArray(value) ? Number(key) : key]);
      } else leaves.push(path);
    };
    walk(full, []);
    expect(leaves.length).toBeGreaterThan(80);
    for (const path of leaves) {
      const copy = structuredClone(full) as unknown as Record<string | number, unknown>;
      let at = copy;
      for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
      const last = path.at(-1) ?? "";
      at[last] = typeof at[last] === "number" ? (at[last] as number) + 1 : `${at[last]}x`;
      expect(parsePlan(JSON.stringify(copy)).ok, path.join(".")).toBe(false);
    }
  });

  test("a key more, a key less, and what reaches for the prototype", () => {
    const more = { ...full, extra: 1 };
    expect(reasonOf(JSON.stringify(more))).toContain("damaged");
    const { warnings: _, ...less } = full;
    expect(reasonOf(JSON.stringify(less))).toContain("warnings");
    const proto = savePlan(full).replace('"namespace": "acme"', '"namespace": "acme", "__proto__": {"polluted": true}');
    expect(parsePlan(proto).ok).toBe(false);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test("with a digest made anew it is read: the digest is no signature, and the shape still holds", () => {
    const { digest: _, ...body } = full;
    const renamed = { ...body, environment: "dev" };
    expect(parsePlan(JSON.stringify({ ...renamed, digest: fingerprint(renamed) })).ok).toBe(true);
    const bad = { ...body, changes: [{ placement: "aws", provider: "aws", change: { action: "explode", why: "" } }] };
    expect(reasonOf(JSON.stringify({ ...bad, digest: fingerprint(bad) }))).toContain("changes.0.change");
  });
});

test.each([
  ["", /not JSON/],
  ["rota: 1", /not JSON/],
  ["null", /not a plan file/],
  ["[]", /not a plan file/],
  ['{"schema":"rota.runs/1"}', /not a plan file/],
  ['{"schema":"rota.savedPlan/2"}', /another version of rota/],
  [JSON.stringify(toJson(full)), /output of rota plan --json/],
  [savePlan(full).slice(0, 500), /not JSON/],
])("%.30s is refused with words", (text, words) => {
  expect(reasonOf(text)).toMatch(words);
});

test("nothing that is read throws, hangs or is taken for a plan", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.jsonValue().map((value) => JSON.stringify(value)),
      ),
      (text) => {
        expect(parsePlan(text).ok).toBe(false);
      },
    ),
  );
  const deep = `{"schema":"rota.savedPlan/1","changes":${"[".repeat(50_000)}${"]".repeat(50_000)}}`;
  expect(parsePlan(deep).ok).toBe(false);
  const fields = `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`;
  const nested = savePlan(full).replace('"unmanaged": {', `"unmanaged": { "deep": ${fields},`);
  expect(nested.length).toBeGreaterThan(100_000);
  expect(parsePlan(nested).ok).toBe(false);
});
