import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DesiredJob, JsonObject, ObservedResource } from "../../src/model/index.ts";
import type { Provider } from "../../src/provider/index.ts";
import { codeOf } from "../conformance/codes.ts";
import { deploy } from "../conformance/subject.ts";
import { cron, job } from "../support/jobs.ts";
import { allowedActions, statementsOf } from "./aws/policy.ts";
import { ACCOUNT, AwsWorld, REGION, WHY_SKIPPED } from "./aws/world.ts";

const FUNCTION = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:report`;
const MACHINE = `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:load`;

describe.skipIf(WHY_SKIPPED !== undefined)(
  `AWS, scheduled rules${WHY_SKIPPED === undefined ? "" : ` (skipped: ${WHY_SKIPPED})`}`,
  () => {
    let world: AwsWorld;
    let provider: Provider;
    beforeEach(async () => {
      world = await AwsWorld.open();
      const jobQueue = await world.makeQueue();
      provider = await world.provider(world.owner, { rulesRole: `arn:aws:iam::${ACCOUNT}:role/rota-rules`, jobQueue });
    });
    afterEach(async () => {
      expect(world.problems).toEqual([]);
      await provider.close();
      await world.close();
    });

    const desired = (options: JsonObject = {}, expression = "0 6 * * *"): DesiredJob => ({
      job: job("churn", {
        ...world.owner,
        placement: "aws",
        workload:
          options["target"] === undefined
            ? {
                kind: "container",
                image: "a:1",
                command: ["endless"],
                cpu: 1,
                memoryBytes: 2 ** 31,
                env: {},
                secrets: {},
              }
            : { kind: "target" },
        schedule: cron(expression, { timezone: "UTC" }),
        options: { scheduler: "rules", ...options },
      }),
    });
    const rule = async (): Promise<ObservedResource> => {
      const found = (await provider.listDeployments()).find(({ kind }) => kind === "rule");
      if (!found) throw new Error("no rule");
      return found;
    };
    /** What a rule's event makes of its target's template. */
    const input = (held: ObservedResource, at: number): string => {
      const { InputTransformer } = held.fields["target"] as { InputTransformer: { InputTemplate: string } };
      return InputTransformer.InputTemplate.replaceAll("<time>", new Date(at).toISOString().replace(/\.\d+/, ""));
    };

    it.each<[string, JsonObject, readonly string[]]>([
      ["a task", {}, ["rule", "taskDefinition"]],
      ["a job of Batch", { runner: "batch" }, ["jobDefinition", "rule"]],
      ["a state machine", { target: { stateMachine: MACHINE, input: { table: "sales" } } }, ["rule"]],
      ["a function", { target: { lambda: FUNCTION, input: { table: "sales" } } }, ["rule"]],
      ["a pipeline", { target: { pipeline: "Train", parameters: { Instance: "ml.m5.large" } } }, ["rule"]],
      ["a pipeline without parameters", { target: { pipeline: "Train" } }, ["rule"]],
    ])("%s is listed with equal fields, paused, changed and taken down", async (_what, options, kinds) => {
      const { resources } = provider.render(desired(options), world.clock.now());
      await deploy(provider, desired(options));
      const listed = [...(await provider.listDeployments())].sort((a, b) => (a.kind < b.kind ? -1 : 1));
      expect(listed.map(({ kind }) => kind)).toEqual(kinds);
      for (const { kind, id, fields } of resources)
        expect(listed.find((each) => each.id === id && each.kind === kind)?.fields).toEqual(fields);
      await provider.setPaused("churn", true, "test");
      expect((await rule()).paused).toBe(true);
      const changed = provider
        .render(desired(options, "30 7 * * *"), world.clock.now())
        .resources.find(({ kind }) => kind === "rule");
      if (!changed) throw new Error("no rule");
      const actual = await rule();
      const updated = await provider.apply({ action: "update", desired: changed, actual, fields: [], why: "test" });
      expect(updated).toMatchObject({ paused: true, fields: { trigger: { expression: "cron(30 7 * * ? *)" } } });
      expect(await codeOf(provider.apply({ action: "delete", actual, why: "test" }))).toBe("conflict");
      await provider.setPaused("churn", false, "test");
      expect((await rule()).paused).toBe(false);
      await provider.apply({ action: "delete", actual: await rule(), why: "test" });
      expect((await provider.listDeployments()).map(({ kind }) => kind)).not.toContain("rule");
      const documents = provider.permissions?.([desired(options)]) ?? [];
      const allowed = allowedActions(documents);
      expect(world.calls.filter((call) => !allowed.has(call))).toEqual([]);
      expect(statementsOf(documents, "rules-policy").length).toBeGreaterThan(0);
    });

    it("a task that a rule starts is the schedule's", async () => {
      await deploy(provider, desired());
      const held = await rule();
      const { EcsParameters } = held.fields["target"] as { EcsParameters: { Tags: { Key: string; Value: string }[] } };
      await world.raw("ecs", "RunTask", {
        cluster: world.cluster,
        taskDefinition: `rota_${world.owner.namespace}_dev_churn`,
        launchType: "FARGATE",
        startedBy: `events-rule/${held.id}`.slice(0, 36),
        networkConfiguration: {
          awsvpcConfiguration: { subnets: world.options["subnets"], securityGroups: world.options["securityGroups"] },
        } as never,
        overrides: JSON.parse(input(held, world.clock.now())),
        tags: EcsParameters.Tags.map(({ Key, Value }) => ({ key: Key, value: Value })),
      });
      expect(await provider.listRuns(0)).toMatchObject([{ job: "churn", startedBy: "schedule" }]);
    });

    it("an execution that a rule starts of a state machine is the schedule's, with its fire", async () => {
      const name = world.cluster;
      await world.raw("iam", "CreateRole", { RoleName: name, AssumeRolePolicyDocument: "{}" });
      const { stateMachineArn } = (await world.raw("sfn", "CreateStateMachine", {
        name,
        definition: JSON.stringify({ StartAt: "A", States: { A: { Type: "Pass", End: true } } }),
        roleArn: `arn:aws:iam::${ACCOUNT}:role/${name}`,
      })) as { readonly stateMachineArn: string };
      await deploy(provider, desired({ target: { stateMachine: stateMachineArn } }));
      const at = Date.UTC(2026, 10, 24, 6);
      await world.raw("sfn", "StartExecution", { stateMachineArn, input: input(await rule(), at) });
      expect(await provider.listRuns(0)).toMatchObject([{ job: "churn", startedBy: "schedule", fireAt: at }]);
      const allowed = allowedActions(provider.permissions?.([desired({ target: { stateMachine: MACHINE } })]) ?? []);
      expect(world.calls.filter((call) => !allowed.has(call))).toEqual([]);
    });

    it("of a function's invocations by a rule it says that nobody hears of them; of a state machine's it hears", async () => {
      const by = (target: JsonObject) => desired({ target });
      const invoked = by({ lambda: FUNCTION });
      expect(provider.unseen?.(invoked.job)).toContain("what a rule starts is seen by nobody");
      expect(provider.render(invoked, world.clock.now()).warnings).toEqual([
        expect.stringContaining("no fire is missed"),
      ]);
      expect(provider.unseen?.(by({ stateMachine: MACHINE }).job)).toBeUndefined();
    });

    it("of a pipeline's executions that a rule starts it says that nobody hears of them", async () => {
      const wanted = desired({ target: { pipeline: "Train", parameters: { Instance: "ml.m5.large" } } });
      const { resources, warnings } = provider.render(wanted, world.clock.now());
      expect(resources[0]?.fields["target"]).toEqual({
        Arn: `arn:aws:sagemaker:${REGION}:${ACCOUNT}:pipeline/train`,
        SageMakerPipelineParameters: { PipelineParameterList: [{ Name: "Instance", Value: "ml.m5.large" }] },
      });
      expect(provider.unseen?.(wanted.job)).toContain("hands a pipeline its parameters and nothing else");
      expect(warnings).toEqual([expect.stringContaining("no fire is missed")]);
      const scheduled = { ...wanted.job, options: { ...wanted.job.options, scheduler: "scheduler" } };
      expect(provider.unseen?.(scheduled)).toBeUndefined();
    });

    it("what a rule cannot start, or the clocks would move, is refused", async () => {
      const refused = (of: DesiredJob) => provider.render(of, world.clock.now()).refusal?.reason;
      expect(refused(desired({ target: { glueJob: "load" } }))).toContain("none of its jobs");
      const named = { pipeline: "train", parameters: { learning_rate: "1" } };
      expect(refused(desired({ target: named }))).toContain("takes no parameter like learning_rate");
      expect(refused(desired({}, "0 6 1 * 1"))).toMatch(/two rules name 2027-\d\d-01/);
      const local = desired();
      const schedule = cron("0 6 * * *", { timezone: "America/Toronto" });
      expect(refused({ job: { ...local.job, schedule } })).toMatch(/would move it from \d{4}-\d\d-\d\d/);
      const without = await world.provider();
      expect(without.render(desired(), world.clock.now()).refusal?.fix).toContain("rulesRole");
      await without.close();
    });
  },
);
