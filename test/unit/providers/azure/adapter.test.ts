import { describe, expect, it } from "vitest";
import { azure } from "../../../../providers/azure/index.ts";
import { billingRule, rentedSize } from "../../../../src/cost/service.ts";
import type { ContainerWorkload, DesiredJob, HttpWorkload, Job, JsonObject } from "../../../../src/model/index.ts";
import type { Provider } from "../../../../src/provider/index.ts";
import { VirtualClock } from "../../../support/clock.ts";
import { cron, job, NOW } from "../../../support/jobs.ts";
import { SeededRandom } from "../../../support/random.ts";

const GROUP = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/ml";
const OPTIONS: JsonObject = {
  subscription: "00000000-0000-4000-8000-000000000001",
  resourceGroup: "ml",
  location: "eastus",
  containerAppsEnvironment: "ml-env",
};
const WHOLE: JsonObject = { ...OPTIONS, identity: "jobs", triggerIdentity: "trigger", keyVault: "vault" };
const GIB = 2 ** 30;

function open(options: JsonObject = WHOLE, hourlyNanos?: bigint): Promise<Provider> {
  const clock = new VirtualClock();
  return azure.open({
    placement: "azure",
    options,
    namespace: "acme",
    environment: "dev",
    stateDir: "/nowhere",
    baseDir: "/nowhere",
    clock,
    random: new SeededRandom(1),
    env: {},
    ...(hourlyNanos === undefined ? {} : { hourlyNanos: () => hourlyNanos }),
    log: () => {},
  });
}

const container = (change: Partial<ContainerWorkload> = {}): ContainerWorkload => ({
  kind: "container",
  image: "busybox:1",
  command: ["true"],
  cpu: 1,
  memoryBytes: 2 * GIB,
  env: {},
  secrets: {},
  ...change,
});
const http: HttpWorkload = {
  kind: "http",
  url: "https://example.test/",
  method: "POST",
  headers: {},
  secrets: {},
  timeoutSeconds: 30,
  expectStatus: [],
};
const desired = (change: Partial<Job> = {}): DesiredJob => ({
  job: job("nightly", { placement: "azure", namespace: "acme", environment: "dev", workload: container(), ...change }),
});
const toronto = cron("0 6 * * *", { timezone: "America/Toronto" });

describe("options", () => {
  it.each<[string, JsonObject, RegExp]>([
    [
      "a subscription that is no id",
      { ...OPTIONS, subscription: "mine" },
      /providers\.azure\.subscription: must be a subscription's id/,
    ],
    ["a location with a space", { ...OPTIONS, location: "East US" }, /location: must be a location such as eastus/],
    ["an endpoint without TLS", { ...OPTIONS, endpoint: "http://127.0.0.1:1" }, /endpoint: must be an https address/],
    ["a key that there is not", { ...OPTIONS, region: "eastus" }, /region/],
    ["a workspace by name", { ...OPTIONS, logAnalyticsWorkspace: "logs" }, /whole id of a Log Analytics workspace/],
    [
      "no environment",
      { subscription: OPTIONS["subscription"] as string, resourceGroup: "ml", location: "eastus" },
      /containerAppsEnvironment/,
    ],
  ])("%s is refused at its place", async (_what, options, message) => {
    await expect(open(options)).rejects.toMatchObject({ code: "invalid", message: expect.stringMatching(message) });
  });
});

describe("render", () => {
  it.each<[string, Partial<Job>, JsonObject, RegExp]>([
    [
      "a zone with DST and no identity to start as",
      { schedule: toronto },
      OPTIONS,
      /America\/Toronto is not UTC: .* names no identity/,
    ],
    [
      "secrets and no identity to read them as",
      { workload: container({ secrets: { A: "https://v.vault.azure.net/secrets/a" } }) },
      OPTIONS,
      /names none/,
    ],
    [
      "a secret of no vault",
      { workload: container({ secrets: { A: "a" } }) },
      { ...OPTIONS, identity: "jobs" },
      /in no Key Vault/,
    ],
    ["a GPU", { workload: container({ gpu: 1 }) }, WHOLE, /no GPUs/],
    ["more than there is", { workload: container({ cpu: 8 }) }, WHOLE, /no size for 8 vCPU/],
    ["an option that there is not", { options: { runner: "batch" } }, WHOLE, /knows no option "runner"/],
    ["a request of five minutes", { workload: { ...http, timeoutSeconds: 300 } }, WHOLE, /at most 120 s/],
    [
      "machines and no identity",
      { workload: { kind: "vm", instances: ["a"], tags: {}, action: "start" } },
      OPTIONS,
      /names no identity/,
    ],
  ])("%s is refused with what to do", async (_what, change, options, reason) => {
    const { refusal, resources } = (await open(options)).render(desired(change), NOW);
    expect(refusal?.reason).toMatch(reason);
    expect(refusal?.fix).toBeTruthy();
    expect(resources).toEqual([]);
  });

  it("an http job without secrets needs no identity", async () => {
    const { resources } = (await open(OPTIONS)).render(desired({ workload: http, schedule: toronto }), NOW);
    expect(resources.map(({ kind }) => kind)).toEqual(["workflow"]);
    expect(resources[0]?.fields).not.toHaveProperty("identity");
  });

  it.each([
    [1, 2, 1, 2],
    [0.5, 0.25, 0.5, 1],
    [0.1, 0.1, 0.25, 0.5],
    [1, 3, 1.5, 3],
    [4, 8, 4, 8],
  ])("%s vCPU and %s GiB are %s vCPU and %s GiB there", async (cpu, gib, wantedCpu, memoryGib) => {
    const [resource] = (await open()).render(
      desired({ workload: container({ cpu, memoryBytes: gib * GIB }) }),
      NOW,
    ).resources;
    expect(resource?.fields).toMatchObject({ cpu: wantedCpu, memoryGib });
  });

  it.each([
    [0.1, 0.1],
    [0.5, 4],
    [1, 2],
    [3.3, 1],
  ])("what is rented for %s vCPU and %s GiB is what is metered", async (cpu, gib) => {
    const asked = { cpu, memoryBytes: gib * GIB };
    const [resource] = (await open()).render(desired({ workload: container(asked) }), NOW).resources;
    const rule = billingRule("azure");
    if (!rule) throw new Error("no rule");
    const rented = rentedSize(rule, asked);
    expect(resource?.fields).toMatchObject({ cpu: rented.cpu, memoryGib: rented.memoryBytes / GIB });
  });

  it("says which trigger it is and why, the size, and what ends a run", async () => {
    const { warnings } = (await open()).render(
      desired({ schedule: toronto, workload: container({ memoryBytes: 3 * GIB }) }),
      NOW,
    );
    expect(warnings).toEqual([
      expect.stringMatching(/next size that Container Apps have, 1\.5 vCPU and 3 GiB/),
      expect.stringMatching(/^a Logic App starts it: .* America\/Toronto is not UTC$/),
      expect.stringMatching(/after 7 days/),
    ]);
  });

  it("Azure ends a run at its cost limit, where the price is known", async () => {
    const base = desired();
    const of = {
      job: {
        ...base.job,
        guard: { ...base.job.guard, durationSeconds: 7200, cost: { amount: "0.05", currency: "USD" } },
      },
    } as DesiredJob;
    const [priced] = (await open(WHOLE, 100_000_000n)).render(of, NOW).resources;
    expect(priced?.fields["timeoutSeconds"]).toBe(1800);
    const unpriced = (await open()).render(of, NOW);
    expect(unpriced.resources[0]?.fields["timeoutSeconds"]).toBe(7200);
    expect(unpriced.warnings).toEqual([expect.stringMatching(/no price/)]);
  });

  it.each([
    "a",
    "a-very-long-name-of-a-job-that-goes-on-and-on-for-ever",
    "9-to-5",
    "x--y",
    "ends-with-23-characters-",
  ])("the name of %s is one that Container Apps take, and tells environments apart", async (name) => {
    const of = desired({ name });
    const [resource] = (await open()).render(of, NOW).resources;
    expect(resource?.id).toMatch(/^[a-z](?!.*--)[a-z0-9-]{0,30}[a-z0-9]$/);
    const other = await azure.open({
      placement: "azure",
      options: WHOLE,
      namespace: "acme",
      environment: "prod",
      stateDir: "/",
      baseDir: "/",
      clock: new VirtualClock(),
      random: new SeededRandom(1),
      env: {},
      log: () => {},
    });
    expect(other.render(of, NOW).resources[0]?.id).not.toBe(resource?.id);
  });
});

describe("permissions", () => {
  const actions = (provider: Provider, jobs: readonly DesiredJob[]) =>
    Object.fromEntries(
      (provider.permissions?.(jobs) ?? []).map(({ name, document }) => [
        name,
        document["Actions"] as readonly string[],
      ]),
    );

  it("are the least that the jobs ask: nothing of runs of Logic Apps, machines or logs without them", async () => {
    const all = actions(await open(), [desired()]);
    expect(all["rota-role"]).toContain("Microsoft.App/jobs/start/action");
    expect(all["rota-role"]?.filter((action) => /runs|OperationalInsights|Compute|\*/.test(action))).toEqual([]);
    expect(all["trigger-role"]).toEqual(["Microsoft.App/jobs/start/action"]);
    expect(Object.keys(all)).toEqual(["rota-role", "trigger-role"]);
  });

  it("of machines: that verb, and finding them only by their tags", async () => {
    const provider = await open();
    const vm = (tags: Readonly<Record<string, string>>) =>
      desired({ workload: { kind: "vm", instances: ["a"], tags, action: "stop" } });
    expect(actions(provider, [vm({})])["trigger-role"]).toEqual([
      "Microsoft.Compute/virtualMachines/deallocate/action",
    ]);
    expect(actions(provider, [vm({ pool: "gpu" })])["trigger-role"]).toEqual([
      "Microsoft.Compute/virtualMachines/deallocate/action",
      "Microsoft.Compute/virtualMachines/read",
    ]);
  });

  it("secrets are read by the identities alone, and roles can be given where the placement's things are", async () => {
    const environment = "/subscriptions/s/resourceGroups/shared/providers/Microsoft.App/managedEnvironments/env";
    const provider = await open({ ...WHOLE, containerAppsEnvironment: environment });
    const secret = { A: "a" };
    const documents =
      provider.permissions?.([
        desired({ workload: container({ secrets: secret }) }),
        desired({ name: "call", workload: { ...http, secrets: secret } }),
      ]) ?? [];
    const [rota, trigger, jobs] = documents;
    expect(rota?.document).toMatchObject({
      DataActions: [],
      AssignableScopes: [GROUP, "/subscriptions/s/resourceGroups/shared"],
    });
    expect(rota?.command).toContain("az role definition create --role-definition @rota-role.json");
    expect(rota?.command).toContain("--scope /subscriptions/s/resourceGroups/shared");
    for (const role of [trigger, jobs])
      expect(role?.document["DataActions"]).toEqual(["Microsoft.KeyVault/vaults/secrets/getSecret/action"]);
  });
});
