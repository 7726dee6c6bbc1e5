import { describe, expect, it } from "vitest";
import { classify } from "../../../../providers/aws/errors.ts";
import { jobOf, stateOf } from "../../../../providers/aws/runs/task-state.ts";
import { fargateSize } from "../../../../providers/aws/work/fargate.ts";
import type { ContainerWorkload, Job } from "../../../../src/model/index.ts";
import { codeOf } from "../../../conformance/codes.ts";
import { cron, job, NOW } from "../../../support/jobs.ts";
import { OWNER, openFake, serviceError } from "./support.ts";

const GIB = 2 ** 30;
const WORKLOAD: ContainerWorkload = {
  kind: "container",
  image: "registry.example/churn:1",
  command: ["score"],
  cpu: 1,
  memoryBytes: 2 * GIB,
  env: {},
  secrets: {},
};
const container = (change: Partial<ContainerWorkload> = {}, jobChange: Partial<Job> = {}): { readonly job: Job } => ({
  job: job("churn", { ...OWNER, workload: { ...WORKLOAD, ...change }, schedule: cron("0 6 * * *"), ...jobChange }),
});

describe("what AWS answers, in the closed codes", () => {
  it.each([
    [serviceError("AccessDeniedException"), "denied"],
    [serviceError("ExpiredTokenException"), "denied"],
    [serviceError("ThrottlingException", 429), "throttled"],
    [serviceError("Unheard", 429), "throttled"],
    [serviceError("ServiceQuotaExceededException", 402), "invalid"],
    [serviceError("ResourceNotFoundException", 404), "missing"],
    [serviceError("ConflictException", 409), "conflict"],
    [serviceError("ValidationException"), "invalid"],
    [serviceError("InternalServerException", 500), "unavailable"],
    [serviceError("Unheard", 503), "unavailable"],
    [serviceError("Unheard", 403), "denied"],
    [serviceError("QueueDoesNotExist"), "missing"],
    // Nothing was made, and in a minute it can be.
    [serviceError("QueueDeletedRecently"), "throttled"],
    [serviceError("SyntaxError", 500), "unavailable"],
    [Object.assign(new Error("refused"), { code: "ECONNREFUSED" }), "unavailable"],
    [Object.assign(new Error("timed out"), { name: "TimeoutError" }), "unavailable"],
    [Object.assign(new Error("none"), { name: "CredentialsProviderError" }), "denied"],
    [new TypeError("x is not a function"), "internal"],
    [undefined, "internal"],
  ])("%s", (error, code) => {
    expect(classify(error, "ecs:RunTask")).toMatchObject({ code, message: expect.stringContaining("ecs:RunTask") });
  });

  it("takes over how long to wait", () => {
    expect(classify(serviceError("ThrottlingException", 429, { "retry-after": "7" }), "x").retryAfterMs).toBe(7000);
    expect(
      classify(serviceError("ThrottlingException", 429, { "retry-after": "soon" }), "x").retryAfterMs,
    ).toBeUndefined();
  });
});

describe("Fargate's sizes", () => {
  it.each([
    [0.25, 0.5, "256", "512", true],
    [0.25, 3, "512", "3072", false],
    [1, 2, "1024", "2048", true],
    [1, 1, "1024", "2048", false],
    [1, 9, "2048", "9216", false],
    [3, 8, "4096", "8192", false],
    [8, 17, "8192", "20480", false],
    [16, 120, "16384", "122880", true],
  ])("%d vCPU and %d GiB get %s and %s", (cpu, gib, units, memory, exact) => {
    expect(fargateSize(cpu, gib * GIB)).toEqual({ cpu: units, memory, exact });
  });
  it.each([
    [17, 8],
    [1, 121],
  ])("%d vCPU and %d GiB get none", (cpu, gib) => {
    expect(fargateSize(cpu, gib * GIB)).toBeUndefined();
  });
});

describe("a task's state", () => {
  const at = (second: number): Date => new Date(Date.UTC(2026, 10, 23, 6, 0, second));
  const ended = { lastStatus: "STOPPED", pullStartedAt: at(5), startedAt: at(9), stoppedAt: at(65) };
  it.each([
    [{ lastStatus: "PROVISIONING" }, { phase: "starting" }],
    [{ lastStatus: "PENDING", pullStartedAt: at(5) }, { phase: "starting" }],
    [
      { lastStatus: "RUNNING", pullStartedAt: at(5), startedAt: at(9) },
      { phase: "running", startedAt: at(5).getTime() },
    ],
    [{ lastStatus: "STOPPING", pullStartedAt: at(5) }, { phase: "running" }],
    [
      { ...ended, stopCode: "EssentialContainerExited", containers: [{ name: "job", exitCode: 0 }] },
      { outcome: "succeeded", elapsedSeconds: 60 },
    ],
    [
      { ...ended, stopCode: "EssentialContainerExited", containers: [{ name: "job", exitCode: 3 }] },
      { outcome: "failed", exitCode: 3 },
    ],
    [
      { ...ended, stopCode: "EssentialContainerExited", containers: [{ name: "job", exitCode: 137 }] },
      { outcome: "failed", signal: "SIGKILL" },
    ],
    [
      { ...ended, stopCode: "UserInitiated", containers: [{ name: "job", exitCode: 143 }] },
      { outcome: "stopped", signal: "SIGTERM" },
    ],
    [
      { ...ended, stopCode: "TaskFailedToStart", stoppedReason: "CannotPullContainerError" },
      { outcome: "failed", reason: "CannotPullContainerError" },
    ],
    [{ lastStatus: "STOPPED" }, { phase: "ended", outcome: "lost" }],
  ] as const)("%j is %j", (task, state) => {
    expect(stateOf(task as never, "churn")).toMatchObject(state);
  });

  const tags = (namespace: string) => [
    { key: "rota:namespace", value: namespace },
    { key: "rota:environment", value: "dev" },
    { key: "rota:job", value: "churn" },
  ];
  const family = (name: string) => ({
    taskDefinitionArn: `arn:aws:ecs:us-east-1:123456789012:task-definition/${name}:3`,
  });
  it.each([
    [{ tags: tags("acme") }, "churn"],
    [{ tags: tags("acme-2") }, undefined],
    [{ ...family("rota_acme_dev_churn"), tags: tags("acme-2") }, undefined],
    [family("rota_acme_dev_churn"), "churn"],
    [family("rota_acme-2_dev_churn"), undefined],
    [family("rota_acme_dev2_churn"), undefined],
    [family("rota_acme_dev_"), undefined],
    [family("rota_acme_dev_a_b"), undefined],
    [{}, undefined],
  ])("%j is of job %s", (task, name) => {
    expect(jobOf(task, OWNER)).toBe(name);
  });
});

describe("what a job becomes", () => {
  it.each<[string, { readonly job: Job }]>([
    ["a GPU", container({ gpu: 1 })],
    ["more than Fargate has", container({ cpu: 32 })],
    ["an option that there is not", container({}, { options: { runner: "batch" } })],
    ["another job to wait for", container({}, { schedule: cron("0 6 * * *", { after: ["other"] }) })],
  ])("%s is refused, with a way out", async (_what, desired) => {
    const { provider } = await openFake({});
    const { refusal, resources } = provider.render(desired, NOW);
    expect(resources).toEqual([]);
    expect(refusal?.reason).toBeTruthy();
    expect(refusal?.fix).toBeTruthy();
  });

  it("secrets are references: by ARN, by name, or a parameter", async () => {
    const { provider } = await openFake({});
    const full = "arn:aws:secretsmanager:us-east-1:123456789012:secret:x-AbCdEf";
    const [definition] = provider.render(
      container({ secrets: { A: full, B: "churn/db", C: "ssm:/churn/db" } }),
      NOW,
    ).resources;
    expect(definition?.fields["secrets"]).toEqual({
      A: full,
      B: "arn:aws:secretsmanager:us-east-1:123456789012:secret:churn/db",
      C: "arn:aws:ssm:us-east-1:123456789012:parameter/churn/db",
    });
  });

  it("says that it costs the next size, and that nothing but the daemon ends it", async () => {
    const { provider } = await openFake({});
    const guard = { ...container().job.guard, durationSeconds: 7200 };
    const { warnings } = provider.render(container({ memoryBytes: GIB }, { guard }), NOW);
    expect(warnings.join("\n")).toMatch(/1 vCPU, 2 GiB[\s\S]*past 2h only the daemon/);
  });

  it("names are within what the services allow, and long ones stay apart", async () => {
    const { provider } = await openFake({});
    const long = "a".repeat(52);
    const times = ["2026-12-01T09:00", "2026-12-01T10:00"];
    const base = container();
    const { kind: _kind, ...rules } = base.job.schedule;
    const ids = provider
      .render({ job: { ...base.job, name: long, schedule: { ...rules, kind: "at", times } as Job["schedule"] } }, NOW)
      .resources.filter(({ kind }) => kind === "schedule")
      .map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[0-9a-zA-Z-_.]{1,64}$/);
  });
});

describe("without moto, what must always hold", () => {
  const listed = {
    "ecs:ListTaskDefinitionFamilies": () => ({ families: [] }),
    "scheduler:ListScheduleGroups": () => ({ ScheduleGroups: [{ Name: "rota.acme.dev", Arn: "arn:group" }] }),
    "scheduler:ListTagsForResource": () => ({
      Tags: [
        { Key: "rota:namespace", Value: "acme" },
        { Key: "rota:environment", Value: "dev" },
      ],
    }),
  };

  it("credentials of another account: denied, and nothing else is asked", async () => {
    const { provider, calls } = await openFake({ "sts:GetCallerIdentity": () => ({ Account: "999999999999" }) });
    expect(await codeOf(provider.listDeployments())).toBe("denied");
    expect(new Set(calls.map(({ call }) => call))).toEqual(new Set(["sts:GetCallerIdentity"]));
  });

  it("a second page that is denied: the listing throws", async () => {
    const { provider } = await openFake({
      ...listed,
      "scheduler:ListSchedules": ({ NextToken }) => {
        if (NextToken !== undefined) throw serviceError("AccessDeniedException");
        return { Schedules: [], NextToken: "2" };
      },
    });
    expect(await codeOf(provider.listDeployments())).toBe("denied");
  });

  it("placements of a region share one limiter: when AWS throttles one of them, the other waits as well", async () => {
    let isThrottled = true;
    const throttled = await openFake({
      "ecs:ListTasks": () => {
        if (!isThrottled) return { taskArns: [] };
        isThrottled = false;
        throw serviceError("ThrottlingException", 429, { "retry-after": "30" });
      },
    });
    const askedAt: number[] = [];
    const other = await openFake(
      {
        "ecs:ListTasks": () => {
          askedAt.push(throttled.clock.now());
          return { taskArns: [] };
        },
      },
      {},
      { clock: throttled.clock },
    );
    const before = throttled.clock.now();
    const both = [throttled.provider.listRuns(0)];
    await throttled.clock.advance(1_000);
    both.push(other.provider.listRuns(0));
    await throttled.clock.advance(60_000);
    expect(await Promise.all(both)).toEqual([[], []]);
    expect(Math.min(...askedAt) - before).toBeGreaterThanOrEqual(30_000);
  });

  it("a page that comes again and again ends in an error, not in a loop", async () => {
    const { provider } = await openFake({
      ...listed,
      "scheduler:ListSchedules": () => ({ Schedules: [], NextToken: "1" }),
    });
    expect(await codeOf(provider.listDeployments())).toBe("unavailable");
  });

  it("a schedule in our group without our mark is not ours", async () => {
    const { provider } = await openFake({
      ...listed,
      "scheduler:ListSchedules": () => ({ Schedules: [{ Name: "theirs" }] }),
      "scheduler:GetSchedule": () => ({ Name: "theirs", Target: { Arn: "arn:aws:lambda:x", Input: '{"Tags":"?"}' } }),
    });
    expect(await provider.listDeployments()).toEqual([]);
  });

  it("a family of our name with somebody else's definition gets no revision of ours", async () => {
    const { provider, calls } = await openFake({
      "ecs:DescribeTaskDefinition": () => ({ taskDefinition: { status: "ACTIVE" }, tags: [] }),
      "ecs:RunTask": () => {
        throw Object.assign(serviceError("ClientException"), { message: "TaskDefinition not found." });
      },
    });
    const [desired] = provider.render(container(), NOW).resources;
    if (!desired) throw new Error("no definition");
    expect(await codeOf(provider.apply({ action: "create", desired, why: "test" }))).toBe("denied");
    const start = provider.start({ run: "key-1", job: container().job, attempt: 1, fireAt: 0, env: {} });
    expect(await codeOf(start)).toBe("denied");
    expect(calls.map(({ call }) => call)).not.toContain("ecs:RegisterTaskDefinition");
  });

  it("a start that has passed since is not sent: EventBridge would refuse the whole update", async () => {
    const { provider, clock, calls } = await openFake({
      ...listed,
      "scheduler:ListSchedules": () => ({ Schedules: [{ Name: "churn.1" }] }),
      "scheduler:GetSchedule": () => ({
        Name: "churn.1",
        State: "ENABLED",
        ScheduleExpression: "cron(0 6 * * ? *)",
        StartDate: new Date(Date.UTC(2026, 10, 23, 7)),
        Target: { Input: JSON.stringify(provider.render(container(), NOW).resources[1]?.fields["input"]) },
      }),
      "scheduler:UpdateSchedule": () => ({}),
    });
    const startOf = () => calls.findLast(({ call }) => call === "scheduler:UpdateSchedule")?.input["StartDate"];
    await provider.setPaused("churn", true, "test");
    expect(startOf()).toBeInstanceOf(Date);
    await clock.advance(2 * 3_600_000);
    await provider.setPaused("churn", true, "test");
    expect(startOf()).toBeUndefined();
  });

  it("a start is sent once when its outcome is unknown", async () => {
    const { provider, calls } = await openFake({
      "ecs:RunTask": () => {
        throw serviceError("ServerException", 500);
      },
    });
    const start = provider.start({ run: "key-1", job: container().job, attempt: 1, fireAt: 0, env: {} });
    expect(await codeOf(start)).toBe("unavailable");
    expect(calls.filter(({ call }) => call === "ecs:RunTask")).toHaveLength(1);
  });

  it("a token used with other parameters: the run that is there is the answer", async () => {
    const taskArn = "arn:aws:ecs:us-east-1:123456789012:task/ml/0123456789abcdef";
    const tags = Object.entries({ ...OWNER, job: "churn", run: "key-1" }).map(([key, value]) => ({
      key: `rota:${key}`,
      value,
    }));
    const { provider } = await openFake({
      "ecs:RunTask": () => {
        throw serviceError("ConflictException");
      },
      "ecs:ListTasks": ({ desiredStatus }) => ({ taskArns: desiredStatus === "RUNNING" ? [taskArn] : [] }),
      "ecs:DescribeTasks": () => ({ tasks: [{ taskArn, lastStatus: "PENDING", tags }], failures: [] }),
    });
    const state = await provider.start({ run: "key-1", job: container().job, attempt: 1, fireAt: 0, env: {} });
    expect(state).toMatchObject({ run: "key-1", handle: { task: taskArn } });
  });

  it("a task that cannot be described makes the listing fail, a task that is gone does not", async () => {
    const failing = (reason: string) =>
      openFake({
        "ecs:ListTasks": () => ({ taskArns: ["arn:a"] }),
        "ecs:DescribeTasks": () => ({ tasks: [], failures: [{ arn: "arn:a", reason }] }),
      });
    expect(await codeOf((await failing("ACCESS")).provider.listRuns(0))).toBe("unavailable");
    expect(await (await failing("MISSING")).provider.listRuns(0)).toEqual([]);
  });

  it("samples: unknown stays unknown, and a minute counts once", async () => {
    const task = "arn:aws:ecs:us-east-1:123456789012:task/ml/0123456789abcdef";
    const start = Date.UTC(2026, 10, 23, 6);
    const event = (minute: number, more: object) => ({
      message: JSON.stringify({ Timestamp: start + minute * 60_000, ...more }),
    });
    const tags = Object.entries({ ...OWNER, job: "churn" }).map(([key, value]) => ({ key: `rota:${key}`, value }));
    const { provider } = await openFake(
      {
        "ecs:DescribeTasks": () => ({ tasks: [{ taskArn: task, lastStatus: "RUNNING", tags }] }),
        "logs:FilterLogEvents": ({ logStreamNames }) => {
          if (logStreamNames !== undefined) throw serviceError("ResourceNotFoundException");
          return {
            events: [
              event(2, { CpuUtilized: 512, NetworkRxBytes: 3, NetworkTxBytes: 4, StorageReadBytes: 9 }),
              event(1, { CpuUtilized: 1024 }),
              event(2, { CpuUtilized: 512 }),
              { message: "no JSON" },
            ],
          };
        },
      },
      { containerInsights: true },
    );
    expect(await provider.measure({ task }, start)).toEqual([
      { from: start, to: start + 60_000, cpuSeconds: 60 },
      { from: start + 60_000, to: start + 120_000, cpuSeconds: 30, networkBytes: 420, readBytes: 9 },
    ]);
  });

  it("output: counted by the minute, with the share of it that repeats; of a flood at least what was read", async () => {
    const task = "arn:aws:ecs:us-east-1:123456789012:task/ml/0123456789abcdef";
    const start = Date.UTC(2026, 10, 23, 6);
    const tags = Object.entries({ ...OWNER, job: "churn" }).map(([key, value]) => ({ key: `rota:${key}`, value }));
    const { provider, calls } = await openFake(
      {
        "ecs:DescribeTasks": () => ({ tasks: [{ taskArn: task, lastStatus: "RUNNING", tags }] }),
        "logs:FilterLogEvents": ({ logStreamNames, startTime }) => {
          const event = (minute: number) => ({
            message: JSON.stringify({ Timestamp: start + minute * 60_000, CpuUtilized: 0 }),
          });
          if (logStreamNames === undefined) return { events: [event(1), event(2), event(3)] };
          const minute = (Number(startTime) - 1 - start) / 60_000;
          if (minute === 0) return { events: [{ message: "one" }, { message: "two" }] };
          if (minute === 1) return { events: Array(40).fill({ message: "df" }), nextToken: "more" };
          return { events: [] };
        },
      },
      { containerInsights: true },
    );
    const samples = await provider.measure({ task }, start);
    expect(
      samples.map(({ outputBytes, repeatingShare, repeatingLine }) => ({ outputBytes, repeatingShare, repeatingLine })),
    ).toEqual([
      { outputBytes: 8, repeatingShare: 0, repeatingLine: undefined },
      { outputBytes: 960, repeatingShare: 319 / 320, repeatingLine: "df" },
      { outputBytes: 0, repeatingShare: undefined, repeatingLine: undefined },
    ]);
    expect(calls.filter(({ input }) => input["logStreamNames"] !== undefined)).toHaveLength(10);
  });

  it("without Container Insights it says that it knows nothing of CPU", async () => {
    const { provider } = await openFake({});
    expect(provider.capabilities.metrics).toMatchObject({ cpu: false, io: false, network: false, output: false });
  });
});

describe("options", () => {
  it.each([
    ["region", { region: "mars" }],
    ["account", { account: "12" }],
    ["subnets", { subnets: [] }],
    ["executionRole", { executionRole: "admin" }],
    ["logRetentionDays", { logRetentionDays: 2 }],
    ["cluser", { cluser: "ml" }],
  ])("a wrong %s is refused by its place", async (name, options) => {
    await expect(openFake({}, options)).rejects.toMatchObject({
      code: "invalid",
      message: expect.stringContaining(name),
    });
  });
});
