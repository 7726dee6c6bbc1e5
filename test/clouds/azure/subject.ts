import type { ContainerWorkload, ObservedResource } from "../../../src/model/index.ts";
import type { Subject } from "../../conformance/subject.ts";
import { HastyClock } from "../clock.ts";
import { AzureWorld, ENVIRONMENT, GROUP } from "./world.ts";

const MINUTE = 60_000;
type Json = Readonly<Record<string, unknown>>;

/** What each test left behind in the world that it ran in. */
export type AzureSubject = Subject & { readonly world: AzureWorld<HastyClock> };

/** Azure on the ARM server, with a resource group of its own. */
export async function openAzureSubject(settings: { readonly etags?: boolean } = {}): Promise<AzureSubject> {
  const world = await AzureWorld.open(new HastyClock());
  const { arm, clock } = world;
  arm.shelf.etags = settings.etags ?? true;
  const provider = await world.provider();
  const written = new Set<string>();
  return {
    world,
    provider,
    owner: world.owner,
    reopen: (owner = world.owner) => world.provider(owner),
    workloads: { quick: container("quick"), failing: container("failing"), endless: container("endless") },
    settle: async () => {
      clock.advance(MINUTE);
      for (const execution of arm.apps.executions.keys()) {
        if (written.has(execution)) continue;
        written.add(execution);
        for (const text of ["hello", "world"]) arm.monitor.lines.push({ execution, at: clock.now(), text });
      }
    },
    missingHandle: { job: "job-00000000", execution: "job-00000000-abcdefg" },
    plantForeign: async (count) => plantForeign(world, count),
    foreign: async () => readForeign(world),
    breakListing: async () => {
      arm.shelf.pageSize = 1;
      arm.fault = ({ query, action }) =>
        action === "Microsoft.App/jobs/read" && query.has("$skiptoken")
          ? { kind: "status", status: 403, code: "AuthorizationFailed" }
          : undefined;
    },
    edit: async ({ kind, id }) => edit(world, kind, id),
    close: async () => {
      await provider.close();
      await world.close();
    },
  };
}

export function container(word: string): ContainerWorkload {
  return { kind: "container", image: "busybox:1", command: [word], cpu: 1, memoryBytes: 2 ** 31, env: {}, secrets: {} };
}

/** Named almost like ours, tagged almost like ours, and ones to which somebody copied our tags. */
function plantForeign({ arm, owner }: AzureWorld<HastyClock>, count: number): void {
  const marks: readonly Json[] = [
    {},
    { "rota-namespace": "acme-2", "rota-environment": "dev", "rota-job": "job" },
    { "rota-namespace": "acme", "rota-environment": "prod", "rota-job": "job" },
    { "Rota-Namespace": "acme", "rota-environment": "dev", "rota-job": "job" },
    // A copy, tags and all, under another name.
    { "rota-namespace": owner.namespace, "rota-environment": owner.environment, "rota-job": "job" },
  ];
  for (let index = 0; index < count; index += 1) {
    const type = index % 2 === 0 ? "Microsoft.App/jobs" : "Microsoft.Logic/workflows";
    const name = index % 3 === 0 ? `foreign-${index}` : `job-${String(index).padStart(8, "0")}`;
    const properties =
      index % 2 === 0
        ? {
            environmentId: ENVIRONMENT,
            configuration: {
              triggerType: "Schedule",
              replicaTimeout: 60,
              scheduleTriggerConfig: { cronExpression: "0 6 * * *" },
            },
            template: { containers: [{ name: "job", image: "theirs" }] },
          }
        : { state: "Enabled", definition: { triggers: { rota: { type: "Request" } }, actions: {} } };
    arm.shelf.place(`${GROUP}/providers/${type}/${name}`, {
      location: "eastus",
      tags: marks[index % marks.length] ?? {},
      properties,
    });
  }
}

function readForeign({ arm }: AzureWorld<HastyClock>): unknown {
  return arm.shelf
    .ids()
    .filter((id) => /\/(?:foreign-\d+|job-0{2}\d{6})$/.test(id))
    .map((id) => arm.shelf.get(id))
    .map(({ body, etag }) => JSON.stringify({ body, etag }));
}

/** Somebody opens the portal and changes the hour. */
function edit({ arm, id: idOf }: AzureWorld<HastyClock>, kind: ObservedResource["kind"], name: string): void {
  const type = kind === "job" ? "Microsoft.App/jobs" : "Microsoft.Logic/workflows";
  arm.shelf.edit(idOf(type, name), (body) => {
    const properties = body["properties"] as Json;
    if (kind !== "job") return { ...body, properties: { ...properties, version: "by-hand", state: "Disabled" } };
    const configuration = properties["configuration"] as Json;
    return {
      ...body,
      properties: {
        ...properties,
        configuration: { ...configuration, scheduleTriggerConfig: { cronExpression: "1 1 * * *" } },
      },
    };
  });
}
