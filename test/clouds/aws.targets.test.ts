import { rm } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DesiredJob, JsonObject } from "../../src/model/index.ts";
import type { Provider } from "../../src/provider/index.ts";
import { codeOf } from "../conformance/codes.ts";
import { deploy } from "../conformance/subject.ts";
import { cron, job } from "../support/jobs.ts";
import { allowedActions } from "./aws/policy.ts";
import { ACCOUNT, AwsWorld, REGION, WHY_SKIPPED } from "./aws/world.ts";

const FUNCTION = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:report`;

describe.skipIf(WHY_SKIPPED !== undefined)(
  `AWS, what exists already${WHY_SKIPPED === undefined ? "" : ` (skipped: ${WHY_SKIPPED})`}`,
  () => {
    let world: AwsWorld;
    let provider: Provider;
    /** What a person made long ago, by the word for it under `target`. */
    let targets: Readonly<Record<"stateMachine" | "pipeline" | "glueJob", JsonObject>>;
    beforeEach(async () => {
      world = await AwsWorld.open();
      provider = await world.provider();
      const name = world.cluster;
      await world.raw("iam", "CreateRole", { RoleName: name, AssumeRolePolicyDocument: "{}" });
      const roleArn = `arn:aws:iam::${ACCOUNT}:role/${name}`;
      const definition = JSON.stringify({ StartAt: "A", States: { A: { Type: "Pass", End: true } } });
      const made = (await world.raw("sfn", "CreateStateMachine", { name, definition, roleArn })) as {
        readonly stateMachineArn: string;
      };
      await world.raw("sagemaker", "CreatePipeline", {
        PipelineName: name,
        PipelineDefinition: "{}",
        ClientRequestToken: "t".repeat(40),
        RoleArn: roleArn,
      });
      await world.raw("glue", "CreateJob", {
        Name: name,
        Role: roleArn,
        Command: { Name: "glueetl", ScriptLocation: "s3://a" },
      });
      targets = {
        stateMachine: { stateMachine: made.stateMachineArn, input: { table: "sales" } },
        pipeline: { pipeline: name, parameters: { Instance: "ml.m5.large" } },
        glueJob: { glueJob: name, arguments: { "--table": "sales" } },
      };
    });
    afterEach(async () => {
      expect(world.problems.join("; ")).toBe("");
      await provider.close();
      await world.close();
    });

    const desired = (target: JsonObject, name = "job"): DesiredJob => ({
      job: {
        ...job(name, { ...world.owner, placement: "aws", workload: { kind: "target" }, schedule: cron("0 6 * * *") }),
        options: { target },
      },
    });
    const request = (target: JsonObject, run = "job.x.1") => ({
      run,
      job: desired(target).job,
      attempt: 1,
      fireAt: Date.UTC(2026, 10, 24, 6),
      env: {},
    });
    const count = (call: string): number => world.calls.filter((each) => each === call).length;

    it.each(["stateMachine", "pipeline", "glueJob"] as const)(
      "a %s is scheduled as it is; what the schedule starts is a run of its fire, and is stopped",
      async (kind) => {
        const wanted = desired(targets[kind]);
        const made = await deploy(provider, wanted);
        expect(made.map((each) => each.kind)).toEqual(["schedule"]);
        const { resources } = provider.render(wanted, world.clock.now());
        expect((await provider.listDeployments()).map(({ fields }) => fields)).toEqual(
          resources.map(({ fields }) => fields),
        );
        const at = world.clock.now();
        await world.fire("job.1", at);
        const [state, ...others] = await provider.listRuns(0);
        expect(others).toEqual([]);
        expect(state).toMatchObject({ job: "job", phase: "running", startedBy: "schedule" });
        expect(state?.fireAt).toBe(Math.floor(at / 1000) * 1000);
        if (!state) throw new Error("no run");
        expect(await provider.measure(state.handle, 0)).toEqual([]);
        await provider.stop(state.handle, "polite");
        expect(await provider.inspect(state.handle)).toMatchObject({ phase: "ended", outcome: "stopped" });
        await provider.stop(state.handle, "hard");
        const allowed = allowedActions(provider.permissions?.([wanted]) ?? []);
        expect(world.calls.filter((call) => !allowed.has(call))).toEqual([]);
      },
    );

    it.each(["stateMachine", "pipeline", "glueJob"] as const)(
      "a start of a %s by rota is found by its key after a lost answer and by another daemon, and is made once",
      async (kind) => {
        const call = { stateMachine: "StartExecution", pipeline: "StartPipelineExecution", glueJob: "StartJobRun" }[
          kind
        ];
        let left = 1;
        world.front.fault = ({ operation }) => (operation === call && left-- > 0 ? { kind: "lost" } : undefined);
        await provider.start(request(targets[kind])).catch(() => undefined);
        const other = await world.provider();
        const { handle } = await other.start(request(targets[kind]));
        expect(await provider.find("job.x.1")).toMatchObject({ handle, run: "job.x.1", job: "job", startedBy: "rota" });
        expect(await provider.find("job.y.1")).toBeUndefined();
        const stranger = await world.provider({ ...world.owner, namespace: `${world.owner.namespace}-2` });
        expect(await codeOf(stranger.stop(handle, "hard"))).toBe("denied");
        expect((await provider.inspect(handle)).phase).toBe("running");
        await deploy(provider, desired(targets[kind]));
        // The look-up above has asked what is scheduled, when nothing was: that stands for two minutes.
        await world.clock.advance(3 * 60_000);
        expect(await provider.listRuns(0)).toHaveLength(1);
        await other.close();
        await stranger.close();
      },
    );

    it.each(["stateMachine", "pipeline", "glueJob"] as const)(
      "a start of a %s is found, and not made again, on another machine, which has no note of it",
      async (kind) => {
        const { handle } = await provider.start(request(targets[kind]));
        const elsewhere = await world.provider(world.owner, {}, `${world.stateDir}-2`);
        try {
          // What is deployed says where to look; a start brings its own target.
          expect(await elsewhere.find("job.x.1")).toBeUndefined();
          await deploy(provider, desired(targets[kind]));
          await world.clock.advance(5 * 60_000);
          expect(await elsewhere.find("job.x.1")).toMatchObject({ handle, run: "job.x.1", startedBy: "rota" });
          expect(await elsewhere.find("job.y.1")).toBeUndefined();
          expect((await elsewhere.start(request(targets[kind]))).handle).toEqual(handle);
          await provider.stop(handle, "hard");
          expect((await elsewhere.start(request(targets[kind]))).handle).toEqual(handle);
          expect(await provider.listRuns(0)).toHaveLength(1);
          const call = {
            stateMachine: "sfn:StartExecution",
            pipeline: "sagemaker:StartPipelineExecution",
            glueJob: "glue:StartJobRun",
          };
          expect(count(call[kind])).toBe(1);
        } finally {
          await elsewhere.close();
          await rm(`${world.stateDir}-2`, { recursive: true, force: true });
        }
      },
    );

    it("an execution that somebody else started is nobody's run here", async () => {
      await deploy(provider, desired(targets.stateMachine));
      const stateMachineArn = targets.stateMachine["stateMachine"] as string;
      await world.raw("sfn", "StartExecution", { stateMachineArn, input: '{"rota":{"namespace":"other"}}' });
      await world.raw("sfn", "StartExecution", { stateMachineArn, input: "[]" });
      expect(await provider.listRuns(0)).toEqual([]);
      const { executions = [] } = await world.hands.send("sfn:ListExecutions", { stateMachineArn });
      expect(await codeOf(provider.stop({ execution: executions[0]?.executionArn ?? "" }, "hard"))).toBe("denied");
    });

    it("a function is scheduled; nobody sees its runs, the plan says so, and a start of rota's is sent once at most", async () => {
      const wanted = desired({ lambda: FUNCTION, input: { report: "weekly" } });
      const { warnings, resources } = provider.render(wanted, world.clock.now());
      expect(warnings.join()).toContain("Lambda lists no invocations");
      expect(provider.unseen?.(wanted.job)).toContain("Lambda");
      expect(resources[0]?.fields).toMatchObject({
        target: FUNCTION,
        input: { report: "weekly", rota: { job: "job" } },
      });
      await deploy(provider, wanted);
      expect((await provider.listDeployments())[0]?.job).toBe("job");
      // moto has no such function: whatever it answers, the outcome is noted and the request not repeated.
      await provider.start(request({ lambda: FUNCTION })).catch(() => undefined);
      expect(await provider.start(request({ lambda: FUNCTION }))).toMatchObject({ phase: "ended", outcome: "lost" });
      expect(count("lambda:Invoke")).toBe(1);
      expect(await provider.prune?.(world.clock.now() + 1)).toBe(1);
    });
  },
);
