import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DesiredJob, HOUR, MINUTE, SECOND, type VmWorkload } from "../../src/model/index.ts";
import type { Provider, RunState } from "../../src/provider/index.ts";
import { codeOf } from "../conformance/codes.ts";
import { deploy } from "../conformance/subject.ts";
import { cron, job } from "../support/jobs.ts";
import { allowedActions, statementsOf } from "./aws/policy.ts";
import { AwsWorld, WHY_SKIPPED } from "./aws/world.ts";

describe.skipIf(WHY_SKIPPED !== undefined)(
  `AWS, machines${WHY_SKIPPED === undefined ? "" : ` (skipped: ${WHY_SKIPPED})`}`,
  () => {
    let world: AwsWorld;
    let provider: Provider;
    /** Two of ours, and one of somebody else's. */
    let ids: readonly string[];
    beforeEach(async () => {
      world = await AwsWorld.open();
      provider = await world.provider();
      ids = await world.makeMachines([`batch-${world.cluster}`, `batch-${world.cluster}`, `web-${world.cluster}`]);
      world.clock.advance(HOUR);
    });
    afterEach(async () => {
      expect(world.problems).toEqual([]);
      const stopping = desired({ ...byTag(), action: "stop" });
      const allowed = allowedActions(provider.permissions?.([desired(byId()), desired(byTag()), stopping]) ?? []);
      expect(world.calls.filter((call) => !allowed.has(call))).toEqual([]);
      await provider.close();
      await world.close();
    });

    const desired = (workload: Partial<VmWorkload>, guard: Partial<DesiredJob["job"]["guard"]> = {}): DesiredJob => {
      const base = job("wake", {
        ...world.owner,
        placement: "aws",
        workload: { kind: "vm", instances: [], tags: {}, action: "start", ...workload },
        schedule: cron("0 6 * * *"),
      });
      return { job: { ...base, guard: { ...base.guard, ...guard } } };
    };
    const request = (of: DesiredJob, run = "wake.x.1") => ({ run, job: of.job, attempt: 1, fireAt: 0, env: {} });
    const byId = () => ({ instances: ids.slice(0, 2) });
    const byTag = () => ({ tags: { role: `batch-${world.cluster}` } });
    const states = () => world.machineStates(ids);
    const since = () => world.clock.now() - HOUR;
    const seen = async (by: Provider = provider): Promise<readonly RunState[]> => by.listRuns(since());
    /** The schedule's fire, and the one run that is seen of it. */
    const fire = async (of: DesiredJob = desired(byId())): Promise<RunState> => {
      await deploy(provider, of);
      await world.fire("wake.1", world.clock.now());
      const [state] = await seen();
      if (!state) throw new Error("no run is seen");
      return state;
    };

    it.each([
      ["by id", byId],
      ["by tag", byTag],
    ] as const)("%s are scheduled, listed again, seen, and taken down", async (_how, which) => {
      const wanted = desired(which());
      const [schedule] = await deploy(provider, wanted);
      expect(schedule?.fields["target"]).toMatch(/:ssm:startAutomationExecution$/);
      const [listed, ...others] = await provider.listDeployments();
      expect(others).toEqual([]);
      expect(listed).toMatchObject({ job: "wake", fields: schedule?.fields });
      expect(provider.unseen?.(wanted.job)).toBeUndefined();
      if (listed) await provider.apply({ action: "delete", actual: listed, why: "test" });
      expect(await provider.listDeployments()).toEqual([]);
    });

    it.each([
      ["by id", byId],
      ["by tag", byTag],
    ] as const)(
      "%s: a fire is a run from the first launch until all that it started are stopped",
      async (_how, which) => {
        const at = world.clock.now();
        const run = await fire(desired(which()));
        expect(run).toMatchObject({ job: "wake", startedBy: "schedule", phase: "starting", requestedAt: at });
        expect(run.fireAt).toBe(Math.floor(at / SECOND) * SECOND);
        expect(run.run).toBeUndefined();
        expect(await states()).toEqual(["running", "running", "stopped"]);

        world.clock.advance(30 * SECOND);
        const running = await provider.inspect(run.handle);
        const launchedAt = Math.floor(at / SECOND) * SECOND;
        const machine = { type: "m5.large", vcpu: 2, from: launchedAt };
        expect(running).toMatchObject({ phase: "running", startedAt: launchedAt });
        expect(running.rented).toEqual([...ids.slice(0, 2)].sort().map((id) => ({ id, ...machine })));

        world.clock.advance(2 * HOUR);
        await world.person("ec2", "StopInstances", { InstanceIds: [ids[0] ?? ""] });
        world.clock.advance(HOUR);
        expect(await provider.inspect(run.handle)).toMatchObject({ phase: "running" });
        const downAt = Math.floor(world.clock.now() / SECOND) * SECOND;
        await world.person("ec2", "StopInstances", { InstanceIds: [ids[1] ?? ""] });
        world.clock.advance(10 * SECOND);
        expect(await provider.inspect(run.handle)).toMatchObject({ phase: "running" });
        world.clock.advance(MINUTE);
        const ended = await provider.inspect(run.handle);
        expect(ended).toMatchObject({ phase: "ended", outcome: "succeeded", startedAt: launchedAt, endedAt: downAt });
        expect(ended.elapsedSeconds).toBe((downAt - launchedAt) / 1000);
        expect(ended.rented?.map(({ until }) => until).sort()).toEqual([downAt - HOUR, downAt]);
        // Another daemon, that knows nothing of it, sees the same.
        const other = await world.provider();
        expect(await other.inspect(run.handle)).toEqual(ended);
        expect(await seen(other)).toEqual([ended]);
        world.clock.advance(2 * HOUR);
        expect(await seen(other)).toEqual([]);
        await other.close();
      },
    );

    it("who asked is told: the schedule, rota, or a person who executed the runbook with the job's tags", async () => {
      const wanted = desired(byId());
      await fire(wanted);
      world.clock.advance(SECOND);
      await provider.start(request(wanted));
      world.clock.advance(SECOND);
      const [first] = world.front.machines.executions;
      await world.person("ssm", "StartAutomationExecution", {
        DocumentName: "AWS-StartEC2Instance",
        TargetParameterName: "InstanceId",
        Targets: [{ Key: "ParameterValues", Values: [ids[0] ?? ""] }],
        Tags: (first?.tags ?? []).filter(({ Key }) => Key !== "rota:fire").map((tag) => ({ ...tag })),
      });
      expect((await seen()).map(({ startedBy, run }) => [startedBy, run])).toEqual([
        ["schedule", undefined],
        ["rota", "wake.x.1"],
        ["person", undefined],
      ]);
    });

    it("a machine that ran before is not part of it; when all did, it ends at once", async () => {
      await world.person("ec2", "StartInstances", { InstanceIds: [ids[0] ?? ""] });
      world.clock.advance(HOUR);
      const run = await fire();
      world.clock.advance(5 * MINUTE);
      expect((await provider.inspect(run.handle)).rented?.map(({ id }) => id)).toEqual([ids[1]]);
      await provider.stop(run.handle, "polite");
      expect(await states()).toEqual(["running", "stopped", "stopped"]);
      await world.person("ec2", "StartInstances", { InstanceIds: [ids[1] ?? ""] });
      world.clock.advance(HOUR);
      await world.fire("wake.1", world.clock.now());
      world.clock.advance(5 * MINUTE);
      const [again] = await seen();
      expect(again).toMatchObject({ phase: "ended", outcome: "succeeded", rented: [] });
      expect(again?.reason).toContain("ran already");
      expect(again?.startedAt).toBeUndefined();
    });

    it("a machine that somebody starts again is no longer its own: the run is over, and a stop leaves it alone", async () => {
      const run = await fire();
      world.clock.advance(HOUR);
      await world.person("ec2", "StopInstances", { InstanceIds: [...ids.slice(0, 2)] });
      world.clock.advance(HOUR);
      await world.person("ec2", "StartInstances", { InstanceIds: [ids[0] ?? ""] });
      world.clock.advance(HOUR);
      expect(await provider.inspect(run.handle)).toMatchObject({ phase: "ended", outcome: "succeeded" });
      await provider.stop(run.handle, "hard");
      expect(await states()).toEqual(["running", "stopped", "stopped"]);
    });

    it("a stop is StopInstances of its own machines, confirmed by their state", async () => {
      const run = await fire(desired(byTag()));
      world.clock.advance(5 * MINUTE);
      await world.person("ec2", "StartInstances", { InstanceIds: [ids[2] ?? ""] });
      await provider.stop(run.handle, "polite");
      expect(await provider.inspect(run.handle)).toMatchObject({ phase: "running" });
      await provider.stop(run.handle, "hard");
      world.clock.advance(MINUTE);
      expect(await provider.inspect(run.handle)).toMatchObject({ phase: "ended", outcome: "stopped" });
      expect(await states()).toEqual(["stopped", "stopped", "running"]);
      expect(world.calls.filter((call) => call === "ec2:StopInstances")).toHaveLength(1);
    });

    it.each(["always", "alone"] as const)(
      "what carries the tag, launched meanwhile by others, is left alone (told %s)",
      async (told) => {
        world.front.machines.resolved = told;
        const run = await fire(desired(byTag()));
        await world.raw("ec2", "CreateTags", {
          Resources: [ids[2] ?? ""],
          Tags: [{ Key: "role", Value: `batch-${world.cluster}` }],
        });
        world.clock.advance(MINUTE);
        await world.person("ec2", "StartInstances", { InstanceIds: [ids[2] ?? ""] });
        world.clock.advance(10 * MINUTE);
        expect((await provider.inspect(run.handle)).rented?.map(({ id }) => id)).toEqual([...ids.slice(0, 2)].sort());
        await provider.stop(run.handle, "hard");
        expect(await states()).toEqual(["stopped", "stopped", "running"]);
      },
    );

    it("where AWS does not tell which machines it started, none is stopped, and nothing is said to be free", async () => {
      world.front.machines.resolved = "truncated";
      const run = await fire(desired(byTag()));
      expect(await codeOf(provider.stop(run.handle, "hard"))).toBe("unavailable");
      world.clock.advance(10 * MINUTE);
      const state = await provider.inspect(run.handle);
      expect(state).toMatchObject({ phase: "running" });
      expect(state).not.toHaveProperty("rented");
      expect(await codeOf(provider.stop(run.handle, "hard"))).toBe("unsupported");
      expect(await states()).toEqual(["running", "running", "stopped"]);
      expect(world.calls).not.toContain("ec2:StopInstances");
    });

    it("a machine that lost the tag is left alone", async () => {
      const run = await fire(desired(byTag()));
      world.clock.advance(5 * MINUTE);
      await world.raw("ec2", "CreateTags", { Resources: [ids[0] ?? ""], Tags: [{ Key: "role", Value: "theirs" }] });
      await provider.stop(run.handle, "hard");
      expect(await states()).toEqual(["running", "stopped", "stopped"]);
    });

    it.each(["lost", "denied"] as const)("a stop whose answer is %s", async (kind) => {
      const run = await fire();
      world.clock.advance(5 * MINUTE);
      world.front.fault = ({ operation }) =>
        operation !== "StopInstances" || kind === "denied"
          ? operation === "StopInstances"
            ? { kind: "status", status: 403, name: "UnauthorizedOperation" }
            : undefined
          : { kind: "lost" };
      expect(await codeOf(provider.stop(run.handle, "polite"))).toBe(kind === "lost" ? "unavailable" : "denied");
      world.front.fault = () => undefined;
      if (kind === "denied") {
        // A person does it: that is no stop of rota's.
        world.clock.advance(HOUR);
        await world.person("ec2", "StopInstances", { InstanceIds: [...ids.slice(0, 2)] });
      }
      world.clock.advance(MINUTE);
      const outcome = kind === "lost" ? "stopped" : "succeeded";
      expect(await provider.inspect(run.handle)).toMatchObject({ phase: "ended", outcome });
    });

    it("one that EC2 does not let stop keeps no other running, and is named", async () => {
      const run = await fire();
      world.clock.advance(5 * MINUTE);
      const [kept = "", other = ""] = ids;
      world.front.fault = ({ operation, body }) =>
        operation === "StopInstances" && JSON.stringify(body).includes(kept)
          ? { kind: "status", status: 400, name: "OperationNotPermitted" }
          : undefined;
      const refusal = await provider.stop(run.handle, "polite").catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: "invalid", message: expect.stringContaining(`not stopped: ${kept}`) });
      expect((refusal as Error).message).not.toContain(other);
      expect(await states()).toEqual(["running", "stopped", "stopped"]);
      world.front.fault = () => undefined;
      await provider.stop(run.handle, "polite");
      world.clock.advance(MINUTE);
      expect(await provider.inspect(run.handle)).toMatchObject({ phase: "ended", outcome: "stopped" });
    });

    it("the second of two starts of one fire has no machine, and its stop stops none", async () => {
      const wanted = desired(byId());
      await deploy(provider, wanted);
      const at = world.clock.now();
      await world.fire("wake.1", at);
      world.clock.advance(SECOND);
      await world.fire("wake.1", at);
      world.clock.advance(5 * SECOND);
      const [first, second] = await seen();
      expect(first?.rented).toHaveLength(2);
      expect(second?.rented ?? []).toEqual([]);
      if (second) await provider.stop(second.handle, "hard");
      expect(await states()).toEqual(["running", "running", "stopped"]);
      world.clock.advance(5 * MINUTE);
      expect(await provider.inspect(second?.handle ?? null)).toMatchObject({ phase: "ended", outcome: "succeeded" });
      expect(await provider.inspect(first?.handle ?? null)).toMatchObject({ phase: "running" });
    });

    it("started by rota once, under one token; a lost answer is found", async () => {
      const wanted = desired(byTag());
      world.front.fault = ({ operation }) => (operation === "StartAutomationExecution" ? { kind: "lost" } : undefined);
      expect(await codeOf(provider.start(request(wanted)))).toBe("unavailable");
      world.front.fault = () => undefined;
      const found = await provider.find("wake.x.1");
      expect(found).toMatchObject({ run: "wake.x.1", startedBy: "rota", job: "wake" });
      expect((await provider.start(request(wanted))).handle).toEqual(found?.handle);
      expect(world.front.machines.executions).toHaveLength(1);
      const other = await world.provider();
      expect((await other.find("wake.x.1"))?.handle).toEqual(found?.handle);
      expect(await other.find("wake.y.1")).toBeUndefined();
      await other.close();
    });

    it.each(["IdempotentParameterMismatch", "InvalidAutomationExecutionParametersException"])(
      "a token that AWS has taken before (%s) is of the execution that there is",
      async (name) => {
        const wanted = desired(byId());
        world.front.fault = ({ operation }) =>
          operation === "StartAutomationExecution" ? { kind: "lost" } : undefined;
        expect(await codeOf(provider.start(request(wanted)))).toBe("unavailable");
        // Not listed at the first look, and its token is refused; by then it is.
        const [execution] = world.front.machines.executions.splice(0);
        world.front.fault = ({ operation }) => {
          if (operation !== "StartAutomationExecution" || !execution) return undefined;
          world.front.machines.executions.push(execution);
          return { kind: "status", status: 400, name };
        };
        expect(await provider.start(request(wanted))).toMatchObject({ handle: { automation: execution?.id } });
        expect(world.front.machines.executions).toHaveLength(1);
      },
    );

    it("what AWS tells late is seen late, and not taken for somebody else's", async () => {
      world.front.machines.lagMs = 10 * SECOND;
      const wanted = desired(byId());
      await deploy(provider, wanted);
      await world.fire("wake.1", world.clock.now());
      const started = await provider.start(request(wanted));
      expect(started).toMatchObject({ phase: "starting", run: "wake.x.1", job: "wake" });
      expect(await seen()).toEqual([]);
      world.clock.advance(15 * SECOND);
      // Told, and without its tags yet.
      expect(await seen()).toEqual([]);
      world.clock.advance(15 * SECOND);
      expect((await seen()).map(({ startedBy }) => startedBy).sort()).toEqual(["rota", "schedule"]);
      expect((await provider.inspect(started.handle)).run).toBe("wake.x.1");
    });

    it("machines are stopped: the run is the change, and rents nothing", async () => {
      await world.person("ec2", "StartInstances", { InstanceIds: [...ids] });
      const stopping = await provider.start(request(desired({ ...byTag(), action: "stop" }), "wake.y.1"));
      expect(stopping).toMatchObject({ phase: "running", rented: [] });
      expect(await codeOf(provider.stop(stopping.handle, "hard"))).toBe("unsupported");
      world.clock.advance(5 * MINUTE);
      const ended = await provider.inspect(stopping.handle);
      expect(ended).toMatchObject({ phase: "ended", outcome: "succeeded", elapsedSeconds: 180 });
      await provider.stop(stopping.handle, "hard");
      expect(await states()).toEqual(["stopped", "stopped", "running"]);
    });

    it("a start that came to nothing has failed, with AWS's words", async () => {
      world.front.machines.failure = "InsufficientInstanceCapacity when calling StartInstances";
      const run = await fire();
      expect(run.phase).toBe("starting");
      world.clock.advance(5 * MINUTE);
      expect(await provider.inspect(run.handle)).toMatchObject({
        phase: "ended",
        outcome: "failed",
        reason: "InsufficientInstanceCapacity when calling StartInstances",
      });
    });

    it("other people's executions are neither listed nor touched; a listing that is not whole throws", async () => {
      const run = await fire();
      const foreign = await world.provider({ ...world.owner, namespace: `${world.owner.namespace}-2` });
      expect(await codeOf(foreign.inspect(run.handle))).toBe("denied");
      expect(await codeOf(foreign.stop(run.handle, "hard"))).toBe("denied");
      await foreign.close();
      for (const refused of ["DescribeAutomationExecutions", "ListTagsForResource", "DescribeInstances"]) {
        const other = await world.provider();
        world.front.fault = ({ service, operation }) =>
          operation === refused && service !== "scheduler"
            ? { kind: "status", status: 403, name: "AccessDeniedException" }
            : undefined;
        expect(await codeOf(other.listRuns(since())), refused).toBe("denied");
        world.front.fault = () => undefined;
        expect(await other.listRuns(since()), refused).toHaveLength(1);
        await other.close();
      }
      await provider.start(request(desired(byId())));
      world.front.pageSize = 1;
      const other = await world.provider();
      world.front.fault = ({ operation, body }) =>
        operation === "DescribeAutomationExecutions" && body["NextToken"] !== undefined
          ? { kind: "status", status: 400, name: "AccessDeniedException" }
          : undefined;
      expect(await codeOf(other.listRuns(since()))).toBe("denied");
      world.front.fault = () => undefined;
      expect(await other.listRuns(since())).toHaveLength(2);
      await other.close();
    });

    it("remembers other people's executions for as long as listings show them", async () => {
      const foreign = await world.provider({ ...world.owner, namespace: `${world.owner.namespace}-2` });
      const theirs = await foreign.start({ ...request(desired(byId())), run: "wake.z.1" });
      await foreign.close();
      await fire();
      const looks = () => world.calls.filter((call) => call === "ssm:ListTagsForResource").length;
      world.clock.advance(5 * MINUTE);
      await seen();
      const known = looks();
      expect(await codeOf(provider.inspect(theirs.handle))).toBe("denied");
      expect(looks()).toBe(known);
      world.clock.advance(HOUR);
      await seen();
      world.clock.advance(HOUR);
      await seen();
      expect(looks()).toBe(known);
      expect(await codeOf(provider.inspect(theirs.handle))).toBe("denied");
      expect(looks()).toBe(known + 1);
    });

    it("a schedule of before the runbooks is known by its description, and changed to one", async () => {
      const [made] = await deploy(provider, desired(byId()));
      const GroupName = `rota.${world.owner.namespace}.${world.owner.environment}`;
      const held = await world.hands.send("scheduler:GetSchedule", { Name: made?.id, GroupName });
      await world.hands.send("scheduler:UpdateSchedule", {
        Name: made?.id,
        GroupName,
        Description: "rota: job wake",
        ScheduleExpression: held.ScheduleExpression,
        FlexibleTimeWindow: { Mode: "OFF" },
        Target: {
          Arn: "arn:aws:scheduler:::aws-sdk:ec2:startInstances",
          RoleArn: held.Target?.RoleArn,
          Input: JSON.stringify({ InstanceIds: ids.slice(0, 2) }),
        },
      });
      const [actual] = await provider.listDeployments();
      expect(actual?.job).toBe("wake");
      const [wanted] = provider.render(desired(byId()), world.clock.now()).resources;
      if (!actual || !wanted) throw new Error("nothing to change");
      const changed = await provider.apply({ action: "update", actual, desired: wanted, why: "test" } as never);
      expect(changed?.fields["target"]).toMatch(/ssm:startAutomationExecution$/);
    });

    it("doctor tries what sees their runs, where there are any", async () => {
      const finding = async () => (await provider.check()).find(({ check }) => check === "machines");
      expect(await finding()).toBeUndefined();
      await deploy(provider, desired(byTag()));
      expect(await finding()).toMatchObject({ ok: true });
      world.front.fault = ({ operation }) =>
        operation === "DescribeAutomationExecutions"
          ? { kind: "status", status: 400, name: "AccessDeniedException" }
          : undefined;
      expect(await finding()).toMatchObject({ ok: false, detail: expect.stringContaining("AccessDenied") });
    });

    it("without a vm job Systems Manager and EC2 are not asked", async () => {
      await provider.listRuns(since());
      expect(world.calls.filter((call) => /^(?:ssm|ec2):/.test(call))).toEqual([]);
    });

    it("measured by CloudWatch: the sum over its machines, five minutes each, and what is unknown stays so", async () => {
      const run = await fire();
      const startedAt = Math.floor(world.clock.now() / SECOND) * SECOND;
      const firstPeriod = Math.ceil(startedAt / (5 * MINUTE)) * 5 * MINUTE;
      const quiet: Readonly<Record<string, number>> = {
        CPUUtilization: 1,
        NetworkIn: 1000,
        NetworkOut: 500,
        EBSReadBytes: 0,
        EBSWriteBytes: 4096,
      };
      let lacks: string | undefined;
      world.front.machines.figures = (machine, metric) =>
        machine === ids[1] && metric === lacks ? undefined : quiet[metric];
      world.clock.advance(20 * MINUTE);
      const samples = await provider.measure(run.handle, firstPeriod);
      expect(samples.length).toBeGreaterThanOrEqual(2);
      expect(samples[0]).toEqual({
        from: firstPeriod,
        to: firstPeriod + 5 * MINUTE,
        cpuSeconds: 12,
        readBytes: 0,
        writtenBytes: 8192,
        networkBytes: 3000,
      });
      // Asked again at once it would cost again: it is told when there can be news.
      const last = samples.at(-1)?.to ?? 0;
      expect(await provider.measure(run.handle, last)).toEqual([]);
      expect(world.calls.filter((call) => call === "cloudwatch:GetMetricData")).toHaveLength(1);
      lacks = "EBSWriteBytes";
      world.clock.advance(30 * MINUTE);
      const [partial] = await provider.measure(run.handle, last);
      expect(partial).toMatchObject({ from: last, cpuSeconds: 12, readBytes: 0 });
      expect(partial).not.toHaveProperty("writtenBytes");
    });

    it("what a machine did before it went down is unknown while CloudWatch does not tell it, and then nothing", async () => {
      const run = await fire();
      const step = 5 * MINUTE;
      const first = Math.ceil(world.clock.now() / step) * step;
      world.clock.advance(first + step + MINUTE - world.clock.now());
      await world.person("ec2", "StopInstances", { InstanceIds: [ids[1] ?? ""] });
      world.front.machines.figures = (machine) => (machine === ids[1] ? undefined : 1);
      world.clock.advance(20 * MINUTE);
      const samples = await provider.measure(run.handle, first);
      expect(samples.slice(0, 3).map(({ from, networkBytes }) => [(from - first) / step, networkBytes])).toEqual([
        [0, undefined],
        [1, undefined],
        [2, 2],
      ]);
    });

    it("what EC2 and Systems Manager cannot do is refused, with a way out", async () => {
      const reason = (of: DesiredJob) => provider.render(of, world.clock.now()).refusal?.reason;
      expect(reason(desired({ instances: ["web-1"] }))).toContain("no instance's id");
      expect(reason(desired({ tags: { a: "1", b: "2" } }))).toContain("one tag");
      expect(reason(desired({ instances: ids, tags: { a: "1" } }))).toContain("two calls");
      const many = Array.from({ length: 51 }, (_, index) => `i-${String(index).padStart(8, "0")}`);
      expect(reason(desired({ instances: many }))).toContain("50 ids");
      expect(await codeOf(provider.start(request(desired({ tags: { role: "nobody" } }))))).toBe("invalid");
    });

    it("the plan says that limits stop the machines, or that nothing does", () => {
      const warnings = (guard: Partial<DesiredJob["job"]["guard"]>) =>
        provider.render(desired(byId(), guard), world.clock.now()).warnings.join("\n");
      expect(warnings({ idleSeconds: 1800 })).toMatch(/STOPS THE MACHINES .* idle for 30m/);
      expect(warnings({ durationSeconds: 7200, protect: true })).toMatch(/stops nothing: when they are 2h/);
      expect(warnings({})).toContain("no limit");
    });

    it("a type of machine may be said for estimates, of machines alone", () => {
      const wanted = desired(byId());
      const typed = { job: { ...wanted.job, options: { instanceType: "m5.large" } } };
      expect(provider.render(typed, world.clock.now()).refusal).toBeUndefined();
      const workload = {
        kind: "container",
        image: "a:1",
        command: [],
        cpu: 1,
        memoryBytes: 2 ** 31,
        env: {},
        secrets: {},
      } as const;
      const reason = provider.render({ job: { ...typed.job, workload } }, world.clock.now()).refusal?.reason;
      expect(reason).toContain("vm jobs");
    });

    it("the policies name these machines, or their tag, and no other", () => {
      const statements = statementsOf(
        provider.permissions?.([desired({ instances: ids.slice(0, 1) })]) ?? [],
        "scheduler-policy",
      );
      expect(statements.find(({ Sid }) => Sid === "StartMachines")?.Resource).toEqual([
        `arn:aws:ec2:us-east-1:123456789012:instance/${ids[0]}`,
      ]);
      expect(statements.map(({ Sid }) => Sid)).toContain("Runbooks");
      expect(statements.flatMap(({ Action }) => Action)).not.toContain("tag:GetResources");
      const tagged = statementsOf(provider.permissions?.([desired(byTag())]) ?? [], "scheduler-policy");
      expect(tagged.flatMap(({ Action }) => Action)).toContain("tag:GetResources");
      expect(tagged.find(({ Sid }) => Sid === "StartMachinesByTag1")?.Condition).toEqual({
        StringEquals: { "aws:ResourceTag/role": `batch-${world.cluster}` },
      });
    });
  },
);
