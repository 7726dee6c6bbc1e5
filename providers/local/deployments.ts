import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock, ObservedResource, OwnershipMark, Resource, ResourceChange } from "../../src/model/index.ts";
import { fingerprint } from "../../src/model/index.ts";
import { ProviderError } from "../../src/provider/index.ts";
import { syncFolder, writeDurably } from "./durable.ts";
import { fileName, undefinedIfMissing } from "./folder.ts";
import { withFileLock } from "./lock.ts";

interface Held {
  readonly resource: Resource;
  readonly mark: OwnershipMark;
  readonly paused: boolean;
  readonly reason?: string;
}

/** What is deployed on this machine: one file for each resource, whole or not there, whoever writes it. */
export class DeploymentStore {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #mark: Omit<OwnershipMark, "job">;

  constructor(stateDir: string, mark: Omit<OwnershipMark, "job">, clock: Clock) {
    this.#clock = clock;
    this.#folder = join(stateDir, "deployments", fileName(mark.environment), fileName(mark.namespace));
    this.#mark = mark;
  }

  async list(): Promise<readonly ObservedResource[]> {
    const names = (await readdir(this.#folder).catch(undefinedIfMissing)) ?? [];
    const found: ObservedResource[] = [];
    for (const name of names.filter((entry) => entry.endsWith(".json")).sort()) {
      const held = await this.#read(join(this.#folder, name));
      if (held && this.#owns(held)) found.push(observe(held));
    }
    return found;
  }

  async apply(change: ResourceChange): Promise<ObservedResource | undefined> {
    if (change.action === "keep") return change.actual;
    const subject = change.action === "delete" ? change.actual : change.desired;
    return this.#locked(subject, async (path, held) => {
      const name = `${subject.kind}/${subject.id}`;
      if (change.action === "create") {
        if (held) throw new ProviderError("exists", `${name} exists already`);
      } else {
        if (!held) throw new ProviderError("missing", `${name} is not there`);
        if (!this.#owns(held)) throw new ProviderError("denied", `${name} carries another namespace's mark`);
        if (revisionOf(held) !== change.actual.revision) {
          throw new ProviderError("conflict", `${name} changed since it was read`);
        }
      }
      if (change.action !== "delete") return this.#write(path, change.desired, held);
      await rm(path);
      await syncFolder(this.#folder);
      return undefined;
    });
  }

  async setPaused(job: string, paused: boolean, reason: string): Promise<void> {
    for (const resource of await this.list()) {
      if (resource.job !== job) continue;
      await this.#locked(resource, async (path, held) => {
        if (!held || held.paused === paused) return;
        await writeDurably(path, JSON.stringify({ ...held, paused, reason } satisfies Held));
      });
    }
  }

  async #write(path: string, resource: Resource, before: Held | undefined): Promise<ObservedResource> {
    const held: Held = { resource, mark: { ...this.#mark, job: resource.job }, paused: before?.paused ?? false };
    await writeDurably(path, JSON.stringify(held));
    return observe(held);
  }

  async #locked<T>(subject: Resource, work: (path: string, held: Held | undefined) => Promise<T>): Promise<T> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const path = join(this.#folder, `${fileName(`${subject.kind}.${subject.id}`)}.json`);
    return withFileLock(`${path}.lock`, this.#clock, async () => work(path, await this.#read(path)));
  }

  async #read(path: string): Promise<Held | undefined> {
    const text = await readFile(path, "utf8").catch(undefinedIfMissing);
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as Held;
    } catch (error) {
      throw new ProviderError("internal", `${path} is no JSON: somebody changed it`, {
        cause: error,
        fix: "remove it and apply",
      });
    }
  }

  #owns(held: Held): boolean {
    return held.mark.namespace === this.#mark.namespace && held.mark.environment === this.#mark.environment;
  }
}

function revisionOf(held: Held): string {
  return fingerprint({ resource: held.resource, paused: held.paused }).slice(0, 32);
}

function observe(held: Held): ObservedResource {
  return { ...held.resource, mark: held.mark, revision: revisionOf(held), paused: held.paused };
}
