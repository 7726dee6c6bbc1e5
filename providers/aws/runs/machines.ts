import type { StartAutomationExecutionRequest } from "@aws-sdk/client-ssm";
import type { Instant, RunHandle, Sample, StopMode } from "../../../src/model/index.ts";
import { next, ProviderError, pages, type RunState, type StartRequest } from "../../../src/provider/index.ts";
import { instantText } from "../../../src/schedule/index.ts";
import { clientToken } from "../naming.ts";
import type { Signal, World } from "../resources/world.ts";
import { runbookRequest, type Setting, workOf } from "../work/index.ts";
import { type Execution, Executions, type Which } from "./executions.ts";
import type { Journal } from "./journal.ts";
import type { RunKind } from "./kind.ts";
import { MachineMetrics } from "./machine-metrics.ts";
import { stopMachines } from "./machine-stop.ts";
import type { OutputOf } from "./output.ts";
import {
  isUp,
  type Machine,
  machineOf,
  startState,
  stoppedByRota,
  stopState,
  type Uptime,
  uptimeOf,
} from "./uptime.ts";

/** Values of a filter (EC2 API reference, DescribeInstances). */
const MOST_VALUES = 200;
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Machines that were there before, started or stopped by AWS's own runbooks, which carry whose start it is and are listed.
 * The run of a start lasts until the machines that it brought up are down; that of a stop is the change.
 */
export class Machines implements RunKind {
  readonly #world: World;
  readonly #setting: Setting;
  readonly #journal: Journal;
  readonly #executions: Executions;
  readonly #metrics: MachineMetrics;
  /** Runs that have ended, by execution: they stay as they are. */
  readonly #ended = new Map<string, RunState>();
  /** The runbooks that deployed schedules start. */
  readonly #scheduled: (signal: Signal) => Promise<readonly string[]>;

  constructor(
    world: World,
    setting: Setting,
    journal: Journal,
    scheduled: (signal: Signal) => Promise<readonly string[]>,
  ) {
    this.#world = world;
    this.#setting = setting;
    this.#journal = journal;
    this.#scheduled = scheduled;
    this.#executions = new Executions(world);
    this.#metrics = new MachineMetrics(world.api, world.clock);
  }

  owns(handle: unknown): boolean {
    return handle !== null && typeof handle === "object" && "automation" in handle;
  }

  async start({ job, run, fireAt }: StartRequest, signal: Signal): Promise<RunState> {
    const work = workOf(job, this.#setting);
    if (!work.ok || job.workload.kind !== "vm") throw new ProviderError("unsupported", work.ok ? "no vm" : work.reason);
    const held = await this.find(run, signal);
    if (held) return held;
    const { owner, clock } = this.#world;
    const request = runbookRequest(job.name, job.workload, { owner }, { run, fire: instantText(fireAt) });
    const ClientToken = uuidOf(clientToken(owner.namespace, owner.environment, run));
    const [tag] = Object.entries(job.workload.tags);
    if (tag) await this.#demand({ key: tag[0], value: tag[1] }, signal);
    const noted = { run, job: job.name, at: clock.now(), kind: "machines", target: String(request["DocumentName"]) };
    await this.#journal.write(noted);
    const id = await this.#send({ ...request, ClientToken }, run, signal);
    const handle = { automation: id };
    await this.#journal.write({ ...noted, handle });
    try {
      return await this.inspect(handle, signal);
    } catch (error) {
      if (!(error instanceof ProviderError) || !/^(?:missing|denied)$/.test(error.code)) throw error;
      // It was taken a moment ago, and is not told everywhere yet.
      return { handle, run, job: job.name, phase: "starting", startedBy: "rota" };
    }
  }

  /** Under a token of the run's own; one that was used already is of an execution that there is. */
  async #send(call: StartAutomationExecutionRequest, run: string, signal: Signal): Promise<string> {
    try {
      const { AutomationExecutionId: id } = await this.#world.api.send("ssm:StartAutomationExecution", call, signal);
      if (id !== undefined) return id;
      throw new ProviderError("unavailable", "Systems Manager did not say what it started");
    } catch (error) {
      if (!(error instanceof ProviderError) || !/^(?:exists|invalid)$/.test(error.code)) throw error;
      const found = (await this.#executions.list(signal)).find((each) => each.run === run);
      if (found) return found.id;
      if (error.code === "invalid") throw error;
      const text = "Systems Manager took this start before, and does not list it yet";
      throw new ProviderError("unavailable", text, { cause: error });
    }
  }

  /** An execution for a tag that no machine carries would fail with words of its own. */
  async #demand(tag: { readonly key: string; readonly value: string }, signal: Signal): Promise<void> {
    if ((await this.#describe({ tag }, signal)).length > 0) return;
    throw new ProviderError("invalid", `there is no machine with the tag ${tag.key},${tag.value}`);
  }

  /** By the note of its start, which is written before the request leaves. */
  async find(run: string, signal: Signal): Promise<RunState | undefined> {
    const start = await this.#journal.read(run);
    if (start?.kind !== "machines") return undefined;
    if (start.handle !== undefined) return this.inspect(start.handle, signal);
    const found = (await this.#executions.list(signal)).find((each) => each.run === run);
    // One that AWS does not list yet is sent again, under the same token.
    return found && this.#state(found, signal);
  }

  async list(since: Instant, signal: Signal): Promise<readonly RunState[]> {
    if (!this.#executions.isListed && (await this.#scheduled(signal)).length === 0) return [];
    const executions = await this.#executions.list(signal);
    const described = new Map<string, Promise<readonly Machine[]>>();
    const states: RunState[] = [];
    const listed = new Set(executions.map(({ id }) => id));
    for (const id of this.#ended.keys()) if (!listed.has(id)) this.#ended.delete(id);
    for (const execution of executions) {
      const ended = this.#ended.get(execution.id);
      if (ended && (ended.endedAt ?? execution.over?.at ?? since) < since) continue;
      const state = await this.#state(execution, signal, described);
      if (state.phase !== "ended" || (state.endedAt ?? execution.over?.at ?? since) >= since) states.push(state);
    }
    return states;
  }

  async inspect(handle: RunHandle, signal: Signal): Promise<RunState> {
    return this.#state(await this.#execution(handle, signal), signal);
  }

  async #execution(handle: RunHandle, signal: Signal): Promise<Execution> {
    const { automation } = handle as { readonly automation?: unknown };
    if (typeof automation !== "string" || !ID.test(automation))
      throw new ProviderError("invalid", "this is no handle of an execution");
    return this.#executions.read(automation, signal);
  }

  async #state(
    execution: Execution,
    signal: Signal,
    described?: Map<string, Promise<readonly Machine[]>>,
  ): Promise<RunState> {
    if (execution.action === "stop") return stopState(execution);
    const known = this.#ended.get(execution.id);
    if (known) return known;
    const uptime = await this.#uptime(execution, signal, described);
    const state = startState(execution, uptime);
    if (state.phase !== "ended") return state;
    const isStopped = (await this.#journal.read(stopNote(execution.id))) !== undefined;
    const ended = isStopped ? stoppedByRota(state) : state;
    if (execution.over) this.#ended.set(execution.id, ended);
    return ended;
  }

  /** `described`: what has been asked already in this round. */
  async #uptime(
    execution: Execution,
    signal: Signal,
    described = new Map<string, Promise<readonly Machine[]>>(),
  ): Promise<Uptime> {
    // Whoever asked first has a launch to itself, so all that asked have to be known.
    const others = this.#executions.isListed ? this.#executions.all() : await this.#executions.list(signal);
    const key = JSON.stringify(execution.which);
    const asked = described.get(key) ?? this.#describe(execution.which, signal);
    described.set(key, asked);
    return uptimeOf(execution, await asked, others);
  }

  /** By filters: an id that EC2 does not know any more is then none, and no mistake. */
  async #describe(which: Which, signal: Signal): Promise<readonly Machine[]> {
    if ("tag" in which) return this.#filtered(`tag:${which.tag.key}`, [which.tag.value], signal);
    const machines: Machine[] = [];
    for (let from = 0; from < which.ids.length; from += MOST_VALUES)
      machines.push(...(await this.#filtered("instance-id", which.ids.slice(from, from + MOST_VALUES), signal)));
    return machines;
  }

  #filtered(name: string, values: readonly string[], signal: Signal): Promise<readonly Machine[]> {
    const Filters = [{ Name: name, Values: [...values] }];
    return pages((token) =>
      this.#world.api.send("ec2:DescribeInstances", { Filters, ...next("NextToken", token) }, signal).then((page) => ({
        items: (page.Reservations ?? []).flatMap(({ Instances = [] }) => Instances.map(machineOf)),
        next: page.NextToken,
      })),
    );
  }

  /**
   * `StopInstances` of the machines that this start brought up, and no others: described anew, launched by it, and still
   * among its ids or with its tag.
   */
  async stop(handle: RunHandle, _mode: StopMode, signal: Signal): Promise<void> {
    const execution = await this.#execution(handle, signal);
    if (execution.action === "stop") {
      if (execution.over) return;
      throw new ProviderError("unsupported", "machines that stop cannot be stopped from it");
    }
    const { own, maybe } = await this.#uptime(execution, signal);
    if (maybe.some(isUp)) {
      const text = `Systems Manager does not tell which machines the execution ${execution.id} started: none is stopped by guess`;
      throw new ProviderError(execution.over ? "unsupported" : "unavailable", text);
    }
    const up = own.filter(isUp);
    if (up.length === 0) return;
    const ids = up.map(({ id }) => id);
    const note = { run: stopNote(execution.id), job: execution.job, at: this.#world.clock.now() };
    const isAgain = (await this.#journal.read(note.run)) !== undefined;
    await this.#journal.write({ ...note, kind: "stop", target: ids.join(",") });
    const { isOurs, refusal } = await stopMachines(this.#world.api, ids, signal);
    // Somebody was quicker, or nothing was taken; of a lost answer nobody knows.
    if (!isOurs && !isAgain && refusal?.code !== "unavailable") await this.#journal.remove(note.run);
    if (refusal) throw refusal;
  }

  async measure(handle: RunHandle, after: Instant, signal: Signal): Promise<readonly Sample[]> {
    const execution = await this.#execution(handle, signal);
    if (execution.action === "stop") return [];
    const own = async () => (await this.#uptime(execution, signal)).own;
    return this.#metrics.of(execution.id, own, after, signal);
  }

  /** What the machines write is theirs to keep. */
  async output(handle: RunHandle, signal: Signal): Promise<OutputOf | undefined> {
    await this.#execution(handle, signal);
    return undefined;
  }
}

/** The name of the note that rota sent the stop of an execution's machines. */
function stopNote(id: string): string {
  return `stop ${id}`;
}

/** Systems Manager takes tokens in the form of a UUID. */
function uuidOf(token: string): string {
  const [a, b, c, d, e] = [
    token.slice(0, 8),
    token.slice(8, 12),
    token.slice(12, 16),
    token.slice(16, 20),
    token.slice(20, 32),
  ];
  return [a, b, c, d, e].join("-");
}
