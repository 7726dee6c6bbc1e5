import { beforeEach, describe, expect, it } from "vitest";
import { fingerprint, HOUR, MINUTE, type ObservedResource, type Resource } from "../../../src/model/index.ts";
import { type Provider, ProviderError, wrapProvider } from "../../../src/provider/index.ts";
import { Stand } from "../../support/engine.ts";
import { cron, desiredState, job } from "../../support/jobs.ts";

const OWNER = { namespace: "test", environment: "dev" };
const KEEP = 30 * MINUTE;

/** What each job has at the vendor beside its schedule, by id; a test takes away and changes at will. */
let parts: Map<string, ObservedResource>;
/** From this moment on a rendering has one more part of each job: a horizon that moves on. */
let horizon: number;
/** Until this moment a rendering has a part that starts once, and is gone afterwards. */
let once: number;
/** A rendering has two parts more that all jobs share. */
let shares: boolean;
/** Creating a part fails. */
let refuses: boolean;
let stand: Stand;

function observed(part: Resource): ObservedResource {
  return { ...part, mark: { ...OWNER, job: part.job }, revision: fingerprint(part.fields) };
}

function part(name: string, of: string): Resource {
  return { kind: "task", id: `${name}.${of}`, job: name, fields: { image: of } };
}

/** The memory provider, whose jobs are one schedule each, with parts: what most vendors need. */
function withParts(inner: Provider): Provider {
  return {
    ...wrapProvider(inner, (_call, proceed) => proceed()),
    render: (desired, now) => {
      const { name } = desired.job;
      const { resources, ...rest } = inner.render(desired, now);
      const more = [...(now >= horizon ? [part(name, "later")] : []), ...(now < once ? [part(name, "once")] : [])];
      const shared = shares ? [part("", "queue"), part("", "rule")] : [];
      return { ...rest, resources: [part(name, "now"), ...resources, ...more, ...shared] };
    },
    listDeployments: async (options) => [...(await inner.listDeployments(options)), ...parts.values()],
    apply: async (change, options) => {
      const of = change.action === "delete" ? change.actual : change.desired;
      if (of.kind !== "task") return inner.apply(change, options);
      if (refuses) throw new ProviderError("denied", "no");
      if (change.action === "delete") parts.delete(of.id);
      else parts.set(of.id, observed(of));
      return parts.get(of.id);
    },
  };
}

beforeEach(async () => {
  parts = new Map();
  horizon = Number.POSITIVE_INFINITY;
  once = 0;
  shares = false;
  refuses = false;
  stand = await Stand.open({ placementOptions: { schedules: "native", intervalSeconds: 10 }, around: withParts });
  const schedule = cron("0 0 1 1 *");
  await stand.start(desiredState([job("a", { schedule }), job("b", { schedule })]));
  await stand.clock.advance(5 * MINUTE);
});

/** What the ledger says of the two rounds that follow. */
async function afterwards(): Promise<readonly string[]> {
  await stand.clock.advance(2 * KEEP + MINUTE);
  const said = (await stand.entries()).flatMap(({ event }) =>
    event.type === "deployment.drifted"
      ? [`${event.kind} ${event.resource}`]
      : event.type === "deployment.restored"
        ? [`restored ${event.resource} by ${event.by}`]
        : [],
  );
  await stand.stop();
  return said;
}

describe("what was applied stays in place where the vendor fires", () => {
  it("says and does nothing while it is as it was applied", async () => {
    expect(await afterwards()).toEqual([]);
    expect(stand.notices).toEqual([]);
  });

  it("puts back a part of a job that is gone, once, and leaves what is there alone", async () => {
    const before = parts.get("b.now");
    parts.delete("a.now");
    expect(await afterwards()).toEqual(["restored task/a.now by rota"]);
    expect(parts.get("a.now")).toEqual(observed(part("a", "now")));
    expect(parts.get("b.now")).toBe(before);
  });

  it("adds what the horizon has reached, without a word to anybody", async () => {
    horizon = stand.clock.now() + KEEP;
    expect(await afterwards()).toEqual(["restored task/a.later by rota", "restored task/b.later by rota"]);
    expect(stand.notices).toEqual([]);
  });

  it("adds nothing beside a part of its kind that is another now: the two might start one fire", async () => {
    parts.set("a.now", observed({ ...part("a", "now"), fields: { image: "by hand" } }));
    horizon = stand.clock.now();
    expect([...(await afterwards())].sort()).toEqual([
      "changed task/a.now",
      "missing task/a.later",
      "restored task/b.later by rota",
    ]);
  });

  it("never puts back what starts once and may just have started", async () => {
    // Rounds are at two minutes and every half hour: at the third of them the part is gone, and its time has not come.
    const second = stand.clock.now() - 3 * MINUTE + KEEP;
    once = second + MINUTE;
    await stand.deploy(desiredState(["a", "b"].map((name) => job(name, { schedule: cron("0 0 1 1 *") }))));
    expect(parts.has("a.once")).toBe(true);
    parts.delete("a.once");
    parts.delete("b.now");
    expect((await afterwards()).filter((said) => said.startsWith("restored"))).toEqual(["restored task/b.now by rota"]);
    expect(parts.has("a.once")).toBe(false);
  });

  it("leaves a job that is wholly gone, and tells once", async () => {
    parts.delete("a.now");
    for (const { resource } of stand.world.resources("memory"))
      if (resource.job === "a") stand.world.remove("memory", resource.kind, resource.id);
    expect(await afterwards()).toEqual(["missing schedule/a", "missing task/a.now"]);
    expect(parts.has("a.now")).toBe(false);
    expect(stand.notices.map(({ kind, job: of }) => [kind, of])).toEqual([
      ["problem", "a"],
      ["problem", "a"],
    ]);
  });

  it("leaves what somebody changed or paused, tells once over restarts, and says when it is as applied again", async () => {
    parts.set("a.now", { ...observed(part("a", "now")), fields: { image: "by hand" } });
    stand.world.edit("memory", "schedule", "b", (held) => ({ ...held, paused: true }));
    await stand.clock.advance(KEEP);
    await stand.crash();
    await stand.start();
    await stand.clock.advance(KEEP);
    const [placement] = (await stand.engine.status()).placements;
    expect(placement).toMatchObject({ placement: "memory", ok: true, drifted: 2 });
    expect(stand.notices).toHaveLength(2);
    parts.set("a.now", observed(part("a", "now")));
    stand.world.edit("memory", "schedule", "b", (held) => ({ ...held, paused: false }));
    expect(await afterwards()).toEqual([
      "paused schedule/b",
      "changed task/a.now",
      "restored schedule/b by elsewhere",
      "restored task/a.now by elsewhere",
    ]);
    expect(parts.get("a.now")?.fields).toEqual({ image: "now" });
    expect(stand.notices).toHaveLength(2);
  });

  it("never deletes: what carries the mark and was not applied is told", async () => {
    parts.set("a.old", observed(part("a", "old")));
    expect(await afterwards()).toEqual(["unknown task/a.old"]);
    expect(parts.has("a.old")).toBe(true);
  });

  describe("of what all jobs share", () => {
    beforeEach(async () => {
      shares = true;
      await stand.deploy(desiredState(["a", "b"].map((name) => job(name, { schedule: cron("0 0 1 1 *") }))));
      expect(parts.has(".queue") && parts.has(".rule")).toBe(true);
    });

    it("a part that is gone is put back, and one that was changed is told of by no job's name", async () => {
      parts.delete(".queue");
      parts.set("a.now", observed({ ...part("a", "now"), fields: { image: "by hand" } }));
      expect(await afterwards()).toEqual(["restored task/.queue by rota", "changed task/a.now"]);
    });

    it("what was changed is told without a job's name, and left", async () => {
      parts.set(".rule", observed({ ...part("", "rule"), fields: { image: "by hand" } }));
      expect(await afterwards()).toEqual(["changed task/.rule"]);
      expect(stand.notices).toEqual([
        expect.objectContaining({ subject: "what all jobs at memory share is not as it was applied" }),
      ]);
      expect(stand.notices[0]).not.toHaveProperty("job");
    });

    it("what was changed is not said to be mended while it cannot be looked at", async () => {
      parts.set(".rule", observed({ ...part("", "rule"), fields: { image: "by hand" } }));
      await stand.clock.advance(2 * KEEP);
      refuses = true;
      parts.delete("a.now");
      await stand.engine.deploy({
        desired: desiredState([job("a", { schedule: cron("0 0 1 3 *") }), job("b", { schedule: cron("0 0 1 1 *") })]),
        by: "test",
      });
      refuses = false;
      parts.set(".rule", observed({ ...part("", "rule"), fields: { image: "by hand" } }));
      expect((await afterwards()).filter((said) => said.includes("rule"))).toEqual(["changed task/.rule"]);
    });

    it("nothing is said or put back while it is not known of every job what should be there", async () => {
      refuses = true;
      await stand.engine.deploy({
        desired: desiredState([job("a", { schedule: cron("0 0 1 2 *") }), job("b", { schedule: cron("0 0 1 1 *") })]),
        by: "test",
      });
      parts.delete("a.now");
      await stand.engine.deploy({
        desired: desiredState([job("a", { schedule: cron("0 0 1 3 *") }), job("b", { schedule: cron("0 0 1 1 *") })]),
        by: "test",
      });
      refuses = false;
      parts.delete(".rule");
      expect((await afterwards()).filter((said) => said.includes("rule"))).toEqual([]);
      expect(parts.has(".rule")).toBe(false);
    });
  });

  it("tries again what could not be put back", async () => {
    parts.delete("a.now");
    refuses = true;
    await stand.clock.advance(KEEP);
    expect(parts.has("a.now")).toBe(false);
    refuses = false;
    expect(await afterwards()).toEqual(["missing task/a.now", "restored task/a.now by rota"]);
  });

  it("leaves a job whose last apply did not get through to the next one", async () => {
    refuses = true;
    const changed = job("a", { schedule: cron("0 0 1 2 *") });
    parts.delete("a.now");
    await stand.engine.deploy({
      desired: desiredState([changed, job("b", { schedule: cron("0 0 1 1 *") })]),
      by: "test",
    });
    refuses = false;
    expect((await afterwards()).filter((said) => said.includes("a."))).toEqual([]);
    expect(parts.has("a.now")).toBe(false);
  });

  it("says nothing of a job's schedules that a listing could not show", async () => {
    stand.world.fault = ({ method }) => (method === "listDeployments" ? { error: { code: "denied" } } : undefined);
    parts.delete("a.now");
    await stand.clock.advance(HOUR);
    expect(parts.has("a.now")).toBe(false);
    stand.world.fault = () => undefined;
    expect(await afterwards()).toEqual(["restored task/a.now by rota"]);
  });
});
