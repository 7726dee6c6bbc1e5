import { endOf, type LifeRecord, startOf } from "../../../providers/memory/life.ts";
import type { DesiredJob, Entry, EventOf, EventType, Run, RunHandle } from "../../../src/model/index.ts";
import type { Span } from "../faults.ts";
import type { Rig } from "../rig.ts";
import type { Story, Violation } from "../story.ts";

export type At<T extends EventType> = Omit<Entry, "event"> & { readonly event: EventOf<T> };

/** A job as it stood deployed: fires in (since, until] are its own. */
export interface Segment {
  readonly job: string;
  readonly placement: string;
  readonly desired: DesiredJob;
  readonly since: number;
  readonly fromSeq: number;
  until: number;
  toSeq: number;
}

/** All that the ledger says of one run. */
export interface Told {
  readonly run: Run;
  readonly created: At<"run.created">;
  readonly sent: At<"run.sent">[];
  readonly judged: At<"run.judged">[];
  readonly stopping: At<"run.stopping">[];
  readonly ended: At<"run.ended">[];
  started: At<"run.started"> | undefined;
}

export type Check = (
  ok: boolean,
  invariant: string,
  at: number,
  what: () => string,
  about?: { readonly run?: string; readonly job?: string },
) => void;

/** The world's truth and the ledger's words, side by side. */
export class Facts {
  readonly story: Story;
  readonly rig: Rig;
  readonly violations: Violation[] = [];
  checks = 0;
  readonly told: Map<string, Told> = new Map();
  readonly segments: Segment[] = [];
  /** Executions by the run that the ledger has for them. */
  readonly lifeOf: Map<string, LifeRecord[]> = new Map();
  readonly runOfLife: Map<string, string> = new Map();
  readonly down: readonly Span[];
  readonly outages: readonly Span[];
  readonly held: readonly Span[];

  constructor(rig: Rig) {
    this.rig = rig;
    this.story = rig.story;
    for (const entry of this.story.entries) this.read(entry);
    for (const life of this.story.executions) {
      const run = life.run ?? this.runOfLife.get(life.id);
      if (run === undefined) continue;
      this.runOfLife.set(life.id, run);
      this.lifeOf.set(run, [...(this.lifeOf.get(run) ?? []), life]);
    }
    this.down = downOf(this.story);
    this.outages = this.story.outages
      .filter((o) => o.from < this.story.quietAt)
      .map((o) => ({ from: o.from, to: Math.min(o.to, this.story.quietAt) }));
    this.held = heldOf(this.story);
  }

  readonly check: Check = (ok, invariant, at, what, about = {}) => {
    this.checks += 1;
    if (!ok) this.violations.push({ invariant, at, what: what(), ...about });
  };

  of<T extends EventType>(type: T): At<T>[] {
    return this.story.entries.filter((e): e is At<T> & Entry => e.event.type === type) as At<T>[];
  }

  /** The job as it was deployed when this entry was written. */
  jobAt(job: string, seq: number): DesiredJob | undefined {
    return this.segments.findLast((s) => s.job === job && s.fromSeq < seq)?.desired;
  }

  /** As it was when the first attempt of the run was created: what holds for all attempts. */
  declaredOf(told: Told): DesiredJob | undefined {
    const first = told.run.attempt > 1 ? this.told.get(told.run.run.replace(/\.\d+$/, ".1")) : told;
    return this.jobAt(told.run.job, (first ?? told).created.seq);
  }

  endOf(life: LifeRecord): { readonly at: number; readonly how: "itself" | "stop" | "limit" } {
    return endOf(life, Number.POSITIVE_INFINITY);
  }

  startOf(life: LifeRecord): number {
    return startOf(life);
  }

  private read(entry: Entry): void {
    const { event, seq, at } = entry;
    const told = "run" in event && typeof event.run === "string" ? this.told.get(event.run) : undefined;
    switch (event.type) {
      case "job.deployed":
        this.close(event.desired.job.name, at, seq);
        this.segments.push({
          job: event.desired.job.name,
          placement: event.placement,
          desired: event.desired,
          since: at,
          fromSeq: seq,
          until: Number.POSITIVE_INFINITY,
          toSeq: Number.POSITIVE_INFINITY,
        });
        return;
      case "job.undeployed":
        this.close(event.job, at, seq);
        return;
      case "run.created":
        this.check(!this.told.has(event.run.run), "F1", at, () => `run ${event.run.run} was created twice`);
        this.told.set(event.run.run, {
          run: event.run,
          created: entry as At<"run.created">,
          sent: [],
          judged: [],
          stopping: [],
          ended: [],
          started: undefined,
        });
        // One that was found at the vendor is known by its execution before it has begun.
        if (event.run.handle !== undefined) this.executes(event.run.run, event.run.handle, at);
        return;
      case "run.sent":
        told?.sent.push(entry as At<"run.sent">);
        return;
      case "run.started":
        if (told) told.started = entry as At<"run.started">;
        this.executes(event.run, event.handle, at);
        return;
      case "run.judged":
        told?.judged.push(entry as At<"run.judged">);
        return;
      case "run.stopping":
        told?.stopping.push(entry as At<"run.stopping">);
        return;
      case "run.ended":
        told?.ended.push(entry as At<"run.ended">);
        return;
      default:
        return;
    }
  }

  private executes(run: string, handle: RunHandle, at: number): void {
    if (typeof handle !== "string") return;
    const other = this.runOfLife.get(handle);
    const isOne = other === undefined || other === run;
    this.check(isOne, "F1", at, () => `${run} and ${other} are one execution`, { run });
    this.runOfLife.set(handle, other ?? run);
  }

  private close(job: string, at: number, seq: number): void {
    const open = this.segments.findLast((s) => s.job === job);
    if (open && open.toSeq === Number.POSITIVE_INFINITY) {
      open.until = at;
      open.toSeq = seq;
    }
  }
}

function downOf(story: Story): Span[] {
  const spans: Span[] = [];
  let from = story.startAt;
  for (const life of story.lives) {
    spans.push({ from, to: life.from });
    from = life.to;
  }
  return spans.filter((s) => s.to > s.from);
}

function heldOf(story: Story): Span[] {
  const spans: Span[] = [];
  let from: number | undefined;
  for (const { event, at } of story.entries) {
    if (event.type === "guard.held") from ??= at;
    if (event.type === "guard.released" && from !== undefined) {
      spans.push({ from, to: at });
      from = undefined;
    }
  }
  if (from !== undefined) spans.push({ from, to: Number.POSITIVE_INFINITY });
  return spans;
}
