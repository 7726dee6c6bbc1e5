import type { FlexibleSchedule, Instant, Job, Pool } from "../model/index.ts";
import { MINUTE } from "../model/index.ts";
import { offsetAt, zoneOf } from "../schedule/index.ts";
import type { Unplaceable } from "./assign.ts";
import type { Circle } from "./board.ts";
import { type Curve, expectedCurve, observedCurve, quantile, rectangle, SPREAD_P95 } from "./curve.ts";
import { expectedMinutes } from "./duration.ts";
import { byText } from "./hash.ts";
import { type PinnedStarts, pinnedAt, pinnedCron, shortestGap } from "./pinned.ts";
import { weighRisk } from "./risk.ts";
import { type Impossible, type Shape, shapeOf, WEEK_MINUTES } from "./shape.ts";
import { LOAD_UNIT, repeatsOf, type Task } from "./task.ts";

/** What past runs of a job showed. */
export interface Observation {
  /** Wall-clock durations of its runs that succeeded, in seconds. */
  readonly durationsSeconds: readonly number[];
  /** The load it really put on its pool, in the pool's unit; absent: the declared one stands. */
  readonly load?: number;
}

export interface ProblemOptions {
  /** The zones' offsets are those of this instant's year: mid-January and mid-July. */
  readonly at: Instant;
  readonly observed?: ReadonlyMap<string, Observation>;
  /** Runs that must have been seen before they replace the guess. Default 5. */
  readonly minSamples?: number;
}

/** What is levelled: all jobs that load a pool at some time of the week. */
export interface Problem {
  /** Sorted by name. Jobs with no pool share one for each placement, named `@placement`. */
  readonly pools: readonly Pool[];
  /** Sorted by job name; a job with Vixie's OR of days may give two. */
  readonly tasks: readonly Task[];
  /** Halves of the year that are levelled: 1 when every zone shifts alike. */
  readonly halves: number;
  /** Weeks after which everything but the months repeats. */
  readonly weeks: number;
  readonly unplaceable: readonly Unplaceable[];
}

const ONCE: readonly number[] = [0];
export const MIN_SAMPLES = 5;
/** Weeks of the longest horizon; an `every: N weeks` that would need more counts as if it ran every week. */
const LONGEST_HORIZON_WEEKS = 12;

/** The load of one run in the pool's unit: what is said, else the vCPU asked for, else 1. */
export function loadOf(job: Job, observation?: Observation): number {
  const { workload } = job;
  const declared = job.load ?? (workload.kind === "process" || workload.kind === "container" ? workload.cpu : 1);
  return observation?.load ?? declared;
}

/** The name of the pool that a job loads. */
export function poolOf(job: Job): string {
  return job.pool ?? `@${job.placement}`;
}

export function buildProblem(jobs: readonly Job[], pools: readonly Pool[], options: ProblemOptions): Problem {
  const sorted = [...jobs].sort((a, b) => byText(a.name, b.name));
  const declared = new Map(pools.map((pool) => [pool.name, pool]));
  const names = [...new Set(sorted.map(poolOf))].sort(byText);
  const poolIndex = new Map(names.map((name, index) => [name, index]));
  const weeks = horizon(sorted);
  const zones = zoneShifts(sorted, options.at);
  const unplaceable: Unplaceable[] = [];
  const shapes = new Map<string, Shape | Impossible>();
  const known = new Map<Shape, readonly number[]>();
  const repeats = (shape: Shape): readonly number[] => {
    const distances = known.get(shape) ?? repeatsOf(shape);
    known.set(shape, distances);
    return distances;
  };
  const drafts: (Omit<Task, "after"> & { readonly waitsFor: readonly string[] })[] = [];
  for (const job of sorted) {
    const draft = durations(job, options);
    const common = {
      name: job.name,
      pool: poolIndex.get(poolOf(job)) ?? 0,
      load: Math.round(Math.max(0, loadOf(job, draft.observation)) * LOAD_UNIT),
      toUtc: zones.get(job.schedule.timezone) ?? [0],
      waitsFor: job.schedule.after,
    };
    for (const pinned of pinnedStarts(job, options.at)) {
      const { minutes, curve, p95Minutes } = draft.within(gapFor(job, shortestGap(pinned.starts)));
      drafts.push({
        ...common,
        minutes,
        curve,
        p95Minutes,
        plain: rectangle(minutes),
        circle: pinned.circle,
        repeats: ONCE,
        pinned: pinned.starts,
      });
    }
    const shape = sharedShape(job, draft.minutes, shapes);
    if (shape?.kind === "impossible") unplaceable.push({ job: job.name, reason: shape.reason, hint: shape.hint });
    else if (shape) {
      const { minutes, curve, p95Minutes } = draft.within(
        gapFor(job, shape.kind === "week" || shape.kind === "month" ? WEEK_MINUTES : shape.periodMinutes),
      );
      const circle = circleOf(shape, weeks);
      drafts.push({
        ...common,
        minutes,
        curve,
        p95Minutes,
        plain: rectangle(minutes),
        circle,
        shape,
        repeats: repeats(shape),
        pinned: [],
      });
    }
  }
  const index = new Map(drafts.map((draft, k) => [draft.name, k]));
  const tasks = weighRisk(drafts, names.length).map(({ waitsFor, ...draft }) => ({
    ...draft,
    after: waitsFor.flatMap((name) => index.get(name) ?? []),
  }));
  const halves = Math.max(1, ...[...zones.values()].map((shifts) => shifts.length));
  return { pools: names.map((name) => declared.get(name) ?? { name }), tasks, halves, weeks, unplaceable };
}

interface Durations {
  readonly minutes: number;
  readonly curve: Curve;
  readonly p95Minutes: number;
}

/** The job's durations, guessed or observed; `within` cuts them to a gap that no run outlives. */
function durations(
  job: Job,
  options: ProblemOptions,
): Durations & { within(gap: number): Durations; observation?: Observation } {
  const observation = options.observed?.get(job.name);
  const samples = observation?.durationsSeconds ?? [];
  const enough = observation && samples.length >= (options.minSamples ?? MIN_SAMPLES);
  const sorted = enough ? samples.map((s) => s / 60).sort((a, b) => a - b) : [];
  const minutes = Math.min(WEEK_MINUTES, enough ? Math.max(1, Math.ceil(quantile(sorted, 0.5))) : expectedMinutes(job));
  const p95Minutes = Math.ceil(enough ? quantile(sorted, 0.95) : minutes * SPREAD_P95);
  const curve = enough ? observedCurve(sorted) : expectedCurve(minutes);
  const whole = { minutes, curve: cut(curve, WEEK_MINUTES), p95Minutes };
  return {
    ...whole,
    ...(enough ? { observation } : {}),
    within: (gap) =>
      gap >= p95Minutes ? whole : { minutes: Math.min(minutes, gap), curve: cut(curve, gap), p95Minutes },
  };
}

function cut(curve: Curve, gap: number): Curve {
  const kept = curve.from.filter((from) => from < gap).length;
  const to = curve.to.slice(0, kept).map((end) => Math.min(end, gap));
  return { from: curve.from.slice(0, kept), to, share: curve.share.slice(0, kept) };
}

/** A run is never met by the next one of its job, unless the schedule says that they may overlap. */
function gapFor(job: Job, gap: number): number {
  return job.schedule.overlap === "allow" ? WEEK_MINUTES : gap;
}

/** Jobs of one form share one shape, which saves time here and lets the bound count them together. */
function sharedShape(
  job: Job,
  minutes: number,
  known: Map<string, Shape | Impossible>,
): Shape | Impossible | undefined {
  const { schedule } = job;
  if (schedule.kind !== "interval" && schedule.kind !== "flexible") return undefined;
  const form =
    schedule.kind === "interval"
      ? [schedule.everyMinutes]
      : [
          schedule.period,
          schedule.weeks,
          schedule.times,
          schedule.apartMinutes,
          schedule.by,
          schedule.by ? minutes : 0,
        ];
  const key = JSON.stringify([form, schedule.within.map((w) => [w.days, w.startMinute, w.lengthMinutes])]);
  const shape = known.get(key) ?? shapeOf(job, minutes);
  if (shape) known.set(key, shape);
  return shape;
}

function pinnedStarts(job: Job, at: Instant): PinnedStarts[] {
  if (job.schedule.kind === "cron") return pinnedCron(job.schedule);
  return job.schedule.kind === "at" ? pinnedAt(job.schedule, at) : [];
}

function circleOf(shape: Shape, weeks: number): Circle {
  if (shape.kind === "month") return { kind: "month" };
  const own = shape.kind === "week" ? shape.periodMinutes / WEEK_MINUTES : 1;
  return { kind: "weeks", weeks: weeks % own === 0 ? own : 1 };
}

function horizon(jobs: readonly Job[]): number {
  const schedules = jobs.map((job) => job.schedule).filter((s): s is FlexibleSchedule => s.kind === "flexible");
  const spans = [...new Set(schedules.map((s) => s.weeks))].sort((a, b) => a - b);
  let weeks = 1;
  for (const span of spans) {
    const both = (weeks * span) / greatestCommonDivisor(weeks, span);
    if (both <= LONGEST_HORIZON_WEEKS) weeks = both;
  }
  return weeks;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** For each zone, what turns local minutes into UTC in January and in July; one value when both halves are alike. */
function zoneShifts(jobs: readonly Job[], at: Instant): Map<string, readonly number[]> {
  const year = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO("UTC").year;
  const halves = [1, 7].map(
    (month) => Temporal.ZonedDateTime.from(`${year}-0${month}-15T00:00[UTC]`).epochMilliseconds,
  );
  const shifts = new Map<string, number[]>();
  for (const { schedule } of jobs) {
    if (shifts.has(schedule.timezone)) continue;
    const zone = zoneOf(schedule.timezone);
    shifts.set(
      schedule.timezone,
      halves.map((half) => -Math.round(offsetAt(zone, half) / MINUTE)),
    );
  }
  const changes = new Set([...shifts.values()].map(([winter = 0, summer = 0]) => summer - winter));
  // When every zone shifts by the same, July's week is January's, turned: one of them is enough.
  return changes.size > 1 ? shifts : new Map([...shifts].map(([zone, [winter = 0]]) => [zone, [winter]]));
}
