import { describe, expect, it } from "vitest";
import type { DesiredJob, Workload } from "../../../../src/model/index.ts";
import type { PermissionDocument } from "../../../../src/provider/index.ts";
import { statementsOf } from "../../../clouds/aws/policy.ts";
import { cron, job } from "../../../support/jobs.ts";
import { OWNER, openFake } from "./support.ts";

const ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/churn";

function container(image: string, secrets: Readonly<Record<string, string>> = {}): DesiredJob {
  const workload = { kind: "container", image, command: [], cpu: 1, memoryBytes: 2 ** 31, env: {}, secrets } as const;
  return { job: job("churn", { ...OWNER, workload, schedule: cron("0 6 * * *") }) };
}

async function granted(jobs: readonly DesiredJob[], options = {}): Promise<readonly PermissionDocument[]> {
  const { provider } = await openFake({}, options);
  return provider.permissions?.(jobs) ?? [];
}

const POLICIES = ["rota-policy", "scheduler-policy", "execution-policy"] as const;

describe("permissions", () => {
  it("allow nothing by a wildcard, and on everything only what AWS cannot narrow", async () => {
    const documents = await granted([container("busybox:1")], { containerInsights: true });
    for (const name of POLICIES) {
      for (const { Sid, Action, Resource, Condition } of statementsOf(documents, name)) {
        expect(Action.some((action) => action.includes("*"))).toBe(false);
        if (Resource === "*" && Condition === undefined) expect(Sid).toMatch(/^Look/);
      }
    }
  });

  it("a task is stopped, and one is made, only with our tags", async () => {
    const statements = statementsOf(await granted([container("busybox:1")]), "rota-policy");
    const by = (action: string) => statements.filter(({ Action }) => Action.includes(action));
    for (const { Condition } of by("ecs:StopTask"))
      expect(Condition).toEqual({
        StringEquals: { "aws:ResourceTag/rota:environment": "dev", "aws:ResourceTag/rota:namespace": "acme" },
      });
    for (const { Condition } of [...by("ecs:TagResource"), ...by("ecs:RegisterTaskDefinition")])
      expect(Condition?.["StringEquals"]).toMatchObject({ "aws:RequestTag/rota:namespace": "acme" });
    for (const { Condition } of by("iam:PassRole")) expect(JSON.stringify(Condition)).toContain("iam:PassedToService");
  });

  it.each([undefined, "arn:aws:iam::123456789012:role/rota-rules"])(
    "let rota read a queue of events and make the rules that fill it, each named once (rulesRole %s)",
    async (rulesRole) => {
      const rules = rulesRole === undefined ? {} : { rulesRole };
      const eventsQueue = "arn:aws:sqs:us-east-1:123456789012:theirs";
      const own = "arn:aws:sqs:us-east-1:123456789012:rota_acme_dev";
      const by = async (options: object) =>
        statementsOf(await granted([container("busybox:1")], { ...rules, ...options }), "rota-policy");
      const onQueues = (statements: ReturnType<typeof statementsOf>) =>
        Object.fromEntries(
          statements.flatMap(({ Sid, Resource }) => (/Queue|Events/.test(Sid) ? [[Sid, Resource]] : [])),
        );
      for (const options of [{ events: "sqs" }, { eventsQueue }]) {
        const sids = (await by(options)).map(({ Sid }) => Sid);
        expect(sids).toEqual([...new Set(sids)]);
        expect(sids).toEqual(expect.arrayContaining(["LookAtRules", "Rules", "PutRules", "PutTargets"]));
      }
      expect(onQueues(await by({ events: "sqs" }))).toEqual({
        LookAtQueue: own,
        HoldQueue: own,
        MakeQueue: own,
        ReadEvents: own,
      });
      expect(onQueues(await by({ eventsQueue }))).toEqual({
        LookAtQueue: own,
        HoldQueue: own,
        ReadEvents: eventsQueue,
      });
      // What an earlier manifest may have left is seen and taken down, and nothing is made.
      const without = await by({});
      expect(onQueues(without)).toEqual({ LookAtQueue: own, HoldQueue: own });
      expect(without.map(({ Sid }) => Sid)).toEqual(expect.arrayContaining(["LookAtRules", "Rules"]));
      expect(without.map(({ Sid }) => Sid)).not.toContain("PutRules");
      expect(without.flatMap(({ Action }) => Action)).not.toContain("sqs:SetQueueAttributes");
    },
  );

  it("are for what the jobs use: their secrets, their repositories, and nothing for a kind that there is none of", async () => {
    const jobs = [
      container(`${ECR}:1`, { A: "churn/db", B: "ssm:/churn/key" }),
      container("docker.io/library/busybox:1", {
        C: "arn:aws:secretsmanager:us-east-1:123456789012:secret:churn/db-AbCdEf",
      }),
    ];
    const statements = statementsOf(await granted(jobs), "execution-policy");
    const resources = (Sid: string) => statements.find((each) => each.Sid === Sid)?.Resource;
    expect(resources("PullImages")).toEqual(["arn:aws:ecr:eu-west-1:123456789012:repository/team/churn"]);
    expect(resources("Secrets")).toEqual([
      "arn:aws:secretsmanager:us-east-1:123456789012:secret:churn/db",
      "arn:aws:secretsmanager:us-east-1:123456789012:secret:churn/db-??????",
      "arn:aws:secretsmanager:us-east-1:123456789012:secret:churn/db-AbCdEf",
    ]);
    expect(resources("Parameters")).toEqual(["arn:aws:ssm:us-east-1:123456789012:parameter/churn/key"]);
    const none = await granted([]);
    expect(none.map(({ name }) => name)).not.toContain("execution-policy");
    expect(JSON.stringify(none)).not.toMatch(/RunTask|Register|"ecs-tasks/);
  });

  it("a job on Batch may be submitted to its queue, and nothing started on ECS", async () => {
    const { job: made } = container("busybox:1");
    const documents = await granted([{ job: { ...made, options: { runner: "batch" } } }], { jobQueue: "jobs" });
    const statements = statementsOf(documents, "scheduler-policy");
    expect(statements.map(({ Sid }) => Sid)).toEqual(["SubmitJobs", "TagJobs"]);
    expect(statements[0]?.Resource).toEqual([
      "arn:aws:batch:us-east-1:123456789012:job-definition/rota_acme_dev_*",
      "arn:aws:batch:us-east-1:123456789012:job-queue/jobs",
    ]);
    expect(statementsOf(documents, "rota-policy").flatMap(({ Action }) => Action)).not.toContain("ecs:RunTask");
    expect(documents.map(({ name }) => name)).toContain("execution-policy");
  });

  it("are cut into policies that IAM takes, none of them lost", async () => {
    const options = { jobQueue: "jobs", rulesRole: "arn:aws:iam::123456789012:role/rules", containerInsights: true };
    const workloads: readonly Workload[] = [
      {
        kind: "http",
        url: "https://a.example/",
        method: "POST",
        headers: {},
        secrets: {},
        timeoutSeconds: 5,
        expectStatus: [],
      },
      { kind: "vm", instances: ["i-0123456789abcdef0"], tags: {}, action: "start" },
    ];
    const { job: first } = container("busybox:1");
    const jobs = [...workloads.map((workload) => ({ job: { ...first, workload } })), { job: first }];
    const documents = await granted([...jobs, { job: { ...first, options: { runner: "batch" } } }], options);
    const policies = documents.filter(({ name }) => name.startsWith("rota-policy"));
    expect(policies.map(({ name }) => name)).toEqual(["rota-policy", "rota-policy-2"]);
    for (const { document } of policies) expect(JSON.stringify(document).length).toBeLessThanOrEqual(6144);
    const sids = statementsOf(documents, "rota-policy").map(({ Sid }) => Sid);
    expect(new Set(sids).size).toBe(sids.length);
    expect(sids).toEqual(
      expect.arrayContaining(["Look", "RunTasks", "SubmitJobs", "StopMachines", "PutRules", "Logs"]),
    );
    // The schedule's role starts machines, and takes nothing back.
    expect(statementsOf(documents, "scheduler-policy").map(({ Sid }) => Sid)).not.toContain("StopMachines");
  });

  it("say who may take the roles on, from this account alone, and how to make them", async () => {
    const documents = await granted([container("busybox:1")], {
      taskRole: "arn:aws:iam::123456789012:role/jobs/churn",
    });
    const trusts = documents.filter(({ name }) => name.endsWith("-trust"));
    expect(trusts.map(({ name }) => name)).toEqual(["scheduler-trust", "execution-trust", "task-trust"]);
    for (const { document, command, name } of trusts) {
      expect(JSON.stringify(document)).toContain('"aws:SourceAccount":"123456789012"');
      expect(command).toContain(`file://${name}.json`);
    }
    expect(trusts[2]?.command).toContain("--role-name churn ");
  });
});
