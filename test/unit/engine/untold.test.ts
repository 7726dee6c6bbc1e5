import { describe, expect, it } from "vitest";
import { HOUR, MINUTE } from "../../../src/model/index.ts";
import { type Provider, type RunState, wrapProvider } from "../../../src/provider/index.ts";
import { Stand } from "../../support/engine.ts";
import { cron, desiredState, job } from "../../support/jobs.ts";

const placementOptions = { schedules: "native", intervalSeconds: 10 };
const hourly = () => desiredState([job("n", { schedule: cron("0 * * * *") })]);

/** A vendor that tells neither who started a run nor for which fire. */
const untold = (provider: Provider): Provider =>
  wrapProvider(provider, async (_call, proceed) => {
    const strip = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(strip);
      const state = value as RunState | undefined;
      if (state?.startedBy === undefined || state.startedBy === "rota") return value;
      const { fireAt: _fireAt, ...rest } = state;
      return { ...rest, startedBy: "unknown" };
    };
    return strip(await proceed()) as never;
  });

describe("runs of which the vendor does not say who started them", () => {
  it("the first after a fire is the fire's, every other is foreign, and none is stopped as its second", async () => {
    const stand = await Stand.open({ placementOptions, around: untold });
    const desired = hourly();
    await stand.start(desired);
    const [first] = desired.jobs;
    if (!first) throw new Error("no job");
    stand.world.script = () => ({ durationSeconds: 20 * 60 });
    const byHand = () =>
      stand.world.startRun("memory", { job: first.job, attempt: 1, fireAt: stand.clock.now() }, "person", false);
    await stand.clock.advance(30 * MINUTE);
    byHand();
    await stand.clock.advance(30 * MINUTE + 20_000);
    byHand();
    await stand.clock.advance(HOUR);
    expect((await stand.events("run.created")).map(({ run }) => [run.cause, run.fire])).toEqual([
      ["foreign", undefined],
      ["fire", "n/2026-11-23T07:00/0"],
      ["foreign", undefined],
      ["fire", "n/2026-11-23T08:00/0"],
    ]);
    expect(await stand.events("run.stopping")).toEqual([]);
    expect(stand.notices).toEqual([]);
    await stand.stop();
  });
});

describe("runs that began before the job was deployed", () => {
  it("are not the job's where nothing but its target says so; those before an edit are", async () => {
    const stand = await Stand.open({ placementOptions, around: untold });
    const [first] = hourly().jobs;
    if (!first) throw new Error("no job");
    stand.world.script = () => ({ durationSeconds: 20 * 60 });
    const byHand = () =>
      stand.world.startRun("memory", { job: first.job, attempt: 1, fireAt: stand.clock.now() }, "person", false);
    byHand();
    await stand.clock.advance(10 * MINUTE);
    await stand.start(hourly());
    await stand.clock.advance(MINUTE);
    expect(await stand.events("run.created")).toEqual([]);
    stand.world.fault = ({ method }) => (method === "listRuns" ? { error: { code: "unavailable" } } : undefined);
    byHand();
    await stand.clock.advance(3 * MINUTE);
    await stand.deploy(desiredState([job("n", { schedule: cron("30 * * * *") })]));
    stand.world.fault = () => undefined;
    await stand.clock.advance(MINUTE);
    expect((await stand.events("run.created")).map(({ run }) => run.cause)).toEqual(["foreign"]);
    await stand.stop();
  });
});

describe("a listing that is later than others", () => {
  /** From ten minutes on, as far as this job goes. */
  const late = (provider: Provider): Provider => ({
    ...wrapProvider(provider, (_call, proceed) => proceed()),
    listingDelaySeconds: ({ name }) => (name === "n" ? 600 : 0),
  });

  it("puts off what is missed of that job, and the day's sheet calls it late until then", async () => {
    const stand = await Stand.open({ placementOptions, around: late });
    stand.world.fault = ({ method }) => (method === "fire" ? { drop: true } : undefined);
    const jobs = ["n", "other"].map((name) => job(name, { schedule: cron("0 * * * *") }));
    await stand.start(desiredState(jobs));
    const missed = async () => (await stand.events("fire.missed")).map(({ job: name }) => name);
    await stand.clock.advance(HOUR + 24 * MINUTE);
    expect(await missed()).toEqual(["other"]);
    const [n, other] = jobs.map((each) => stand.engine.graceMs("memory", each) / MINUTE);
    expect((n ?? 0) - (other ?? 0)).toBe(10);
    await stand.clock.advance(2 * MINUTE);
    expect(await missed()).toEqual(["other", "n"]);
    expect((await stand.events("fire.missed")).map(({ detail }) => detail)).toEqual([
      expect.stringContaining("within 15 minutes"),
      expect.stringContaining("within 25 minutes"),
    ]);
    await stand.stop();
  });
});

describe("what a complete listing went on without", () => {
  it("is told once and shown until it is gone; its fires are unseen, others missed, and the daemon is ready", async () => {
    let why: string | undefined = "the counts may not be read: s3cret said no";
    const stand = await Stand.open({
      placementOptions,
      around: (provider) => ({
        ...wrapProvider(provider, (_call, proceed) => proceed()),
        unread: () => (why === undefined ? [] : [why]),
        unseen: ({ name }) => (name === "n" ? why : undefined),
      }),
      redact: (text) => text.replaceAll("s3cret", "•••"),
    });
    stand.world.fault = ({ method }) => (method === "fire" ? { drop: true } : undefined);
    await stand.start(desiredState(["n", "other"].map((name) => job(name, { schedule: cron("0 * * * *") }))));
    await stand.clock.advance(HOUR + 20 * MINUTE);
    const skipped = await stand.events("fire.skipped");
    expect(skipped.map(({ job: name, reason }) => [name, reason])).toEqual([["n", "unseen"]]);
    expect((await stand.events("fire.missed")).map(({ job: name }) => name)).toEqual(["other"]);
    const told = "the counts may not be read: ••• said no";
    expect(stand.notices.filter(({ text }) => text === told)).toHaveLength(1);
    expect(await stand.engine.status()).toMatchObject({
      ready: true,
      problems: [],
      unread: [`memory: ${told}`],
      placements: [{ placement: "memory", ok: true }],
    });
    why = undefined;
    await stand.clock.advance(MINUTE);
    expect((await stand.engine.status()).unread).toEqual([]);
    await stand.stop();
  });

  it("is one notice and a few lines, however many things there are; what comes later is told by itself", async () => {
    const all = Array.from({ length: 500 }, (_, i) => `the log of function ${i} may not be read`);
    const stand = await Stand.open({
      placementOptions,
      around: (provider) => ({ ...wrapProvider(provider, (_call, proceed) => proceed()), unread: () => [...all] }),
    });
    await stand.start(hourly());
    await stand.clock.advance(MINUTE);
    expect(stand.notices.map(({ text }) => text.split("\n").length)).toEqual([6]);
    const { unread } = await stand.engine.status();
    expect(unread).toHaveLength(6);
    expect(unread.at(-1)).toContain("and 495 more");
    all.push("the counts may not be read");
    await stand.clock.advance(MINUTE);
    expect(stand.notices.slice(1).map(({ text }) => text)).toEqual(["the counts may not be read"]);
    await stand.stop();
  });
});
