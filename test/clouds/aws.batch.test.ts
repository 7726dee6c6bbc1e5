import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { codeOf } from "../conformance/codes.ts";
import { deploy, desiredJob, requestFor, untilPhase } from "../conformance/subject.ts";
import { type AwsSubject, openAwsSubject } from "./aws/subject.ts";
import { WHY_SKIPPED } from "./aws/world.ts";

/** As the engine makes them: the job, the fire, the attempt. */
const KEY = "job.20261123T0600.1";

describe.skipIf(WHY_SKIPPED !== undefined)(
  `AWS Batch${WHY_SKIPPED === undefined ? "" : ` (skipped: ${WHY_SKIPPED})`}`,
  () => {
    let subject: AwsSubject;
    beforeEach(async () => {
      subject = await openAwsSubject("batch");
    });
    afterEach(async () => {
      expect(subject.world.problems).toEqual([]);
      await subject.close();
    });
    const request = () => {
      const made = requestFor(subject, KEY, subject.workloads.endless);
      return { ...made, job: { ...made.job, options: { runner: "batch" } } };
    };
    const count = (call: string): number => subject.world.calls.filter((each) => each === call).length;

    it("what the schedule submits is a run of its fire, and ends by the definition's own limit while nobody watches", async () => {
      await deploy(subject.provider, desiredJob(subject, "job", subject.workloads.endless));
      const at = subject.world.clock.now();
      const id = await subject.world.fire("job.1", at);
      const [state] = await subject.provider.listRuns(0);
      expect(state).toMatchObject({ job: "job", startedBy: "schedule", handle: { batchJob: id } });
      expect(state?.fireAt).toBe(Math.floor(at / 1000) * 1000);
      subject.world.clock.advance(3600_000 + 5_000);
      expect(await subject.provider.inspect({ batchJob: id })).toMatchObject({
        phase: "ended",
        outcome: "failed",
        elapsedSeconds: 3600,
        reason: expect.stringContaining("exceeded timeout"),
      });
    });

    it("a start whose answer is lost is looked up before it is submitted again: one job", async () => {
      await deploy(subject.provider, desiredJob(subject, "job", subject.workloads.endless));
      let left = 1;
      subject.world.front.fault = ({ operation }) =>
        operation === "SubmitJob" && left-- > 0 ? { kind: "lost" } : undefined;
      expect(await codeOf(subject.provider.start(request()))).toBe("unavailable");
      const { handle } = await subject.provider.start(request());
      expect((await subject.provider.find(KEY))?.handle).toEqual(handle);
      expect(count("batch:SubmitJob")).toBe(1);
    });

    it("of two daemons that submit one run at the same moment one job stays", async () => {
      await deploy(subject.provider, desiredJob(subject, "job", subject.workloads.endless));
      const other = await subject.reopen();
      const both = await Promise.all([subject.provider.start(request()), other.start(request())]);
      await untilPhase(subject, both[0].handle, "running");
      const first = await subject.provider.find(KEY);
      expect((await subject.provider.start(request())).handle).toEqual(first?.handle);
      expect(subject.world.front.jobs.running()).toHaveLength(1);
      await other.close();
    });

    it("a run whose definition somebody removed brings it", async () => {
      const { phase } = await subject.provider.start(request());
      expect(phase).toBe("starting");
      expect((await subject.provider.listDeployments()).map(({ kind }) => kind)).toEqual(["jobDefinition"]);
    });

    it("a definition keeps what was set by hand through a new revision, and the old one is retired", async () => {
      const [definition] = await deploy(subject.provider, desiredJob(subject, "job", subject.workloads.quick));
      const name = definition?.id ?? "";
      const { jobDefinitions = [] } = await subject.world.hands.send("batch:DescribeJobDefinitions", {
        jobDefinitionName: name,
        status: "ACTIVE",
      });
      const [held] = jobDefinitions;
      await subject.world.hands.send("batch:RegisterJobDefinition", {
        jobDefinitionName: name,
        type: "container",
        platformCapabilities: ["FARGATE"],
        tags: held?.tags,
        timeout: held?.timeout,
        retryStrategy: held?.retryStrategy,
        containerProperties: { ...held?.containerProperties, ephemeralStorage: { sizeInGiB: 50 } },
      });
      const actual = (await subject.provider.listDeployments()).find(({ kind }) => kind === "jobDefinition");
      expect(actual?.unmanaged).toEqual({ container: { ephemeralStorage: { sizeInGiB: 50 } } });
      const desired = subject.provider.render(
        desiredJob(subject, "job", subject.workloads.failing),
        subject.world.clock.now(),
      ).resources[0];
      if (!actual || !desired) throw new Error("no definition");
      const updated = await subject.provider.apply({ action: "update", desired, actual, fields: [], why: "test" });
      expect(updated).toMatchObject({ unmanaged: actual.unmanaged, fields: { command: ["failing"] } });
      const after = await subject.world.hands.send("batch:DescribeJobDefinitions", { jobDefinitionName: name });
      const active = after.jobDefinitions?.filter(({ status }) => status === "ACTIVE").map(({ revision }) => revision);
      expect(active).toContain(3);
      expect(active).not.toContain(2);
    });
  },
);
