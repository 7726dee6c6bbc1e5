import {
  canonical,
  fingerprint,
  type ObservedResource,
  type Resource,
  type ResourceChange,
} from "../../../src/model/index.ts";
import { next, ProviderError, pages, plain, unchanged } from "../../../src/provider/index.ts";
import type { SchedulerJob } from "../api/index.ts";
import { lastPart, runJobId, schedulePrefix } from "../naming.ts";
import { parentOf } from "../options.ts";
import { jobOfSchedule, problemOf, readSchedule, type ScheduleFields, scheduleMessage } from "./schedule.ts";
import { SCHEDULER_PAGE, type Signal, type World } from "./world.ts";

/** The Cloud Scheduler jobs of a namespace and environment: those whose name and whose headers both carry the mark. */
export class Schedules {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  async list(signal: Signal): Promise<readonly ObservedResource[]> {
    const { api, options } = this.#world;
    const jobs = await pages((token) =>
      api
        .send(
          "cloudscheduler:ListJobs",
          { parent: parentOf(options), pageSize: SCHEDULER_PAGE, ...next("pageToken", token) },
          signal,
        )
        .then((page) => ({ items: page.jobs ?? [], next: page.nextPageToken })),
    );
    return jobs.map((raw) => this.#read(raw)).filter((each) => each !== undefined);
  }

  async apply(
    change: Exclude<ResourceChange, { action: "keep" }>,
    signal: Signal,
  ): Promise<ObservedResource | undefined> {
    const { api } = this.#world;
    if (change.action === "create") return this.#create(change.desired, signal);
    const held = await unchanged(change.actual, (id) => this.#get(id, signal));
    const name = this.#nameOf(held.id);
    if (change.action === "delete") {
      await api.send("cloudscheduler:DeleteJob", { name }, signal).catch(ignoreMissing);
      return undefined;
    }
    const fields = change.desired.fields as unknown as ScheduleFields;
    const job = scheduleMessage(name, held.job, fields, held.unmanaged);
    if (held.fields["health"] === "DISABLED") {
      // No call enables again what the system disabled.
      await api.send("cloudscheduler:DeleteJob", { name }, signal).catch(ignoreMissing);
      await api.send("cloudscheduler:CreateJob", { parent: parentOf(this.#world.options), job }, signal);
      return this.#get(held.id, signal);
    }
    const updated = await api.send("cloudscheduler:UpdateJob", { job }, signal);
    // Whether an update lifts a pause is not documented: what was paused is paused again at once.
    const pause = held.paused && updated.state !== "PAUSED";
    return this.#read(pause ? await api.send("cloudscheduler:PauseJob", { name }, signal) : updated);
  }

  async setPaused(job: string, paused: boolean, signal: Signal): Promise<void> {
    for (const held of await this.list(signal)) {
      if (held.job !== job || held.paused === paused) continue;
      const name = this.#nameOf(held.id);
      if (paused) await this.#world.api.send("cloudscheduler:PauseJob", { name }, signal);
      else await this.#world.api.send("cloudscheduler:ResumeJob", { name }, signal);
    }
  }

  async #create({ id, job, fields }: Resource, signal: Signal): Promise<ObservedResource | undefined> {
    const { api, options } = this.#world;
    const name = this.#nameOf(id);
    if (await this.#exists(name, signal)) throw new ProviderError("exists", `schedule/${id} exists already`);
    const message = scheduleMessage(name, job, fields as unknown as ScheduleFields);
    try {
      return this.#read(
        await api.send("cloudscheduler:CreateJob", { parent: parentOf(options), job: message }, signal),
      );
    } catch (error) {
      if (!(error instanceof ProviderError && error.code === "exists")) throw error;
      // It was not there a moment ago: ours when it is equal (the first answer was lost), else somebody was quicker.
      const made = await this.#get(id, signal);
      if (!made || canonical(made.fields) !== canonical(fields)) throw error;
      return made;
    }
  }

  #nameOf(id: string): string {
    return `${parentOf(this.#world.options)}/jobs/${id}`;
  }

  async #exists(name: string, signal: Signal): Promise<boolean> {
    return (await this.#raw(name, signal)) !== undefined;
  }

  async #get(id: string, signal: Signal): Promise<ObservedResource | undefined> {
    const raw = await this.#raw(this.#nameOf(id), signal);
    return raw && this.#read(raw);
  }

  async #raw(name: string, signal: Signal): Promise<SchedulerJob | undefined> {
    try {
      return await this.#world.api.send("cloudscheduler:GetJob", { name }, signal);
    } catch (error) {
      if (error instanceof ProviderError && error.code === "missing") return undefined;
      throw error;
    }
  }

  /** Undefined for a job that is not ours, whatever its name. */
  #read(raw: SchedulerJob): ObservedResource | undefined {
    const { owner } = this.#world;
    const id = lastPart(raw.name);
    const job = jobOfSchedule(raw, owner);
    if (job === undefined || !id.startsWith(`${schedulePrefix(owner)}${job}_`)) return undefined;
    const { fields, unmanaged } = readSchedule(raw);
    const problem = problemOf(raw);
    return {
      kind: "schedule",
      id,
      job,
      fields: plain(fields),
      mark: { ...owner, job },
      revision: fingerprint({ fields, unmanaged }),
      ...(fields.uri.startsWith("https://run.googleapis.com/")
        ? { dependsOn: [`runJob/${runJobId(owner, job)}`] }
        : {}),
      paused: raw.state === "PAUSED",
      ...(Object.keys(unmanaged).length === 0 ? {} : { unmanaged }),
      ...(problem === undefined ? {} : { problem }),
    };
  }
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof ProviderError && error.code === "missing")) throw error;
}
