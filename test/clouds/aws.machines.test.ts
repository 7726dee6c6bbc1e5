import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DesiredJob, VmWorkload } from "../../src/model/index.ts";
import type { Provider } from "../../src/provider/index.ts";
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
      const made: string[] = [];
      for (const role of ["batch", "batch", "web"]) {
        const { Instances } = (await world.raw("ec2", "RunInstances", {
          ImageId: "ami-12c6146b",
          MinCount: 1,
          MaxCount: 1,
          TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "role", Value: `${role}-${world.cluster}` }] }],
        })) as { readonly Instances: readonly { readonly InstanceId: string }[] };
        made.push(Instances[0]?.InstanceId ?? "");
      }
      ids = made;
      await world.raw("ec2", "StopInstances", { InstanceIds: [...made] });
    });
    afterEach(async () => {
      expect(world.problems).toEqual([]);
      await provider.close();
      await world.close();
    });

    const desired = (workload: Partial<VmWorkload>): DesiredJob => ({
      job: job("wake", {
        ...world.owner,
        placement: "aws",
        workload: { kind: "vm", instances: [], tags: {}, action: "start", ...workload },
        schedule: cron("0 6 * * *"),
      }),
    });
    const request = (of: DesiredJob, run = "wake.x.1") => ({ run, job: of.job, attempt: 1, fireAt: 0, env: {} });
    const tags = () => ({ tags: { role: `batch-${world.cluster}` } });
    const states = async (): Promise<readonly (string | undefined)[]> => {
      const { Reservations = [] } = await world.hands.send("ec2:DescribeInstances", { InstanceIds: [...ids] });
      const all = Reservations.flatMap(({ Instances = [] }) => Instances);
      return ids.map((id) => all.find(({ InstanceId }) => InstanceId === id)?.State?.Name);
    };

    it.each([
      ["by id", () => ({ instances: ids.slice(0, 2) }), /:ec2:startInstances$/],
      ["by tag", tags, /:ssm:startAutomationExecution$/],
    ] as const)("%s are scheduled, listed again, and taken down", async (_how, which, target) => {
      const [schedule] = await deploy(provider, desired(which()));
      expect(schedule?.fields["target"]).toMatch(target);
      const [listed, ...others] = await provider.listDeployments();
      expect(others).toEqual([]);
      expect(listed).toMatchObject({ job: "wake", fields: schedule?.fields });
      expect(provider.unseen?.(desired(which()).job)).toContain("CloudTrail");
      if (listed) await provider.apply({ action: "delete", actual: listed, why: "test" });
      expect(await provider.listDeployments()).toEqual([]);
    });

    it.each([
      ["by id", () => ({ instances: ids.slice(0, 2) })],
      ["by tag", tags],
    ] as const)("%s are started by rota, theirs are not; the run ends when they run", async (_how, which) => {
      const wanted = desired(which());
      const { handle } = await provider.start(request(wanted));
      expect(await states()).toEqual(["running", "running", "stopped"]);
      const other = await world.provider();
      expect(await other.inspect(handle)).toMatchObject({ phase: "ended", outcome: "succeeded", job: "wake" });
      expect((await other.start(request(wanted))).handle).toEqual(handle);
      await other.stop(handle, "hard");
      expect(await states()).toEqual(["running", "running", "stopped"]);
      expect(world.calls.filter((call) => call === "ec2:StartInstances")).toHaveLength(1);
      const allowed = allowedActions(provider.permissions?.([wanted]) ?? []);
      expect(world.calls.filter((call) => !allowed.has(call))).toEqual([]);
      await other.close();
    });

    it("machines are stopped", async () => {
      await provider.start(request(desired(tags())));
      const state = await provider.start(request(desired({ ...tags(), action: "stop" }), "wake.y.1"));
      expect(state).toMatchObject({ phase: "ended", outcome: "succeeded" });
      expect(await states()).toEqual(["stopped", "stopped", "stopped"]);
    });

    it("what EC2 and Systems Manager cannot do is refused, with a way out", async () => {
      const reason = (of: DesiredJob) => provider.render(of, world.clock.now()).refusal?.reason;
      expect(reason(desired({ instances: ["web-1"] }))).toContain("no instance's id");
      expect(reason(desired({ tags: { a: "1", b: "2" } }))).toContain("one tag");
      expect(reason(desired({ instances: ids, tags: { a: "1" } }))).toContain("two calls");
      expect(await codeOf(provider.start(request(desired({ tags: { role: "nobody" } }))))).toBe("invalid");
    });

    it("the policies name these machines, or their tag, and no other", () => {
      const statements = statementsOf(
        provider.permissions?.([desired({ instances: ids.slice(0, 1) })]) ?? [],
        "scheduler-policy",
      );
      expect(statements.find(({ Sid }) => Sid === "StartMachines")?.Resource).toEqual([
        `arn:aws:ec2:us-east-1:123456789012:instance/${ids[0]}`,
      ]);
      const byTag = statementsOf(provider.permissions?.([desired(tags())]) ?? [], "scheduler-policy");
      expect(byTag.find(({ Sid }) => Sid === "StartMachinesByTag1")?.Condition).toEqual({
        StringEquals: { "aws:ResourceTag/role": `batch-${world.cluster}` },
      });
      expect(byTag.map(({ Sid }) => Sid)).toContain("Runbooks");
    });
  },
);
