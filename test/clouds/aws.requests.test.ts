import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DesiredJob, HttpWorkload, JsonObject, ObservedResource } from "../../src/model/index.ts";
import type { Provider } from "../../src/provider/index.ts";
import { codeOf } from "../conformance/codes.ts";
import { deploy } from "../conformance/subject.ts";
import { cron, job } from "../support/jobs.ts";
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
      expect(provider.unseen?.(desired().job)).toContain("EventBridge");
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

    it("a run by hand is the event, put once, and heard of no more", async () => {
      await deploy(provider, desired());
      const request = { run: "ping.x.1", job: desired().job, attempt: 1, fireAt: 0, env: {} };
      const state = await provider.start(request);
      expect(state).toMatchObject({
        phase: "ended",
        outcome: "succeeded",
        reason: expect.stringContaining("tells nobody"),
      });
      expect(await provider.start(request)).toEqual(state);
      expect(world.calls.filter((call) => call === "eventbridge:PutEvents")).toHaveLength(1);
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
