import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type DesiredJob,
  HOUR,
  type HttpWorkload,
  type JsonObject,
  MINUTE,
  type ObservedResource,
} from "../../src/model/index.ts";
import type { Provider } from "../../src/provider/index.ts";
import { codeOf } from "../conformance/codes.ts";
import { deploy } from "../conformance/subject.ts";
import { cron, job } from "../support/jobs.ts";
import type { Fault } from "./aws/front.ts";
import { allowedActions } from "./aws/policy.ts";
import { ACCOUNT, AwsWorld, WHY_SKIPPED } from "./aws/world.ts";

const ROLE = { rulesRole: `arn:aws:iam::${ACCOUNT}:role/rota-rules` };

describe.skipIf(WHY_SKIPPED !== undefined)(
  `AWS, requests${WHY_SKIPPED === undefined ? "" : ` (skipped: ${WHY_SKIPPED})`}`,
  () => {
    let world: AwsWorld;
    let provider: Provider;
    beforeEach(async () => {
      world = await AwsWorld.open();
      provider = await world.provider(world.owner, ROLE);
    });
    afterEach(async () => {
      expect(world.problems).toEqual([]);
      await provider.close();
      await world.close();
    });

    const desired = (change: Partial<HttpWorkload> = {}, options: JsonObject = {}): DesiredJob => ({
      job: job("ping", {
        ...world.owner,
        placement: "aws",
        workload: {
          kind: "http",
          url: "https://hooks.example/run",
          method: "POST",
          headers: { "X-Team": "churn" },
          body: '{"table":"sales"}',
          secrets: {},
          timeoutSeconds: 5,
          expectStatus: [],
          ...change,
        },
        schedule: cron("0 6 * * *", { timezone: "America/Toronto" }),
        options,
      }),
    });
    const name = () => `rota.${world.owner.namespace}.${world.owner.environment}.ping`;
    const byKind = async (kind: string): Promise<ObservedResource> => {
      const found = (await provider.listDeployments()).find((each) => each.kind === kind);
      if (!found) throw new Error(`no ${kind}`);
      return found;
    };

    it("become a destination, a rule and a schedule, are listed with equal fields, and taken down in turn", async () => {
      const { resources } = provider.render(desired(), world.clock.now());
      await deploy(provider, desired());
      const listed = await provider.listDeployments();
      const plainly = (all: readonly { kind: string; id: string; fields: JsonObject }[]) =>
        all.map(({ kind, id, fields }) => ({ kind, id, fields })).sort((a, b) => (a.kind < b.kind ? -1 : 1));
      expect(plainly(listed)).toEqual(plainly(resources));
      expect(provider.unseen?.(desired().job)).toBeUndefined();
      const { Targets = [] } = await world.hands.send("eventbridge:ListTargetsByRule", { Rule: name() });
      expect(Targets).toMatchObject([
        { Input: '{"table":"sales"}', HttpParameters: { HeaderParameters: { "X-Team": "churn" } } },
      ]);
      for (const kind of ["schedule", "rule", "apiDestination"]) {
        await provider.apply({ action: "delete", actual: await byKind(kind), why: "test" });
      }
      expect(await provider.listDeployments()).toEqual([]);
      const allowed = allowedActions(provider.permissions?.([desired()]) ?? []);
      expect(world.calls.filter((call) => !allowed.has(call))).toEqual([]);
    });

    it("change with the manifest, keep what was set by hand, and say conflict when somebody was quicker", async () => {
      await deploy(provider, desired());
      const rule = await byKind("rule");
      await world.hands.send("eventbridge:PutRule", {
        Name: name(),
        EventPattern: JSON.stringify((rule.fields["trigger"] as JsonObject)["pattern"]),
        Description: "ask Ada",
      });
      const next = provider.render(
        desired({ headers: {}, url: "https://hooks.example/other" }),
        world.clock.now(),
      ).resources;
      const [destination, changed] = next;
      if (!destination || !changed) throw new Error("nothing rendered");
      const update = (actual: ObservedResource, wanted: typeof changed) =>
        provider.apply({ action: "update", desired: wanted, actual, fields: [], why: "test" });
      expect(await codeOf(update(rule, changed))).toBe("conflict");
      expect(await update(await byKind("rule"), changed)).toMatchObject({
        unmanaged: { description: "ask Ada" },
      });
      expect(await update(await byKind("apiDestination"), destination)).toMatchObject({
        fields: { url: "https://hooks.example/other" },
      });
    });

    it("somebody else's rule or destination of that name is left alone", async () => {
      await world.hands.send("eventbridge:PutRule", { Name: name(), EventPattern: '{"source":["theirs"]}' });
      expect(await provider.listDeployments()).toEqual([]);
      const [, rule] = provider.render(desired(), world.clock.now()).resources;
      if (!rule) throw new Error("no rule");
      expect(await codeOf(provider.apply({ action: "create", desired: rule, why: "test" }))).toBe("denied");
      const { EventPattern } = await world.hands.send("eventbridge:DescribeRule", { Name: name() });
      expect(EventPattern).toBe('{"source":["theirs"]}');
    });

    const request = () => ({ run: "ping.x.1", job: desired().job, attempt: 1, fireAt: 0, env: {} });
    const onceADay = (at: number) => {
      const time = new Date(at);
      return cron(`${time.getUTCMinutes()} ${time.getUTCHours()} * * *`);
    };
    const minuteOf = (at: number): number => Math.floor(at / MINUTE) * MINUTE;

    it.each([
      ["delivered", {}, "succeeded", 0],
      ["delivered at a later try", { afterMs: 3 * MINUTE }, "succeeded", 3],
      ["given up", { afterMs: 10 * MINUTE, isGivenUp: true }, "failed", 10],
    ] as const)(
      "one that the schedule starts and that is %s is a run of its minute",
      async (_what, fate, outcome, minutes) => {
        const at = minuteOf(world.clock.now());
        await deploy(provider, { job: { ...desired().job, schedule: onceADay(at) } });
        world.front.deliveries.fate = () => fate;
        await world.fire("ping.1", at);
        expect(await provider.listRuns(at)).toEqual([]);
        await world.clock.sleep(4 * MINUTE);
        const [begun, ...others] = await provider.listRuns(at);
        expect(others).toEqual([]);
        expect(begun).toMatchObject({ job: "ping", startedBy: "unknown", startedAt: at, requestedAt: at });
        expect(begun).not.toHaveProperty("run");
        await world.clock.sleep(15 * MINUTE);
        const handle = begun?.handle ?? null;
        const [ended] = await provider.listRuns(at);
        expect(ended).toMatchObject({ handle, phase: "ended", outcome, endedAt: at + minutes * MINUTE });
        expect(ended?.reason ?? "").toContain(outcome === "failed" ? "gave the request up" : "");
        expect(await provider.inspect(handle)).toEqual(ended);
        await provider.stop(handle, "hard");
        expect(await provider.listRuns(at + 12 * MINUTE)).toEqual([]);
        const allowed = allowedActions(provider.permissions?.([desired()]) ?? []);
        expect(world.calls.filter((call) => !allowed.has(call))).toEqual([]);
      },
    );

    it("a run by hand is the event, put once, and followed to its end", async () => {
      await deploy(provider, desired());
      const state = await provider.start(request());
      expect(state).toMatchObject({ run: "ping.x.1", phase: "running", startedBy: "rota" });
      expect(await codeOf(provider.stop(state.handle, "hard"))).toBe("unsupported");
      expect(await provider.start(request())).toEqual(state);
      expect(world.calls.filter((call) => call === "eventbridge:PutEvents")).toHaveLength(1);
      await world.clock.sleep(5 * MINUTE);
      expect(await provider.find("ping.x.1")).toMatchObject({ handle: state.handle, outcome: "succeeded" });
      expect(await provider.listRuns(0)).toMatchObject([{ handle: state.handle, run: "ping.x.1", startedBy: "rota" }]);
    });

    it("a start whose answer was lost is not put again, and not known", async () => {
      await deploy(provider, desired());
      world.front.fault = ({ operation }) => (operation === "PutEvents" ? { kind: "lost" } : undefined);
      expect(await codeOf(provider.start(request()))).toBe("unavailable");
      world.front.fault = () => undefined;
      expect(await provider.find("ping.x.1")).toMatchObject({ phase: "ended", outcome: "lost" });
      expect(await provider.start(request())).toMatchObject({ outcome: "lost" });
    });

    it("counts come whole or not at all: of a page that fails, and of a right that is missing, nothing is listed", async () => {
      await deploy(provider, desired());
      const at = world.clock.now();
      await world.fire("ping.1", minuteOf(at));
      await world.clock.sleep(4 * MINUTE);
      world.front.deliveries.pageSize = 2;
      const fails = (when: boolean, fault: Fault) => {
        world.front.fault = ({ operation, body }) =>
          operation === "GetMetricData" && (body["NextToken"] !== undefined) === when ? fault : undefined;
      };
      fails(true, { kind: "status", status: 400, name: "InvalidNextToken" });
      expect(await codeOf(provider.listRuns(at))).toBe("invalid");
      fails(false, { kind: "status", status: 403, name: "AccessDenied" });
      // Other runs are listed all the same.
      expect(await provider.listRuns(at)).toEqual([]);
      expect(provider.unread?.()).toEqual([expect.stringContaining("AccessDenied")]);
      world.front.fault = () => undefined;
      await world.clock.sleep(2 * MINUTE);
      expect(await provider.listRuns(at)).toHaveLength(1);
      expect(provider.unread?.()).toEqual([]);
    });

    it("are read while a fire's event is awaited, and seldom otherwise", async () => {
      const at = minuteOf(world.clock.now()) + 2 * MINUTE;
      await deploy(provider, { job: { ...desired().job, schedule: onceADay(at) } });
      const read: number[] = [];
      for (let minute = -1; minute < 40; minute += 1) {
        if (minute === 0) await world.fire("ping.1", at);
        const before = world.calls.length;
        await provider.listRuns(at - HOUR);
        if (world.calls.slice(before).includes("cloudwatch:GetMetricData")) read.push(minute);
        await world.clock.sleep(MINUTE);
      }
      expect(read[0]).toBe(-1);
      expect(read.slice(1).every((minute) => minute >= 1 && minute <= 5)).toBe(true);
      expect(read.length).toBeLessThan(5);
      expect(await provider.listRuns(at - HOUR)).toHaveLength(1);
    });

    it("an event that a person puts at any time is seen, if late, by listings of the last hour", async () => {
      await deploy(provider, { job: { ...desired().job, schedule: onceADay(world.clock.now() - 3 * HOUR) } });
      const seen = new Set<string>();
      for (let minute = 0; minute < 180; minute += 1) {
        if (minute % 10 === 0 && minute < 120) await world.fire("ping.1", world.clock.now());
        await world.clock.sleep(MINUTE);
        for (const { handle } of await provider.listRuns(world.clock.now() - HOUR)) seen.add(JSON.stringify(handle));
      }
      expect(seen.size).toBe(12);
      expect(world.calls.filter((call) => call === "cloudwatch:GetMetricData").length).toBeLessThan(6);
    });

    it("what EventBridge cannot do is refused or said, with a way out", async () => {
      const rendered = (of: DesiredJob) => provider.render(of, world.clock.now());
      expect(rendered(desired({ url: "http://hooks.example/run" })).refusal?.reason).toContain("https only");
      expect(rendered(desired({ body: "a=1" })).refusal?.reason).toContain("JSON only");
      const secrets = { Authorization: "hooks/token" };
      expect(rendered(desired({ secrets })).refusal?.fix).toContain("connection");
      expect(rendered(desired({ secrets }, { connection: "hooks" })).refusal).toBeUndefined();
      expect(rendered(desired({ timeoutSeconds: 60 })).warnings.join()).toContain("waits 5 s");
      const without = await world.provider();
      expect(without.render(desired(), world.clock.now()).refusal?.fix).toContain("rulesRole");
      await without.close();
    });
  },
);
