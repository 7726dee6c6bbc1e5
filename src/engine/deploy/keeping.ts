import { ALL_JOBS, type DriftKind, jobLabel, type LedgerEvent, MINUTE, type Resource } from "../../model/index.ts";
import { type DriftItem, drift, type Plan, resourceKey } from "../../plan/index.ts";
import { asProviderError, type EngineContext, providerOf } from "../context.ts";
import type { Deployed } from "../state.ts";
import type { ApplyFailure } from "./applying.ts";

/** Kinds that a person should hear of. What is set beside that which rota manages is nobody's trouble. */
const TOLD: ReadonlySet<DriftKind> = new Set(["changed", "missing", "paused", "problem", "unknown"]);

/**
 * What starts once within this is not put back: it may have started between the rendering and the listing, and clocks
 * differ. Put there again it would start a second time.
 */
const FIRED_BY_THEN_MS: number = 2 * MINUTE;

export interface KeepingHooks {
  /** Why rota itself keeps a job's schedules paused; then that is no drift. */
  readonly heldBy: (job: string) => string | undefined;
  readonly tell: (placement: string, item: Pick<DriftItem, "job" | "detail">) => void;
}

/**
 * What `apply` approved stays in place at the placements that fire by themselves. A part of a job that is gone while
 * others of its parts stand is put back, and so is what a rendering that reaches only so far ahead has to add as time
 * goes on. Everything else is told and left: a job that is wholly gone was taken away by somebody who meant it, perhaps
 * by another rota, and a field that was changed may have been changed at three in the morning for a reason.
 */
export class Keeping {
  private readonly context: EngineContext;
  private readonly hooks: KeepingHooks;
  /** Jobs whose last apply did not get through: what should be there is for the next one to say. */
  private readonly unsettled = new Set<string>();

  constructor(context: EngineContext, hooks: KeepingHooks) {
    this.context = context;
    this.hooks = hooks;
  }

  /** What came of an apply. */
  applied(plan: Plan, failures: readonly ApplyFailure[]): void {
    for (const { change } of plan.changes)
      this.unsettled.delete(change.action === "delete" ? change.actual.mark.job : change.desired.job);
    // A plan that leaves what all jobs share alone found it as it should be.
    this.unsettled.delete(ALL_JOBS);
    for (const { job } of failures) this.unsettled.add(job);
  }

  /** Compares and mends one placement. No deployment may be under way. Throws ProviderError when it cannot be listed. */
  async round(placement: string): Promise<void> {
    const { state, signal, time } = this.context;
    const entries = [...state.deployed.values()].filter(
      (d) => d.placement === placement && !this.unsettled.has(d.desired.job.name),
    );
    const names = new Set(entries.map((d) => d.desired.job.name));
    // What all jobs share is known only where it is known of each what should be there.
    const isOurs = (job: string): boolean => (job === ALL_JOBS ? this.unsettled.size === 0 : names.has(job));
    if (names.size === 0) return this.settle(placement, new Set(), names);
    const applied = (await this.render(entries, () => time.now())).filter(({ job }) => isOurs(job));
    const listed = await providerOf(this.context, placement).listDeployments({ signal });
    const actual = listed.filter((observed) => isOurs(observed.mark.job));
    const heldJobs = new Set([...names].filter((job) => this.hooks.heldBy(job) !== undefined));
    const items = drift({ placement, applied, actual, heldJobs }).filter((item) => TOLD.has(item.kind));

    // Where parts come and go, there may be a horizon that moved on: proofs over months are dear, so only there.
    const moved = new Set(items.filter(({ kind }) => kind === "missing" || kind === "unknown").map(({ job }) => job));
    const some = entries.filter((d) => moved.has(d.desired.job.name));
    const later = await this.render(some, () => time.now() + FIRED_BY_THEN_MS);
    const shared = applied.filter(({ job }) => job === ALL_JOBS);
    const lasting = new Map([...later, ...shared].map((r) => [resourceKey(r), r]));
    const atFirst = new Set((await this.render(some, (d) => d.since)).map(resourceKey));
    const standing = new Set(actual.map((observed) => observed.mark.job));
    // Where another part of the kind is not as it is rendered, the rest need not fit to it: two would start one fire.
    const altered = new Set(
      items.filter(({ kind }) => kind === "changed").map(({ job, resource }) => partOf(job, resource)),
    );
    const fits = ({ job, resource }: DriftItem): boolean => standing.has(job) && !altered.has(partOf(job, resource));
    const left: DriftItem[] = [];
    for (const item of items) {
      const resource = lasting.get(item.resource);
      // What starts once, and has, is gone; what was to come when the job was deployed may be past.
      if (item.kind === "missing" && !resource) continue;
      if (item.kind === "unknown" && atFirst.has(item.resource)) continue;
      if (item.kind === "missing" && resource && fits(item) && (await this.putBack(placement, resource))) continue;
      left.push(item);
    }
    await this.settle(placement, new Set(left.map((item) => keyOf(placement, item))), names);
    for (const item of left) await this.report(item);
  }

  /** One job at a time, so that nothing else waits for long. */
  private async render(entries: readonly Deployed[], at: (entry: Deployed) => number): Promise<readonly Resource[]> {
    const resources: Resource[] = [];
    for (const entry of entries) {
      const rendering = providerOf(this.context, entry.placement).render(entry.desired, at(entry));
      if (rendering.refusal === undefined) resources.push(...rendering.resources);
      await this.context.env.clock.sleep(0);
    }
    return resources;
  }

  private async putBack(placement: string, resource: Resource): Promise<boolean> {
    const { signal, env, recorder } = this.context;
    const key = resourceKey(resource);
    const why = `${jobLabel(resource.job)}: it was applied, and is not there`;
    try {
      await providerOf(this.context, placement).apply({ action: "create", desired: resource, why }, { signal });
    } catch (error) {
      const { code, message } = asProviderError(error);
      env.log("warn", "a part of a job could not be put back and is tried again", { placement, key, code, message });
      return false;
    }
    await recorder.record({
      type: "deployment.restored",
      placement,
      job: resource.job,
      resource: key,
      by: "rota",
      detail: "it was not there, and was created as it was applied",
    });
    return true;
  }

  /** What was said to differ and does not any more. */
  private async settle(placement: string, left: ReadonlySet<string>, looked: ReadonlySet<string>): Promise<void> {
    const { state, recorder } = this.context;
    const events: LedgerEvent[] = [];
    for (const [key, { job, resource, ...said }] of state.drifted) {
      if (said.placement !== placement || left.has(key)) continue;
      // Of a job that was not looked at nothing is known, unless it is deployed here no more.
      if (!looked.has(job) && state.deployed.get(job)?.placement === placement) continue;
      if (job === ALL_JOBS && this.unsettled.size > 0) continue;
      const detail = "it is as it was applied again";
      events.push({ type: "deployment.restored", placement, job, resource, by: "elsewhere", detail });
    }
    if (events.length > 0) await recorder.record(...events);
  }

  private async report(item: DriftItem): Promise<void> {
    const { placement, job, resource, kind, detail } = item;
    if (this.context.state.drifted.has(keyOf(placement, item))) return;
    await this.context.recorder.record({ type: "deployment.drifted", placement, job, resource, kind, detail });
    this.hooks.tell(placement, item);
  }
}

/** `JOB schedule` for `schedule/ID`. */
function partOf(job: string, resource: string): string {
  return `${job} ${resource.split("/")[0]}`;
}

/** As the engine's state keeps what was said. */
function keyOf(placement: string, { resource, kind }: Pick<DriftItem, "resource" | "kind">): string {
  return `${placement} ${resource} ${kind}`;
}
