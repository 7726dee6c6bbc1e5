import { describe, expect, it } from "vitest";
import type { Finding } from "../../../../src/provider/index.ts";
import { type Answers, OPTIONS, openFake, serviceError } from "./support.ts";

const ROLES: Readonly<Record<string, string>> = {
  scheduler: "scheduler.amazonaws.com",
  execution: "ecs-tasks.amazonaws.com",
};

function roleOf(name: string, service: string): object {
  const document = { Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: service } }] };
  return {
    Role: {
      Arn: `arn:aws:iam::123456789012:role/${name}`,
      AssumeRolePolicyDocument: encodeURIComponent(JSON.stringify(document)),
    },
  };
}

const HEALTHY: Answers = {
  "iam:GetRole": ({ RoleName }) => roleOf(String(RoleName), ROLES[String(RoleName)] ?? ""),
  "iam:SimulatePrincipalPolicy": ({ ActionNames }) => ({
    EvaluationResults: (ActionNames as readonly string[]).map((EvalActionName) => ({
      EvalActionName,
      EvalDecision: "allowed",
    })),
  }),
  "ecs:DescribeClusters": () => ({
    clusters: [{ status: "ACTIVE", settings: [{ name: "containerInsights", value: "enabled" }] }],
  }),
  "ec2:DescribeSubnets": () => ({
    Subnets: [{ SubnetId: "subnet-1", VpcId: "vpc-1", AvailabilityZone: "us-east-1a" }],
  }),
  "scheduler:ListScheduleGroups": () => ({ ScheduleGroups: [{ Name: "rota.acme.dev" }] }),
  "scheduler:ListSchedules": () => ({ Schedules: [{ Name: "a.1" }, { Name: "b.1" }] }),
  "ecs:ListTasks": () => ({ taskArns: ["a", "b"] }),
  "ecs:DescribeTasks": () => ({
    tasks: [
      { cpu: "4096", launchType: "FARGATE" },
      { cpu: "1024", launchType: "FARGATE" },
    ],
  }),
  "servicequotas:GetServiceQuota": () => ({ Quota: { Value: 100 } }),
};

async function findings(answers: Answers = {}, options = {}): Promise<Readonly<Record<string, Finding>>> {
  const { provider } = await openFake({ ...HEALTHY, ...answers }, { containerInsights: true, ...options });
  return Object.fromEntries((await provider.check()).map((finding) => [finding.check, finding]));
}

describe("doctor", () => {
  it("finds nothing to mend where all is well, and says what Container Insights costs", async () => {
    const all = await findings();
    expect(Object.values(all).filter(({ ok }) => ok !== true)).toEqual([]);
    expect(all["container insights"]?.detail).toMatch(/\$0\.004 .* list prices of us-east-1, yours were not asked/);
    expect(all["quota of Fargate"]?.detail).toContain("5 vCPU of Fargate run in this cluster now, of 100");
    expect(all["quota of schedules"]?.detail).toContain("2 schedules in rota.acme.dev");
  });

  it("counts everybody's rules on the default bus, and says when they are nearly as many as the account may have", async () => {
    const rules = (count: number): Answers => ({
      "eventbridge:ListRules": ({ NextToken }) => ({
        Rules: Array.from({ length: count / 2 }, (_, index) => ({ Name: `theirs-${NextToken}-${index}` })),
        ...(NextToken === undefined ? { NextToken: "more" } : {}),
      }),
    });
    const about = async (count: number) => (await findings(rules(count)))["quota of rules"];
    expect(await about(40)).toMatchObject({ ok: true, detail: expect.stringContaining("40 rules on the default bus") });
    expect(await about(80)).toMatchObject({ ok: "warning", fix: expect.stringContaining("Number of rules") });
  });

  it("a quota that cannot be looked at hides no other", async () => {
    const all = await findings({
      "ecs:ListTasks": () => {
        throw serviceError("ClusterNotFoundException");
      },
    });
    expect(all["quota of Fargate"]).toMatchObject({ ok: false });
    expect(all["quota of schedules"]).toMatchObject({ ok: true });
    expect(all["quota of rules"]).toMatchObject({ ok: true });
  });

  it("looks at the queue and the role for rules where the placement names them", async () => {
    const queues = (state: string): Answers => ({
      "batch:DescribeJobQueues": () => ({ jobQueues: [{ state, status: "VALID" }] }),
    });
    const options = { jobQueue: "jobs", rulesRole: "arn:aws:iam::123456789012:role/rules" };
    const all = await findings(queues("ENABLED"), options);
    expect(all["job queue"]).toMatchObject({ ok: true, detail: "jobs is enabled and valid" });
    expect(all["rulesRole"]).toMatchObject({ ok: false, fix: expect.stringContaining("rules-trust") });
    expect((await findings(queues("DISABLED"), options))["job queue"]).toMatchObject({ ok: false });
    expect((await findings({ "batch:DescribeJobQueues": () => ({}) }, options))["job queue"]?.detail).toContain(
      "no job queue",
    );
  });

  it("names each permission that is missing", async () => {
    const denied = new Set(["ecs:StopTask", "iam:PassRole"]);
    const all = await findings({
      "iam:SimulatePrincipalPolicy": ({ ActionNames, ResourceArns }) => ({
        EvaluationResults: (ActionNames as readonly string[]).map((EvalActionName) => ({
          EvalActionName,
          EvalDecision:
            denied.has(EvalActionName) && !String(ResourceArns).includes("role/scheduler") ? "implicitDeny" : "allowed",
        })),
      }),
    });
    expect(all["permissions"]).toMatchObject({
      ok: false,
      detail: "missing: iam:PassRole (PassTaskRoles), ecs:StopTask (StopTasks)",
      fix: expect.stringContaining("rota permissions"),
    });
  });

  it("asks about the role, not about its session, and with the tags that the conditions want", async () => {
    const { provider, calls } = await openFake({
      ...HEALTHY,
      "sts:GetCallerIdentity": () => ({
        Account: OPTIONS["account"],
        Arn: "arn:aws:sts::123456789012:assumed-role/deploy/session",
      }),
      "iam:GetRole": ({ RoleName }) =>
        RoleName === "deploy" ? { Role: { Arn: "arn:aws:iam::123456789012:role/ci/deploy" } } : roleOf("x", "y"),
    });
    await provider.check();
    const asked = calls.filter(({ call }) => call === "iam:SimulatePrincipalPolicy").map(({ input }) => input);
    expect(new Set(asked.map(({ PolicySourceArn }) => PolicySourceArn))).toEqual(
      new Set(["arn:aws:iam::123456789012:role/ci/deploy"]),
    );
    const stop = asked.find(({ ActionNames }) => String(ActionNames).includes("ecs:StopTask"));
    expect(JSON.stringify(stop?.["ContextEntries"])).toContain("aws:ResourceTag/rota:namespace");
    expect(JSON.stringify(asked.map(({ ResourceArns }) => ResourceArns))).not.toMatch(/[/:]\*|\?/);
  });

  it("without the right to ask it says so, and goes on", async () => {
    const refused = () => {
      throw serviceError("AccessDenied", 403);
    };
    const all = await findings({
      "iam:SimulatePrincipalPolicy": refused,
      "iam:GetRole": refused,
      "servicequotas:GetServiceQuota": refused,
    });
    expect(all["permissions"]).toMatchObject({ ok: "warning", detail: expect.stringContaining("could not be asked") });
    expect(all["schedulerRole"]).toMatchObject({ ok: "warning", fix: "allow iam:GetRole" });
    // Five of the six vCPU that a new account has.
    expect(all["quota of Fargate"]).toMatchObject({
      ok: "warning",
      detail: expect.stringContaining("yours could not be asked"),
    });
    expect(all["cluster"]?.ok).toBe(true);
  });

  it.each([
    [
      "is not there",
      () => {
        throw serviceError("NoSuchEntity", 404);
      },
      "there is no role scheduler",
    ],
    [
      "trusts another service",
      () => roleOf("scheduler", "lambda.amazonaws.com"),
      "scheduler.amazonaws.com may not take on scheduler",
    ],
    ["is of another path", () => roleOf("teams/scheduler", "scheduler.amazonaws.com"), "teams/scheduler"],
  ] as const)("a scheduler role that %s is a mistake, with its mend", async (_what, answer, detail) => {
    const { schedulerRole } = await findings({
      "iam:GetRole": ({ RoleName }) =>
        RoleName === "scheduler" ? answer() : roleOf("execution", "ecs-tasks.amazonaws.com"),
    });
    expect(schedulerRole).toMatchObject({
      ok: false,
      detail: expect.stringContaining(detail),
      fix: expect.any(String),
    });
  });
});
