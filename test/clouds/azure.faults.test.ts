import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { priceBook } from "../../src/cost/index.ts";
import { deploy as deployAll } from "../../src/engine/deploy/deployer.ts";
import type { OpenPlacement } from "../../src/engine/env.ts";
import { ControlError } from "../../src/engine/fault.ts";
import { openMemoryLedger } from "../../src/ledger/index.ts";
import type { DesiredJob, ObservedResource, ResourceChange } from "../../src/model/index.ts";
import { ProviderError } from "../../src/provider/index.ts";
import { codeOf } from "../conformance/codes.ts";
import { deploy } from "../conformance/subject.ts";
import { cron, desiredState, job, NOW } from "../support/jobs.ts";
import { SeededRandom } from "../support/random.ts";
import type { Fault } from "./azure/exchange.ts";
import { type AzureSubject, container, openAzureSubject } from "./azure/subject.ts";

/** The short form; `ROTA_AZURE_APPLIES=200` is the whole campaign. */
const APPLIES = Number(process.env["ROTA_AZURE_APPLIES"] ?? 20);
const LOOK_ALIKES = 1000;
const PUT_JOB = "Microsoft.App/jobs/write";
const PUT_WORKFLOW = "Microsoft.Logic/workflows/write";

let subject: AzureSubject;
beforeEach(async () => {
  subject = await openAzureSubject();
});
afterEach(async () => {
  expect(subject.world.arm.problems).toEqual([]);
  await subject.close();
});

/** In a zone with DST: a pair of job and workflow. */
function desired(expression = "0 6 * * *", name = "job", timezone = "America/Toronto"): DesiredJob {
  const base = job(name, {
    ...subject.owner,
    placement: "azure",
    workload: container("quick"),
    schedule: cron(expression, { timezone }),
  });
  return { job: { ...base, guard: { ...base.guard, durationSeconds: 3600 } } };
}

const create = (of = desired()): Promise<readonly ObservedResource[]> => deploy(subject.provider, of);
const list = () => subject.provider.listDeployments();
const count = (action: string): number => subject.world.actions.filter((each) => each === action).length;

/** So many times, for requests that need that action. */
function fail(action: string, fault: Fault, times = 1): void {
  let left = times;
  subject.world.arm.fault = (exchange) => (exchange.action === action && left-- > 0 ? fault : undefined);
}

function update(actual: ObservedResource, of: DesiredJob): ResourceChange {
  const wanted = subject.provider.render(of, NOW).resources.find(({ kind }) => kind === actual.kind);
  if (!wanted) throw new Error(`no ${actual.kind} is wanted`);
  return { action: "update", desired: wanted, actual, fields: [], why: "test" };
}

describe("passing failures", () => {
  it("waits as long as a throttled answer says, and goes on", async () => {
    await create();
    fail("Microsoft.App/jobs/read", { kind: "status", status: 429, retryAfterSeconds: 7 });
    const before = subject.world.clock.now();
    expect(await list()).toHaveLength(2);
    expect(subject.world.clock.now() - before).toBeGreaterThanOrEqual(7000);
  });

  it.each<[string, Fault]>([
    ["503", { kind: "status", status: 503 }],
    ["a page that is no JSON", { kind: "html" }],
    ["a connection that breaks", { kind: "lost" }],
  ])("reads again after %s", async (_what, fault) => {
    await create();
    fail("Microsoft.Logic/workflows/read", fault);
    expect(await list()).toHaveLength(2);
  });

  it("gives up in bounded time when the outage goes on, and says unavailable", async () => {
    fail("Microsoft.App/jobs/read", { kind: "status", status: 500 }, 1000);
    expect(await codeOf(subject.provider.listRuns(0))).toBe("unavailable");
    expect(count("Microsoft.App/jobs/read")).toBeLessThanOrEqual(8);
  });

  it.each<[string, string, Fault]>([
    ["the job's answer is lost", PUT_JOB, { kind: "lost" }],
    ["the workflow's answer is lost", PUT_WORKFLOW, { kind: "lost" }],
    ["the job's first try meets a 502", PUT_JOB, { kind: "html" }],
    [
      "somebody is still at work on the job",
      PUT_JOB,
      { kind: "status", status: 409, code: "ContainerAppOperationInProgress", retryAfterSeconds: 5 },
    ],
  ])("makes each once when %s", async (_what, action, fault) => {
    fail(action, fault);
    expect((await create()).map(({ kind }) => kind)).toEqual(["job", "workflow"]);
    expect(await list()).toHaveLength(2);
  });

  it("an update and a delete whose answers are lost are carried out", async () => {
    const [made] = await create(desired("0 6 * * *", "job", "UTC"));
    if (!made) throw new Error("nothing was made");
    fail(PUT_JOB, { kind: "lost" });
    const updated = await subject.provider.apply(update(made, desired("30 7 * * *", "job", "UTC")));
    expect(updated?.fields["cron"]).toBe("30 7 * * *");
    fail("Microsoft.App/jobs/delete", { kind: "lost" });
    if (updated)
      expect(await subject.provider.apply({ action: "delete", actual: updated, why: "test" })).toBeUndefined();
    expect(await list()).toEqual([]);
  });
});

describe("long-running operations", () => {
  it("are followed to their end, as often as Azure says", async () => {
    subject.world.arm.operations.takesMs = 90_000;
    const before = subject.world.clock.now();
    const [made] = await create(desired("0 6 * * *", "job", "UTC"));
    expect(made?.problem).toBeUndefined();
    expect(subject.world.clock.now() - before).toBeGreaterThanOrEqual(90_000);
  });

  it("that fail say so in Azure's words, and the next apply mends it", async () => {
    subject.world.arm.operations.failNext = { code: "InvalidImage", message: "the image cannot be pulled" };
    await expect(create()).rejects.toMatchObject({
      code: "invalid",
      message: expect.stringContaining("the image cannot be pulled"),
    });
    const [failed, ...others] = await list();
    expect(others).toEqual([]);
    expect(failed?.problem).toMatch(/Failed/);
    if (failed) expect((await subject.provider.apply(update(failed, desired())))?.problem).toBeUndefined();
  });

  it("are bounded: what Azure does not finish is unavailable, and taken up again later", async () => {
    subject.world.arm.operations.takesMs = 3_600_000;
    const of = desired("0 6 * * *", "job", "UTC");
    expect(await codeOf(create(of))).toBe("unavailable");
    subject.world.clock.advance(3_600_000);
    expect(await codeOf(create(of))).toBe("exists");
    expect(await list()).toHaveLength(1);
  });

  it("that a daemon left behind are waited for by the next one", async () => {
    const [made] = await create(desired("0 6 * * *", "job", "UTC"));
    if (!made) throw new Error("nothing was made");
    const { arm } = subject.world;
    // A daemon dies between the request and its end.
    arm.operations.takesMs = 30_000;
    const give = new AbortController();
    arm.fault = ({ path }) => {
      if (path.includes("operationStatuses")) give.abort();
      return undefined;
    };
    const change = update(made, desired("30 7 * * *", "job", "UTC"));
    expect(await codeOf(subject.provider.apply(change, { signal: give.signal }))).toBe("unavailable");
    arm.fault = () => undefined;
    const next = await subject.reopen();
    const [seen] = await next.listDeployments();
    expect(seen?.fields["cron"]).toBe("30 7 * * *");
    const before = subject.world.clock.now();
    if (seen) await next.apply(update(seen, desired("0 8 * * *", "job", "UTC")));
    expect(subject.world.clock.now() - before).toBeGreaterThan(30_000);
    expect((await next.listDeployments())[0]?.fields["cron"]).toBe("0 8 * * *");
    await next.close();
  });
});

describe("a pair of job and workflow", () => {
  it("that is half made is completed by what is still missing", async () => {
    fail(PUT_WORKFLOW, { kind: "status", status: 500 }, 1000);
    expect(await codeOf(create())).toBe("unavailable");
    subject.world.arm.fault = () => undefined;
    expect((await list()).map(({ kind }) => kind)).toEqual(["job"]);
    const workflow = subject.provider.render(desired(), NOW).resources[1];
    if (workflow) await subject.provider.apply({ action: "create", desired: workflow, why: "test" });
    expect((await list()).map(({ kind }) => kind)).toEqual(["job", "workflow"]);
  });
});

describe("what cannot succeed", () => {
  it.each(["Microsoft.App/jobs/read", "Microsoft.Logic/workflows/read"])(
    "denied at %s is denied, and never absence",
    async (action) => {
      await create();
      fail(action, { kind: "status", status: 403, code: "AuthorizationFailed" });
      expect(await codeOf(list())).toBe("denied");
    },
  );

  it("a group that is not there is a mistake, and no empty listing", async () => {
    fail("Microsoft.App/jobs/read", { kind: "status", status: 404, code: "ResourceGroupNotFound" });
    await expect(list()).rejects.toMatchObject({ code: "invalid", fix: expect.stringContaining("resourceGroup") });
  });

  it("credentials that are refused say how to get better ones", async () => {
    fail("Microsoft.App/jobs/read", { kind: "status", status: 401, code: "InvalidAuthenticationToken" }, 10);
    await expect(list()).rejects.toMatchObject({ code: "denied", fix: expect.stringContaining("rota doctor") });
  });

  it("a resource of our name without our tags is somebody's: nothing is put there, nothing is started in it", async () => {
    const { resources } = subject.provider.render(desired(), NOW);
    const id = subject.world.id("Microsoft.App/jobs", resources[0]?.id ?? "");
    subject.world.arm.shelf.place(id, { location: "eastus", tags: {}, properties: {} });
    expect(await codeOf(create())).toBe("denied");
    const start = subject.provider.start({ run: "key-1", job: desired().job, attempt: 1, fireAt: 0, env: {} });
    expect(await codeOf(start)).toBe("denied");
    expect(count("Microsoft.App/jobs/start/action") + count(PUT_JOB)).toBe(0);
  });
});

describe("what was set by hand beside what rota manages", () => {
  it("is shown, and said again with every update", async () => {
    const [made] = await create(desired("0 6 * * *", "job", "UTC"));
    const id = subject.world.id("Microsoft.App/jobs", made?.id ?? "");
    subject.world.arm.shelf.edit(id, (body) => {
      const { template, ...properties } = body["properties"] as { template: object };
      const tags = { ...(body["tags"] as object), owner: "Ada" };
      const volumes = [{ name: "scratch", storageType: "EmptyDir" }];
      return {
        ...body,
        tags,
        properties: { ...properties, workloadProfileName: "big", template: { ...template, volumes } },
      };
    });
    const [actual] = await list();
    const byHand = {
      tags: { owner: "Ada" },
      workloadProfileName: "big",
      volumes: [{ name: "scratch", storageType: "EmptyDir" }],
    };
    expect(actual?.unmanaged).toEqual(byHand);
    expect(actual?.fields).toEqual(made?.fields);
    const updated = actual && (await subject.provider.apply(update(actual, desired("30 7 * * *", "job", "UTC"))));
    expect(updated).toMatchObject({ unmanaged: byHand, fields: { cron: "30 7 * * *" } });
  });
});

describe("where the service answers no ETag", () => {
  it("what changed since it was read is a conflict all the same, and nothing is written", async () => {
    subject.world.arm.shelf.etags = false;
    const made = await create();
    for (const actual of made) {
      await subject.edit(actual);
      const writes = count(PUT_JOB) + count(PUT_WORKFLOW);
      expect(await codeOf(subject.provider.apply(update(actual, desired("30 7 * * *"))))).toBe("conflict");
      expect(await codeOf(subject.provider.apply({ action: "delete", actual, why: "test" }))).toBe("conflict");
      expect(count(PUT_JOB) + count(PUT_WORKFLOW)).toBe(writes);
    }
  });
});

describe("ownership", () => {
  it(`of ${LOOK_ALIKES} look-alikes none changes through ${APPLIES} applies with faults; afterwards a plan has nothing to do`, async () => {
    const { world, provider } = subject;
    await subject.plantForeign(LOOK_ALIKES);
    world.arm.shelf.pageSize = 200;
    const before = await subject.foreign();
    expect(before).toHaveLength(LOOK_ALIKES);
    const ledger = await openMemoryLedger(world.clock);
    const placements = new Map<string, OpenPlacement>([
      ["azure", { provider, options: world.options, prices: priceBook() }],
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
      const zones = ["UTC", "America/Toronto"];
      const jobs = (names.length > 0 ? names : ["a"]).map((name) =>
        desired(`${random.below(60)} 6 * * *`, name, random.pick(zones)),
      );
      const safety = { maxStops: 10, share: 0.1, perSeconds: 900, maxDeletes: 1 };
      const state = desiredState(jobs, {
        ...subject.owner,
        safety,
        environment: { name: "dev", placement: "azure", deployWindows: [] },
      });
      try {
        const outcome = await deployAll(context, { desired: state, by: "test" });
        return outcome.ok && outcome.result.failures.length === 0;
      } catch (error) {
        if (error instanceof ProviderError || error instanceof ControlError) return false;
        throw error;
      }
    };
    const kinds: readonly Fault[] = [
      { kind: "status", status: 429, retryAfterSeconds: 1 },
      { kind: "status", status: 503 },
      { kind: "status", status: 403, code: "AuthorizationFailed" },
      { kind: "status", status: 409, code: "ContainerAppOperationInProgress" },
      { kind: "html" },
      { kind: "lost" },
    ];
    world.arm.fault = () => (random.chance(0.04) ? random.pick(kinds) : undefined);
    let whole = 0;
    for (let apply = 0; apply < APPLIES; apply += 1) if (await round()) whole += 1;
    expect(whole).toBeGreaterThan(APPLIES / 4);
    expect(whole).toBeLessThan(APPLIES);
    world.arm.fault = () => undefined;
    expect(await subject.foreign()).toEqual(before);
    expect(await round()).toBe(true);
    expect(await subject.foreign()).toEqual(before);
  }, 120_000);
});
