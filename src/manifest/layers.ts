import type { JobLayer } from "./define/job.ts";
import { FORM_KEYS } from "./define/schedule.ts";
import { WORKLOADS } from "./define/workload.ts";
import type { Path } from "./locate.ts";
import { cut, type ManifestFile, type Problem, type Report } from "./report.ts";
import type { Value } from "./scalar.ts";

/** One place that says something of a job, the lowest first: defaults, the job, the environment's overlay. */
export interface Layer {
  readonly kind: "defaults" | "job" | "overlay";
  readonly file: ManifestFile;
  /** Where in the file it stands. */
  readonly path: Path;
  readonly raw: Value | undefined;
  readonly value: JobLayer;
  readonly broken: ReadonlySet<string>;
}

type Map_ = Readonly<Record<string, unknown>>;

/** Maps merge, lists and scalars replace; of workloads and forms of schedule only those stay that `dropped` leaves. */
export function merge(layers: readonly Layer[]): JobLayer {
  const merged = layers.reduce<Map_>((below, { value }) => mergeMaps(below, value as Map_), {});
  const values = layers.map(({ value }) => value as Map_);
  const workloads = dropped(values, WORKLOAD_GROUPS);
  const forms = dropped(values.map(scheduleOf), FORM_GROUPS);
  if (workloads.size === 0 && forms.size === 0) return merged as JobLayer;
  const kept = without(merged, workloads);
  return (isMap(kept["schedule"]) ? { ...kept, schedule: without(kept["schedule"], forms) } : kept) as JobLayer;
}

export const WORKLOAD_GROUPS: readonly (readonly string[])[] = WORKLOADS.map((kind) => [kind]);
export const FORM_GROUPS: readonly (readonly string[])[] = Object.values(FORM_KEYS);

/**
 * Groups of keys exclude each other (a job is a process or a container; a schedule has cron or every), and a group is
 * named by its first key. The topmost map that names any decides; the keys of all other groups are dropped.
 */
export function dropped(maps: readonly Map_[], groups: readonly (readonly string[])[]): ReadonlySet<string> {
  const names = (map: Map_) => groups.filter(([first]) => first !== undefined && map[first] !== undefined);
  const deciding = maps.findLast((map) => names(map).length > 0);
  if (deciding === undefined) return new Set();
  const named = names(deciding);
  const lower = maps.slice(0, maps.indexOf(deciding));
  const gone = groups.filter((group) => !named.includes(group)).flat();
  return new Set(gone.filter((key) => lower.some((map) => map[key] !== undefined)));
}

export function scheduleOf(map: Map_): Map_ {
  return isMap(map["schedule"]) ? map["schedule"] : {};
}

function without(map: Map_, keys: ReadonlySet<string>): Map_ {
  return keys.size === 0 ? map : Object.fromEntries(Object.entries(map).filter(([key]) => !keys.has(key)));
}

function mergeMaps(below: Map_, above: Map_): Map_ {
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    if (value === undefined) continue;
    const under = Object.hasOwn(merged, key) ? merged[key] : undefined;
    merged[key] = isMap(under) && isMap(value) ? mergeMaps(under, value) : value;
  }
  return merged;
}

export function isMap(value: unknown): value is Map_ {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** The topmost layer in which the path is written, else the topmost that goes furthest on the way; for the whole, the job. */
export function placeOf(layers: readonly Layer[], path: Path): Layer | undefined {
  if (path.length === 0) return layers.find(({ kind }) => kind === "job");
  let best: Layer | undefined;
  let furthest = -1;
  for (const layer of layers.toReversed()) {
    const { path: written, reached } = cut(layer.raw, path);
    if (reached) return layer;
    const depth = layer.kind === "defaults" ? written.length - 1 : written.length;
    if (depth > furthest) {
      best = layer;
      furthest = depth;
    }
  }
  return best;
}

/** What was wrong on this path (or above it) has been said already. */
export function isBroken(layers: readonly Layer[], path: Path): boolean {
  return layers.some(({ broken }) => {
    if (broken.size === 0) return false;
    for (let i = 0; i <= path.length; i++) if (broken.has(path.slice(0, i).join("."))) return true;
    return false;
  });
}

/** Reports at the place in the layer that the merged value comes from. */
export function reportAt(report: Report, layers: readonly Layer[], path: Path, problem: Problem): void {
  const layer = placeOf(layers, path);
  if (layer) report.add(layer.file, [...layer.path, ...path], problem);
}
