import type { Environment, Job, JsonObject, Workload } from "../../model/index.ts";
import type { JobLayer, ProviderType } from "../define/job.ts";
import { isBroken, type Layer, merge, reportAt } from "../layers.ts";
import type { Path } from "../locate.ts";
import type { Problem, Report } from "../report.ts";
import type { Frame } from "./frame.ts";
import { resolveGuard, resolveRetry } from "./guard.ts";
import { unknownName } from "./names.ts";
import { resolveSchedule } from "./schedule.ts";
import { resolveWorkload } from "./workload.ts";

type Say = (path: Path, problem: Problem) => void;

/** One job in one environment; undefined when something that it cannot be without is missing or wrong. */
export function resolveJob(
  name: string,
  layers: readonly Layer[],
  frame: Frame,
  environment: Environment,
  report: Report,
): Job | undefined {
  const merged = merge(layers);
  const say = (path: Path, problem: Problem): void => {
    if (!isBroken(layers, path)) reportAt(report, layers, path, problem);
  };
  const within =
    (...prefix: Path): Say =>
    (path, problem) =>
      say([...prefix, ...path], problem);
  const broken = (path: Path): boolean => isBroken(layers, path);

  checkNames(merged, frame, say);
  const placement = merged.provider ?? environment.placement;
  const options = optionsOf(merged as Readonly<Record<string, unknown>>, frame.placements.get(placement)?.type);
  const workload = resolveWorkload(merged, options["target"] !== undefined, say, broken);
  const guard = resolveGuard(merged.guard ?? {}, frame.currency, within("guard"));
  const retry = resolveRetry(merged.retry ?? {}, within("retry"));
  if (merged.schedule === undefined && !broken(["schedule"])) {
    const hint = 'add schedule: "0 6 * * 1-5", { every: day } or manual';
    say([], { code: "R1021", message: 'the key "schedule" is missing', hint, at: "key" });
  }
  const expectSeconds = merged.expect?.duration;
  const schedule =
    merged.schedule &&
    resolveSchedule(merged.schedule, frame, expectSeconds, within("schedule"), (path) => broken(["schedule", ...path]));
  checkLoad(merged, workload, frame, say);
  checkExpected(expectSeconds, guard.durationSeconds, say);
  if (workload === undefined || schedule === undefined) return undefined;
  return {
    name,
    namespace: frame.namespace,
    environment: environment.name,
    placement,
    ...textsOf(merged),
    labels: merged.labels ?? {},
    workload,
    schedule,
    guard,
    retry,
    expect: expectSeconds === undefined ? {} : { durationSeconds: expectSeconds },
    ...(merged.pool === undefined ? {} : { pool: merged.pool }),
    ...(merged.load === undefined ? {} : { load: merged.load }),
    ...(merged.notify === undefined ? {} : { notify: merged.notify }),
    options,
  };
}

function optionsOf(merged: Readonly<Record<string, unknown>>, type: string | undefined): JsonObject {
  if (type === undefined || !Object.hasOwn(merged, type)) return {};
  return (merged[type as ProviderType] as JsonObject | undefined) ?? {};
}

function textsOf(merged: JobLayer): Pick<Job, "description" | "team" | "owner" | "costCenter"> {
  return {
    ...(merged.description === undefined ? {} : { description: merged.description }),
    ...(merged.team === undefined ? {} : { team: merged.team }),
    ...(merged.owner === undefined ? {} : { owner: merged.owner }),
    ...(merged.costCenter === undefined ? {} : { costCenter: merged.costCenter }),
  };
}

function checkNames({ provider, pool, notify = [] }: JobLayer, frame: Frame, say: Say): void {
  const { placements, pools } = frame;
  if (provider !== undefined && !placements.has(provider) && !frame.isRefused("providers", provider)) {
    say(["provider"], unknownName("R1061", "provider", provider, placements));
  }
  if (pool !== undefined && !pools.has(pool) && !frame.isRefused("pools", pool)) {
    say(["pool"], unknownName("R1060", "pool", pool, pools));
  }
  for (const [i, channel] of notify.entries()) {
    if (frame.notify.has(channel) || frame.isRefused("notify", channel)) continue;
    say(["notify", i], unknownName("R1063", "notify channel", channel, frame.notify));
  }
}

function checkLoad(
  { pool: name, load: written }: JobLayer,
  workload: Workload | undefined,
  frame: Frame,
  say: Say,
): void {
  const pool = name === undefined ? undefined : frame.pools.get(name);
  const load = written ?? (workload && "cpu" in workload ? workload.cpu : 0);
  if (pool?.capacity === undefined || load <= pool.capacity) return;
  const message = `a load of ${load} is more than the pool "${pool.name}" holds (${pool.capacity})`;
  say(written === undefined ? ["pool"] : ["load"], { code: "R1069", message, hint: "raise the pool's capacity" });
}

function checkExpected(expected: number | undefined, most: number | undefined, say: Say): void {
  if (expected === undefined || most === undefined || expected <= most) return;
  const message = "it is expected to take longer than `guard.duration` allows";
  const hint = "raise the limit: every run would be stopped";
  say(["expect", "duration"], { code: "R1073", message, hint, severity: "warning" });
}
