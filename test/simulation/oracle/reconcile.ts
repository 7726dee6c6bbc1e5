import type { Facts } from "./facts.ts";

/** R1, R2, R3: what is not ours stays as it is, nothing wanted is deleted, and a second apply does nothing. */
export function examineReconcile({ story, rig, check }: Facts): void {
  for (const { placement, id, revision } of story.foreignResources) {
    const held = rig.world.resource(placement, "schedule", id);
    check(held?.revision === revision, "R1", story.endAt, () => `${id}, which is not ours, was changed or removed`);
  }
  story.calls.forEach((call, index) => {
    if (call.method !== "apply" || call.change === undefined) return;
    check(!call.change.includes("/theirs-"), "R1", call.at, () => `${call.change} was asked for, and it is not ours`);
    const during = story.deployments.findLast((d) => d.firstCall <= index && index < d.lastCall);
    check(during !== undefined, "F9", call.at, () => `${call.change}, and nobody had asked for a deployment`);
    if (!during || !call.change.startsWith("delete")) return;
    const wanted = during.state.jobs.some((d) => d.job.name === call.job && d.job.placement === call.placement);
    check(!wanted && during.state.jobs.length > 0, "R2", call.at, () => `${call.change}, which the manifest wants`);
  });
  for (const d of story.deployments) {
    if (!d.again || !d.ok) continue;
    const changes = story.calls.slice(d.firstCall, d.lastCall).filter((c) => c.method === "apply");
    check(
      changes.length === 0,
      "R3",
      d.asked,
      () => `a second apply carried out ${changes.map((c) => c.change).join(", ")}`,
    );
  }
}
