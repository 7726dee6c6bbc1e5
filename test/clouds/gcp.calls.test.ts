import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DesiredJob, HttpWorkload, Job, ObservedResource, VmWorkload, Workload } from "../../src/model/index.ts";
import { codeOf } from "../conformance/codes.ts";
import { cron, job } from "../support/jobs.ts";
import { GcpWorld } from "./gcp/world.ts";

const HTTP: HttpWorkload = {
  kind: "http",
  url: "https://api.example.com/refresh?all=1",
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: '{ "spaced": 1 }',
  secrets: {},
  timeoutSeconds: 60,
  expectStatus: [],
};
const VM: VmWorkload = {
  kind: "vm",
  instances: ["us-central1-a/trainer", "us-central1-b/other"],
  tags: {},
  action: "start",
};

describe("jobs that are a call, which Cloud Scheduler makes itself", () => {
  let world: GcpWorld;
  beforeEach(async () => {
    world = await GcpWorld.open();
  });
  afterEach(async () => {
    expect(world.problems).toEqual([]);
    await world.close();
  });

  const desired = (workload: Workload, change: Partial<Job> = {}): DesiredJob => ({
    job: job("job", { ...world.owner, placement: "gcp", workload, schedule: cron("0 6 * * *"), ...change }),
  });

  it.each<[string, Workload]>([
    ["http", HTTP],
    ["http with JSON that is compact", { ...HTTP, body: '{"a":1}' }],
    ["http with a number for a body", { ...HTTP, body: "7" }],
    ["http without a body", { ...HTTP, method: "GET", body: "" }],
    ["vm", VM],
  ])(
    "%s: what was created is listed with equal fields, a plan has nothing to do, and nobody hears of its runs",
    async (_what, workload) => {
      const provider = await world.provider();
      const of = desired(workload);
      const { resources, warnings } = provider.render(of, world.clock.now());
      const made: (ObservedResource | undefined)[] = [];
      for (const resource of resources)
        made.push(await provider.apply({ action: "create", desired: resource, why: "test" }));
      const listed = await provider.listDeployments();
      expect(listed.map(({ id, fields }) => ({ id, fields }))).toEqual(
        [...resources].sort((a, b) => (a.id < b.id ? -1 : 1)).map(({ id, fields }) => ({ id, fields })),
      );
      expect(listed.map(({ id }) => id)).toEqual(made.map((each) => each?.id).sort());
      expect(warnings[0]).toMatch(/Cloud Scheduler makes the call itself/);
      expect(provider.unseen?.(of.job)).toMatch(/cloud_scheduler_job/);
      const request = { run: "key-1", job: of.job, attempt: 1, fireAt: 0, env: {} };
      expect(await codeOf(provider.start(request))).toBe("unsupported");
      await provider.close();
    },
  );

  it("an https server gets an OIDC token for itself; one that brings its own authorization, or speaks http, does not", async () => {
    const provider = await world.provider();
    const auth = (workload: Workload) => provider.render(desired(workload), 0).resources[0]?.fields["auth"];
    const account = String(world.options["serviceAccount"]);
    expect(auth(HTTP)).toEqual({ kind: "oidc", account, for: "https://api.example.com" });
    expect(auth({ ...HTTP, headers: { authorization: "Basic x" } })).toMatchObject({ kind: "none" });
    expect(auth({ ...HTTP, url: "http://10.0.0.1/" })).toMatchObject({ kind: "none" });
    await provider.close();
  });

  it("attempts become Cloud Scheduler's retries, as many as it makes, and the timeout its deadline, as short as it goes", async () => {
    const provider = await world.provider();
    const retry = { attempts: 9, backoffSeconds: 10, maxBackoffSeconds: 600 };
    const [schedule] = provider.render(desired({ ...HTTP, timeoutSeconds: 5 }, { retry }), 0).resources;
    expect(schedule?.fields).toMatchObject({ retryCount: 5, attemptDeadlineSeconds: 15 });
    await provider.close();
  });

  it.each<[string, Workload]>([
    ["secrets", { ...HTTP, secrets: { Authorization: "token" } }],
    ["a body with GET", { ...HTTP, method: "GET" }],
    ["more than half an hour", { ...HTTP, timeoutSeconds: 1801 }],
    ["another status", { ...HTTP, expectStatus: [302] }],
    ["labels", { ...VM, instances: [], tags: { team: "ml" } }],
    ["no zone", { ...VM, instances: ["trainer"] }],
  ])("%s is refused, with a way out", async (_what, workload) => {
    const provider = await world.provider();
    const { refusal, resources } = provider.render(desired(workload), 0);
    expect(resources).toEqual([]);
    expect(refusal?.fix.length).toBeGreaterThan(5);
    await provider.close();
  });
});
