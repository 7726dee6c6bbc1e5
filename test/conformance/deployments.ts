import { expect } from "vitest";
import type { ObservedResource, ResourceChange } from "../../src/model/index.ts";
import { NOW } from "../support/jobs.ts";
import { codeOf } from "./codes.ts";
import { deploy, desiredJob, type Subject } from "./subject.ts";
import type { Case } from "./suite.ts";

const LOOK_ALIKES = 1000;

function byId(
  a: { readonly kind: string; readonly id: string },
  b: { readonly kind: string; readonly id: string },
): number {
  return `${a.kind}/${a.id}` < `${b.kind}/${b.id}` ? -1 : 1;
}

function updateOf(actual: ObservedResource, desired = actual): ResourceChange {
  const { kind, id, job, fields } = desired;
  return { action: "update", desired: { kind, id, job, fields }, actual, fields: [], why: "test" };
}

async function deployed(subject: Subject, name = "job"): Promise<ObservedResource> {
  const made = await deploy(subject.provider, desiredJob(subject, name, subject.workloads.quick));
  // What a change of the time of day changes, whatever else the job has become.
  const schedule = made.find((each) => each.kind === "schedule") ?? made[0];
  if (!schedule) throw new Error("the job became no resource");
  return schedule;
}

export const deploymentCases: Readonly<Record<string, Case>> = {
  "render is pure: equal jobs, equal resources, each named once": async (subject) => {
    const render = () => subject.provider.render(desiredJob(subject, "job", subject.workloads.quick), NOW);
    expect(render()).toEqual(render());
    const names = render().resources.map((resource) => `${resource.kind}/${resource.id}`);
    expect(names.length).toBeGreaterThan(0);
    expect(new Set(names).size).toBe(names.length);
    for (const resource of render().resources) {
      expect(resource.job).toBe("job");
      for (const needed of resource.dependsOn ?? [])
        expect(names.slice(0, names.indexOf(`${resource.kind}/${resource.id}`))).toContain(needed);
    }
  },

  "what was created is listed with equal fields and the owner's mark": async (subject) => {
    const desired = desiredJob(subject, "job", subject.workloads.quick);
    const { resources } = subject.provider.render(desired, NOW);
    await deploy(subject.provider, desired);
    const listed = [...(await subject.provider.listDeployments())].sort(byId);
    expect(listed.map(({ kind, id, job, fields }) => ({ kind, id, job, fields }))).toEqual(
      [...resources].sort(byId).map(({ kind, id, job, fields }) => ({ kind, id, job, fields })),
    );
    for (const resource of listed) expect(resource.mark).toEqual({ ...subject.owner, job: "job" });
  },

  "another daemon lists the same": async (subject) => {
    await deployed(subject);
    const other = await subject.reopen();
    expect(await other.listDeployments()).toEqual(await subject.provider.listDeployments());
    await other.close();
  },

  "keep changes nothing": async (subject) => {
    const actual = await deployed(subject);
    const { kind, id, job, fields } = actual;
    const kept = await subject.provider.apply({
      action: "keep",
      desired: { kind, id, job, fields },
      actual,
      why: "test",
    });
    expect(kept?.revision).toBe(actual.revision);
  },

  "a second create says exists": async (subject) => {
    const { kind, id, job, fields } = await deployed(subject);
    const again = subject.provider.apply({ action: "create", desired: { kind, id, job, fields }, why: "test" });
    expect(await codeOf(again)).toBe("exists");
  },

  "an update is listed, with another revision": async (subject) => {
    const actual = await deployed(subject);
    const changed = desiredJob(subject, "job", subject.workloads.quick, "30 7 * * *");
    const desired = subject.provider.render(changed, NOW).resources.find((each) => each.id === actual.id);
    if (!desired) throw new Error("another time of day gave another resource");
    const updated = await subject.provider.apply({ action: "update", desired, actual, fields: [], why: "test" });
    expect(updated?.fields).toEqual(desired.fields);
    expect(updated?.revision).not.toBe(actual.revision);
    const listed = (await subject.provider.listDeployments()).find((each) => each.id === actual.id);
    expect(listed).toEqual(updated);
  },

  "an update of what changed since it was read says conflict": async (subject) => {
    const actual = await deployed(subject);
    await subject.edit(actual);
    const before = await subject.provider.listDeployments();
    expect(await codeOf(subject.provider.apply(updateOf(actual)))).toBe("conflict");
    expect(await subject.provider.listDeployments()).toEqual(before);
  },

  "a delete of what changed since it was read says conflict": async (subject) => {
    const actual = await deployed(subject);
    await subject.edit(actual);
    expect(await codeOf(subject.provider.apply({ action: "delete", actual, why: "test" }))).toBe("conflict");
    expect(await subject.provider.listDeployments()).toHaveLength(
      subject.provider.render(desiredJob(subject, "job", subject.workloads.quick), NOW).resources.length,
    );
  },

  "what was deleted is gone, and a second delete says missing": async (subject) => {
    const actual = await deployed(subject);
    expect(await subject.provider.apply({ action: "delete", actual, why: "test" })).toBeUndefined();
    expect((await subject.provider.listDeployments()).map((each) => each.id)).not.toContain(actual.id);
    expect(await codeOf(subject.provider.apply({ action: "delete", actual, why: "test" }))).toBe("missing");
    expect(await codeOf(subject.provider.apply(updateOf(actual)))).toBe("missing");
  },

  "of many writers with the same revision one succeeds": async (subject) => {
    const actual = await deployed(subject);
    const other = await subject.reopen();
    const changes = [1, 2, 3, 4].map((hour) => {
      const changed = desiredJob(subject, "job", subject.workloads.quick, `0 ${hour} * * *`);
      const desired = subject.provider.render(changed, NOW).resources.find((each) => each.id === actual.id);
      return updateOf(actual, { ...actual, ...desired });
    });
    const answers = await Promise.allSettled(
      changes.map((change, index) => (index % 2 === 0 ? subject.provider : other).apply(change)),
    );
    expect(answers.filter((answer) => answer.status === "fulfilled")).toHaveLength(1);
    for (const answer of answers) {
      if (answer.status === "rejected") expect(answer.reason).toMatchObject({ code: "conflict" });
    }
    await other.close();
  },

  "a pause is listed, outlives an update, and is lifted": async (subject) => {
    await deployed(subject);
    await deployed(subject, "other");
    const paused = async (): Promise<readonly string[]> =>
      (await subject.provider.listDeployments()).flatMap((each) => (each.paused ? [each.job] : []));
    await subject.provider.setPaused("job", true, "test");
    await subject.provider.setPaused("job", true, "test");
    expect(new Set(await paused())).toEqual(new Set(["job"]));
    for (const actual of await subject.provider.listDeployments()) {
      if (actual.job === "job" && actual.paused) await subject.provider.apply(updateOf(actual));
    }
    expect(new Set(await paused())).toEqual(new Set(["job"]));
    await subject.provider.setPaused("job", false, "test");
    expect(await paused()).toEqual([]);
  },

  "of a thousand foreign look-alikes none is listed, changed or deleted": async (subject) => {
    await subject.plantForeign(LOOK_ALIKES);
    const before = await subject.foreign();
    const actual = await deployed(subject);
    const listed = await subject.provider.listDeployments();
    expect(listed.every((each) => each.mark.namespace === subject.owner.namespace)).toBe(true);
    expect(new Set(listed.map((each) => each.job))).toEqual(new Set(["job"]));
    for (let index = 0; index < 20; index += 1) {
      const forged: ObservedResource = { ...actual, id: `foreign-${index}`, job: `foreign-${index}` };
      expect(await codeOf(subject.provider.apply({ action: "delete", actual: forged, why: "test" }))).toMatch(
        /^(missing|denied|conflict)$/,
      );
      expect(await codeOf(subject.provider.apply(updateOf(forged)))).toMatch(/^(missing|denied|conflict)$/);
      await subject.provider.setPaused(`foreign-${index}`, true, "test");
    }
    await subject.provider.apply({ action: "delete", actual, why: "test" });
    expect(await subject.foreign()).toEqual(before);
  },

  "a listing of which a part cannot be read throws": async (subject) => {
    await deployed(subject);
    await deployed(subject, "other");
    await subject.breakListing();
    expect(await codeOf(subject.provider.listDeployments())).toMatch(/^(unavailable|throttled|denied|internal)$/);
  },
};
