import { expect, test } from "vitest";
import { gcp } from "../../../../providers/gcp/index.ts";
import type { Workload } from "../../../../src/model/index.ts";
import type { PermissionDocument, Provider } from "../../../../src/provider/index.ts";
import { VirtualClock } from "../../../support/clock.ts";
import { job } from "../../../support/jobs.ts";
import { SeededRandom } from "../../../support/random.ts";

const JOBS = "jobs@acme-test.iam.gserviceaccount.com";
const STARTER = "starter@acme-test.iam.gserviceaccount.com";

function open(options: Readonly<Record<string, string>> = {}): Promise<Provider> {
  return gcp.open({
    placement: "gcp",
    options: { project: "acme-test", location: "us-central1", serviceAccount: JOBS, ...options },
    namespace: "acme",
    environment: "dev",
    stateDir: "/nowhere",
    baseDir: "/nowhere",
    clock: new VirtualClock(),
    random: new SeededRandom(1),
    env: {},
    log: () => {},
  });
}

async function documents(workloads: readonly Workload[], options = {}): Promise<readonly PermissionDocument[]> {
  const provider = await open(options);
  const jobs = workloads.map((workload, index) => ({ job: job(`job-${index}`, { workload }) }));
  const found = provider.permissions?.(jobs) ?? [];
  await provider.close();
  return found;
}

test("what every placement needs, and who is started as whom", async () => {
  const found = await documents([], { schedulerServiceAccount: STARTER });
  expect(found.map(({ name }) => name)).toEqual([
    "rota-role",
    "rota-predefined-roles",
    "rota-act-as-jobs",
    "rota-act-as-starter",
    "scheduler-start",
  ]);
  expect(JSON.stringify(found.at(-1)?.document)).toContain(`serviceAccount:${STARTER}`);
  for (const { command } of found) expect(command).toMatch(/^gcloud /);
});

test("each secret that a job names, once, and what machines and calls need only where there are some", async () => {
  const compute = { cpu: 1, memoryBytes: 2 ** 30, env: {} };
  const container: Workload = {
    kind: "container",
    image: "a",
    command: [],
    ...compute,
    secrets: { A: "token:3", B: "token", C: "projects/other/secrets/key/versions/1" },
  };
  const vm: Workload = { kind: "vm", instances: ["us-central1-a/m"], tags: {}, action: "start" };
  const found = await documents([container, vm]);
  const secrets = found.filter(({ name }) => name.startsWith("secret-"));
  expect(secrets.map(({ document }) => document["resources"])).toEqual([
    ["projects/acme-test/secrets/token"],
    ["projects/other/secrets/key"],
  ]);
  const machines = found.find(({ name }) => name === "scheduler-machines-role");
  expect(machines?.document["includedPermissions"]).toEqual(["compute.instances.start", "compute.instances.stop"]);
  expect(found.map(({ name }) => name)).not.toContain("scheduler-http");
});

test.each([
  [{ project: "Acme" }, "providers.gcp.project"],
  [{ location: "us-central1-a" }, "providers.gcp.location"],
  [{ serviceAccount: "me@example.com" }, "providers.gcp.serviceAccount"],
  [{ endpoint: "localhost:1" }, "providers.gcp.endpoint"],
  [{ zone: "a" }, "zone"],
])("%j is refused with its place", async (options, place) => {
  await expect(open(options)).rejects.toMatchObject({ code: "invalid", message: expect.stringContaining(place) });
});
