import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { priceBook } from "../../src/cost/index.ts";
import { deploy } from "../../src/engine/deploy/deployer.ts";
import type { OpenPlacement } from "../../src/engine/env.ts";
import { ControlError } from "../../src/engine/fault.ts";
import { openMemoryLedger } from "../../src/ledger/index.ts";
import { type DesiredJob, HOUR, MINUTE, type ObservedResource } from "../../src/model/index.ts";
import { ProviderError } from "../../src/provider/index.ts";
import { codeOf } from "../conformance/codes.ts";
import { cron, desiredState, job } from "../support/jobs.ts";
import { SeededRandom } from "../support/random.ts";
import { problemsOf } from "./gcp/protos.ts";
import type { Exchange, Fault, Message } from "./gcp/server.ts";
import { type GcpSubject, openGcpSubject } from "./gcp/subject.ts";

/** The short form; `ROTA_GCP_APPLIES=200` is the whole campaign. */
const APPLIES = Number(process.env["ROTA_GCP_APPLIES"] ?? 40);
const LOOK_ALIKES = 1000;

describe("Google Cloud with faults", () => {
  let subject: GcpSubject;
  beforeEach(async () => {
    subject = await openGcpSubject();
  });
  afterEach(async () => {
    expect(subject.world.problems).toEqual([]);
    await subject.close();
  });

  const desired = (expression = "0 6 * * *", name = "job"): DesiredJob => ({
    job: job(name, {
      ...subject.owner,
      placement: "gcp",
      workload: subject.workloads.quick,
      schedule: cron(expression, { timezone: "America/Toronto" }),
    }),
  });
  const create = async (of: DesiredJob = desired()): Promise<readonly ObservedResource[]> => {
    const made: ObservedResource[] = [];
    for (const resource of subject.provider.render(of, subject.world.clock.now()).resources) {
      const one = await subject.provider.apply({ action: "create", desired: resource, why: "test" });
      if (one) made.push(one);
    }
    return made;
  };
  /** Once, for the first request of that call. */
  const once = (call: string, fault: Fault): void => {
    let left = 1;
    subject.world.server.fault = (exchange: Exchange) => (exchange.call === call && left-- > 0 ? fault : undefined);
  };
  const count = (call: string): number => subject.world.server.exchanges.filter((each) => each === call).length;
  const request = () => ({
    run: "key-1",
    job: { ...desired().job, workload: subject.workloads.endless },
    attempt: 1,
    fireAt: subject.world.clock.now(),
    env: { ROTA_RUN: "key-1" },
  });
  const rawSchedule = (id: string | undefined): Message => {
    const found = [...subject.world.scheduler.jobs].find(([name]) => name.endsWith(`/${id}`));
    if (!found) throw new Error(`no schedule ${id}`);
    return found[1];
  };

  it("the checker sees what the protos do not know, and what they require", () => {
    const parent = "projects/acme-test/locations/us-central1";
    expect(problemsOf("run:ListJobs", { parent })).toEqual([]);
    expect(problemsOf("run:ListJobs", { parent, pagesize: 5 })).toHaveLength(1);
    expect(problemsOf("run:ListJobs", {})).toHaveLength(1);
    const job = { template: { template: { containers: [{ image: "a" }] }, tasks: 1 } };
    expect(problemsOf("run:CreateJob", { parent, jobId: "a", job })).toEqual([expect.stringContaining("tasks")]);
    expect(
      problemsOf("cloudscheduler:CreateJob", { parent, job: { httpTarget: { httpMethod: "FETCH" } } }),
    ).not.toEqual([]);
  });

  it("waits as long as a throttled answer says, and goes on", async () => {
    await create();
    once("cloudscheduler:ListJobs", { kind: "status", code: "RESOURCE_EXHAUSTED", retryAfterSeconds: 7 });
    const before = subject.world.clock.now();
    expect(await subject.provider.listDeployments()).toHaveLength(2);
    expect(subject.world.clock.now() - before).toBeGreaterThanOrEqual(7000);
  });

  it.each<[string, Fault]>([
    ["UNAVAILABLE", { kind: "status", code: "UNAVAILABLE" }],
    ["INTERNAL", { kind: "status", code: "INTERNAL" }],
    ["a connection that breaks", { kind: "lost" }],
    ["a slow answer", { kind: "delay", ms: 5000 }],
  ])("reads again after %s", async (_what, fault) => {
    await create();
    once("run:ListJobs", fault);
    expect(await subject.provider.listDeployments()).toHaveLength(2);
  });

  it("gives up in bounded time when the outage goes on, and says unavailable", async () => {
    subject.world.server.fault = ({ call }) =>
      call === "run:ListExecutions" ? { kind: "status", code: "UNAVAILABLE" } : undefined;
    expect(await codeOf(subject.provider.listRuns(0))).toBe("unavailable");
    expect(count("run:ListExecutions")).toBeLessThanOrEqual(8);
  });

  it.each(["cloudscheduler:CreateJob", "run:CreateJob"])("%s whose answer is lost is made once", async (call) => {
    once(call, { kind: "lost" });
    expect((await create()).map(({ kind }) => kind)).toEqual(["runJob", "schedule"]);
    expect(count(call)).toBe(2);
    expect(await subject.provider.listDeployments()).toHaveLength(2);
  });

  it("a start whose answer is lost is not sent again by the adapter, is found, and starts one execution", async () => {
    await create();
    once("run:RunJob", { kind: "lost" });
    expect(await codeOf(subject.provider.start(request()))).toBe("unavailable");
    expect(count("run:RunJob")).toBe(1);
    const found = await subject.provider.find("key-1");
    expect((await subject.provider.start(request())).handle).toEqual(found?.handle);
    expect(subject.world.run.lives.size).toBe(1);
  });

  it("an execution that a listing does not show yet is not started again", async () => {
    await create();
    const first = await subject.provider.start({ ...request(), run: "key-0" });
    let listings = 0;
    subject.world.server.fault = ({ call }) =>
      call === "run:ListExecutions" && ++listings === 2 ? { kind: "stale" } : undefined;
    expect(await codeOf(subject.provider.start(request()))).toBe("unavailable");
    const found = await subject.provider.find("key-1");
    expect(found?.handle).not.toEqual(first.handle);
    expect((await subject.provider.start(request())).handle).toEqual(found?.handle);
    expect(subject.world.run.lives.size).toBe(2);
  });

  it("a stale read does not lead to a write over what somebody changed: the etag refuses it", async () => {
    const [runJob] = await create();
    const wanted = subject.provider.render(
      { job: { ...desired().job, workload: subject.workloads.failing } },
      subject.world.clock.now(),
    ).resources[0];
    if (!runJob || !wanted) throw new Error("no job");
    await subject.edit(runJob);
    once("run:GetJob", { kind: "stale" });
    const change = { action: "update", desired: wanted, actual: runJob, fields: [], why: "test" } as const;
    expect(await codeOf(subject.provider.apply(change))).toBe("conflict");
    expect(JSON.stringify([...subject.world.run.jobs.values()])).toContain("by-hand");
  });

  it("two executions under one key are one run: the later is cancelled, and never listed", async () => {
    const other = await subject.reopen();
    const states = await Promise.all([subject.provider.start(request()), other.start(request())]);
    subject.world.clock.advance(MINUTE);
    expect(subject.world.run.lives.size).toBe(2);
    expect(subject.world.run.running()).toHaveLength(1);
    expect(new Set(states.map(({ handle }) => JSON.stringify(handle))).size).toBe(1);
    expect(await subject.provider.listRuns(0)).toMatchObject([{ phase: "running", handle: states[0]?.handle }]);
    await other.close();
  });

  it("a listing asks for what came since, and for what had not ended; it misses nothing", async () => {
    const { world, provider } = subject;
    world.run.pageSize = 3;
    await create();
    const start = (run: string, word: keyof typeof subject.workloads) =>
      provider.start({ ...request(), run, job: { ...desired().job, workload: subject.workloads[word] } });
    await start("long", "endless");
    for (let index = 0; index < 30; index += 1) {
      await start(`key-${index}`, "quick");
      world.clock.advance(MINUTE);
    }
    world.clock.advance(HOUR);
    const since = world.clock.now() - 2 * HOUR;
    const keys = async (at: number) => (await provider.listRuns(at)).map(({ run }) => run);
    expect(await keys(since)).toHaveLength(31);
    await start("new", "endless");
    const before = count("run:ListExecutions");
    expect(await keys(world.clock.now() - MINUTE)).toEqual(["long", "new"]);
    // What is new and the ten minutes before it, by three a page, and not all eleven pages.
    expect(count("run:ListExecutions") - before).toBeLessThanOrEqual(6);
    const long = (await provider.find("long"))?.handle ?? null;
    await provider.stop(long, "hard");
    world.clock.advance(MINUTE);
    expect(await keys(world.clock.now() - 10 * MINUTE)).toEqual(["long", "new"]);
    expect((await provider.listRuns(0)).length).toBe(32);
  });

  it.each(["cloudscheduler:ListJobs", "run:ListJobs"])("denied at %s is denied, and never absence", async (call) => {
    await create();
    once(call, { kind: "status", code: "PERMISSION_DENIED" });
    expect(await codeOf(subject.provider.listDeployments())).toBe("denied");
  });

  it.each(["run:ListJobs", "run:ListExecutions"])(
    "a second page of %s that fails is no shorter listing",
    async (call) => {
      await create();
      await create(desired("0 7 * * *", "other"));
      await subject.provider.start(request());
      await subject.provider.start({ ...request(), run: "key-2" });
      subject.world.run.pageSize = 1;
      subject.world.server.fault = (exchange) =>
        exchange.call === call && exchange.request["pageToken"] !== ""
          ? { kind: "status", code: "PERMISSION_DENIED" }
          : undefined;
      const listing = call === "run:ListJobs" ? subject.provider.listDeployments() : subject.provider.listRuns(0);
      expect(await codeOf(listing)).toBe("denied");
    },
  );

  it("a quota of jobs that is used up says so at once, and how to mend it", async () => {
    subject.world.server.fault = ({ call }) =>
      call === "run:CreateJob"
        ? { kind: "status", code: "RESOURCE_EXHAUSTED", message: "Quota exceeded for total number of jobs" }
        : undefined;
    await expect(create()).rejects.toMatchObject({ code: "invalid", fix: expect.stringContaining("quota") });
    expect(count("run:CreateJob")).toBe(1);
  });

  it("an API that is not enabled says how to enable it", async () => {
    const message = "Cloud Run Admin API has not been used in project 1 before or it is disabled: run.googleapis.com";
    subject.world.server.fault = () => ({ kind: "status", code: "PERMISSION_DENIED", message });
    await expect(subject.provider.listRuns(0)).rejects.toMatchObject({
      code: "denied",
      fix: "enable it: gcloud services enable run.googleapis.com",
    });
  });

  it("700 writes keep to 500 a minute, and none is lost", async () => {
    const { world, provider } = subject;
    const all = Array.from({ length: 700 }, (_, index) => desired("0 6 * * *", `job-${index}`));
    const schedules = all.flatMap((each) =>
      provider.render(each, world.clock.now()).resources.filter(({ kind }) => kind === "schedule"),
    );
    const startedAt = world.clock.now();
    await Promise.all(schedules.map((each) => provider.apply({ action: "create", desired: each, why: "test" })));
    expect(world.scheduler.jobs.size).toBe(700);
    expect(world.clock.now() - startedAt).toBeLessThan(4 * MINUTE);
    const { writes } = world.scheduler;
    const most = writes.map((at) => writes.filter((other) => other >= at && other < at + MINUTE).length);
    expect(Math.max(...most)).toBeLessThanOrEqual(500);
  }, 30_000);

  it.each(["UPDATE_FAILED", "DISABLED"])(
    "%s is a problem that names the way out, and an apply mends it",
    async (state) => {
      const [, made] = await create();
      rawSchedule(made?.id)["state"] = state;
      const listed = (await subject.provider.listDeployments()).find(({ kind }) => kind === "schedule");
      expect(listed).toMatchObject({ problem: expect.stringContaining("rota apply"), fields: { health: state } });
      const wanted = subject.provider.render(desired(), subject.world.clock.now()).resources[1];
      if (!listed || !wanted) throw new Error("no schedule");
      const change = { action: "update", desired: wanted, actual: listed, fields: [], why: "test" } as const;
      const mended = await subject.provider.apply(change);
      expect(mended).toMatchObject({ fields: { health: "ok" } });
      expect(mended).not.toHaveProperty("problem");
    },
  );

  it("what was set by hand beside what rota manages is shown, and outlives an update", async () => {
    const [runJob, schedule] = await create();
    rawSchedule(schedule?.id)["description"] = "ask Ada before you touch this";
    const raw = [...subject.world.run.jobs.values()][0] as Message;
    const task = ((raw["template"] as Message)["template"] ?? {}) as Message;
    task["vpcAccess"] = {
      connector: "projects/p/locations/l/connectors/c",
      egress: "ALL_TRAFFIC",
      networkInterfaces: [],
    };
    (raw["labels"] as Message)["owner"] = "ada";
    const listed = await subject.provider.listDeployments();
    expect(listed.map(({ fields }) => fields)).toEqual([runJob?.fields, schedule?.fields]);
    const changed = subject.provider.render(
      { job: { ...desired("30 7 * * *").job, workload: subject.workloads.failing } },
      subject.world.clock.now(),
    );
    for (const [index, wanted] of changed.resources.entries()) {
      const actual = listed[index];
      if (!actual) throw new Error("nothing is there");
      const updated = await subject.provider.apply({
        action: "update",
        desired: wanted,
        actual,
        fields: [],
        why: "test",
      });
      expect(updated?.unmanaged).toEqual(actual.unmanaged);
    }
    expect(listed[0]?.unmanaged).toMatchObject({
      labels: { owner: "ada" },
      task: { vpcAccess: { egress: "ALL_TRAFFIC" } },
    });
    expect(listed[1]?.unmanaged).toEqual({ description: "ask Ada before you touch this" });
  });

  it("a Cloud Run job of which something runs is not deleted: that would end it past the guard", async () => {
    const [runJob] = await create();
    const { handle } = await subject.provider.start(request());
    if (!runJob) throw new Error("no job");
    const remove = () => subject.provider.apply({ action: "delete", actual: runJob, why: "test" });
    await expect(remove()).rejects.toMatchObject({ code: "conflict", fix: expect.stringContaining("rota kill") });
    await subject.provider.stop(handle, "polite");
    subject.world.clock.advance(MINUTE);
    expect(await remove()).toBeUndefined();
  });

  it("a minute in which two executions of a job ran says nothing of either", async () => {
    const first = await subject.provider.start(request());
    await subject.settle();
    const alone = await subject.provider.measure(first.handle, 0);
    expect(alone).toMatchObject([{ cpuSeconds: expect.any(Number), networkBytes: 0, outputBytes: 12 }]);
    await subject.provider.start({ ...request(), run: "key-2" });
    await subject.settle();
    await subject.settle();
    expect(await subject.provider.measure(first.handle, 0)).toHaveLength(1);
  });

  it(`of ${LOOK_ALIKES} look-alikes none changes through ${APPLIES} applies with faults; afterwards a plan has nothing to do`, async () => {
    const { world, provider } = subject;
    await subject.plantForeign(LOOK_ALIKES);
    const before = await subject.foreign();
    const ledger = await openMemoryLedger(world.clock);
    const placements = new Map<string, OpenPlacement>([
      ["gcp", { provider, options: world.options, prices: priceBook() }],
    ]);
    const random = new SeededRandom(4);
    const context = {
      ledger,
      placements,
      now: () => world.clock.now(),
      record: async (events: Parameters<typeof ledger.append>[0]) => {
        await ledger.append(events);
      },
    };
    const round = async (): Promise<boolean> => {
      const names = ["a", "b", "c"].filter(() => random.chance(0.7));
      const jobs = (names.length > 0 ? names : ["a"]).map((name) => desired(`${random.below(60)} 6 * * *`, name));
      const safety = { maxStops: 10, share: 0.1, perSeconds: 900, maxDeletes: 1 };
      const environment = { name: "dev", placement: "gcp", deployWindows: [] };
      const state = desiredState(jobs, { ...subject.owner, safety, environment } as never);
      try {
        const outcome = await deploy(context, { desired: state, by: "test" });
        return outcome.ok && outcome.result.failures.length === 0;
      } catch (error) {
        if (error instanceof ProviderError || error instanceof ControlError) return false;
        throw error;
      }
    };
    const kinds: readonly Fault[] = [
      { kind: "status", code: "RESOURCE_EXHAUSTED", retryAfterSeconds: 1 },
      { kind: "status", code: "UNAVAILABLE" },
      { kind: "status", code: "PERMISSION_DENIED" },
      { kind: "status", code: "ABORTED" },
      { kind: "lost" },
    ];
    world.server.fault = () => (random.chance(0.04) ? random.pick(kinds) : undefined);
    let whole = 0;
    for (let apply = 0; apply < APPLIES; apply += 1) if (await round()) whole += 1;
    expect(whole).toBeGreaterThan(APPLIES / 8);
    expect(whole).toBeLessThan(APPLIES);
    world.server.fault = () => undefined;
    expect(await subject.foreign()).toEqual(before);
    expect(await round()).toBe(true);
    expect(await subject.foreign()).toEqual(before);
  }, 60_000);
});
