import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { local } from "../../providers/local/index.ts";
import type { JsonObject, Workload } from "../../src/model/index.ts";
import { SeededRandom } from "../support/random.ts";
import { wallClock } from "../support/wall-clock.ts";
import type { Owner, Subject } from "./subject.ts";

/** This machine, with a state folder of its own. */
export async function openLocalSubject(options: JsonObject = {}): Promise<Subject> {
  const stateDir = await mkdtemp(join(process.env.TMPDIR ?? "/tmp", "rota-conformance-"));
  const owner: Owner = { namespace: "acme", environment: "dev" };
  const reopen = (who: Owner = owner) =>
    local.open({
      placement: "local",
      options,
      ...who,
      stateDir,
      baseDir: stateDir,
      clock: wallClock,
      random: new SeededRandom(1),
      env: { PATH: process.env.PATH },
      log: () => {},
    });
  const provider = await reopen();
  const shell = (command: string): Workload => ({
    kind: "process",
    command: [command],
    shell: true,
    cpu: 1,
    memoryBytes: 1,
    env: {},
    secrets: {},
  });
  const foreignFolders = [join(stateDir, "deployments", "dev", "acme2"), join(stateDir, "deployments", "prod", "acme")];
  return {
    provider,
    owner,
    reopen,
    workloads: { quick: shell("echo hello"), failing: shell("exit 3"), endless: shell("sleep 1000") },
    settle: () => wallClock.sleep(60),
    missingHandle: { run: "key-999", pid: 1, startTicks: 1, bootId: "none" },
    plantForeign: async (count) => {
      const own = join(stateDir, "deployments", "dev", "acme");
      for (const folder of [own, ...foreignFolders]) await mkdir(folder, { recursive: true });
      for (let index = 0; index < count; index += 1) {
        const id = `foreign-${index}`;
        // Also in our own folder: somebody copied a file, and the mark in it is what counts.
        const folder = [own, ...foreignFolders][index % 3] ?? own;
        const mark = { namespace: "acme2", environment: "dev", job: id };
        const held = { resource: { kind: "schedule", id, job: id, fields: { index } }, mark, paused: false };
        await writeFile(join(folder, `schedule.${id}.json`), JSON.stringify(held));
      }
    },
    foreign: async () => {
      const files = (await readdir(join(stateDir, "deployments"), { recursive: true })).filter((each) =>
        each.includes("foreign-"),
      );
      const read = async (file: string) => [file, await readFile(join(stateDir, "deployments", file), "utf8")];
      return Promise.all(files.sort().map(read));
    },
    breakListing: () => writeFile(join(stateDir, "deployments", "dev", "acme", "schedule.other.json"), '{"resource":'),
    edit: async ({ kind, id }) => {
      const path = join(stateDir, "deployments", "dev", "acme", `${kind}.${id}.json`);
      const held = JSON.parse(await readFile(path, "utf8"));
      held.resource.fields.job.description = "by hand";
      await writeFile(path, JSON.stringify(held));
    },
    close: async () => {
      for (const state of await provider.listRuns(0)) {
        if (state.phase !== "ended") await provider.stop(state.handle, "hard");
      }
      await provider.close();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}
