import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DesiredJob, HttpWorkload, Job, VmWorkload } from "../../src/model/index.ts";
import type { StartRequest } from "../../src/provider/index.ts";
import { codeOf } from "../conformance/codes.ts";
import { deploy, untilPhase } from "../conformance/subject.ts";
import { cron, job, NOW } from "../support/jobs.ts";
import { type AzureSubject, container, openAzureSubject } from "./azure/subject.ts";
import { GROUP } from "./azure/world.ts";

const MACHINES = `${GROUP}/providers/Microsoft.Compute/virtualMachines`;

let subject: AzureSubject;
beforeEach(async () => {
  subject = await openAzureSubject();
});
afterEach(async () => {
  expect(subject.world.arm.problems).toEqual([]);
  await subject.close();
});

function desired(change: Partial<Job> = {}): DesiredJob {
  return {
    job: job("job", { ...subject.owner, placement: "azure", workload: container("endless"), ...change }),
  };
}

function request(run: string, of: DesiredJob = desired()): StartRequest {
  return { run, job: of.job, attempt: 1, fireAt: Date.UTC(2026, 10, 24, 6), env: { ROTA_RUN: run, ROTA_JOB: "job" } };
}

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly secretRef?: string;
}

const count = (action: string): number => subject.world.actions.filter((each) => each === action).length;
const toronto = cron("0 6 * * *", { timezone: "America/Toronto" });
const nameOf = async (): Promise<string> => (await subject.provider.listDeployments())[0]?.id ?? "";

describe("starts of a container", () => {
  it.each(["name", "location"] as const)(
    "one key is one execution, at once here and later elsewhere (Azure answers a %s)",
    async (answers) => {
      subject.world.arm.apps.startAnswers = answers;
      const [a, b, c] = await Promise.all([1, 2, 3].map(() => subject.provider.start(request("key-1"))));
      expect(new Set([a, b, c].map((state) => JSON.stringify(state?.handle))).size).toBe(1);
      const other = await subject.reopen();
      expect((await other.start(request("key-1"))).handle).toEqual(a?.handle);
      expect(count("Microsoft.App/jobs/start/action")).toBe(1);
      await other.close();
    },
  );

  it("a listing that lags behind makes no second execution here", async () => {
    subject.world.arm.apps.listingLagsMs = 3_600_000;
    const first = await subject.provider.start(request("key-1"));
    expect((await subject.provider.start(request("key-1"))).handle).toEqual(first.handle);
    expect((await subject.provider.find("key-1"))?.handle).toEqual(first.handle);
    expect(count("Microsoft.App/jobs/start/action")).toBe(1);
  });

  it("a start whose answer is lost is not sent again by the adapter, is found, and is one execution", async () => {
    let left = 1;
    subject.world.arm.fault = ({ action }) =>
      action === "Microsoft.App/jobs/start/action" && left-- > 0 ? { kind: "lost" } : undefined;
    expect(await codeOf(subject.provider.start(request("key-1")))).toBe("unavailable");
    const found = await subject.provider.find("key-1");
    expect(found?.run).toBe("key-1");
    expect((await subject.provider.start(request("key-1"))).handle).toEqual(found?.handle);
    expect(subject.world.arm.apps.executions.size).toBe(1);
  });

  it("a start without an answer is not sent again while the listing may lag, and is found when it shows", async () => {
    const { arm, clock } = subject.world;
    arm.apps.listingLagsMs = 60_000;
    let left = 1;
    arm.fault = ({ action }) =>
      action === "Microsoft.App/jobs/start/action" && left-- > 0 ? { kind: "lost" } : undefined;
    expect(await codeOf(subject.provider.start(request("key-1")))).toBe("unavailable");
    expect(await codeOf(subject.provider.find("key-1"))).toBe("unavailable");
    expect(await codeOf(subject.provider.start(request("key-1")))).toBe("unavailable");
    clock.advance(60_000);
    expect((await subject.provider.start(request("key-1"))).run).toBe("key-1");
    expect(arm.apps.executions.size).toBe(1);
  });

  it("a start that never arrived is sent again once that is sure", async () => {
    const { arm, clock } = subject.world;
    let left = 1;
    arm.fault = ({ action }) =>
      action === "Microsoft.App/jobs/start/action" && left-- > 0 ? { kind: "status", status: 503 } : undefined;
    expect(await codeOf(subject.provider.start(request("key-1")))).toBe("unavailable");
    clock.advance(2 * 60_000);
    expect(await subject.provider.find("key-1")).toBeUndefined();
    await subject.provider.start(request("key-1"));
    expect(arm.apps.executions.size).toBe(1);
  });

  it("an execution has the job's own variables, rota's, its secrets by reference, and nothing of another start", async () => {
    const workload = {
      ...container("endless"),
      env: { MODE: "full" },
      secrets: { DB_PASSWORD: "db-password", TOKEN: "other-vault/token" },
    };
    await subject.provider.start(request("key-1", desired({ workload })));
    const [execution] = [...subject.world.arm.apps.executions.values()];
    const [first] = (execution?.template["containers"] ?? []) as readonly { readonly env: readonly Variable[] }[];
    const env = Object.fromEntries(
      (first?.env ?? []).map(({ name, value, secretRef }) => [name, value ?? `secret ${secretRef}`]),
    );
    expect(env).toMatchObject({ MODE: "full", ROTA_RUN: "key-1", ROTA_JOB: "job", ROTA_FIRE: "2026-11-24T06:00:00Z" });
    expect(env["DB_PASSWORD"]).toMatch(/^secret db-password-/);
    const [made] = await subject.provider.listDeployments();
    expect(made?.fields["secrets"]).toEqual({
      DB_PASSWORD: "https://ml-vault.vault.azure.net/secrets/db-password",
      TOKEN: "https://other-vault.vault.azure.net/secrets/token",
    });
  });

  it("a job that a run brought with it is replaced by its deployment", async () => {
    await subject.provider.start(request("key-1"));
    const made = await deploy(subject.provider, desired({ schedule: cron("30 7 * * *") }));
    expect(made[0]?.fields["cron"]).toBe("30 7 * * *");
    expect(await subject.provider.listDeployments()).toEqual(made);
  });

  it("Azure itself ends a run at guard.duration, and says why", async () => {
    const base = desired();
    const of = { job: { ...base.job, guard: { ...base.job.guard, durationSeconds: 120 } } };
    const { handle } = await subject.provider.start(request("key-1", of));
    const ended = await untilPhase(subject, handle, "ended");
    expect(ended).toMatchObject({
      outcome: "failed",
      exitCode: 137,
      signal: "SIGKILL",
      reason: "DeadlineExceeded",
      elapsedSeconds: 120,
    });
  });

  it("a guard that only observes or notifies gives Azure no limit to stop at", async () => {
    const base = desired();
    for (const change of [{ mode: "observe" }, { onBreach: "notify" }, { protect: true }] as const) {
      const of = { job: { ...base.job, guard: { ...base.job.guard, durationSeconds: 120, ...change } } };
      const [resource] = subject.provider.render(of, NOW).resources;
      expect(resource?.fields["timeoutSeconds"]).toBe(7 * 86_400);
    }
  });
});

describe("whose start it was", () => {
  it("the job's own trigger, a person and rota are told apart", async () => {
    await deploy(subject.provider, desired({ schedule: cron("*/30 * * * *") }));
    const { arm, clock } = subject.world;
    const id = subject.world.id("Microsoft.App/jobs", await nameOf());
    const half = 30 * 60_000;
    clock.advance(half - (clock.now() % half) + 20_000);
    const first = arm.apps.fire(id, clock.now());
    expect(JSON.stringify(first.template)).toContain('{"name":"ROTA_JOB","value":"job"}');
    clock.advance(15 * 60_000);
    arm.apps.fire(id, clock.now());
    await subject.provider.start(request("key-1"));
    clock.advance(60_000);
    const runs = await subject.provider.listRuns(0);
    expect(runs.map(({ startedBy }) => startedBy).sort()).toEqual(["person", "rota", "schedule"]);
  });

  it("a zone's own time starts the job through its workflow, as the trigger identity", async () => {
    const made = await deploy(subject.provider, desired({ schedule: toronto }));
    expect(made.map(({ kind, dependsOn }) => [kind, dependsOn])).toEqual([
      ["job", undefined],
      ["workflow", [`job/${made[0]?.id}`]],
    ]);
    const id = subject.world.id("Microsoft.Logic/workflows", made[1]?.id ?? "");
    expect(await subject.world.arm.logic.fire(id, "schedule-1")).toBeDefined();
    await subject.settle();
    const [run, ...others] = await subject.provider.listRuns(0);
    expect(others).toEqual([]);
    expect(run).toMatchObject({ job: "job", startedBy: "schedule", phase: "running" });
  });

  it("a paused job fires nothing, whichever trigger it has", async () => {
    await deploy(subject.provider, desired({ schedule: toronto }));
    await subject.provider.setPaused("job", true, "test");
    const id = subject.world.id("Microsoft.Logic/workflows", await nameOf());
    expect(await subject.world.arm.logic.fire(id, "schedule-1")).toBeUndefined();
    expect((await subject.provider.listDeployments()).find(({ kind }) => kind === "workflow")?.paused).toBe(true);
    await subject.provider.setPaused("job", false, "test");
    expect(await subject.world.arm.logic.fire(id, "schedule-1")).toBeDefined();
  });
});

const http = (change: Partial<HttpWorkload> = {}): HttpWorkload => ({
  kind: "http",
  url: "https://example.test/run",
  method: "POST",
  headers: { "x-team": "@ml" },
  body: '{"a":"@{b}"}',
  secrets: {},
  timeoutSeconds: 30,
  expectStatus: [],
  ...change,
});

describe("http jobs", () => {
  it("are sent by a Logic App, as they are written, and succeed or fail by their status", async () => {
    const of = desired({ workload: http(), schedule: toronto });
    await deploy(subject.provider, of);
    const good = await subject.provider.start(request("key-1", of));
    expect(await untilPhase(subject, good.handle, "ended")).toMatchObject({
      outcome: "succeeded",
      run: "key-1",
      startedBy: "rota",
    });
    expect(subject.world.arm.sent[0]).toMatchObject({
      method: "POST",
      uri: "https://example.test/run",
      headers: { "x-team": "@ml" },
      body: '{"a":"@{b}"}',
      identity: undefined,
    });
    subject.world.arm.web = async () => ({ status: 500 });
    const bad = await subject.provider.start(request("key-2", of));
    expect(await untilPhase(subject, bad.handle, "ended")).toMatchObject({
      outcome: "failed",
      reason: expect.stringMatching(/call/),
    });
    let text = "";
    for await (const chunk of subject.provider.logs(bad.handle)) text += chunk.text;
    expect(text).toBe("call Failed 500\n");
  });

  it("a status that is expected is good, and any other is not", async () => {
    const of = desired({ workload: http({ expectStatus: [404] }) });
    subject.world.arm.web = async () => ({ status: 404 });
    const good = await subject.provider.start(request("key-1", of));
    expect((await untilPhase(subject, good.handle, "ended")).outcome).toBe("succeeded");
    subject.world.arm.web = async () => ({ status: 200 });
    const bad = await subject.provider.start(request("key-2", of));
    expect(await untilPhase(subject, bad.handle, "ended")).toMatchObject({
      outcome: "failed",
      reason: "HTTP status 200",
    });
  });

  it("secrets are read from Key Vault as the identity, and go into their headers", async () => {
    subject.world.arm.web = async ({ uri }) =>
      uri.startsWith("https://ml-vault") ? { status: 200, body: { value: "s3cret" } } : { status: 200 };
    const of = desired({ workload: http({ secrets: { authorization: "token" } }) });
    const { handle } = await subject.provider.start(request("key-1", of));
    expect((await untilPhase(subject, handle, "ended")).outcome).toBe("succeeded");
    const [vault, call] = subject.world.arm.sent;
    expect(vault).toMatchObject({
      uri: "https://ml-vault.vault.azure.net/secrets/token?api-version=7.4",
      audience: "https://vault.azure.net",
    });
    expect(vault?.identity).toMatch(/rota-trigger$/);
    expect(call?.headers["authorization"]).toBe("s3cret");
    expect(JSON.stringify(await subject.provider.listDeployments())).not.toContain("s3cret");
  });

  it("one key is one run; another daemon finds it; a stop gives it up", async () => {
    subject.world.arm.web = async () => undefined;
    const of = desired({ workload: http() });
    const [a, b] = await Promise.all([1, 2].map(() => subject.provider.start(request("key-1", of))));
    expect(a?.handle).toEqual(b?.handle);
    const other = await subject.reopen();
    expect((await other.find("key-1"))?.handle).toEqual(a?.handle);
    await other.stop(a?.handle ?? null, "polite");
    expect(await subject.provider.inspect(a?.handle ?? null)).toMatchObject({ phase: "ended", outcome: "stopped" });
    await other.stop(a?.handle ?? null, "hard");
    await other.close();
  });
});

describe("vm jobs", () => {
  const vm = (change: Partial<VmWorkload>): VmWorkload => ({
    kind: "vm",
    instances: [],
    tags: {},
    action: "start",
    ...change,
  });

  it("start the machines that they name, and deallocate rather than only stop", async () => {
    const whole = `/subscriptions/s/resourceGroups/other/providers/Microsoft.Compute/virtualMachines/gpu-2`;
    for (const [key, action] of [
      ["key-1", "start"],
      ["key-2", "stop"],
    ] as const) {
      const of = desired({ name: key, workload: vm({ instances: ["gpu-1", whole], action }) });
      const { handle } = await subject.provider.start(request(key, of));
      expect((await untilPhase(subject, handle, "ended")).outcome).toBe("succeeded");
      const verb = action === "start" ? "start" : "deallocate";
      expect(Object.fromEntries(subject.world.arm.machines)).toEqual({ [`${MACHINES}/gpu-1`]: verb, [whole]: verb });
    }
  });

  it("find machines by all of their tags", async () => {
    const { shelf } = subject.world.arm;
    shelf.place(`${MACHINES}/a`, { tags: { pool: "gpu", team: "ml's" } });
    shelf.place(`${MACHINES}/b`, { tags: { pool: "gpu", team: "other" } });
    shelf.place(`${MACHINES}/c`, {});
    const of = desired({ workload: vm({ tags: { pool: "gpu", team: "ml's" } }) });
    const { handle } = await subject.provider.start(request("key-1", of));
    expect((await untilPhase(subject, handle, "ended")).outcome).toBe("succeeded");
    expect([...subject.world.arm.machines.keys()]).toEqual([expect.stringMatching(/virtualMachines\/a$/i)]);
  });
});
