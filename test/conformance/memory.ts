import { MemoryWorld, openMemory } from "../../providers/memory/index.ts";
import type { JsonObject, Workload } from "../../src/model/index.ts";
import { VirtualClock } from "../support/clock.ts";
import { SeededRandom } from "../support/random.ts";
import type { Owner, Subject } from "./subject.ts";

/** The reference provider, on a world and a clock of its own. */
export async function openMemorySubject(options: JsonObject = {}): Promise<Subject> {
  const clock = new VirtualClock();
  const owner: Owner = { namespace: "acme", environment: "dev" };
  const world = new MemoryWorld(clock, {
    script: ({ job }) => {
      const kind = (job.workload as { readonly command: readonly string[] }).command[0];
      if (kind === "endless") return { durationSeconds: Number.POSITIVE_INFINITY };
      if (kind === "failing") return { durationSeconds: 1, outcome: "failed", exitCode: 3 };
      return { durationSeconds: 1, output: [{ afterSeconds: 0, stream: "stdout", text: "hello\n" }] };
    },
  });
  const reopen = async (who: Owner = owner) =>
    openMemory(
      {
        placement: "memory",
        options: { intervalSeconds: 1, ...options },
        ...who,
        stateDir: "/nowhere",
        baseDir: "/nowhere",
        clock,
        random: new SeededRandom(1),
        env: {},
        log: () => {},
      },
      world,
    );
  const process = (command: string): Workload => ({
    kind: "process",
    command: [command],
    shell: false,
    cpu: 1,
    memoryBytes: 1,
    env: {},
    secrets: {},
  });
  const foreignMarks = [
    undefined,
    { ...owner, namespace: "acme2" },
    { ...owner, environment: "prod" },
    { namespace: "", environment: "" },
  ];
  return {
    provider: await reopen(),
    owner,
    reopen,
    workloads: { quick: process("quick"), failing: process("failing"), endless: process("endless") },
    settle: () => clock.advance(1000),
    missingHandle: "memory-999999",
    plantForeign: async (count) => {
      for (let index = 0; index < count; index += 1) {
        const id = `foreign-${index}`;
        const mark = foreignMarks[index % foreignMarks.length];
        const resource = { kind: "schedule", id, job: id, fields: { index } };
        world.put("memory", resource, mark ? { mark: { ...mark, job: id } } : {});
      }
    },
    foreign: async () => world.resources("memory").filter((held) => held.resource.id.startsWith("foreign-")),
    breakListing: async () => {
      world.fault = ({ method }) => (method === "listDeployments" ? { error: { code: "unavailable" } } : undefined);
    },
    edit: async ({ kind, id }) =>
      world.edit("memory", kind, id, (held) => ({ ...held, unmanaged: { note: "by hand" } })),
    close: async () => {},
  };
}
