import type { ObservedResource, Resource, ResourceChange } from "../../../src/model/index.ts";
import { canonical } from "../../../src/model/index.ts";
import { next, ProviderError, pages, plain, unchanged } from "../../../src/provider/index.ts";
import type { RunJob } from "../api/index.ts";
import { jobOfLabels, lastPart } from "../naming.ts";
import { parentOf } from "../options.ts";
import { type RunJobFields, readRunJob, runJobMessage } from "./run-job.ts";
import { RUN_PAGE, type Signal, type World } from "./world.ts";

/** The job as it is there: ours as it was read, or somebody else's. */
type Held =
  | { readonly isOurs: true; readonly observed: ObservedResource; readonly raw: RunJob; readonly isForRun: boolean }
  | { readonly isOurs: false };

/** The Cloud Run jobs of a namespace and environment, known by their labels; written under their etag. */
export class RunJobs {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  async list(signal: Signal): Promise<readonly ObservedResource[]> {
    const { api, options } = this.#world;
    const jobs = await pages((token) =>
      api
        .send("run:ListJobs", { parent: parentOf(options), pageSize: RUN_PAGE, ...next("pageToken", token) }, signal)
        .then((page) => ({ items: page.jobs ?? [], next: page.nextPageToken })),
    );
    return jobs.flatMap((raw) => {
      const held = this.#read(raw);
      return held.isOurs ? [held.observed] : [];
    });
  }

  nameOf(id: string): string {
    return `${parentOf(this.#world.options)}/jobs/${id}`;
  }

  async apply(
    change: Exclude<ResourceChange, { action: "keep" }>,
    signal: Signal,
  ): Promise<ObservedResource | undefined> {
    if (change.action === "create") return this.#create(change.desired, signal);
    let raw: RunJob = {};
    const held = await unchanged(change.actual, async (id) => {
      const found = await this.#get(id, signal);
      if (!found?.isOurs) return undefined;
      raw = found.raw;
      return found.observed;
    });
    const { api, owner } = this.#world;
    const name = this.nameOf(held.id);
    const etag = raw.etag ?? "";
    if (change.action === "delete") {
      await this.#refuseWhileRunning(name, signal);
      await api.send("run:DeleteJob", { name, etag }, signal).catch(ignoreMissing);
      return undefined;
    }
    const fields = change.desired.fields as unknown as RunJobFields;
    await api.send("run:UpdateJob", { job: runJobMessage(fields, { ...owner, job: held.job }, raw) }, signal);
    return this.#reread(held.id, signal);
  }

  /** For a run whose job is not there: creates it, marked so that a later deployment may put its own in its place. */
  async ensure(desired: Resource, signal: Signal): Promise<void> {
    const { id } = desired;
    const held = await this.#get(id, signal);
    if (held?.isOurs) return;
    if (held) throw foreign(id);
    await this.#send(desired, { "rota-for": "run" }, signal).catch((error: unknown) => {
      if (!(error instanceof ProviderError && error.code === "exists")) throw error;
    });
  }

  async #create(desired: Resource, signal: Signal): Promise<ObservedResource> {
    const { api, owner } = this.#world;
    const held = await this.#get(desired.id, signal);
    if (held?.isOurs === false) throw foreign(desired.id);
    if (held?.isForRun) {
      const fields = desired.fields as unknown as RunJobFields;
      await api.send("run:UpdateJob", { job: runJobMessage(fields, { ...owner, job: desired.job }, held.raw) }, signal);
      return this.#reread(desired.id, signal);
    }
    if (held) throw new ProviderError("exists", `runJob/${desired.id} exists already`);
    try {
      await this.#send(desired, {}, signal);
    } catch (error) {
      if (!(error instanceof ProviderError && error.code === "exists")) throw error;
      // It was not there a moment ago: ours when it is equal (the first answer was lost), else somebody was quicker.
      const made = await this.#get(desired.id, signal);
      if (made?.isOurs && canonical(made.observed.fields) === canonical(desired.fields)) return made.observed;
      throw error;
    }
    return this.#reread(desired.id, signal);
  }

  async #send(
    { id, job, fields }: Resource,
    extraLabels: Readonly<Record<string, string>>,
    signal: Signal,
  ): Promise<void> {
    const { api, owner, options } = this.#world;
    const message = runJobMessage(fields as unknown as RunJobFields, { ...owner, job }, {}, extraLabels);
    await api.send("run:CreateJob", { parent: parentOf(options), jobId: id, job: message }, signal);
  }

  /** Deleting a Cloud Run job ends what runs of it, past the guard and without a record. */
  async #refuseWhileRunning(name: string, signal: Signal): Promise<void> {
    const { api } = this.#world;
    const page = await api.send("run:ListExecutions", { parent: name, pageSize: RUN_PAGE }, signal);
    const running = (page.executions ?? []).find(({ completionTime }) => !completionTime);
    if (!running) return;
    throw new ProviderError(
      "conflict",
      `${lastPart(name)} still runs (${lastPart(running.name)}), and would be ended`,
      {
        fix: "wait until it has ended, or stop it with rota kill; then apply again",
      },
    );
  }

  async #reread(id: string, signal: Signal): Promise<ObservedResource> {
    const held = await this.#get(id, signal);
    if (held?.isOurs) return held.observed;
    throw new ProviderError("unavailable", `Cloud Run does not show runJob/${id}, which it has just taken`);
  }

  async #get(id: string, signal: Signal): Promise<Held | undefined> {
    try {
      return this.#read(await this.#world.api.send("run:GetJob", { name: this.nameOf(id) }, signal));
    } catch (error) {
      if (error instanceof ProviderError && error.code === "missing") return undefined;
      throw error;
    }
  }

  #read(raw: RunJob): Held {
    const { owner } = this.#world;
    const job = jobOfLabels(owner, raw.labels);
    if (job === undefined) return { isOurs: false };
    const { fields, unmanaged } = readRunJob(raw);
    const condition = raw.terminalCondition;
    const failed = condition?.state === "CONDITION_FAILED" ? (condition.message ?? "") : undefined;
    const observed: ObservedResource = {
      kind: "runJob",
      id: lastPart(raw.name),
      job,
      fields: plain(fields),
      mark: { ...owner, job },
      // Counts what people and rota change, and not what the executions do.
      revision: `${raw.uid}/${raw.generation}`,
      ...(Object.keys(unmanaged).length === 0 ? {} : { unmanaged }),
      ...(failed === undefined
        ? {}
        : { problem: `Cloud Run cannot run it: ${failed === "" ? "no reason given" : failed}` }),
    };
    return { isOurs: true, observed, raw, isForRun: raw.labels?.["rota-for"] === "run" };
  }
}

/** A new revision would change what others run by the job's name. */
function foreign(id: string): ProviderError {
  return new ProviderError("denied", `the Cloud Run job ${id} is there and does not carry rota's labels`, {
    fix: "choose another namespace, or delete it if it is yours",
  });
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof ProviderError && error.code === "missing")) throw error;
}
