import type { DescribeRuleResponse, Rule } from "@aws-sdk/client-eventbridge";
import { ALL_JOBS, fingerprint, type ObservedResource, type ResourceChange } from "../../../src/model/index.ts";
import { inParallel, next, ProviderError, pages, plain, unchanged } from "../../../src/provider/index.ts";
import {
  arnOf,
  eventQueueName,
  eventRuleName,
  familyName,
  isOwnedBy,
  jobDefinitionName,
  type Owner,
  ruleName,
  tagsOf,
  tagValue,
} from "../naming.ts";
import { putRuleRequest, type RuleFields, readRule, TARGET, targetOfRule } from "./rule.ts";
import { PAGE, type Signal, type World } from "./world.ts";

/** The rules of the default bus that start jobs, hand their requests on, and tell of changes of runs. Each carries its mark as tags. */
export class Rules {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** They are looked for whatever the options say now: an earlier manifest may have left them. */
  async list(signal: Signal): Promise<readonly ObservedResource[]> {
    const found = await inParallel(await this.#summaries(signal), ({ Name = "" }) => this.#rule(Name, signal));
    return found.filter((each) => each !== undefined && each !== "foreign");
  }

  #summaries(signal: Signal): Promise<readonly Rule[]> {
    const { api, owner } = this.#world;
    return pages((NextToken) =>
      api
        .send(
          "eventbridge:ListRules",
          { NamePrefix: ruleName(owner, ""), Limit: PAGE, ...next("NextToken", NextToken) },
          signal,
        )
        .then((page) => ({ items: page.Rules ?? [], next: page.NextToken })),
    );
  }

  /** What exists already and is started by scheduled rules, by ARN. None where there is no role to start it as. */
  async targets(signal: Signal): Promise<readonly string[]> {
    const { api, options } = this.#world;
    if (options.rulesRole === undefined) return [];
    const scheduled = (await this.#summaries(signal)).filter(({ ScheduleExpression }) => ScheduleExpression);
    const found = await inParallel(scheduled, async ({ Name = "" }) => {
      const { Targets = [] } = await api.send("eventbridge:ListTargetsByRule", { Rule: Name }, signal);
      return Targets.map(({ Arn = "" }) => Arn);
    });
    return found.flat();
  }

  async #rule(name: string, signal: Signal): Promise<ObservedResource | "foreign" | undefined> {
    const { api, owner, options } = this.#world;
    let rule: DescribeRuleResponse;
    try {
      rule = await api.send("eventbridge:DescribeRule", { Name: name }, signal);
    } catch (error) {
      if (error instanceof ProviderError && error.code === "missing") return undefined;
      throw error;
    }
    const { Tags = [] } = await api.send("eventbridge:ListTagsForResource", { ResourceARN: rule.Arn ?? "" }, signal);
    const job = isForAll(owner, name) ? ALL_JOBS : tagValue(Tags, "job");
    if (job === undefined || !isOwnedBy(owner, Tags)) return "foreign";
    const { Targets = [] } = await api.send("eventbridge:ListTargetsByRule", { Rule: name }, signal);
    const { fields, unmanaged, paused } = readRule(rule, Targets, job, options.deadLetterQueue !== undefined);
    return {
      kind: "rule",
      id: name,
      job,
      fields: plain(fields),
      mark: { ...owner, job },
      revision: fingerprint({ fields, unmanaged }),
      ...needsOf(fields, this.#world, job),
      paused,
      ...(Object.keys(unmanaged).length === 0 ? {} : { unmanaged }),
    };
  }

  async apply(
    change: Exclude<ResourceChange, { action: "keep" }>,
    signal: Signal,
  ): Promise<ObservedResource | undefined> {
    if (change.action === "create") {
      const { id, job, fields } = change.desired;
      const held = await this.#rule(id, signal);
      if (held === "foreign") throw foreign(id);
      if (held) throw new ProviderError("exists", `rule/${id} exists already`);
      await this.#put({ id, job, unmanaged: {} }, fields as unknown as RuleFields, true, signal);
      return this.#own(id, signal);
    }
    const held = await unchanged(change.actual, (id) => this.#own(id, signal));
    if (change.action === "update") {
      await this.#put(held, change.desired.fields as unknown as RuleFields, false, signal);
      return this.#own(held.id, signal);
    }
    const { api } = this.#world;
    const { Targets = [] } = await api.send("eventbridge:ListTargetsByRule", { Rule: held.id }, signal);
    const Ids = Targets.map(({ Id = "" }) => Id);
    if (Ids.length > 0) await api.send("eventbridge:RemoveTargets", { Rule: held.id, Ids }, signal);
    await api.send("eventbridge:DeleteRule", { Name: held.id }, signal);
    return undefined;
  }

  async #own(id: string, signal: Signal): Promise<ObservedResource | undefined> {
    const held = await this.#rule(id, signal);
    return held === "foreign" ? undefined : held;
  }

  async #put(
    { id, job, unmanaged = {}, paused = false }: Pick<ObservedResource, "id" | "job" | "unmanaged" | "paused">,
    fields: RuleFields,
    isNew: boolean,
    signal: Signal,
  ): Promise<void> {
    const { api, owner } = this.#world;
    const arn = await this.#arnOf(String(fields.target["Arn"]), signal);
    const tags = isNew ? tagsOf(job === ALL_JOBS ? owner : { ...owner, job }) : [];
    const rule = putRuleRequest(id, fields, { job, tags, kept: unmanaged, paused });
    await api.send("eventbridge:PutRule", rule, signal);
    const Targets = [targetOfRule(fields, arn, unmanaged)];
    const { FailedEntries = [] } = await api.send("eventbridge:PutTargets", { Rule: id, Targets }, signal);
    const [failed] = FailedEntries;
    if (failed)
      throw new ProviderError(
        "unavailable",
        `eventbridge:PutTargets ${TARGET}: ${failed.ErrorCode}: ${failed.ErrorMessage}`,
      );
  }

  async #arnOf(target: string, signal: Signal): Promise<string> {
    const name = /^api-destination\/(.+)$/.exec(target)?.[1];
    if (name === undefined) return target;
    const { ApiDestinationArn = "" } = await this.#world.api.send(
      "eventbridge:DescribeApiDestination",
      { Name: name },
      signal,
    );
    return ApiDestinationArn;
  }

  /** Of the rules that fire by themselves; one that waits for a schedule's events is silent with the schedule. */
  async setPaused(job: string, paused: boolean, signal: Signal): Promise<void> {
    for (const held of await this.list(signal)) {
      if (held.job !== job || held.paused === paused || !("expression" in (held.fields["trigger"] as object))) continue;
      await this.#world.api.send(
        paused ? "eventbridge:DisableRule" : "eventbridge:EnableRule",
        { Name: held.id },
        signal,
      );
    }
  }
}

function isForAll(owner: Owner, name: string): boolean {
  return name === eventRuleName(owner, "ecs") || name === eventRuleName(owner, "batch");
}

function foreign(name: string): ProviderError {
  return new ProviderError("denied", `the rule ${name} is there and does not carry rota's tags`, {
    fix: "choose another namespace, or delete it if it is yours",
  });
}

/** What has to outlive the rule. */
function needsOf(
  { target }: RuleFields,
  { owner, options }: Pick<World, "owner" | "options">,
  job: string,
): Pick<ObservedResource, "dependsOn"> {
  const queue = eventQueueName(owner);
  if (target["Arn"] === arnOf(options, "sqs", queue)) return { dependsOn: [`queue/${queue}`] };
  if (/^api-destination/.test(String(target["Arn"]))) return { dependsOn: [`apiDestination/${ruleName(owner, job)}`] };
  if (target["EcsParameters"] !== undefined) return { dependsOn: [`taskDefinition/${familyName(owner, job)}`] };
  if (target["BatchParameters"] !== undefined) return { dependsOn: [`jobDefinition/${jobDefinitionName(owner, job)}`] };
  return {};
}
