import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DesiredJob, MINUTE, type RunHandle } from "../../src/model/index.ts";
import type { Provider } from "../../src/provider/index.ts";
import { codeOf } from "../conformance/codes.ts";
import { deploy } from "../conformance/subject.ts";
import { cron, job } from "../support/jobs.ts";
import { allowedActions } from "./aws/policy.ts";
import { ACCOUNT, AwsWorld, REGION, WHY_SKIPPED } from "./aws/world.ts";

describe.skipIf(WHY_SKIPPED !== undefined)(
  `AWS, changes by a queue${WHY_SKIPPED === undefined ? "" : ` (skipped: ${WHY_SKIPPED})`}`,
  () => {
    let world: AwsWorld;
    let provider: Provider;
    let name: string;
    let url: string;
    beforeEach(async () => {
      world = await AwsWorld.open();
      const jobQueue = await world.makeQueue();
      provider = await world.provider(world.owner, { events: "sqs", jobQueue });
      name = `rota_${world.owner.namespace}_dev`;
      await deploy(provider, desired());
      ({ QueueUrl: url } = (await world.hands.send("sqs:GetQueueUrl", { QueueName: name })) as { QueueUrl: string });
    });
    afterEach(async () => {
      expect(world.problems).toEqual([]);
      await provider.close();
      await world.close();
    });

    const desired = (runner: "ecs" | "batch" = "ecs"): DesiredJob => ({
      job: job("churn", {
        ...world.owner,
        placement: "aws",
        workload: {
          kind: "container",
          image: "a:1",
          command: ["endless"],
          cpu: 1,
          memoryBytes: 2 ** 31,
          env: {},
          secrets: {},
        },
        schedule: cron("0 6 * * *"),
        options: { runner },
      }),
    });
    const arn = (service: string, rest: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
    const family = (name = "churn"): string => `rota_${world.owner.namespace}_dev_${name}`;
    const taskArn = (digit: string): string => arn("ecs", `task/${world.cluster}/${digit.repeat(32)}`);
    const taskEvent = (digit: string, definition = family(), version = 1): string =>
      JSON.stringify({
        source: "aws.ecs",
        "detail-type": "ECS Task State Change",
        detail: {
          clusterArn: arn("ecs", `cluster/${world.cluster}`),
          lastStatus: "STOPPED",
          taskArn: taskArn(digit),
          taskDefinitionArn: arn("ecs", `task-definition/${definition}:1`),
          version,
        },
      });
    const send = async (...bodies: readonly string[]): Promise<void> => {
      for (const MessageBody of bodies) await world.raw("sqs", "SendMessage", { QueueUrl: url, MessageBody });
    };
    /** The next so many that are told. */
    const told = async (count: number): Promise<readonly RunHandle[]> => {
      const handles: RunHandle[] = [];
      if (provider.changes === undefined) throw new Error("tells nothing");
      for await (const handle of provider.changes()) {
        handles.push(handle);
        if (handles.length === count) break;
      }
      return handles;
    };
    const left = async (): Promise<number> => {
      const { Attributes } = (await world.raw("sqs", "GetQueueAttributes", {
        QueueUrl: url,
        AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
      })) as { Attributes: Readonly<Record<string, string>> };
      return Object.values(Attributes).reduce((sum, each) => sum + Number(each), 0);
    };

    /** The rule as it is held, on a bus of the test's own: moto hands events also to the scheduled rules of others. */
    const ownBus = async (): Promise<string> => {
      const Name = `rota.${world.owner.namespace}.dev.events.ecs`;
      const EventBusName = `bus-${world.cluster}`;
      const { EventPattern = "" } = await world.hands.send("eventbridge:DescribeRule", { Name });
      const { Targets = [] } = await world.hands.send("eventbridge:ListTargetsByRule", { Rule: Name });
      await world.raw("eventbridge", "CreateEventBus", { Name: EventBusName });
      await world.hands.send("eventbridge:PutRule", { Name, EventBusName, EventPattern });
      await world.hands.send("eventbridge:PutTargets", { Rule: Name, EventBusName, Targets });
      return EventBusName;
    };

    it("an event on the bus comes by the rule and the queue to the run's handle; others' do not", async () => {
      const EventBusName = await ownBus();
      const events = [
        taskEvent("b", "theirs"),
        taskEvent("c", family().replace("_dev_", "_dev2_")),
        taskEvent("d", family().replace("rota_acme", "rota_x-acme")),
        taskEvent("a"),
      ].map((text) => {
        const { source, detail, "detail-type": DetailType } = JSON.parse(text) as Record<string, unknown>;
        return { Source: source, DetailType, Detail: JSON.stringify(detail), EventBusName } as never;
      });
      await world.raw("eventbridge", "PutEvents", { Entries: events });
      expect(await left()).toBe(1);
      expect(await told(1)).toEqual([{ task: taskArn("a") }]);
      expect(await left()).toBe(0);
      const allowed = allowedActions(provider.permissions?.([desired()]) ?? []);
      expect(world.calls.filter((call) => !allowed.has(call))).toEqual([]);
    });

    it("a run that is told of is what its service says, not what the event did", async () => {
      const run = await provider.start({ run: "churn.x.1", job: desired().job, attempt: 1, fireAt: 0, env: {} });
      const { task } = run.handle as { task: string };
      await send(taskEvent("a").replace(taskArn("a"), task));
      const [handle] = await told(1);
      expect(handle).toEqual(run.handle);
      expect((await provider.inspect(handle ?? "")).phase).not.toBe("ended");
    });

    it("doubled, disordered and malformed messages do no harm, and others' stay in the queue", async () => {
      const batch = JSON.stringify({
        "detail-type": "Batch Job State Change",
        detail: { jobId: "not-an-id", jobDefinition: arn("batch", `job-definition/${family()}:1`) },
      });
      await send("", "{", "null", '{"detail-type":"ECS Task State Change"}', batch, taskEvent("b", "theirs"));
      await send(taskEvent("a", family(), 3), taskEvent("a", family(), 1), taskEvent("d"), taskEvent("a", family(), 3));
      const handles = await told(2);
      expect(handles).toEqual(expect.arrayContaining([{ task: taskArn("a") }, { task: taskArn("d") }]));
      expect(await left()).toBe(6);
    });

    it("what is denied or gone says so, and is said by doctor", async () => {
      world.front.fault = ({ operation }) =>
        operation === "ReceiveMessage" ? { kind: "status", status: 403, name: "AccessDenied" } : undefined;
      expect(await codeOf(told(1))).toBe("denied");
      world.front.fault = () => undefined;
      const about = async () => (await provider.check()).find(({ check }) => check === "events queue");
      expect(await about()).toMatchObject({ ok: true, detail: expect.stringContaining("about 0 messages") });
      const anybody = { Effect: "Allow", Principal: "*", Action: "sqs:SendMessage" };
      const { Attributes } = await world.hands.send("sqs:GetQueueAttributes", {
        QueueUrl: url,
        AttributeNames: ["All"],
      });
      const added = JSON.parse(Attributes?.Policy ?? "{}") as { Statement: unknown[] };
      added.Statement.push({ ...anybody, Resource: Attributes?.QueueArn });
      await world.raw("sqs", "SetQueueAttributes", { QueueUrl: url, Attributes: { Policy: JSON.stringify(added) } });
      expect(await about()).toMatchObject({ ok: "warning", fix: "rota apply sets it back" });
      await world.raw("sqs", "SetQueueAttributes", { QueueUrl: url, Attributes: { Policy: "" } });
      expect(await about()).toMatchObject({ ok: false, detail: expect.stringContaining("does not let EventBridge") });
      const Policy = JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Principal: { Service: "events.amazonaws.com" },
            Action: "sqs:SendMessage",
            Resource: `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`,
          },
        ],
      });
      await world.raw("sqs", "SetQueueAttributes", { QueueUrl: url, Attributes: { Policy } });
      // Of a queue of the user's own it is enough that EventBridge may.
      const eventsQueue = `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
      const theirs = await world.provider(world.owner, { eventsQueue });
      const findings = await theirs.check();
      expect(findings.find(({ check }) => check === "events queue")).toMatchObject({ ok: true });
      await theirs.close();
      await world.raw("sqs", "DeleteQueue", { QueueUrl: url });
      expect(await codeOf(told(1))).toBe("missing");
      expect(await about()).toMatchObject({ ok: "warning", detail: expect.stringContaining("is not there") });
    });

    it("doctor says when messages wait for long, and takes none of them", async () => {
      await send(taskEvent("a"), taskEvent("b", "theirs"));
      // The world's clock is far behind the queue's own, which stamps the messages.
      await world.clock.sleep(Math.max(0, Date.now() - world.clock.now()) + 20 * MINUTE);
      const about = (await provider.check()).find(({ check }) => check === "events queue");
      expect(about).toMatchObject({ ok: "warning", detail: expect.stringMatching(/2 messages wait, one .* minutes/) });
      expect(await left()).toBe(2);
      expect(await told(1)).toEqual([{ task: taskArn("a") }]);
    });

    it("doctor says when the rule is disabled, fills something else, or is not there", async () => {
      const about = async () => (await provider.check()).find(({ check }) => check === "events rules");
      const Name = `rota.${world.owner.namespace}.dev.events.ecs`;
      expect(await about()).toMatchObject({ ok: true });
      await world.hands.send("eventbridge:DisableRule", { Name });
      expect(await about()).toMatchObject({
        ok: false,
        fix: expect.stringContaining(`enable-rule --region ${REGION}`),
      });
      await world.hands.send("eventbridge:EnableRule", { Name });
      await world.hands.send("eventbridge:RemoveTargets", { Rule: Name, Ids: ["rota"] });
      expect(await about()).toMatchObject({ ok: false, detail: expect.stringContaining("does not fill") });
      await world.hands.send("eventbridge:DeleteRule", { Name });
      expect(await about()).toMatchObject({ ok: "warning" });
    });
  },
);
