import type { GetScheduleOutput, ScheduleSummary, UpdateScheduleInput } from "@aws-sdk/client-scheduler";
import { fingerprint, type ObservedResource, type ResourceChange } from "../../../src/model/index.ts";
import { inParallel, next, ProviderError, pages, plain, unchanged } from "../../../src/provider/index.ts";
import {
  clientToken,
  familyName,
  groupName,
  isOwnedBy,
  jobDefinitionName,
  type Owner,
  ruleName,
  tagsOf,
} from "../naming.ts";
import type { Scheduled } from "../runs/targets.ts";
import { readSchedule, type ScheduleFields, scheduleRequest } from "./schedule.ts";
import { LISTED_TARGETS, PUT_EVENTS, scheduledOf } from "./scheduled.ts";
import { PAGE, type Signal, type World } from "./world.ts";

/** What has to outlive the schedule. */
function needsOf(target: string, owner: Owner, job: string): Pick<ObservedResource, "dependsOn"> {
  if (target.endsWith(":ecs:runTask")) return { dependsOn: [`taskDefinition/${familyName(owner, job)}`] };
  if (target.endsWith(":batch:submitJob")) return { dependsOn: [`jobDefinition/${jobDefinitionName(owner, job)}`] };
  if (target.endsWith(PUT_EVENTS)) return { dependsOn: [`rule/${ruleName(owner, job)}`] };
  return {};
}

/** Before a schedule's name, among what has been read. */
const KEY = "schedule/";

/** The schedules of a namespace and environment, in a group of their own that carries the mark. */
export class Schedules {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  list(signal: Signal): Promise<readonly ObservedResource[]> {
    return this.#named(undefined, signal);
  }

  async #named(prefix: string | undefined, signal: Signal): Promise<readonly ObservedResource[]> {
    if (!(await this.#ownsGroup(signal))) return [];
    const { readings } = this.#world;
    const summaries = new Map((await this.#summaries(prefix, signal)).map((each) => [each.Name ?? "", each]));
    const found = await inParallel([...summaries.values()], (each) => this.#listed(each, signal));
    if (prefix === undefined) await readings.keep(KEY, new Set([...summaries.keys()].map((name) => KEY + name)));
    return found.filter((each) => each !== undefined);
  }

  /** A listing tells when each was changed last: what was read since need not be read again. */
  async #listed(
    { Name = "", LastModificationDate }: ScheduleSummary,
    signal: Signal,
  ): Promise<ObservedResource | undefined> {
    const changedAt = LastModificationDate?.getTime();
    if (changedAt === undefined) return this.#schedule(Name, signal);
    const version = { key: KEY + Name, version: String(changedAt), changedAt };
    const read = await this.#world.readings.of(version, () => this.#read(Name, signal));
    return read && this.#observe(Name, read);
  }

  #summaries(prefix: string | undefined, signal: Signal): Promise<readonly ScheduleSummary[]> {
    const { api, owner } = this.#world;
    const GroupName = groupName(owner);
    return pages((nextToken) =>
      api
        .send(
          "scheduler:ListSchedules",
          { GroupName, MaxResults: PAGE, ...next("NamePrefix", prefix), ...next("NextToken", nextToken) },
          signal,
        )
        .then((page) => ({ items: page.Schedules ?? [], next: page.NextToken })),
    );
  }

  /** What is started by our schedules and listed by its name: only schedules that start such a thing are read. */
  async targets(signal: Signal): Promise<Scheduled> {
    if (!(await this.#ownsGroup(signal))) return scheduledOf([], []);
    const summaries = await this.#summaries(undefined, signal);
    const named = summaries.filter(({ Target }) => LISTED_TARGETS.test(Target?.Arn ?? ""));
    const read = await inParallel(named, (summary) => this.#listed(summary, signal));
    return scheduledOf(
      read.filter((each) => each !== undefined),
      summaries.map(({ Target }) => Target?.Arn ?? ""),
    );
  }

  /** The schedule of that name, or undefined when there is none of ours. */
  async #schedule(name: string, signal: Signal): Promise<ObservedResource | undefined> {
    const read = await this.#read(name, signal);
    return read && this.#observe(name, read);
  }

  async #read(name: string, signal: Signal): Promise<GetScheduleOutput | undefined> {
    const { api, owner } = this.#world;
    try {
      return await api.send("scheduler:GetSchedule", { Name: name, GroupName: groupName(owner) }, signal);
    } catch (error) {
      if (error instanceof ProviderError && error.code === "missing") return undefined;
      throw error;
    }
  }

  #observe(name: string, read: GetScheduleOutput): ObservedResource | undefined {
    const { owner, options, clock } = this.#world;
    const { job, fields, unmanaged } = readSchedule(read, { owner, options }, clock.now());
    if (job === undefined) return undefined;
    return {
      kind: "schedule",
      id: name,
      job,
      fields: plain(fields),
      mark: { ...owner, job },
      revision: fingerprint({ fields, unmanaged }),
      ...needsOf(fields.target, owner, job),
      paused: read.State === "DISABLED",
      ...(Object.keys(unmanaged).length === 0 ? {} : { unmanaged }),
    };
  }

  /** False when there is no group of that name; `denied` when there is one without our mark. */
  async #ownsGroup(signal: Signal): Promise<boolean> {
    const { api, owner } = this.#world;
    const name = groupName(owner);
    const groups = await pages((nextToken) =>
      api
        .send(
          "scheduler:ListScheduleGroups",
          { NamePrefix: name, MaxResults: PAGE, ...next("NextToken", nextToken) },
          signal,
        )
        .then((page) => ({ items: page.ScheduleGroups ?? [], next: page.NextToken })),
    );
    const arn = groups.find((group) => group.Name === name)?.Arn;
    if (arn === undefined) return false;
    const { Tags } = await api.send("scheduler:ListTagsForResource", { ResourceArn: arn }, signal);
    if (isOwnedBy(owner, Tags)) return true;
    throw new ProviderError("denied", `the schedule group ${name} is there and does not carry rota's tags`, {
      fix: `tag it rota:namespace=${owner.namespace} and rota:environment=${owner.environment} if it is yours, else choose another namespace`,
    });
  }

  async #ensureGroup(signal: Signal): Promise<void> {
    if (await this.#ownsGroup(signal)) return;
    const { api, owner } = this.#world;
    const Name = groupName(owner);
    const Tags = tagsOf(owner).map(({ key, value }) => ({ Key: key, Value: value }));
    try {
      await api.send("scheduler:CreateScheduleGroup", { Name, Tags, ClientToken: clientToken(Name) }, signal);
    } catch (error) {
      // Somebody was quicker; whose it is shows at the next look.
      if (!(error instanceof ProviderError && error.code === "conflict")) throw error;
    }
  }

  async apply(
    change: Exclude<ResourceChange, { action: "keep" }>,
    signal: Signal,
  ): Promise<ObservedResource | undefined> {
    const { api, owner, random } = this.#world;
    if (change.action === "create") {
      const { id, job, fields } = change.desired;
      const request = this.#request({ id, job }, fields as unknown as ScheduleFields, "ENABLED");
      // A token of this call's own: sent again after a lost answer it is the same creation, a second create is not.
      const ClientToken = clientToken(id, String(random.next()), String(random.next()));
      try {
        await this.#groupOnce();
        await api.send("scheduler:CreateSchedule", { ...request, ClientToken }, signal);
      } catch (error) {
        if (!(error instanceof ProviderError) || error.code !== "conflict") throw error;
        throw new ProviderError("exists", `schedule/${id} exists already in ${groupName(owner)}`, { cause: error });
      }
      return this.#schedule(id, signal);
    }
    const held = await unchanged(change.actual, (id) => this.#schedule(id, signal));
    if (change.action === "delete") {
      await api.send(
        "scheduler:DeleteSchedule",
        { Name: held.id, GroupName: groupName(owner), ClientToken: clientToken("delete", held.id, held.revision) },
        signal,
      );
      return undefined;
    }
    const fields = change.desired.fields as unknown as ScheduleFields;
    const state = held.paused ? "DISABLED" : "ENABLED";
    await api.send("scheduler:UpdateSchedule", this.#request(held, fields, state), signal);
    return this.#schedule(held.id, signal);
  }

  #request(
    { id, job, unmanaged = {} }: Pick<ObservedResource, "id" | "job" | "unmanaged">,
    fields: ScheduleFields,
    state: "ENABLED" | "DISABLED",
  ): UpdateScheduleInput {
    return scheduleRequest({ id, job, kept: unmanaged, state, now: this.#world.clock.now() }, fields);
  }

  #group: Promise<void> | undefined;
  /** Once for each opened placement: an apply of a thousand schedules asks for their group once. */
  #groupOnce(): Promise<void> {
    const made = this.#group ?? this.#ensureGroup(undefined);
    this.#group = made;
    void made.catch(() => {
      this.#group = undefined;
    });
    return made;
  }

  async setPaused(job: string, paused: boolean, signal: Signal): Promise<void> {
    for (const held of await this.#named(`${job}.`, signal)) {
      if (held.job !== job || held.paused === paused) continue;
      const fields = held.fields as unknown as ScheduleFields;
      const state = paused ? "DISABLED" : "ENABLED";
      await this.#world.api.send("scheduler:UpdateSchedule", this.#request(held, fields, state), signal);
    }
  }
}
