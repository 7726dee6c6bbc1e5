import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { priceBook } from "../../src/cost/index.ts";
import { deploy } from "../../src/engine/deploy/deployer.ts";
import type { OpenPlacement } from "../../src/engine/env.ts";
import { ControlError } from "../../src/engine/fault.ts";
import { openMemoryLedger } from "../../src/ledger/index.ts";
import type { DesiredJob, ObservedResource } from "../../src/model/index.ts";
import { ProviderError } from "../../src/provider/index.ts";
import { codeOf } from "../conformance/codes.ts";
import { cron, desiredState, job, NOW } from "../support/jobs.ts";
import { SeededRandom } from "../support/random.ts";
import type { Exchange, Fault } from "./aws/front.ts";
import { type AwsSubject, openAwsSubject } from "./aws/subject.ts";
import { WHY_SKIPPED } from "./aws/world.ts";

/** The short form; `ROTA_AWS_APPLIES=200` is the whole campaign. */
const APPLIES = Number(process.env["ROTA_AWS_APPLIES"] ?? 40);
const LOOK_ALIKES = 1000;

describe.skipIf(WHY_SKIPPED !== undefined)(
  `AWS with faults${WHY_SKIPPED === undefined ? "" : ` (skipped: ${WHY_SKIPPED})`}`,
  () => {
    let subject: AwsSubject;
    beforeEach(async () => {
      subject = await openAwsSubject();
    });
    afterEach(async () => {
      expect(subject.world.problems).toEqual([]);
      await subject.close();
    });

    const desired = (expression = "0 6 * * *", name = "job"): DesiredJob => ({
      job: job(name, {
        ...subject.owner,
        placement: "aws",
        workload: subject.workloads.quick,
        schedule: cron(expression, { timezone: "America/Toronto" }),
      }),
    });
    const create = async (of: DesiredJob = desired()): Promise<readonly ObservedResource[]> => {
      const made: ObservedResource[] = [];
      for (const resource of subject.provider.render(of, NOW).resources) {
        const one = await subject.provider.apply({ action: "create", desired: resource, why: "test" });
        if (one) made.push(one);
      }
      return made;
    };
    /** Once, for the first request of that operation. */
    const once = (operation: string, fault: Fault): void => {
      let left = 1;
      subject.world.front.fault = (exchange: Exchange) =>
        exchange.operation === operation && left-- > 0 ? fault : undefined;
    };
    const count = (call: string): number => subject.world.front.exchanges.filter((each) => each === call).length;

    it("waits as long as a throttled answer says, and goes on", async () => {
      await create();
      once("ListSchedules", { kind: "status", status: 429, retryAfterSeconds: 7 });
      const before = subject.world.clock.now();
      expect(await subject.provider.listDeployments()).toHaveLength(2);
      expect(subject.world.clock.now() - before).toBeGreaterThanOrEqual(7000);
    });

    it.each<[string, Fault]>([
      ["503", { kind: "status", status: 503 }],
      ["a page that is no JSON", { kind: "html" }],
      ["a connection that breaks", { kind: "lost" }],
    ])("reads again after %s", async (_what, fault) => {
      await create();
      once("GetSchedule", fault);
      expect(await subject.provider.listDeployments()).toHaveLength(2);
    });

    it("gives up in bounded time when the outage goes on, and says unavailable", async () => {
      subject.world.front.fault = ({ operation }) =>
        operation === "ListTasks" ? { kind: "status", status: 500 } : undefined;
      expect(await codeOf(subject.provider.listRuns(0))).toBe("unavailable");
      expect(count("ecs:ListTasks")).toBeLessThanOrEqual(16);
    });

    it("a creation whose answer is lost is made once", async () => {
      once("CreateSchedule", { kind: "lost" });
      expect((await create()).map(({ kind }) => kind)).toEqual(["taskDefinition", "schedule"]);
      expect(count("scheduler:CreateSchedule")).toBe(2);
      expect((await subject.provider.listDeployments()).filter(({ kind }) => kind === "schedule")).toHaveLength(1);
    });

    it("a start whose answer is lost is not sent again by the adapter, is found, and starts one task", async () => {
      await create();
      once("RunTask", { kind: "lost" });
      const request = {
        run: "key-1",
        job: desired().job,
        attempt: 1,
        fireAt: subject.world.clock.now(),
        env: { ROTA_RUN: "key-1" },
      };
      expect(await codeOf(subject.provider.start(request))).toBe("unavailable");
      expect(count("ecs:RunTask")).toBe(1);
      const found = await subject.provider.find("key-1");
      expect((await subject.provider.start(request)).handle).toEqual(found?.handle);
      expect(await subject.world.tasks()).toHaveLength(1);
    });

    it.each([
      "ListScheduleGroups",
      "ListTagsForResource",
      "ListSchedules",
      "GetSchedule",
      "ListTaskDefinitionFamilies",
      "DescribeTaskDefinition",
    ])("denied at %s is denied, and never absence", async (operation) => {
      await create();
      once(operation, { kind: "status", status: 400, name: "AccessDeniedException" });
      expect(await codeOf(subject.provider.listDeployments())).toBe("denied");
    });

    it("a quota that is used up says so at once, and how to mend it", async () => {
      subject.world.front.fault = ({ operation }) =>
        operation === "CreateSchedule"
          ? { kind: "status", status: 402, name: "ServiceQuotaExceededException" }
          : undefined;
      await expect(create()).rejects.toMatchObject({ code: "invalid", fix: expect.stringContaining("quota") });
      expect(count("scheduler:CreateSchedule")).toBe(1);
    });

    it("credentials of another account are refused before anything is asked or changed", async () => {
      const other = await subject.world.provider(subject.owner, { account: "999999999999" });
      expect(await codeOf(other.listDeployments())).toBe("denied");
      expect(
        await codeOf(
          other.apply({
            action: "create",
            desired: subject.provider.render(desired(), NOW).resources[0] as never,
            why: "test",
          }),
        ),
      ).toBe("denied");
      expect(new Set(subject.world.front.exchanges)).toEqual(new Set(["query:GetCallerIdentity"]));
      await other.close();
    });

    it("a group of our name without our tags is somebody's: nothing is read as ours, nothing is put there", async () => {
      const Name = `rota.${subject.owner.namespace}.${subject.owner.environment}`;
      await subject.world.hands.send("scheduler:CreateScheduleGroup", { Name });
      expect(await codeOf(subject.provider.listDeployments())).toBe("denied");
      expect(await codeOf(create())).toBe("denied");
    });

    it("what was set by hand beside what rota manages is shown, and said again with every update", async () => {
      const [, schedule] = await create();
      const group = `rota.${subject.owner.namespace}.${subject.owner.environment}`;
      const read = await subject.world.hands.send("scheduler:GetSchedule", { Name: schedule?.id, GroupName: group });
      const queue = "arn:aws:sqs:us-east-1:123456789012:dead";
      const key = "arn:aws:kms:us-east-1:123456789012:key/1";
      await subject.world.hands.send("scheduler:UpdateSchedule", {
        Name: schedule?.id,
        GroupName: group,
        ScheduleExpression: read.ScheduleExpression,
        ScheduleExpressionTimezone: read.ScheduleExpressionTimezone,
        FlexibleTimeWindow: read.FlexibleTimeWindow,
        Description: "ask Ada before you touch this",
        KmsKeyArn: key,
        Target: {
          ...read.Target,
          Arn: read.Target?.Arn,
          RoleArn: read.Target?.RoleArn,
          DeadLetterConfig: { Arn: queue },
        },
      });
      const byHand = { description: "ask Ada before you touch this", kmsKey: key, deadLetterQueue: queue };
      const actual = (await subject.provider.listDeployments()).find(({ kind }) => kind === "schedule");
      expect(actual?.unmanaged).toEqual(byHand);
      expect(actual?.fields).toEqual(schedule?.fields);
      const changed = subject.provider.render(desired("30 7 * * *"), NOW).resources[1];
      if (!actual || !changed) throw new Error("no schedule");
      const updated = await subject.provider.apply({
        action: "update",
        desired: changed,
        actual,
        fields: [],
        why: "test",
      });
      expect(updated).toMatchObject({ unmanaged: byHand, fields: { expression: "cron(30 7 * * ? *)" } });
    });

    it("a task definition keeps what was set by hand through a new revision", async () => {
      const [definition] = await create();
      const family = definition?.id ?? "";
      const { taskDefinition, tags } = await subject.world.hands.send("ecs:DescribeTaskDefinition", {
        taskDefinition: family,
        include: ["TAGS"],
      });
      const [container] = taskDefinition?.containerDefinitions ?? [];
      await subject.world.hands.send("ecs:RegisterTaskDefinition", {
        family,
        tags,
        networkMode: "awsvpc",
        requiresCompatibilities: ["FARGATE"],
        cpu: taskDefinition?.cpu,
        memory: taskDefinition?.memory,
        executionRoleArn: taskDefinition?.executionRoleArn,
        runtimePlatform: taskDefinition?.runtimePlatform,
        volumes: [{ name: "scratch" }],
        containerDefinitions: [{ ...container, mountPoints: [{ sourceVolume: "scratch", containerPath: "/scratch" }] }],
      });
      const actual = (await subject.provider.listDeployments()).find(({ kind }) => kind === "taskDefinition");
      expect(actual?.unmanaged).toMatchObject({
        volumes: [{ name: "scratch" }],
        container: { mountPoints: [{ sourceVolume: "scratch" }] },
      });
      const base = desired();
      const changed = subject.provider.render({ job: { ...base.job, workload: { ...subject.workloads.failing } } }, NOW)
        .resources[0];
      if (!actual || !changed) throw new Error("no definition");
      const updated = await subject.provider.apply({
        action: "update",
        desired: changed,
        actual,
        fields: [],
        why: "test",
      });
      expect(updated).toMatchObject({ unmanaged: actual.unmanaged, fields: { command: ["failing"] } });
    });

    it(`of ${LOOK_ALIKES} look-alikes none changes through ${APPLIES} applies with faults; afterwards a plan has nothing to do`, async () => {
      const { world, provider } = subject;
      await subject.plantForeign(LOOK_ALIKES);
      const before = await subject.foreign();
      expect((before as { readonly schedules: readonly string[] }).schedules.length).toBeGreaterThanOrEqual(
        LOOK_ALIKES,
      );
      const ledger = await openMemoryLedger(world.clock);
      const placements = new Map<string, OpenPlacement>([
        ["aws", { provider, options: world.options, prices: priceBook() }],
      ]);
      const random = new SeededRandom(4);
      const context = {
        ledger,
        placements,
        now: () => world.clock.now(),
        record: async (events: Parameters<typeof ledger.append>[0]) => {
          await ledger.append(events);
        },
      };
      const round = async (): Promise<boolean> => {
        const names = ["a", "b", "c"].filter(() => random.chance(0.7));
        const jobs = (names.length > 0 ? names : ["a"]).map((name) => desired(`${random.below(60)} 6 * * *`, name));
        const safety = { maxStops: 10, share: 0.1, perSeconds: 900, maxDeletes: 1 };
        const state = desiredState(jobs, {
          ...subject.owner,
          safety,
          environment: { name: "dev", placement: "aws", deployWindows: [] },
        } as never);
        try {
          const outcome = await deploy(context, { desired: state, by: "test" });
          return outcome.ok && outcome.result.failures.length === 0;
        } catch (error) {
          if (error instanceof ProviderError || error instanceof ControlError) return false;
          throw error;
        }
      };
      const kinds: readonly Fault[] = [
        { kind: "status", status: 429, retryAfterSeconds: 1 },
        { kind: "status", status: 503 },
        { kind: "status", status: 400, name: "AccessDeniedException" },
        { kind: "html" },
        { kind: "lost" },
      ];
      world.front.fault = () => (random.chance(0.04) ? random.pick(kinds) : undefined);
      let whole = 0;
      for (let apply = 0; apply < APPLIES; apply += 1) if (await round()) whole += 1;
      expect(whole).toBeGreaterThan(APPLIES / 4);
      expect(whole).toBeLessThan(APPLIES);
      world.front.fault = () => undefined;
      expect(await subject.foreign()).toEqual(before);
      expect(await round()).toBe(true);
      expect(await subject.foreign()).toEqual(before);
    }, 240_000);
  },
);
