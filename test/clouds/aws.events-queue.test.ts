import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { priceBook } from "../../src/cost/index.ts";
import { deploy } from "../../src/engine/deploy/deployer.ts";
import type { OpenPlacement } from "../../src/engine/env.ts";
import { type Ledger, openMemoryLedger } from "../../src/ledger/index.ts";
import type { DesiredJob, JsonObject, Resource } from "../../src/model/index.ts";
import { drift, type Plan } from "../../src/plan/index.ts";
import type { Provider } from "../../src/provider/index.ts";
import { codeOf } from "../conformance/codes.ts";
import { cron, desiredState, job, NOW } from "../support/jobs.ts";
import { SeededRandom } from "../support/random.ts";
import type { Exchange, Fault } from "./aws/front.ts";
import { allowedActions } from "./aws/policy.ts";
import { ACCOUNT, AwsWorld, REGION, WHY_SKIPPED } from "./aws/world.ts";

const APPLIES = 20;
const LOOK_ALIKES = 12;

const container = {
  kind: "container",
  image: "a:1",
  command: [],
  cpu: 1,
  memoryBytes: 2 ** 31,
  env: {},
  secrets: {},
} as const;

describe.skipIf(WHY_SKIPPED !== undefined)(
  `AWS, the queue of events as it is deployed${WHY_SKIPPED === undefined ? "" : ` (skipped: ${WHY_SKIPPED})`}`,
  () => {
    let world: AwsWorld;
    let ledgers: Map<string, Promise<Ledger>>;
    let jobQueue: string;
    const opened: Provider[] = [];
    beforeEach(async () => {
      world = await AwsWorld.open();
      ledgers = new Map();
      jobQueue = await world.makeQueue();
    });
    afterEach(async () => {
      expect(world.problems).toEqual([]);
      for (const provider of opened.splice(0)) await provider.close();
      await world.close();
    });

    const open = async (options: JsonObject = { events: "sqs" }, environment = "dev"): Promise<Provider> => {
      const provider = await world.provider({ ...world.owner, environment }, { jobQueue, ...options });
      opened.push(provider);
      return provider;
    };
    const named = (name: string, options: JsonObject = {}): DesiredJob => ({
      job: job(name, {
        ...world.owner,
        placement: "aws",
        workload: options["target"] === undefined ? container : { kind: "target" },
        schedule: cron("0 6 * * *"),
        options,
      }),
    });
    const lambda = { target: { lambda: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:f` } };
    const queueName = (environment = "dev"): string => `rota_${world.owner.namespace}_${environment}`;
    const ruleName = (suffix: string): string => `rota.${world.owner.namespace}.dev.${suffix}`;

    const ledgerOf = (environment = "dev"): Promise<Ledger> =>
      ledgers.getOrInsertComputed(environment, () => openMemoryLedger(world.clock));
    /** As `rota apply` does it. */
    const apply = async (
      provider: Provider,
      jobs: readonly DesiredJob[],
      { purpose = "apply", environment = "dev" }: { purpose?: "apply" | "destroy"; environment?: string } = {},
    ) => {
      const state = desiredState(jobs);
      const outcome = await deploy(
        {
          ledger: await ledgerOf(environment),
          placements: new Map<string, OpenPlacement>([["aws", { provider, options: {}, prices: priceBook() }]]),
          now: () => NOW,
          record: async (events) => void (await (await ledgerOf(environment)).append(events)),
        },
        {
          desired: {
            ...state,
            manifest: {
              ...state.manifest,
              namespace: world.owner.namespace,
              environment: { ...state.manifest.environment, name: environment },
              safety: { ...state.manifest.safety, maxDeletes: 1 },
            },
          },
          purpose,
          by: "test",
        },
      );
      if (!outcome.ok) throw new Error(outcome.refusals.map(({ reason }) => reason).join());
      return { plan: outcome.plan, failures: outcome.result.failures };
    };
    const shared = ({ changes }: Plan): readonly string[] =>
      changes.flatMap(({ change }) => {
        const { kind, id, job: of } = change.action === "delete" ? change.actual : change.desired;
        return of === "" ? [`${change.action} ${kind}/${id}`] : [];
      });
    const queues = async (): Promise<readonly string[]> => {
      const { QueueUrls = [] } = (await world.raw("sqs", "ListQueues", {
        QueueNamePrefix: `rota_${world.owner.namespace}_`,
      })) as { QueueUrls?: string[] };
      return QueueUrls.map((url) => url.split("/").at(-1) ?? "");
    };
    const once = (operation: string, fault: Fault): void => {
      let left = 1;
      world.front.fault = (exchange: Exchange) => (exchange.operation === operation && left-- > 0 ? fault : undefined);
    };

    it("is made with the first job, kept for the others, and goes with the last that needs it", async () => {
      const provider = await open();
      const queue = `queue/${queueName()}`;
      const [ecs, batch] = [`rule/${ruleName("events.ecs")}`, `rule/${ruleName("events.batch")}`];
      const first = await apply(provider, [named("a"), named("b")]);
      expect(first.failures).toEqual([]);
      expect(shared(first.plan)).toEqual([`create ${queue}`, `create ${ecs}`]);
      const jobs = [named("a"), named("b"), named("c", { runner: "batch" }), named("d", lambda)];
      expect(shared((await apply(provider, jobs)).plan)).toEqual([`keep ${queue}`, `create ${batch}`, `keep ${ecs}`]);
      expect(shared((await apply(provider, jobs)).plan)).toEqual([`keep ${queue}`, `keep ${batch}`, `keep ${ecs}`]);
      const left = await apply(provider, jobs.slice(2));
      expect(shared(left.plan)).toEqual([`keep ${queue}`, `keep ${batch}`, `delete ${ecs}`]);
      expect(shared((await apply(provider, jobs.slice(3))).plan)).toEqual([`delete ${batch}`, `delete ${queue}`]);
      expect(await queues()).toEqual([]);
      const allowed = allowedActions(provider.permissions?.(jobs) ?? []);
      expect(world.calls.filter((call) => !allowed.has(call))).toEqual([]);
    });

    it("goes when the line is taken out, and when the queue is the user's own", async () => {
      const jobs = [named("a")];
      await apply(await open(), jobs);
      await world.raw("sqs", "CreateQueue", { QueueName: `theirs-${world.cluster}` });
      const eventsQueue = `arn:aws:sqs:${REGION}:${ACCOUNT}:theirs-${world.cluster}`;
      const own = await open({ eventsQueue });
      const rule = `rule/${ruleName("events.ecs")}`;
      expect(shared((await apply(own, jobs)).plan)).toEqual([`update ${rule}`, `delete queue/${queueName()}`]);
      const listed = (await own.listDeployments()).find(({ kind }) => kind === "rule");
      expect(listed?.fields["target"]).toEqual({ Arn: eventsQueue });
      const without = await open({});
      const { plan } = await apply(without, jobs);
      expect(shared(plan)).toEqual([`delete ${rule}`]);
      const allowed = allowedActions(without.permissions?.(jobs) ?? []);
      expect(world.calls.slice(-12).filter((call) => !allowed.has(call))).toEqual([]);
    });

    it("a rule of each job's own, as an earlier rota made them, is planned to go", async () => {
      const provider = await open();
      const [, made] = provider.render(named("a"), NOW).resources.filter(({ job: of }) => of === "");
      if (!made) throw new Error("no rule");
      const old: Resource = { ...made, id: ruleName("a.events"), job: "a", dependsOn: [] };
      await provider.apply({ action: "create", desired: old, why: "test" });
      const { plan } = await apply(provider, [named("a")]);
      expect(plan.changes.flatMap(({ change }) => (change.action === "delete" ? [change.actual.id] : []))).toEqual([
        ruleName("a.events"),
      ]);
    });

    it("environments have each their own, and what looks alike stays as it is", async () => {
      const dev = await open();
      const other = await open({ events: "sqs" }, "dev2");
      const jobs = [named("a")];
      await apply(dev, jobs);
      await apply(other, jobs, { environment: "dev2" });
      expect([...(await queues())].sort()).toEqual([queueName(), queueName("dev2")]);
      expect(shared((await apply(dev, [], { purpose: "destroy" })).plan)).toEqual([
        `delete rule/${ruleName("events.ecs")}`,
        `delete queue/${queueName()}`,
      ]);
      expect(await queues()).toEqual([queueName("dev2")]);
      const { Rules = [] } = await world.hands.send("eventbridge:ListRules", {
        NamePrefix: `rota.${world.owner.namespace}.`,
      });
      expect(Rules.map(({ Name }) => Name)).toEqual([ruleName("events.ecs").replace(".dev.", ".dev2.")]);
    });

    it("a queue of that name without our tags is neither used, changed nor deleted", async () => {
      await world.raw("sqs", "CreateQueue", {
        QueueName: queueName(),
        Attributes: { MessageRetentionPeriod: "86400" },
      });
      const provider = await open();
      const { failures } = await apply(provider, [named("a")]);
      expect(failures.map(({ resource, code }) => `${resource} ${code}`)).toEqual(
        expect.arrayContaining([`queue/${queueName()} denied`]),
      );
      // It is only the news that is missing: the job itself stands.
      expect((await (await ledgerOf()).deployments()).map(({ desired }) => desired.job.name)).toEqual(["a"]);
      await apply(provider, [], { purpose: "destroy" });
      expect(await queues()).toEqual([queueName()]);
      const { QueueUrl } = await world.hands.send("sqs:GetQueueUrl", { QueueName: queueName() });
      const { Attributes } = await world.hands.send("sqs:GetQueueAttributes", { QueueUrl, AttributeNames: ["All"] });
      expect(Attributes?.MessageRetentionPeriod).toBe("86400");
    });

    it("what somebody changes by hand is drift, and set back; what is beside it is kept", async () => {
      const provider = await open();
      const jobs = [named("a"), named("b")];
      await apply(provider, jobs);
      const { QueueUrl } = await world.hands.send("sqs:GetQueueUrl", { QueueName: queueName() });
      const read = await world.hands.send("sqs:GetQueueAttributes", { QueueUrl, AttributeNames: ["Policy"] });
      // moto forgets a policy that is not said again.
      const Attributes = { MessageRetentionPeriod: "7200", DelaySeconds: "5", Policy: read.Attributes?.Policy ?? "" };
      await world.raw("sqs", "SetQueueAttributes", { QueueUrl: QueueUrl ?? "", Attributes });
      await world.hands.send("eventbridge:DisableRule", { Name: ruleName("events.ecs") });
      const applied = jobs.flatMap((each) => provider.render(each, NOW).resources);
      const items = drift({ placement: "aws", applied, actual: await provider.listDeployments() });
      expect(items.map(({ kind, job: of, resource, fields }) => [kind, of, resource, fields])).toEqual([
        ["changed", "", `queue/${queueName()}`, [{ path: "retentionSeconds", from: 3600, to: 7200 }]],
        ["unmanaged", "", `queue/${queueName()}`, [{ path: "DelaySeconds", to: "5" }]],
        ["paused", "", `rule/${ruleName("events.ecs")}`, []],
      ]);
      expect(shared((await apply(provider, jobs)).plan)).toContain(`update queue/${queueName()}`);
      const after = (await provider.listDeployments()).find(({ kind }) => kind === "queue");
      expect(after).toMatchObject({ fields: { retentionSeconds: 3600 }, unmanaged: { DelaySeconds: "5" } });
    });

    it("a creation whose answer is lost is made once", async () => {
      const provider = await open();
      once("CreateQueue", { kind: "lost" });
      expect((await apply(provider, [named("a")])).failures).toEqual([]);
      expect(world.front.exchanges.filter((each) => each === "sqs:CreateQueue")).toHaveLength(2);
      expect(await queues()).toEqual([queueName()]);
    });

    it("none of what looks alike changes through applies with faults; afterwards a plan has nothing to do", async () => {
      const { namespace } = world.owner;
      const near = [`rota_${namespace}_dev2`, `rota_${namespace}-2_dev`, `rota_${namespace}`, `rota-${namespace}-dev`];
      const names = [...near, ...Array.from({ length: LOOK_ALIKES }, (_, index) => `rota_${namespace}_dev_${index}`)];
      for (const [index, QueueName] of names.entries())
        await world.raw("sqs", "CreateQueue", {
          QueueName,
          tags: index % 2 === 0 ? {} : { "rota:namespace": namespace, "rota:environment": "dev2" },
        });
      const ruled = [
        `rota.${namespace}.dev2.events.ecs`,
        `rota.${namespace}-2.dev.events.batch`,
        ...Array.from({ length: LOOK_ALIKES }, (_, index) => ruleName(`theirs.${index}`)),
      ];
      for (const [index, Name] of ruled.entries()) {
        const Tags = index % 2 === 0 ? [] : [{ Key: "rota:job", Value: "a" }];
        await world.hands.send("eventbridge:PutRule", { Name, ScheduleExpression: "rate(1 day)", Tags });
        const Targets = [{ Id: "rota", Arn: `arn:aws:sqs:${REGION}:${ACCOUNT}:${names[0]}` }];
        await world.hands.send("eventbridge:PutTargets", { Rule: Name, Targets });
      }
      const look = async () => {
        const queuesNow = names.map(async (QueueName) => {
          const { QueueUrl } = await world.hands.send("sqs:GetQueueUrl", { QueueName });
          const { Attributes } = await world.hands.send("sqs:GetQueueAttributes", {
            QueueUrl,
            AttributeNames: ["All"],
          });
          return { Attributes, tags: (await world.hands.send("sqs:ListQueueTags", { QueueUrl })).Tags };
        });
        const rulesNow = ruled.map(async (Name) => {
          const { $metadata: _, ...rule } = (await world.hands.send("eventbridge:DescribeRule", { Name })) as object & {
            readonly $metadata?: unknown;
          };
          const { Targets } = await world.hands.send("eventbridge:ListTargetsByRule", { Rule: Name });
          return { rule, Targets };
        });
        return { queues: await Promise.all(queuesNow), rules: await Promise.all(rulesNow) };
      };
      const before = await look();
      const random = new SeededRandom(7);
      await world.raw("sqs", "CreateQueue", { QueueName: `theirs-${world.cluster}` });
      const eventsQueue = `arn:aws:sqs:${REGION}:${ACCOUNT}:theirs-${world.cluster}`;
      const ways = [await open(), await open(), await open({ eventsQueue }), await open({})];
      const round = async (provider: Provider): Promise<boolean> => {
        const all = [named("a"), named("b", { runner: "batch" }), named("c", lambda)];
        const jobs = all.filter(() => random.chance(0.7));
        try {
          return (await apply(provider, jobs.length === 0 ? all : jobs)).failures.length === 0;
        } catch {
          return false;
        }
      };
      const kinds: readonly Fault[] = [
        { kind: "status", status: 503 },
        { kind: "status", status: 400, name: "AccessDeniedException" },
        { kind: "html" },
        { kind: "lost" },
      ];
      world.front.fault = () => (random.chance(0.02) ? random.pick(kinds) : undefined);
      let whole = 0;
      for (let count = 0; count < APPLIES; count += 1) if (await round(random.pick(ways))) whole += 1;
      expect(whole).toBeGreaterThan(APPLIES / 5);
      expect(whole).toBeLessThan(APPLIES);
      world.front.fault = () => undefined;
      const jobs = [named("a"), named("b", { runner: "batch" })];
      const [provider = await open()] = ways;
      expect((await apply(provider, jobs)).failures).toEqual([]);
      const { changes } = (await apply(provider, jobs)).plan;
      expect(new Set(changes.map(({ change }) => change.action))).toEqual(new Set(["keep"]));
      expect(await look()).toEqual(before);
    }, 240_000);

    it.each(["GetQueueUrl", "ListQueueTags", "GetQueueAttributes", "ListRules", "DescribeRule"])(
      "a listing without %s is none",
      async (operation) => {
        const provider = await open();
        await apply(provider, [named("a")]);
        world.front.fault = (exchange) =>
          exchange.operation === operation ? { kind: "status", status: 403, name: "AccessDenied" } : undefined;
        expect(await codeOf(provider.listDeployments())).toBe("denied");
      },
    );
  },
);
