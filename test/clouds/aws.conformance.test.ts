import { afterEach, describe, expect, it } from "vitest";
import { desiredJob } from "../conformance/subject.ts";
import { providerSuite } from "../conformance/suite.ts";
import { allowedActions } from "./aws/policy.ts";
import { type AwsSubject, openAwsSubject } from "./aws/subject.ts";
import { WHY_SKIPPED } from "./aws/world.ts";

const EXCEPTIONS: Readonly<Record<string, string>> = {
  "of many writers with the same revision one succeeds":
    "EventBridge Scheduler has no conditional write: rota reads and compares just before it writes, and between the two another may write",
};

const ON_BATCH: Readonly<Record<string, string>> = {
  "the same key starts one run, at once or later, here or elsewhere":
    "SubmitJob has no token: of two daemons that start one run at the same moment both submit it, and the second job is ended again",
};

/** Worlds whose requests are still to be looked at. */
const opened: AwsSubject[] = [];

describe.skipIf(WHY_SKIPPED !== undefined)(
  `AWS on moto${WHY_SKIPPED === undefined ? "" : ` (skipped: ${WHY_SKIPPED})`}`,
  () => {
    afterEach(() => {
      for (const subject of opened.splice(0)) {
        const { world, provider, workloads } = subject;
        expect(world.problems).toEqual([]);
        const allowed = allowedActions(provider.permissions?.([desiredJob(subject, "job", workloads.quick)]) ?? []);
        expect(world.calls.filter((call) => !allowed.has(call))).toEqual([]);
      }
    });

    for (const runner of ["ecs", "batch"] as const) {
      describe(`on ${runner}`, () =>
        providerSuite(
          "aws",
          async () => {
            const subject = await openAwsSubject(runner);
            opened.push(subject);
            return subject;
          },
          { ...EXCEPTIONS, ...(runner === "batch" ? ON_BATCH : {}) },
        ));
    }

    it("every request of the suite was checked against the vendor's models", async () => {
      const subject = await openAwsSubject();
      await subject.provider.listDeployments();
      expect(subject.world.calls).toContain("ecs:ListTaskDefinitionFamilies");
      await subject.close();
    });
  },
);
