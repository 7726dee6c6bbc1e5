import { describe, expect, it } from "vitest";
import type { DesiredJob, Job, JsonObject } from "../../../../src/model/index.ts";
import { statementsOf } from "../../../clouds/aws/policy.ts";
import { cron, job, NOW } from "../../../support/jobs.ts";
import { OWNER, openFake, serviceError } from "./support.ts";

const MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:load";
const FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:report";

function target(said: JsonObject, change: Partial<Job> = {}): DesiredJob {
  const made = job("load", { ...OWNER, workload: { kind: "target" }, schedule: cron("0 6 * * *"), ...change });
  return { job: { ...made, options: { target: said } } };
}

async function rendered(desired: DesiredJob) {
  const { provider } = await openFake({});
  return provider.render(desired, NOW);
}

describe("what exists already", () => {
  it.each([
    [{}, "names one of lambda, stateMachine, pipeline, glueJob"],
    [{ lambda: FUNCTION, glueJob: "a" }, "names one of"],
    [{ lambda: "report" }, "must be a function's ARN"],
    [{ stateMachine: MACHINE, arguments: { a: "b" } }, "arguments goes with glueJob"],
    [{ glueJob: "a", input: {} }, "input goes with lambda and stateMachine"],
    [{ pipelin: "a" }, "pipelin"],
  ])("%j is refused: %s", async (said, reason) => {
    const { refusal, resources } = await rendered(target(said as JsonObject));
    expect(refusal?.reason).toContain(reason);
    expect(resources).toEqual([]);
  });

  it("a Glue job gets the limit of the guard, in minutes, where the guard would stop it", async () => {
    const guard = {
      ...job("a").guard,
      durationSeconds: 90,
      mode: "enforce",
      onBreach: "stop",
      protect: false,
    } as const;
    const input = async (change: Partial<Job>) =>
      (await rendered(target({ glueJob: "load" }, change))).resources[0]?.fields["input"];
    expect(await input({ guard })).toMatchObject({ JobName: "load", Timeout: 2 });
    expect(await input({ guard: { ...guard, mode: "observe" } })).not.toHaveProperty("Timeout");
  });

  it("a target that somebody deleted has no runs, and hides nobody else's", async () => {
    const jobs = [
      target({ stateMachine: MACHINE }, { name: "machine" }),
      target({ pipeline: "gone" }, { name: "pipeline" }),
      target({ glueJob: "gone" }, { name: "glue" }),
      target({ glueJob: "load" }, { name: "load" }),
    ];
    const held = new Map<string, JsonObject>();
    for (const each of jobs) for (const { id, fields } of (await rendered(each)).resources) held.set(id, fields);
    const gone = (name: string) => () => {
      throw serviceError(name, 404);
    };
    const { provider } = await openFake({
      "scheduler:ListScheduleGroups": () => ({ ScheduleGroups: [{ Name: "rota.acme.dev", Arn: "arn" }] }),
      "scheduler:ListTagsForResource": () => ({
        Tags: Object.entries(OWNER).map(([key, Value]) => ({ Key: `rota:${key}`, Value })),
      }),
      "scheduler:ListSchedules": () => ({
        Schedules: [...held].map(([Name, fields]) => ({ Name, Target: { Arn: fields["target"] } })),
      }),
      "scheduler:GetSchedule": ({ Name }) => ({
        Name,
        ScheduleExpression: "cron(0 6 * * ? *)",
        Target: { Arn: held.get(String(Name))?.["target"], Input: JSON.stringify(held.get(String(Name))?.["input"]) },
      }),
      "ecs:ListTasks": () => ({}),
      "sfn:ListExecutions": gone("StateMachineDoesNotExist"),
      "sagemaker:ListPipelineExecutions": gone("ResourceNotFound"),
      "glue:GetJobRuns": ({ JobName }) =>
        JobName === "gone"
          ? gone("EntityNotFoundException")()
          : {
              JobRuns: [
                {
                  Id: "jr_1",
                  JobName,
                  JobRunState: "RUNNING",
                  StartedOn: new Date(NOW),
                  Arguments: { "--rota-namespace": "acme", "--rota-environment": "dev", "--rota-job": "load" },
                },
              ],
            },
    });
    expect(await provider.listRuns(NOW)).toMatchObject([{ job: "load", phase: "running" }]);
  });

  it("is all that the policies name", async () => {
    const { provider } = await openFake({});
    const jobs = [
      target({ stateMachine: MACHINE }),
      target({ lambda: FUNCTION }),
      target({ pipeline: "Train" }),
      target({ glueJob: "load" }),
    ];
    const documents = provider.permissions?.(jobs) ?? [];
    const resources = (policy: string) =>
      Object.fromEntries(statementsOf(documents, policy).map(({ Sid, Resource }) => [Sid, Resource]));
    expect(resources("scheduler-policy")).toEqual({
      Invoke: [FUNCTION],
      StartExecutions: [MACHINE],
      StartPipelines: ["arn:aws:sagemaker:us-east-1:123456789012:pipeline/train"],
      StartGlueJobs: ["arn:aws:glue:us-east-1:123456789012:job/load"],
    });
    expect(resources("rota-policy")["Executions"]).toEqual(["arn:aws:states:us-east-1:123456789012:execution:load:*"]);
    expect(documents.map(({ name }) => name)).not.toContain("execution-policy");
  });
});
