import type { AutomationExecution, AutomationExecutionMetadata, Tag } from "@aws-sdk/client-ssm";
import { DAY, HOUR, type Instant, MINUTE } from "../../../src/model/index.ts";
import { inParallel, next, ProviderError, pages } from "../../../src/provider/index.ts";
import { instantText } from "../../../src/schedule/index.ts";
import { isOwnedBy, tagValue } from "../naming.ts";
import { roleName } from "../permissions/index.ts";
import type { Signal, World } from "../resources/world.ts";
import { RUNBOOKS } from "../work/index.ts";
import { instantOf } from "./task-state.ts";

/** Which machines an execution is about. */
export type Which =
  | { readonly ids: readonly string[] }
  | { readonly tag: { readonly key: string; readonly value: string } };

/** One execution of a runbook, whoever asked for it, with the mark that it carries. */
export interface Execution {
  readonly id: string;
  readonly job: string;
  readonly run?: string;
  readonly fireAt?: Instant;
  readonly startedBy: "rota" | "schedule" | "person";
  readonly action: "start" | "stop";
  readonly which: Which;
  /** What a tag stood for when it was carried out. Absent: AWS does not tell, or not all of it. */
  readonly touched?: readonly string[];
  /** By AWS's clock, like all that follows. */
  readonly requestedAt: Instant;
  /** Present exactly when it is over; what it started came up before. */
  readonly over?: { readonly at: Instant; readonly outcome: "succeeded" | "failed" | "stopped"; readonly why?: string };
}

type Read = AutomationExecutionMetadata | AutomationExecution;
type Tags = readonly Tag[];

/** Systems Manager keeps an execution so long (User guide, "Automation quotas"). */
const KEPT_MS = 30 * DAY;
/** What began so long before the last listing is listed again; AWS takes no request signed by a clock that is 15 minutes off. */
const AGAIN_MS = 20 * MINUTE;
/** AWS tells everywhere what it has taken after so long. */
const SETTLED_MS = 2 * MINUTE;
/** The most that DescribeAutomationExecutions gives at a time. */
const PAGE = 50;
/** A step of these runbooks ends by itself after this. */
const LONGEST_MS = HOUR;
const OUTCOMES: Readonly<Record<string, NonNullable<Execution["over"]>["outcome"]>> = {
  Success: "succeeded",
  CompletedWithSuccess: "succeeded",
  Cancelled: "stopped",
  Failed: "failed",
  TimedOut: "failed",
  Rejected: "failed",
  CompletedWithFailure: "failed",
  ChangeCalendarOverrideRejected: "failed",
  Exited: "failed",
};

/** The executions of AWS's two runbooks that carry this owner's tags. What is over stays as it was read. */
export class Executions {
  readonly #world: World;
  readonly #known = new Map<string, Execution>();
  /** Of executions that are not ours, and the tags of those that are: they are set once, when it starts. */
  readonly #foreign = new Set<string>();
  readonly #tags = new Map<string, Tags>();
  #listedAt: Instant | undefined;
  #listing: Promise<void> | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  /** All of the last 30 days, the first first. Complete, or it throws. */
  async list(signal: Signal): Promise<readonly Execution[]> {
    this.#listing ??= this.#list(signal).finally(() => {
      this.#listing = undefined;
    });
    await this.#listing;
    return this.all();
  }

  /** Those that have been listed or read. */
  all(): readonly Execution[] {
    return [...this.#known.values()].sort((a, b) => a.requestedAt - b.requestedAt || (a.id < b.id ? -1 : 1));
  }

  get isListed(): boolean {
    return this.#listedAt !== undefined;
  }

  async #list(signal: Signal): Promise<void> {
    const now = this.#world.clock.now();
    const underWay = [...this.#known.values()].filter(({ over }) => over === undefined);
    const since =
      this.#listedAt === undefined
        ? now - KEPT_MS
        : Math.min(this.#listedAt, ...underWay.map(({ requestedAt }) => requestedAt)) - AGAIN_MS;
    const found = await Promise.all(Object.values(RUNBOOKS).map((name) => this.#pages(name, since, signal)));
    // Each machine has an execution of its own below the one that was asked for.
    const asked = found.flat().filter(({ ParentAutomationExecutionId }) => ParentAutomationExecutionId === undefined);
    await inParallel(asked, (read) => this.#take(read, signal));
    this.#listedAt = now;
    // What the listings show no more is not asked about again; of what is over the tags are read.
    const shown = new Set(asked.map(({ AutomationExecutionId: id }) => id));
    for (const id of this.#foreign) if (!shown.has(id)) this.#foreign.delete(id);
    for (const id of this.#tags.keys()) if (this.#known.get(id)?.over !== undefined) this.#tags.delete(id);
    for (const [id, { over }] of this.#known) if (over && over.at < now - KEPT_MS) this.#known.delete(id);
  }

  #pages(name: string, since: Instant, signal: Signal): Promise<readonly AutomationExecutionMetadata[]> {
    const Filters = [
      { Key: "DocumentNamePrefix" as const, Values: [name] },
      { Key: "StartTimeAfter" as const, Values: [instantText(Math.floor(since))] },
    ];
    return pages((token) =>
      this.#world.api
        .send("ssm:DescribeAutomationExecutions", { Filters, MaxResults: PAGE, ...next("NextToken", token) }, signal)
        .then((page) => ({ items: page.AutomationExecutionMetadataList ?? [], next: page.NextToken })),
    );
  }

  /** As it is now. Throws `missing` when there is none, `denied` when it is not this owner's. */
  async read(id: string, signal: Signal): Promise<Execution> {
    const known = this.#known.get(id);
    if (known?.over) return known;
    const taken = await this.#take(await this.#get(id, signal), signal, true);
    if (taken) return taken;
    throw new ProviderError("denied", `the execution ${id} is not of this namespace and environment`);
  }

  async #get(id: string, signal: Signal): Promise<AutomationExecution> {
    const request = { AutomationExecutionId: id };
    const { AutomationExecution: read } = await this.#world.api.send("ssm:GetAutomationExecution", request, signal);
    if (read) return read;
    throw new ProviderError("unavailable", `Systems Manager did not say what the execution ${id} is`);
  }

  /** `isWhole`: it was asked for alone. A listing may say less of it. */
  async #take(read: Read, signal: Signal, isWhole = false): Promise<Execution | undefined> {
    const { AutomationExecutionId: id = "" } = read;
    if (this.#foreign.has(id) || this.#known.get(id)?.over) return this.#known.get(id);
    const tags = this.#tags.get(id) ?? (await this.#tagsOf(id, signal));
    const parsed = isOwnedBy(this.#world.owner, tags) ? this.#parse(read, tags) : undefined;
    const execution =
      parsed && !isWhole && lacksTouched(parsed) ? this.#parse(await this.#get(id, signal), tags) : parsed;
    if (execution) {
      this.#known.set(id, execution);
      this.#tags.set(id, tags);
    } else if (this.#isSettled(read)) this.#foreign.add(id);
    return execution;
  }

  /** Tags of an execution that has just begun may not be told yet. */
  #isSettled({ AutomationExecutionStatus, ExecutionStartTime }: Read): boolean {
    if (OUTCOMES[AutomationExecutionStatus ?? ""] !== undefined) return true;
    return ExecutionStartTime !== undefined && this.#world.clock.now() - ExecutionStartTime.getTime() > SETTLED_MS;
  }

  async #tagsOf(id: string, signal: Signal): Promise<Tags> {
    const request = { ResourceType: "Automation", ResourceId: id } as const;
    return (await this.#world.api.send("ssm:ListTagsForResource", request, signal)).TagList ?? [];
  }

  #parse(read: Read, tags: Tags): Execution | undefined {
    const { AutomationExecutionId: id, DocumentName, ExecutionStartTime, ExecutedBy = "" } = read;
    const job = tagValue(tags, "job");
    const action = DocumentName === RUNBOOKS.start ? "start" : DocumentName === RUNBOOKS.stop ? "stop" : undefined;
    const which = whichOf(read);
    if (!id || job === undefined || action === undefined || !which) return undefined;
    const run = tagValue(tags, "run");
    const fireAt = instantOf(tagValue(tags, "fire"));
    const bySchedule = ExecutedBy.includes(`:assumed-role/${roleName(this.#world.options.schedulerRole)}/`);
    const requestedAt = ExecutionStartTime?.getTime() ?? this.#world.clock.now();
    return {
      id,
      job,
      ...(run === undefined ? {} : { run }),
      ...(fireAt === undefined ? {} : { fireAt }),
      startedBy: run !== undefined ? "rota" : bySchedule ? "schedule" : "person",
      action,
      which,
      ...touchedOf(which, read),
      requestedAt,
      ...overOf(read, requestedAt),
    };
  }
}

function whichOf({ Targets = [] }: Read): Which | undefined {
  const [{ Key = "", Values = [] } = {}] = Targets;
  if (Key === "ParameterValues") return { ids: Values };
  const [value] = Values;
  return Key.startsWith("tag:") && value !== undefined ? { tag: { key: Key.slice(4), value } } : undefined;
}

function touchedOf(which: Which, { ResolvedTargets }: Read): Pick<Execution, "touched"> {
  if ("ids" in which) return {};
  const { ParameterValues = [], Truncated = false } = ResolvedTargets ?? {};
  return Truncated || ParameterValues.length === 0 ? {} : { touched: ParameterValues };
}

function lacksTouched({ action, which, touched }: Execution): boolean {
  return action === "start" && "tag" in which && touched === undefined;
}

function overOf(read: Read, requestedAt: Instant): Pick<Execution, "over"> {
  const outcome = OUTCOMES[read.AutomationExecutionStatus ?? ""];
  if (outcome === undefined) return {};
  const at = read.ExecutionEndTime?.getTime() ?? requestedAt + LONGEST_MS;
  const why = read.FailureMessage ?? (outcome === "succeeded" ? undefined : read.AutomationExecutionStatus);
  return { over: { at, outcome, ...(why === undefined ? {} : { why }) } };
}
