import type { Instance } from "@aws-sdk/client-ec2";
import type { Instant, RunHandle, Sample, StopMode, VmWorkload } from "../../../src/model/index.ts";
import { next, ProviderError, pages, type RunState, type StartRequest } from "../../../src/provider/index.ts";
import type { Signal, World } from "../resources/world.ts";
import { type Setting, workOf } from "../work/index.ts";
import type { Journal, Start } from "./journal.ts";
import type { RunKind } from "./kind.ts";
import type { OutputOf } from "./output.ts";

interface Handle {
  readonly machines: string;
}

/**
 * Machines that were there before, started or stopped at rota's own request: the run is the change, from the request
 * until every machine is where it was to be. Asked for twice, it changes nothing, so that it needs no token.
 */
export class Machines implements RunKind {
  readonly #world: World;
  readonly #setting: Setting;
  readonly #journal: Journal;

  constructor(world: World, setting: Setting, journal: Journal) {
    this.#world = world;
    this.#setting = setting;
    this.#journal = journal;
  }

  owns(handle: unknown): boolean {
    return handle !== null && typeof handle === "object" && "machines" in handle;
  }

  async start({ job, run }: StartRequest, signal: Signal): Promise<RunState> {
    const work = workOf(job, this.#setting);
    if (!work.ok || job.workload.kind !== "vm") throw new ProviderError("unsupported", work.ok ? "no vm" : work.reason);
    const held = await this.#journal.read(run);
    const ids = held ? held.target.split(",").slice(1) : await this.#idsOf(job.workload, signal);
    const { action } = job.workload;
    const target = [action, ...ids].join(",");
    const noted: Start = held ?? { run, job: job.name, at: this.#world.clock.now(), kind: "machines", target };
    await this.#journal.write(noted);
    if (held === undefined || held.handle === undefined) {
      const call = action === "start" ? "ec2:StartInstances" : "ec2:StopInstances";
      await this.#world.api.send(call, { InstanceIds: [...ids] }, signal);
      await this.#journal.write({ ...noted, handle: { machines: run } });
    }
    return this.#state(noted, signal);
  }

  async #idsOf({ instances, tags }: VmWorkload, signal: Signal): Promise<readonly string[]> {
    if (instances.length > 0) return instances;
    const Filters = [
      ...Object.entries(tags).map(([name, value]) => ({ Name: `tag:${name}`, Values: [value] })),
      { Name: "instance-state-name", Values: ["pending", "running", "stopping", "stopped"] },
    ];
    const found = (await this.#describe({ Filters }, signal)).map(({ InstanceId = "" }) => InstanceId);
    if (found.length > 0) return found.sort();
    throw new ProviderError("invalid", `there is no machine with the tag ${Object.entries(tags).join()}`);
  }

  #describe(
    which: { readonly Filters?: { Name: string; Values: string[] }[]; readonly InstanceIds?: string[] },
    signal: Signal,
  ): Promise<readonly Instance[]> {
    return pages((NextToken) =>
      this.#world.api
        .send("ec2:DescribeInstances", { ...which, ...next("NextToken", NextToken) }, signal)
        .then((page) => ({
          items: (page.Reservations ?? []).flatMap(({ Instances = [] }) => Instances),
          next: page.NextToken,
        })),
    );
  }

  async find(run: string, signal: Signal): Promise<RunState | undefined> {
    const start = await this.#journal.read(run);
    // A request that may not have arrived is sent again: it does nothing the second time.
    return start?.kind === "machines" && start.handle !== undefined ? this.#state(start, signal) : undefined;
  }

  /** What the schedule's own calls come to is told to nobody. */
  async list(): Promise<readonly RunState[]> {
    return [];
  }

  async inspect(handle: RunHandle, signal: Signal): Promise<RunState> {
    return this.#state(await this.#noted(handle), signal);
  }

  async #noted(handle: RunHandle): Promise<Start> {
    const { machines } = handle as Partial<Handle>;
    if (typeof machines !== "string") throw new ProviderError("invalid", "this is no handle of machines");
    const start = await this.#journal.read(machines);
    if (start?.kind === "machines") return start;
    throw new ProviderError("missing", `no start of machines for ${machines} is noted here`);
  }

  async #state({ run, job, at, target }: Start, signal: Signal): Promise<RunState> {
    const [action, ...ids] = target.split(",");
    const found = await this.#describe({ InstanceIds: ids }, signal);
    const wanted = action === "start" ? "running" : "stopped";
    const states = found.map(({ State }) => State?.Name ?? "");
    const base = { handle: { machines: run }, run, job, startedBy: "rota", startedAt: at } as const;
    const gone = found.find(({ State }) => /^(?:shutting-down|terminated)$/.test(State?.Name ?? ""));
    if (gone || found.length < ids.length) {
      return { ...base, phase: "ended", outcome: "failed", reason: `${gone?.InstanceId ?? "a machine"} is gone` };
    }
    if (states.every((state) => state === wanted)) return { ...base, phase: "ended", outcome: "succeeded" };
    // A start that was taken back.
    const isBack = action === "start" && states.every((state) => state === "stopping" || state === "stopped");
    return isBack ? { ...base, phase: "ended", outcome: "stopped" } : { ...base, phase: "running" };
  }

  /** Of machines that are on their way up, the way back; what stops cannot be stopped. */
  async stop(handle: RunHandle, _mode: StopMode, signal: Signal): Promise<void> {
    const start = await this.#noted(handle);
    if ((await this.#state(start, signal)).phase === "ended") return;
    const [action, ...ids] = start.target.split(",");
    if (action !== "start") throw new ProviderError("unsupported", "machines that stop cannot be stopped from it");
    await this.#world.api.send("ec2:StopInstances", { InstanceIds: ids }, signal);
  }

  async measure(handle: RunHandle, _after: Instant): Promise<readonly Sample[]> {
    await this.#noted(handle);
    return [];
  }

  async output(handle: RunHandle): Promise<OutputOf | undefined> {
    await this.#noted(handle);
    return undefined;
  }
}
