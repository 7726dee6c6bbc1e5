import fc from "fast-check";
import { expect, test } from "vitest";
import { canonical, type ObservedResource, type ResourceChange } from "../../../src/model/index.ts";
import { type DesiredRendering, type Plan, parsePlan, savePlan, summary } from "../../../src/plan/index.ts";
import { ENVIRONMENT, NAMESPACE, observed, planOf, rendering, resource } from "./world.ts";

const names = fc.constantFrom("a", "b", "c", "d", "e", "f");
const fields = fc.dictionary(
  fc.constantFrom("cpu", "expression", "image"),
  fc.oneof(fc.nat(3), fc.string({ maxLength: 2 })),
);

/** A job of one to three resources, each depending on the one before. */
const desired: fc.Arbitrary<DesiredRendering> = fc
  .tuple(names, fc.array(fields, { minLength: 1, maxLength: 3 }))
  .map(([job, all]) => ({
    job,
    rendering: rendering(
      all.map((each, i) => resource(job, `kind${i}`, each, i > 0 ? [`kind${i - 1}/${job}-kind${i - 1}`] : [])),
    ),
  }));
const manifest = fc.uniqueArray(desired, { selector: (each) => each.job, maxLength: 6 });

/** A small provider: it does what it is told, one step at a time, and refuses what a real one would. */
class World {
  readonly there = new Map<string, ObservedResource>();

  apply(plan: Plan): void {
    for (const { change } of plan.changes) this.step(change);
  }

  private step(change: ResourceChange): void {
    const of = change.action === "delete" ? change.actual : change.desired;
    const key = `${of.kind}/${of.id}`;
    const now = this.there.get(key);
    if (change.action === "create" && now) throw new Error(`${key} exists`);
    if (change.action !== "create" && now?.revision !== change.actual.revision) throw new Error(`${key} moved`);
    if (change.action === "delete") this.remove(key);
    else if (change.action !== "keep") {
      const lacking = (change.desired.dependsOn ?? []).filter((needed) => !this.there.has(needed));
      if (lacking.length > 0) throw new Error(`${key} needs ${lacking}`);
      this.there.set(key, observed(change.desired, { unmanaged: now?.unmanaged ?? {} }));
    }
  }

  private remove(key: string): void {
    const needing = [...this.there.values()].filter((other) => other.dependsOn?.includes(key));
    if (needing.length > 0) throw new Error(`${needing.map((other) => other.id)} still need ${key}`);
    this.there.delete(key);
  }

  list(): ObservedResource[] {
    return [...this.there.values()];
  }
}

test("after a plan was applied, planning gives only keeps, and each step was possible when its turn came (R3)", () => {
  fc.assert(
    fc.property(fc.array(manifest, { minLength: 1, maxLength: 5 }), (manifests) => {
      const world = new World();
      for (const each of manifests) {
        const plan = planOf([{ desired: each, listed: world.list() }]);
        const parsed = parsePlan(savePlan(plan));
        if (!parsed.ok) throw new Error(parsed.reason);
        world.apply(parsed.plan);
        const again = planOf([{ desired: each, listed: world.list().reverse() }]);
        expect(summary(again)).toMatchObject({ create: 0, update: 0, delete: 0 });
        if (each.length > 0) {
          const wanted = each.flatMap(({ rendering: one }) => one.resources.map((all) => all.fields));
          expect(
            world
              .list()
              .map((one) => canonical(one.fields))
              .sort(),
          ).toEqual(wanted.map(canonical).sort());
        }
      }
    }),
  );
});

test("a listing that lost anything never deletes what both did not show, and nothing foreign is ever in a plan (R1, R2)", () => {
  const foreign = observed(resource("x", "kind0", {}), {
    mark: { namespace: "other", environment: ENVIRONMENT, job: "x" },
  });
  fc.assert(
    fc.property(manifest, manifest, fc.infiniteStream(fc.boolean()), (before, after, chance) => {
      const world = new World();
      world.apply(planOf([{ desired: before }]));
      const lose = (): ObservedResource[] => [...world.list().filter(() => chance.next().value), foreign];
      const [listed, listedAgain] = [lose(), lose()];
      const plan = planOf([{ desired: after, listed, listedAgain }]);
      for (const { change } of plan.changes) {
        if (change.action === "create") continue;
        expect(change.actual.mark.namespace).toBe(NAMESPACE);
        if (change.action !== "delete") continue;
        expect(listed).toContain(change.actual);
        expect(listedAgain).toContain(change.actual);
        expect(after.map((each) => each.job)).not.toHaveLength(0);
      }
    }),
  );
});

test("twenty thousand jobs are planned in a second or two, and a long chain of dependencies does not overflow", () => {
  const many = Array.from({ length: 20_000 }, (_, i) => ({
    job: `j${i}`,
    rendering: rendering([resource(`j${i}`, "k", { n: i }, i > 0 ? [`k/j${i - 1}-k`] : [])]),
  }));
  const plan = planOf([{ desired: many }]);
  expect(plan.changes).toHaveLength(20_000);
  const order = plan.changes.map(({ change }) => (change.action === "create" ? change.desired.id : ""));
  expect(order.slice(0, 3)).toEqual(["j0-k", "j1-k", "j2-k"]);
  expect(plan.refusals).toEqual([]);
});
