import { afterEach, describe, expect, it } from "vitest";
import { PERMISSIONS } from "../../providers/gcp/index.ts";
import { providerSuite } from "../conformance/suite.ts";
import { type GcpSubject, openGcpSubject } from "./gcp/subject.ts";

const EXCEPTIONS: Readonly<Record<string, string>> = {
  "of many writers with the same revision one succeeds":
    "Cloud Scheduler has no conditional write: rota reads and compares just before it writes, and between the two another may write",
};

/** Worlds whose requests are still to be looked at. */
const opened: GcpSubject[] = [];

async function open(runner?: "cloudRun" | "batch"): Promise<GcpSubject> {
  const subject = await openGcpSubject(runner);
  opened.push(subject);
  return subject;
}

describe("Google Cloud on its own protos", () => {
  afterEach(() => {
    for (const { world, provider } of opened.splice(0)) {
      expect(world.problems).toEqual([]);
      const role = provider.permissions?.([]).find(({ name }) => name === "rota-role");
      const allowed = new Set(role?.document["includedPermissions"] as readonly string[]);
      const asked = Object.entries(PERMISSIONS).filter(([call]) => world.calls.includes(call));
      expect(asked.flatMap(([, names]) => names).filter((name) => !allowed.has(name))).toEqual([]);
    }
  });

  for (const runner of ["cloudRun", "batch"] as const)
    describe(`on ${runner}`, () => providerSuite("gcp", () => open(runner), EXCEPTIONS));

  it("every request of the suite was checked against the vendor's protos", async () => {
    const subject = await open();
    await subject.provider.listDeployments();
    expect(subject.world.calls).toEqual(expect.arrayContaining(["run:ListJobs", "cloudscheduler:ListJobs"]));
    await subject.close();
  });
});
